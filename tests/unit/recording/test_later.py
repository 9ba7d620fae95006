import asyncio

import pytest

from gateway.errors import EvidenceUnavailable
from gateway.recording.counter import Counter
from gateway.recording.later import SECONDS, Later
from tests.fakes.evidence import FakeJournal
from tests.fakes.time import FakeClock


async def until(done: asyncio.Event) -> None:
    async with asyncio.timeout(5):
        await done.wait()


async def test_asked_for_many_times_it_runs_once_and_then_again() -> None:
    runs: list[int] = []
    done = asyncio.Event()

    async def work() -> None:
        runs.append(1)
        done.set()

    later = Later(work, 0.01)
    for number in (1, 2):
        done.clear()
        for _ in range(10):
            later.ask()
        await until(done)
        assert len(runs) == number


async def test_what_could_not_be_done_is_tried_again() -> None:
    runs: list[int] = []
    done = asyncio.Event()

    async def work() -> None:
        runs.append(1)
        if len(runs) < 3:
            raise EvidenceUnavailable("not now")
        done.set()

    Later(work, 0.01).ask()
    await until(done)
    assert len(runs) == 3


def test_without_an_event_loop_nothing_is_begun() -> None:
    async def work() -> None:
        raise AssertionError

    Later(work).ask()


async def test_a_counter_writes_what_it_has_counted_without_a_timer_of_the_host(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loop, journal = asyncio.get_running_loop(), FakeJournal()
    later, waits = loop.call_later, list[float]()

    def soon(delay: float, *rest: object) -> asyncio.TimerHandle:
        waits.append(delay)
        return later(0, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(loop, "call_later", soon)
    counter = Counter(journal, FakeClock())
    counter.count("unauthenticated", "TokenMissing")
    counter.count("unauthenticated", "TokenMissing")
    for _ in range(5):
        await asyncio.sleep(0)
    assert waits == [SECONDS]
    assert [record["counts"] for record in journal.records] == [{"TokenMissing": 2}]
