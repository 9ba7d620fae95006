"""The fence, and the race with a writer that was only slow."""

import asyncio
from datetime import timedelta
from hashlib import sha256

import orjson
import pytest

from gateway.errors import EvidenceUnavailable, StoreUnavailable
from gateway.evidence.chain import Head, JournalName
from gateway.evidence.findings import Kind, Verdict
from gateway.evidence.verify import verify
from gateway.model.signals import Signal
from gateway.recording.journal import GroupCommitJournal
from gateway.recording.sweeper import sweep
from tests.builders.evidence import INSTANCE, NOON, Written, finished, intent, outcome
from tests.fakes.evidence import FakeEvidenceStore, Fault
from tests.fakes.telemetry import Heard
from tests.fakes.time import FakeClock, FakeEntropy

IDLE = timedelta(hours=2)
LATER = NOON + timedelta(hours=3)


async def no_pause(_: float) -> None:
    await asyncio.sleep(0)


def journal(store: FakeEvidenceStore, clock: FakeClock, seed: str) -> GroupCommitJournal:
    return GroupCommitJournal(store, clock, FakeEntropy(seed), INSTANCE, pause=no_pause)


class Scene:
    """A store with one abandoned journal, and a sweeper three hours later."""

    def __init__(self, *journals: Written) -> None:
        self.store = FakeEvidenceStore()
        self.clock = FakeClock(LATER)
        self.journal = journal(self.store, self.clock, "sweeper")
        for written in journals:
            self.store.blobs[written.name] = written.data

    async def sweep(self) -> tuple[str, ...]:
        return await sweep(self.store, self.journal, self.clock, IDLE)

    def last(self, name: str) -> dict[str, object]:
        found: dict[str, object] = orjson.loads(self.store.blobs[name].splitlines()[-1])
        return found

    def kinds(self) -> list[Kind]:
        return [finding.kind for finding in verify(self.store.journals()).findings]


async def test_open_intents_are_told_to_operators() -> None:
    scene, heard = Scene(abandoned()), Heard()

    await sweep(scene.store, scene.journal, scene.clock, IDLE, telemetry=heard.telemetry)

    assert heard.of(Signal.INTENT_UNANSWERED) == [({}, 1)]


def abandoned() -> Written:
    written = Written()
    written.exchange("1" * 32)
    written.add(intent("2" * 32))
    return written


async def test_an_abandoned_journal_is_fenced_and_put_on_record() -> None:
    left = abandoned()
    scene = Scene(left)

    assert await scene.sweep() == (left.name,)
    close = scene.last(left.name)
    assert (close["type"], close["by"], close["torn"]) == ("close", scene.journal.writer, 0)
    (own,) = (name for name in scene.store.blobs if name != left.name)
    swept = scene.last(own)
    assert (swept["type"], swept["journal"]) == ("swept", left.name)
    assert (swept["indeterminate"], swept["intents"]) == (1, ["2" * 32])
    await scene.journal.close()
    assert scene.kinds() == [Kind.INDETERMINATE]


async def test_a_second_sweep_finds_nothing_to_do() -> None:
    scene = Scene(abandoned())
    await scene.sweep()

    assert await scene.sweep() == ()


async def test_journals_in_use_closed_or_of_the_sweeper_itself_are_left_alone() -> None:
    scene = Scene(finished())
    own = (await scene.journal.append(intent("4" * 32))).journal
    scene.clock.advance(timedelta(hours=3))
    fresh = Written(writer="f" * 16)
    fresh.now = scene.clock.now() - IDLE
    fresh.exchange("3" * 32)
    scene.store.blobs[fresh.name] = fresh.data
    before = dict(scene.store.blobs)

    assert await scene.sweep() == ()
    assert scene.store.blobs == before
    assert own in before


async def test_a_journal_that_is_cut_in_a_line_is_fenced_on_a_line_of_its_own() -> None:
    left = abandoned()
    scene = Scene(left)
    scene.store.blobs[left.name] += b'{"act'

    assert await scene.sweep() == (left.name,)
    lines = scene.store.blobs[left.name].split(b"\n")
    assert lines[-3] == b'{"act'
    assert scene.last(left.name)["torn"] == 5
    await scene.journal.close()
    assert scene.kinds() == [Kind.INDETERMINATE, Kind.INCOMPLETE]


async def test_an_empty_journal_is_fenced_when_its_day_is_over() -> None:
    name = str(Written().head.name)
    scene = Scene()
    scene.store.blobs[name] = b""

    assert await scene.sweep() == ()
    scene.clock.set(NOON + timedelta(hours=13))
    assert await scene.sweep() == ()
    scene.clock.set(NOON + timedelta(hours=15))
    assert await scene.sweep() == (name,)
    assert scene.last(name)["count"] == 0
    await scene.journal.close()
    assert scene.kinds() == []


