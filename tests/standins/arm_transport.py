"""Resource Manager behind the real management clients: a transport that answers as it does.

It speaks what https://learn.microsoft.com/rest/api/storagerp/blob-containers (2024-01-01) and
https://learn.microsoft.com/rest/api/keyvault/secrets say: paths, bodies, entity tags and statuses.
"""

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from azure.core.credentials import AccessToken
from azure.core.pipeline.transport import HttpResponse, HttpTransport


class Credential:
    """Any token will do."""

    def get_token(self, *_scopes: str, **_: Any) -> AccessToken:
        return AccessToken("token", 4_000_000_000)


class _Response(HttpResponse):
    def __init__(self, request: Any, status: int, content: Any) -> None:
        super().__init__(request, None)
        self.status_code = status
        self.reason = "stand-in"
        self.headers = {"Content-Type": "application/json"}
        self.content_type = "application/json"
        self._body = b"" if content is None else json.dumps(content).encode()

    def body(self) -> bytes:
        return self._body

    def json(self) -> Any:
        return json.loads(self._body)

    def read(self) -> bytes:
        return self._body


@dataclass
class Azure(HttpTransport[Any, Any]):
    """One container's policy and one vault's secrets.

    Attributes:
        policy: the container's, None for none.
        secrets: body of each by name.
        asked: method and end of the path of every call.
        version: behind the policy's entity tag.
    """

    policy: dict[str, Any] | None = None
    secrets: dict[str, Any] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    version: int = 1

    @property
    def tag(self) -> str:
        return f'"{self.version:x}"'

    def send(self, request: Any, **_: Any) -> Any:
        path = urlsplit(request.url).path
        _, _, name = path.rpartition("/")
        self.asked.append(f"{request.method} {name}")
        given = json.loads(request.body) if request.body else None
        if "/secrets/" in path:
            return _Response(request, *self._secret(request.method, name, given))
        assert path.partition("/immutabilityPolicies/default")[1], path
        return _Response(request, *self._policy(request, name, given))

    def _secret(self, method: str, name: str, given: Any) -> tuple[int, Any]:
        if method == "PUT":
            self.secrets[name] = given
            return 201, {"name": name, "properties": {"contentType": "x"}}
        if name not in self.secrets:
            return 404, {"error": {"code": "SecretNotFound", "message": "there is none"}}
        # Resource Manager never returns a value.
        return 200, {"name": name, "properties": {"contentType": "x"}}

    def _policy(self, request: Any, word: str, given: Any) -> tuple[int, Any]:
        match = request.headers.get("If-Match")
        if request.method == "GET":
            return 200, self._shown()
        if self.policy is not None and match != self.tag:
            return 412, _error("ContainerImmutabilityPolicyFailure", "incorrect etag")
        locked = self.policy is not None and self.policy["state"] == "Locked"
        if locked and word != "extend":
            return 412, _error("ContainerImmutabilityPolicyFailure", "the policy is locked")
        self.version += 1
        if request.method == "DELETE":
            self.policy = None
        elif word == "lock":
            assert self.policy is not None
            self.policy["state"] = "Locked"
        else:
            days = given["properties"]["immutabilityPeriodSinceCreationInDays"]
            # Azure's own parser takes 7 and not 7.0.
            if not isinstance(days, int):
                return 400, _error("InvalidRequestContent", "not an integer")
            old = self.policy or {"state": "Unlocked", "allowProtectedAppendWrites": False}
            self.policy = {**old, **given["properties"]}
        return 200, self._shown()

    def _shown(self) -> dict[str, Any]:
        """A container without a policy shows one of no days."""
        nothing = {"immutabilityPeriodSinceCreationInDays": 0, "state": "Unlocked"}
        return {"name": "default", "etag": self.tag, "properties": self.policy or nothing}

    def open(self) -> None:
        """Nothing to open."""

    def close(self) -> None:
        """Nothing to close."""

    def __exit__(self, *_: object) -> None:
        """Nothing to end."""


def _error(code: str, message: str) -> dict[str, Any]:
    return {"error": {"code": code, "message": message}}
