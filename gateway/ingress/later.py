"""Pages that are constructed when somebody comes."""

from collections.abc import Callable
from dataclasses import dataclass, field

from gateway.ingress.contract import Pages
from gateway.ingress.visit import Visit
from gateway.model.message import Answer


@dataclass(slots=True)
class LaterPages:
    """`contract.Pages`; `make` is called once, by the first visit."""

    make: Callable[[], Pages]
    _made: Pages | None = field(default=None, init=False)

    async def respond(self, page: str, visit: Visit) -> Answer:
        """See `contract.Pages`."""
        if self._made is None:
            self._made = self.make()
        return await self._made.respond(page, visit)
