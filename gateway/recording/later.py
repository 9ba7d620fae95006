"""Something that this process does once, a while after it was first asked for.

Timers of the Functions host run in one instance of all, which on Flex Consumption answers no HTTP
requests: what an instance has counted it must write itself.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from gateway.errors import GatewayError

SECONDS: Final = 60.0


class Later:
    """Asked for any number of times, it runs once, and again where it could not be done."""

    def __init__(self, work: Callable[[], Awaitable[None]], seconds: float = SECONDS) -> None:
        self._work = work
        self._seconds = seconds
        self._handle: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None

    def ask(self) -> None:
        """See that it runs; without an event loop, whoever has one calls the work itself."""
        if self._handle is not None:
            return
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return
        self._handle = loop.call_later(self._seconds, self._start)

    def _start(self) -> None:
        self._handle = None
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def _run(self) -> None:
        try:
            await self._work()
        except GatewayError:
            self.ask()
