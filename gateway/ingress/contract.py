"""What the triggers need of the gateway; `gateway/bootstrap.py` composes one."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol, TypeAlias

from gateway.ingress.visit import Visit
from gateway.model.connection import Dialect
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
        """Do what is due on a timer: "sweep", "count" or "approvals".

        Raises:
            GatewayError: it could not be done this time.
        """
        ...

    async def dialect(self, connection: str) -> Dialect:
        """In which form the service behind a connection, known or not, answers errors."""
        ...


class Asking(Protocol):
    """A gateway that asks people: held requests, and queues of tickets."""

    @property
    def public_url(self) -> str:
        """The origin that agents use, `https://host[:port]`."""
        ...

    @property
    def challenge(self) -> str:
        """Value of `WWW-Authenticate` on 401: where to get which token."""
        ...

    async def operation(self, ticket_id: str, request: Request) -> Answer:
        """How a held request stands, for the principal that made it.

        Raises:
            GatewayError: and nothing else; NotFound for somebody else's too.
        """
        ...

    async def take(self, queue: str, text: str) -> None:
        """Work on one message of a queue.

        Raises:
            GatewayError: the host must give the message again.
        """
        ...


AskingProvider: TypeAlias = Callable[[], Awaitable[Asking]]
"""Gives the process's gateway, as `Provider` does."""


class Pages(Protocol):
    """The pages for people: "ticket", "tickets", "signin", "callback" or "signout"."""

    async def respond(self, page: str, visit: Visit) -> Answer:
        """A page, a redirect or a page that says what went wrong.

        Raises:
            GatewayError: the answer must be made without it.
        """
        ...


class Reception(Protocol):
    """A gateway that people can visit."""

    @property
    def pages(self) -> Pages:
        """The pages for people."""
        ...


ReceptionProvider: TypeAlias = Callable[[], Awaitable[Reception]]
"""Gives the process's gateway, as `Provider` does."""

Provider: TypeAlias = Callable[[], Awaitable[Gateway]]
"""Gives the process's gateway, built on first use. Raises GatewayError where it cannot be."""
