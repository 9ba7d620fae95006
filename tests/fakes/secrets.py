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

    def set(self, name: str, value: str) -> None:
        """Store a new version."""
        self.values = {**self.values, name: value}
        self._versions[name] = self._versions.get(name, 1) + 1

    async def get(self, name: str) -> Secret:
        self.asked.append(name)
        if self.failure is not None:
            raise self.failure
        if name not in self.values:
            raise unavailable()
        return Secret(self.values[name], str(self._versions.get(name, 1)))


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
