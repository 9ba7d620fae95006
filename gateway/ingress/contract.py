"""What the triggers need of the gateway; `gateway/bootstrap.py` composes one."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol, TypeAlias

from gateway.model.message import Answer, Request


class Gateway(Protocol):
    """One gateway per process and event loop."""

    @property
    def public_url(self) -> str:
        """The origin that agents use, `https://host[:port]`."""
        ...

    @property
    def max_request_bytes(self) -> int:
        """Bound on a request's body."""
        ...

    @property
    def challenge(self) -> str:
        """Value of `WWW-Authenticate` on 401: where to get which token."""
        ...

    async def handle(self, request: Request) -> Answer:
        """One request through the pipeline.

        Raises:
            GatewayError: and nothing else.
        """
        ...

    async def ready(self) -> Mapping[str, str]:
        """Component to "ok" or a reason code; all "ok" means ready."""
        ...

    async def tick(self, timer: str) -> None:
        """Do what is due on a timer: "sweep" or "count".

        Raises:
            GatewayError: it could not be done this time.
        """
        ...

    async def speaks_xml(self, connection: str) -> bool:
        """Whether the service behind a connection, known or not, answers errors in XML."""
        ...


Provider: TypeAlias = Callable[[], Awaitable[Gateway]]
"""Gives the process's gateway, built on first use. Raises GatewayError where it cannot be."""
