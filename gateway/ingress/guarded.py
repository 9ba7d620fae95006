"""Pages of a gateway that may not serve: people see why, and nothing is decided."""

from dataclasses import dataclass

from gateway.ingress.contract import Pages
from gateway.ingress.visit import Visit
from gateway.model.message import Answer
from gateway.ports import RetentionGuard


@dataclass(frozen=True, slots=True)
class GuardedPages:
    """`contract.Pages` that are shown only while records are safe."""

    pages: Pages
    guard: RetentionGuard

    async def respond(self, page: str, visit: Visit) -> Answer:
        """See `contract.Pages`.

        Raises:
            Unavailable: POLICY_NOT_LOCKED.
        """
        await self.guard.require()
        return await self.pages.respond(page, visit)