async def test_a_journal_whose_last_record_is_long_is_read_whole() -> None:
    left = Written()
    left.now = LATER - timedelta(hours=1)
    record = intent("5" * 32)
    record["rule"] = "r" * 40_000
    left.add(record)
    scene = Scene(left)

    # Its tail alone says nothing; the whole says that it is in use.
    assert await scene.sweep() == ()
    scene.clock.advance(timedelta(hours=2))
    assert await scene.sweep() == (left.name,)


async def test_damaged_lines_do_not_keep_a_journal_from_being_closed() -> None:
    left = abandoned()
    left.lines[2] = b"damaged\n"
    scene = Scene(left)

    assert await scene.sweep() == (left.name,)


async def test_a_line_that_no_journal_writes_is_fenced_by_its_whole_hash() -> None:
    left, endless = abandoned(), b"x" * (5 * 1024 * 1024)
    scene = Scene(left)
    scene.store.blobs[left.name] += endless + b"\n"

    assert await scene.sweep() == (left.name,)
    close = scene.last(left.name)
    assert (close["seq"], close["torn"]) == (len(left.lines) + 1, 0)
    assert close["prev"] == sha256(endless).hexdigest()
    assert close["bytes"] == len(left.data) + len(endless) + 1


async def test_other_blobs_and_old_days_are_not_looked_at() -> None:
    old = Written()
    old.head = Head(JournalName("2026/07/01", "a" * 16, 0), 1, 9, "0" * 64)
    scene = Scene()
    scene.store.blobs[old.name] = b"whatever\n"
    scene.store.blobs["journal/2026/08/03/readme.txt"] = b"whatever\n"

    assert await scene.sweep() == ()


async def test_a_container_that_cannot_be_listed_is_an_error() -> None:
    scene = Scene(abandoned())
    scene.store.faults.append(Fault.FAIL)
    scene.store.faulty = {"list"}

    with pytest.raises(StoreUnavailable):
        await scene.sweep()


@pytest.mark.parametrize("kind", ["read", "append"])
async def test_a_journal_that_cannot_be_had_now_is_left_to_the_next_sweep(kind: str) -> None:
    left = abandoned()
    scene = Scene(left)
    scene.store.faults.extend([Fault.FAIL])
    scene.store.faulty = {kind}

    assert await scene.sweep() == ()
    assert await scene.sweep() == (left.name,)


async def test_a_fence_whose_answer_was_lost_is_recognised() -> None:
    left = abandoned()
    scene = Scene(left)
    scene.store.faults.append(Fault.LOST)
    scene.store.faulty = {"append"}

    assert await scene.sweep() == (left.name,)


async def test_a_fence_that_cannot_be_put_on_record_is_an_error() -> None:
    scene = Scene(abandoned())
    scene.store.faults.extend([Fault.FAIL] * 20)
    scene.store.faulty = {"create"}

    with pytest.raises(EvidenceUnavailable):
        await scene.sweep()


async def test_a_writer_that_comes_back_first_keeps_its_journal() -> None:
    store, clock = FakeEvidenceStore(), FakeClock()
    writer = journal(store, clock, "writer")
    receipt = await writer.append(intent("1" * 32))
    clock.advance(timedelta(hours=3))

    def come_back(kind: str, name: str) -> None:
        # Between the sweeper's reading and its fence.
        if kind == "append" and name == receipt.journal:
            store.on_call = None
            store.blobs[name] += b"the writer's next line\n"

    store.on_call = come_back

    assert await sweep(store, journal(store, clock, "sweeper"), clock, IDLE) == ()


async def test_a_fenced_writer_moves_on_and_its_late_outcome_resolves_the_intent() -> None:
    store, clock = FakeEvidenceStore(), FakeClock()
    writer, sweeper = journal(store, clock, "writer"), journal(store, clock, "sweeper")
    receipt = await writer.append(intent("1" * 32))
    # Idle beyond the bound, and slow enough to be fenced just before it goes on.
    clock.advance(timedelta(minutes=50))

    async def fence(kind: str, name: str) -> None:
        if kind == "append" and name == receipt.journal:
            store.on_call = None
            assert await sweep(store, sweeper, clock, timedelta(minutes=30)) == (name,)

    store.on_call = fence
    late = await writer.append(outcome(receipt.journal, receipt.seq, "1" * 32))
    await writer.close()
    await sweeper.close()

    assert late.journal != receipt.journal
    assert verify(store.journals()).verdict is Verdict.CONSISTENT


async def test_of_two_sweepers_one_wins() -> None:
    left = abandoned()
    scene = Scene(left)
    rival = journal(scene.store, scene.clock, "rival")
    results = await asyncio.gather(
        scene.sweep(), sweep(scene.store, rival, scene.clock, IDLE), return_exceptions=True
    )

    assert sorted(results, key=len) == [(), (left.name,)]  # type: ignore[arg-type]
    assert scene.store.blobs[left.name].count(b'"type":"close"') == 1
