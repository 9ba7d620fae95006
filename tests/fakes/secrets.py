"""Secrets, tokens and an authorizer in memory."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.errors import Reason, Unavailable
from gateway.model.connection import Connection, Credential
from gateway.model.message import UpstreamRequest
from gateway.ports import Secret


def unavailable() -> Unavailable:
    return Unavailable("not available", reason=Reason.CREDENTIAL_UNAVAILABLE)


@dataclass
class FakeSecrets:
    """`values` by name; every change makes a new version. `failure`, once set, is raised."""

    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    failure: Exception | None = None
    asked: list[str] = field(default_factory=list)
    _versions: dict[str, int] = field(default_factory=dict)
    _older: dict[tuple[str, str], str] = field(default_factory=dict)

    def set(self, name: str, value: str) -> None:
        """Store a new version."""
        number = self._versions.get(name, 1)
        if name in self.values:
            self._older[name, str(number)] = self.values[name]
        self.values = {**self.values, name: value}
        self._versions[name] = number + 1

    async def get(self, name: str, version: str = "") -> Secret:
        self.asked.append(name)
        if self.failure is not None:
            raise self.failure
        current = str(self._versions.get(name, 1))
        if version and version != current and (name, version) in self._older:
            return Secret(self._older[name, version], version)
        if name not in self.values or version not in {"", current}:
            raise unavailable()
        return Secret(self.values[name], current)


@dataclass
class FakeTokens:
    """One token for every credential; `failure`, once set, is raised."""

    value: str = field(default="token-of-the-gateway", repr=False)
    failure: Exception | None = None
    asked: list[Credential] = field(default_factory=list)

    async def token(self, credential: Credential) -> str:
        self.asked.append(credential)
        if self.failure is not None:
            raise self.failure
        return self.value


@dataclass
class FakeAuthorizer:
    """Adds `authorization: Bearer <value>`; `failure`, once set, is raised."""

    value: str = field(default="token-of-the-gateway", repr=False)
    failure: Exception | None = None
    asked: list[tuple[str, UpstreamRequest]] = field(default_factory=list)

    async def authorize(self, connection: Connection, request: UpstreamRequest) -> UpstreamRequest:
        self.asked.append((connection.name, request))
        if self.failure is not None:
            raise self.failure
        headers = request.headers.replacing("authorization", f"Bearer {self.value}")
        return UpstreamRequest(request.method, request.url, headers, request.body)
