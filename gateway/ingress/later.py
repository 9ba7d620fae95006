"""Pages that are constructed when somebody comes."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from gateway.ingress.contract import Pages
from gateway.ingress.visit import Visit
from gateway.model.message import Answer


@dataclass(frozen=True, slots=True)
class LaterPages:
    """`contract.Pages`, given by `pages` when somebody visits."""

    pages: Callable[[], Awaitable[Pages]]

    async def respond(self, page: str, visit: Visit) -> Answer:
        """See `contract.Pages`."""
        return await (await self.pages()).respond(page, visit)
