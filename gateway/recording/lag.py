"""How far the index is behind the journals, as the instance that projects them knows it."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from gateway.model.signals import Signal
from gateway.ports import Clock, Telemetry

if TYPE_CHECKING:
    from gateway.recording.sequencer import Progress


class Lag:
    """Seconds since the index was last known to have every record.

    A tick that read every journal to its end has all that stood there when it began; one that did
    not, or failed, leaves the lag growing. Before the first tick it counts from the start.
    """

    def __init__(self, clock: Clock, telemetry: Telemetry) -> None:
        self._clock = clock
        self._telemetry = telemetry
        self._whole_at = clock.now()

    async def watched(self, project: "Callable[[], Awaitable[Progress]]") -> "Progress":
        """Run one tick and report the lag after it, also where it fails.

        Raises:
            StoreError: as the tick does.
        """
        began = self._clock.now()
        # Where another instance is at work, that one knows the lag, and this one says nothing.
        busy = False
        try:
            progress = await project()
            busy = progress.busy
            if progress.complete and not progress.faults:
                self._whole_at = began
            return progress
        finally:
            if not busy:
                lag = (self._clock.now() - self._whole_at).total_seconds()
                self._telemetry.measure(Signal.JOURNAL_LAG, lag)
