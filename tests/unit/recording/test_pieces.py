"""What timers hold at a time does not grow with the journals and batches that they work through."""

import asyncio
import gc
import random
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Sequence
from datetime import timedelta
from functools import cache

import pytest

from gateway.approvals.ticket import Cite
from gateway.evidence.log import BATCHES, CHECKPOINTS, batch_name
from gateway.evidence.projection import Row
from gateway.masking.session_names import DIGEST_BYTES
from gateway.model.digest import DigestKey
from gateway.model.principal import Session
from gateway.ports import StoredBlob
from gateway.recording.executions import Executions
from gateway.recording.journal import GroupCommitJournal
from gateway.recording.sequencer import Sequencer
from gateway.recording.session_names import StateSessionNames
from gateway.recording.sweeper import sweep
from tests.builders.evidence import INSTANCE, NOON, Written
from tests.builders.log import LogScene
from tests.fakes.evidence import FakeEvidenceStore
from tests.fakes.projection import FakeProjections
from tests.fakes.store import FakeStateStore
from tests.fakes.time import FakeClock, FakeEntropy

MIB = 1024 * 1024
BOUND = 4 * MIB
"""A piece of a quarter of a MiB, its lines, and the records that they are parsed to."""
LONG = 3500


@cache
def long_journal() -> Written:
    written = Written()
    for number in range(LONG):
        written.exchange(f"{number:032x}")
    assert len(written.data) > 1.5 * BOUND
    return written


async def peak(work: Awaitable[object]) -> int:
    """Bytes of Python objects that there were at most, beyond those from before."""
    gc.collect()
    tracemalloc.start()
    try:
        await work
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.timeout(120)
async def test_what_a_minute_of_journals_gained_is_logged_and_audited_in_pieces() -> None:
    scene = LogScene()
    scene.lay(long_journal())
    notary = scene.notary()

    assert await peak(notary.log.advance()) < BOUND
    assert await peak(notary.attest()) < BOUND
    (name,) = scene.below(CHECKPOINTS)
    assert name.endswith(f"-{2 * LONG + 1:020d}.note")


@pytest.mark.timeout(120)
async def test_an_abandoned_journal_is_fenced_in_pieces() -> None:
    store, clock = FakeEvidenceStore(), FakeClock(NOON + timedelta(hours=3))
    left = long_journal()
    journal = GroupCommitJournal(store, clock, FakeEntropy("sweeper"), INSTANCE)
    read: list[int] = []
    store.blobs[left.name] = left.data
    whole = store.read

    async def seen(name: str, offset: int = 0, length: int | None = None) -> bytes:
        read.append(len(data := await whole(name, offset, length)))
        return data

    store.read = seen  # type: ignore[method-assign]
    # Not measured in bytes: the store in memory makes the journal anew to append to it.
    assert await sweep(store, journal, clock, timedelta(hours=2)) == (left.name,)
    assert sum(read) >= len(left.data)
    assert max(read) < MIB


@pytest.mark.timeout(120)
async def test_an_execution_is_found_in_pieces() -> None:
    store, ticket = FakeEvidenceStore(), "e" * 32
    journal = long_journal()
    store.blobs[journal.name] = journal.data
    await Executions(store).take(ticket, Cite(journal.name, 1, len(journal.lines[0])))

    assert await peak(Executions(store).find(ticket)) < BOUND


class Forgetful(FakeProjections):
    """Keeps the summaries alone: rows in a table are not in the process."""

    async def write(self, generation: int, rows: Sequence[Row]) -> None:
        await asyncio.sleep(0)


@pytest.mark.timeout(120)
async def test_journals_are_projected_in_pieces() -> None:
    store, clock = FakeEvidenceStore(), FakeClock(NOON)
    journal = long_journal()
    store.blobs[journal.name] = journal.data
    sequencer = Sequencer(store, FakeStateStore(clock), Forgetful(), clock)

    assert await peak(sequencer.project()) < BOUND


class Elsewhere(FakeStateStore):
    """Keeps nothing: what is in storage is not in the process."""

    async def swap(self, name: str, data: bytes, etag: str | None) -> str:
        await asyncio.sleep(0)
        return "etag"


class Keys:
    async def current(self) -> DigestKey:
        return DigestKey("1", b"k" * 32)


async def test_what_sessions_have_shown_is_remembered_within_a_bound() -> None:
    clock = FakeClock(NOON)
    memory = StateSessionNames(Elsewhere(clock), Keys(), clock)
    draw = random.Random(1)  # noqa: S311 - which digests is no secret

    async def learn() -> None:
        for number in range(100):
            names = {draw.randbytes(DIGEST_BYTES) for _ in range(1500)}
            await memory.remember(Session(f"{number:032x}", ""), names)

    # Each has 150 KiB of them.
    assert await peak(learn()) < 12 * MIB


class Years(FakeEvidenceStore):
    """A store with a batch for each minute of some time, whose names are made as they are asked."""

    def __init__(self, batches: int) -> None:
        super().__init__()
        self.batches = batches

    async def list(self, prefix: str) -> AsyncIterator[StoredBlob]:
        assert prefix == BATCHES
        for number in range(self.batches):
            yield StoredBlob(batch_name(number * 100), 1000)


async def test_batches_of_years_are_gone_through_from_the_newest_on() -> None:
    log = LogScene(store=Years(20_000)).notary().log

    async def look() -> None:
        wanted = 20_000
        async for first in log._backwards():
            wanted -= 1
            assert first == wanted * 100
        assert wanted == 0

    assert await peak(look()) < MIB
