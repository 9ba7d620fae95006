"""What is constructed when it is first needed, so that a cold start does without it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from gateway.model.exchange import Approved, Screened, Settled
from gateway.ports import Approvals

Part = TypeVar("Part")


class Later(Generic[Part]):
    """Constructs once, whoever comes first; what fails is tried again by the next."""

    def __init__(self, make: Callable[[], Awaitable[Part]]) -> None:
        self._make = make
        self._made: Part | None = None
        self._making = asyncio.Lock()

    async def __call__(self) -> Part:
        """The part; raises what its construction raises."""
        if self._made is None:
            async with self._making:
                if self._made is None:
                    self._made = await self._make()
        return self._made


class LaterApprovals:
    """`ports.Approvals`, constructed for the first request that needs a person."""

    def __init__(self, approvals: Callable[[], Awaitable[Approvals]]) -> None:
        self._approvals = approvals

    async def approve(self, screened: Screened) -> Approved | Settled:
        """Pass what needs nobody; everything else as `ports.Approvals` says."""
        if not screened.authorised.needs_approval:
            return Approved(screened, "")
        return await (await self._approvals()).approve(screened)
