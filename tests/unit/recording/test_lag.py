from datetime import timedelta

import pytest

from gateway.errors import StoreUnavailable
from gateway.model.signals import Signal
from gateway.recording.lag import Lag
from gateway.recording.sequencer import Fault, Progress
from tests.fakes.telemetry import Heard
from tests.fakes.time import FakeClock


async def test_the_lag_grows_until_a_tick_has_read_everything() -> None:
    clock, heard = FakeClock(), Heard()
    lag = Lag(clock, heard.telemetry)

    async def tick(progress: Progress | Exception) -> None:
        async def project() -> Progress:
            clock.advance(timedelta(seconds=2))
            if isinstance(progress, Exception):
                raise progress
            return progress

        await lag.watched(project)

    await tick(Progress())
    assert heard.of(Signal.JOURNAL_LAG) == [({}, 2)]
    with pytest.raises(StoreUnavailable):
        await tick(StoreUnavailable("down"))
    assert heard.of(Signal.JOURNAL_LAG) == [({}, 4)]
    await tick(Progress(complete=True, faults=[Fault("j", 0, "torn")]))
    assert heard.of(Signal.JOURNAL_LAG) == [({}, 6)]
    await tick(Progress(busy=True))
    await tick(Progress(complete=True))
    # Since the tick began: what was written meanwhile may be missing.
    assert heard.of(Signal.JOURNAL_LAG) == [({}, 2)]
