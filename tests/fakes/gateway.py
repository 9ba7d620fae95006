"""A gateway that answers as told and remembers what it was asked."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.errors import GatewayError
from gateway.ingress.contract import Gateway
from gateway.model.connection import Dialect
from gateway.model.message import Answer, Headers, Request

CHALLENGE = (
    "Bearer authorization_uri=https://login.example/tenant/oauth2/authorize resource_id=api://gw"
)


@dataclass
class FakeGateway:
    """Returns `outcome`, or raises it where it is an error."""

    outcome: Answer | Exception = field(
        default_factory=lambda: Answer(200, Headers((("content-type", "text/plain"),)), b"hello")
    )
    components: Mapping[str, str] = field(default_factory=lambda: {"evidence": "ok"})
    failure: GatewayError | None = None
    xml: frozenset[str] = frozenset({"clinic"})
    public_url: str = "https://gateway.example"
    max_request_bytes: int = 1024
    challenge: str = CHALLENGE
    requests: list[Request] = field(default_factory=list)
    ticks: list[str] = field(default_factory=list)

    async def handle(self, request: Request) -> Answer:
        self.requests.append(request)
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome

    async def ready(self) -> Mapping[str, str]:
        return self.components

    async def tick(self, timer: str) -> None:
        if self.failure:
            raise self.failure
        self.ticks.append(timer)

    async def dialect(self, connection: str) -> Dialect:
        return Dialect.XML if connection in self.xml else Dialect.JSON

    async def provide(self) -> Gateway:
        return self
