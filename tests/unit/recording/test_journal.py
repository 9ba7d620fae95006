"""Acknowledged means durable, and the chain holds, whatever the store does."""

import asyncio
import itertools
from collections.abc import Callable
from datetime import timedelta

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import EvidenceUnavailable
from gateway.evidence.acts import counted
from gateway.evidence.chain import Head, JournalName, close, digest
from gateway.evidence.findings import Kind, Verdict
from gateway.evidence.schema import parse
from gateway.evidence.verify import verify
from gateway.model.canonical import Json
from gateway.model.exchange import Receipt
from gateway.model.signals import Signal
from gateway.ports.telemetry import Unfailing
from gateway.recording.journal import GroupCommitJournal
from gateway.recording.waiting import Limits
from tests.builders.evidence import INSTANCE, MANIFEST, NOON, intent, outcome
from tests.fakes.evidence import FakeEvidenceStore, Fault
from tests.fakes.telemetry import Broken, Heard
from tests.fakes.time import FakeClock, FakeEntropy

HARMLESS = {Kind.INCOMPLETE, Kind.INDETERMINATE}


async def no_pause(_: float) -> None:
    await asyncio.sleep(0)


def journal(
    store: FakeEvidenceStore, clock: FakeClock | None = None, limits: Limits | None = None
) -> GroupCommitJournal:
    return GroupCommitJournal(
        store,
        clock or FakeClock(),
        FakeEntropy(),
        INSTANCE,
        manifest=lambda: MANIFEST,
        limits=limits,
        pause=no_pause,
    )


async def test_telemetry_that_fails_loses_no_acknowledgement() -> None:
    store, broken = FakeEvidenceStore(), Broken()
    written = GroupCommitJournal(
        store,
        FakeClock(),
        FakeEntropy(),
        INSTANCE,
        manifest=lambda: MANIFEST,
        pause=no_pause,
        telemetry=Unfailing(broken),
    )
    receipts = [await written.append(record(number)) for number in range(3)]
    assert [receipt.seq for receipt in receipts] == [1, 2, 3]
    assert "measure" in broken.calls


def record(number: int = 0) -> dict[str, Json]:
    return counted("refused", NOON, NOON, {"TokenMissing": number})


def stored(store: FakeEvidenceStore, receipt: Receipt) -> dict[str, object]:
    """The record that a receipt points to."""
    end = receipt.offset + receipt.length
    line = store.blobs[receipt.journal][receipt.offset : end]
    assert line.endswith(b"\n")
    found: dict[str, object] = orjson.loads(line)
    assert found["seq"] == receipt.seq
    return found


def lines(store: FakeEvidenceStore, name: str) -> list[dict[str, object]]:
    return [orjson.loads(line) for line in store.blobs[name].splitlines()]


def kinds_in(store: FakeEvidenceStore) -> set[Kind]:
    return {finding.kind for finding in verify(store.journals()).findings}


async def called(store: FakeEvidenceStore, count: int) -> None:
    """Wait until the store has been called this often."""
    for _ in range(1000):
        if len(store.calls) >= count:
            return
        await asyncio.sleep(0)
    pytest.fail("the store was not called")


async def test_the_first_record_creates_a_blob_that_begins_with_open() -> None:
    store = FakeEvidenceStore()
    written = journal(store)
    receipt = await written.append(record(7))

    first, second = lines(store, receipt.journal)
    assert receipt.journal == f"journal/2026/08/03/{written.writer}-0.ndjson"
    assert [call for call, _ in store.calls] == ["create", "append"]
    assert (first["type"], first["manifest"]) == ("open", MANIFEST)
    assert first["package"] == {"version": INSTANCE.version, "digest": INSTANCE.digest}
    assert second["counts"] == {"TokenMissing": 7}
    assert stored(store, receipt) == second
    assert receipt.offset == store.blobs[receipt.journal].index(b"\n") + 1


async def test_nothing_is_written_before_the_first_record() -> None:
    store = FakeEvidenceStore()
    written = journal(store)
    await written.tick()
    await written.close()

    assert store.calls == []


async def test_the_time_of_each_append_is_told() -> None:
    heard = Heard()
    log = GroupCommitJournal(
        FakeEvidenceStore(), FakeClock(), FakeEntropy(), INSTANCE, telemetry=heard.telemetry
    )
    await log.append(record())
    await log.append(record())

    assert heard.of(Signal.APPEND_TIME) == [({}, 2)]


async def test_an_idle_journal_appends_at_once() -> None:
    store = FakeEvidenceStore()
    written = journal(store)
    for number in range(3):
        await written.append(record(number))

    assert [call for call, _ in store.calls].count("append") == 3


async def test_records_that_come_during_an_append_go_out_together() -> None:
    store = FakeEvidenceStore([Fault.NONE, Fault.SLOW])
    written = journal(store)
    first = asyncio.create_task(written.append(record()))
    await called(store, 2)
    rest = await asyncio.gather(*(written.append(record(number)) for number in range(1, 101)))
    await first

    assert [call for call, _ in store.calls].count("append") == 2
    assert [receipt.seq for receipt in rest] == list(range(2, 102))
    assert store.blocks[rest[0].journal] == 2


async def test_close_writes_close_and_refuses_later_records() -> None:
    store = FakeEvidenceStore()
    written = journal(store)
    receipt = await written.append(record())
    await written.close()
    await written.close()

    assert lines(store, receipt.journal)[-1]["type"] == "close"
    assert verify(store.journals()).verdict is Verdict.CONSISTENT
    with pytest.raises(EvidenceUnavailable):
        await written.append(record())


async def test_close_waits_for_records_that_are_under_way() -> None:
    store = FakeEvidenceStore([Fault.SLOW, Fault.SLOW])
    written = journal(store)
    waiting = [asyncio.create_task(written.append(record(number))) for number in range(5)]
    await asyncio.sleep(0)
    await written.close()

    assert len({(await task).seq for task in waiting}) == 5
    assert verify(store.journals()).verdict is Verdict.CONSISTENT


async def test_no_task_is_left_when_nothing_waits() -> None:
    written = journal(FakeEvidenceStore())
    await written.append(record())
    await asyncio.sleep(0)

    assert [task.get_name() for task in asyncio.all_tasks()].count("journal") == 0


@pytest.mark.parametrize("fault", [Fault.FAIL, Fault.LOST, Fault.RETRIED, Fault.SLOW])
@pytest.mark.parametrize("call", range(6))
async def test_one_fault_at_any_call_costs_nobody_a_record(fault: Fault, call: int) -> None:
    store = FakeEvidenceStore([Fault.NONE] * call + [fault])
    written = journal(store)
    receipts = [await written.append(record(number)) for number in range(4)]
    await written.close()

    assert [stored(store, receipt)["counts"] for receipt in receipts] == [
        {"TokenMissing": number} for number in range(4)
    ]
    assert len({receipt.journal for receipt in receipts}) == 1
    assert verify(store.journals()).verdict is Verdict.CONSISTENT


async def test_an_outage_is_reported_to_every_waiter_and_ends_with_the_store() -> None:
    store = FakeEvidenceStore([Fault.FAIL] * 40)
    written = journal(store)
    results = await asyncio.gather(
        *(written.append(record(number)) for number in range(5)), return_exceptions=True
    )
    assert all(isinstance(result, EvidenceUnavailable) for result in results)

    store.faults.clear()
    await written.append(record())
    await written.close()
    assert verify(store.journals()).verdict is Verdict.CONSISTENT


async def opened(store: FakeEvidenceStore, **options: Limits) -> GroupCommitJournal:
    """A journal that has written OPEN and one record."""
    written = journal(store, limits=options.get("limits"))
    await written.append(record())
    return written


async def test_what_is_unknown_is_a_failure_and_the_tail_is_read_before_anything_is_sent() -> None:
    store = FakeEvidenceStore()
    written = await opened(store)
    # The append lands, its answer is lost, and so is every answer about it.
    store.faults.extend([Fault.LOST, *[Fault.FAIL] * 10])
    with pytest.raises(EvidenceUnavailable):
        await written.append(record(1))
    store.faults.clear()
    store.calls.clear()

    receipt = await written.append(record(2))
    await written.close()

    # OPEN, 0, the one thought lost, and this one after it.
    assert [call for call, _ in store.calls][:2] == ["read", "append"]
    assert receipt.seq == 3
    assert [line.get("counts") for line in lines(store, receipt.journal)[1:4]] == [
        {"TokenMissing": 0},
        {"TokenMissing": 1},
        {"TokenMissing": 2},
    ]
    assert verify(store.journals()).verdict is Verdict.CONSISTENT


async def test_an_append_that_lands_long_after_it_was_given_up_does_not_break_the_chain() -> None:
    store = FakeEvidenceStore()
    written = await opened(store)
    store.faults.extend([Fault.LATE, *[Fault.FAIL] * 20])
    with pytest.raises(EvidenceUnavailable):
        await written.append(record(1))
    store.faults.clear()

    # The tail still reads as empty; the late append lands just before the next one is sent.
    def land(kind: str, _: str) -> None:
        if kind == "append":
            store.land_late()

    store.on_call = land
    receipt = await written.append(record(2))
    await written.close()

    assert [line.get("counts") for line in lines(store, receipt.journal)[1:4]] == [
        {"TokenMissing": 0},
        {"TokenMissing": 1},
        {"TokenMissing": 2},
    ]
    assert verify(store.journals()).verdict is Verdict.CONSISTENT


async def test_a_late_append_that_lost_its_place_is_harmless() -> None:
    store = FakeEvidenceStore()
    written = await opened(store)
    store.faults.extend([Fault.LATE, *[Fault.FAIL] * 20])
    with pytest.raises(EvidenceUnavailable):
        await written.append(record(1))
    store.faults.clear()
    receipt = await written.append(record(2))
    assert store.land_late() == 0
    await written.close()

    assert receipt.seq == 2
    assert verify(store.journals()).verdict is Verdict.CONSISTENT


async def test_a_journal_with_too_many_unknown_appends_is_left() -> None:
    store = FakeEvidenceStore()
    written = await opened(store)
    for number in range(65):
        # Read as empty, sent late, then no answer to anything.
        store.faults.extend([Fault.NONE] * (number > 0) + [Fault.LATE] + [Fault.FAIL] * 4)
        with pytest.raises(EvidenceUnavailable):
            await written.append(record(number))
        store.faults.clear()

    receipt = await written.append(record())
    assert JournalName.parse(receipt.journal) == JournalName("2026/08/03", written.writer, 1)
    store.land_late()
    await written.close()
    assert kinds_in(store) == {Kind.INCOMPLETE}


def fence(store: FakeEvidenceStore, name: str) -> None:
    store.blobs[name] += b'{"by":"somebody else"}\n'


async def test_a_fenced_journal_is_left_and_the_record_goes_to_the_next() -> None:
    store = FakeEvidenceStore()
    written = journal(store)
    first = await written.append(record(1))
    fence(store, first.journal)
    second = await written.append(record(2))

    opening = lines(store, second.journal)[0]
    last = store.blobs[first.journal].splitlines()[1]
    assert JournalName.parse(second.journal) == JournalName("2026/08/03", written.writer, 1)
    assert opening["before"] == {"journal": first.journal, "seq": 1, "tip": digest(last)}
    assert stored(store, second)["counts"] == {"TokenMissing": 2}


async def test_a_batch_that_landed_just_before_the_fence_is_acknowledged_once() -> None:
    store = FakeEvidenceStore()
    written = journal(store)
    first = await written.append(record(1))

    def fence_after(kind: str, name: str) -> None:
        if kind == "read":
            store.on_call = None
            fence(store, name)

    store.on_call = fence_after
    store.faults.append(Fault.LOST)
    second = await written.append(record(2))
    third = await written.append(record(3))

    assert second.journal == first.journal
    assert third.journal != first.journal
    assert lines(store, third.journal)[0]["before"] == {
        "journal": first.journal,
        "seq": 2,
        "tip": digest(store.blobs[first.journal].splitlines()[2]),
    }


async def test_a_journal_that_is_gone_is_left() -> None:
    store = FakeEvidenceStore()
    written = journal(store)
    first = await written.append(record(1))
    del store.blobs[first.journal]
    second = await written.append(record(2))

    assert second.journal != first.journal
    assert kinds_in(store) == {Kind.MISSING, Kind.INCOMPLETE}


async def test_a_journal_that_is_gone_when_the_tail_is_read_is_left() -> None:
    store = FakeEvidenceStore()
    written = journal(store)
    first = await written.append(record(1))

    def lose(kind: str, name: str) -> None:
        if kind == "read":
            store.blobs.pop(name, None)

    store.on_call = lose
    store.faults.append(Fault.FAIL)

    assert (await written.append(record(2))).journal != first.journal


async def test_a_name_that_somebody_has_written_to_is_not_used() -> None:
    store = FakeEvidenceStore()
    written = journal(store)
    store.blobs[f"journal/2026/08/03/{written.writer}-0.ndjson"] = b"taken\n"

    assert JournalName.parse((await written.append(record())).journal) == JournalName(
        "2026/08/03", written.writer, 1
    )


async def test_when_every_journal_is_fenced_at_once_the_record_is_refused() -> None:
    store = FakeEvidenceStore()
    written = journal(store)

    def fence_first(kind: str, name: str) -> None:
        if kind == "append" and not store.blobs[name]:
            fence(store, name)

    store.on_call = fence_first
    with pytest.raises(EvidenceUnavailable):
        await written.append(record())


async def test_when_every_name_is_taken_the_record_is_refused() -> None:
    store = FakeEvidenceStore()
    written = journal(store)

    def take(kind: str, name: str) -> None:
        if kind == "create":
            store.blobs[name] = b"taken\n"

    store.on_call = take
    with pytest.raises(EvidenceUnavailable):
        await written.append(record())


async def test_a_cancelled_caller_takes_its_unsent_intent_along_and_nobody_elses() -> None:
    store = FakeEvidenceStore([Fault.NONE, Fault.SLOW])
    written = journal(store)
    first = asyncio.create_task(written.append(record()))
    await called(store, 2)
    gone = asyncio.create_task(written.append(intent("1" * 32)))
    other = asyncio.create_task(written.append(intent("2" * 32)))
    await asyncio.sleep(0)
    gone.cancel()
    receipt = await other
    await asyncio.gather(first, gone, return_exceptions=True)

    assert gone.cancelled()
    assert [line.get("id") for line in lines(store, receipt.journal)][2:] == ["2" * 32]


async def test_a_cancelled_caller_does_not_stop_its_outcome_from_being_written() -> None:
    store = FakeEvidenceStore([Fault.NONE, Fault.SLOW])
    written = journal(store)
    first = asyncio.create_task(written.append(intent("1" * 32)))
    await called(store, 2)
    name = store.calls[0][1]
    gone = asyncio.create_task(written.append(outcome(name, 1, "1" * 32)))
    await asyncio.sleep(0)
    gone.cancel()
    await first
    await written.close()

    assert verify(store.journals()).verdict is Verdict.CONSISTENT


async def test_a_cancelled_caller_in_the_middle_of_an_append_leaves_a_whole_chain() -> None:
    store = FakeEvidenceStore([Fault.SLOW, Fault.SLOW])
    written = journal(store)
    caller = asyncio.create_task(written.append(record(1)))
    await called(store, 2)
    caller.cancel()
    receipt = await written.append(record(2))
    await written.close()

    assert receipt.seq == 2
    assert verify(store.journals()).verdict is Verdict.CONSISTENT


async def test_when_all_callers_of_a_batch_have_gone_nothing_is_written() -> None:
    store = FakeEvidenceStore()
    written = journal(store)
    caller = asyncio.create_task(written.append(intent()))
    await asyncio.sleep(0)
    caller.cancel()
    await written.close()

    assert [call for call, _ in store.calls] == ["create"]


async def test_a_commit_that_is_cancelled_itself_refuses_its_waiters_and_recovers() -> None:
    store = FakeEvidenceStore()
    written = await opened(store)
    store.faults.extend([Fault.SLOW])
    caller = asyncio.create_task(written.append(record(1)))
    await called(store, 3)
    (task,) = (task for task in asyncio.all_tasks() if task.get_name() == "journal")
    task.cancel()
    with pytest.raises(EvidenceUnavailable):
        await caller

    receipt = await written.append(record(2))
    await written.close()
    assert receipt.seq == 2
    assert verify(store.journals()).verdict is Verdict.CONSISTENT


async def test_over_the_bound_records_are_refused_at_once() -> None:
    store = FakeEvidenceStore()
    written = journal(store, limits=Limits(waiting=3))
    tasks = [asyncio.create_task(written.append(record(number))) for number in range(5)]
    results = await asyncio.gather(*tasks, return_exceptions=True)

    assert [isinstance(result, EvidenceUnavailable) for result in results] == [
        False,
        False,
        False,
        True,
        True,
    ]


@pytest.mark.parametrize(
    "bad",
    [
        {"type": "nonsense"},
        {"type": "counted", "name": "x"},
        {**counted("x", NOON, NOON, {}), "extra": 1},
        {**counted("x", NOON, NOON, {}), "seq": 1},
        {**counted("x", NOON, NOON, {}), "name": "\ud800"},
        {"type": "open"},
        {"type": "close"},
        {},
    ],
)
async def test_a_record_that_the_verifier_would_refuse_is_never_written(
    bad: dict[str, Json],
) -> None:
    store = FakeEvidenceStore()
    written = journal(store)
    good, refused, after = await asyncio.gather(
        written.append(record(1)),
        written.append(bad),
        written.append(record(2)),
        return_exceptions=True,
    )

    assert isinstance(refused, EvidenceUnavailable)
    assert isinstance(good, Receipt)
    assert isinstance(after, Receipt)
    assert after.seq == good.seq + 1
    await written.close()
    assert verify(store.journals()).verdict is Verdict.CONSISTENT


async def test_a_record_over_the_bound_is_refused() -> None:
    written = journal(FakeEvidenceStore(), limits=Limits(record_bytes=1000, batch_bytes=2000))

    with pytest.raises(EvidenceUnavailable, match="over the bound"):
        await written.append(counted("x" * 1000, NOON, NOON, {}))


async def test_batches_stay_under_their_bounds() -> None:
    store = FakeEvidenceStore()
    limits = Limits(batch_bytes=3000, record_bytes=1000, batch_records=5)
    written = journal(store, limits=limits)
    sizes: list[int] = []

    def measure(kind: str, _: str) -> None:
        sizes.append(sum(map(len, store.blobs.values())))

    store.on_call = measure
    receipts = await asyncio.gather(*(written.append(record(number)) for number in range(40)))
    await written.close()

    steps = [after - before for before, after in itertools.pairwise(sizes)]
    assert max(steps) <= 3000
    assert store.blocks[receipts[0].journal] >= 8
    assert [receipt.seq for receipt in receipts] == list(range(1, 41))


def test_bounds_that_no_record_could_meet_are_refused() -> None:
    with pytest.raises(ValueError, match="at least one record"):
        Limits(batch_bytes=1000, record_bytes=900)


def rolled(hours: float = 0) -> Callable[[FakeClock], object]:
    return lambda clock: clock.advance(timedelta(hours=hours))


@pytest.mark.parametrize(
    ("limits", "move"),
    [
        (Limits(blocks=1), rolled()),
        (Limits(journal_bytes=600), rolled()),
        (Limits(age=timedelta(hours=1)), rolled(1)),
        (Limits(age=timedelta(days=9)), rolled(13)),
    ],
    ids=["blocks", "bytes", "age", "day"],
)
async def test_a_journal_rolls_when_it_is_due(
    limits: Limits, move: Callable[[FakeClock], object]
) -> None:
    store, clock = FakeEvidenceStore(), FakeClock()
    written = journal(store, clock, limits)
    first = await written.append(record(1))
    move(clock)
    second = await written.append(record(2))
    await written.close()

    assert second.journal != first.journal
    old = lines(store, first.journal)
    assert old[-1]["type"] == "close"
    assert lines(store, second.journal)[0]["before"] == {
        "journal": first.journal,
        "seq": 2,
        "tip": digest(store.blobs[first.journal].splitlines()[-1]),
    }
    assert verify(store.journals()).verdict is Verdict.CONSISTENT


async def test_a_tick_closes_an_idle_journal_that_is_due_and_opens_no_other() -> None:
    store, clock = FakeEvidenceStore(), FakeClock()
    written = journal(store, clock)
    receipt = await written.append(record())
    await written.tick()
    assert lines(store, receipt.journal)[-1]["type"] == "counted"
    clock.advance(timedelta(hours=1))
    await written.tick()

    assert list(store.blobs) == [receipt.journal]
    assert verify(store.journals()).verdict is Verdict.CONSISTENT


async def test_a_close_of_unknown_fate_is_an_error_and_settled_by_the_next_record() -> None:
    store, clock = FakeEvidenceStore(), FakeClock()
    written = journal(store, clock)
    await written.append(record(1))
    clock.advance(timedelta(hours=1))
    store.faults.extend([Fault.LOST, *[Fault.FAIL] * 10])
    with pytest.raises(EvidenceUnavailable):
        await written.tick()
    with pytest.raises(EvidenceUnavailable):
        await written.append(record(2))
    store.faults.clear()
    await written.append(record(3))
    await written.close()

    assert len(store.blobs) == 2
    assert verify(store.journals()).verdict is Verdict.CONSISTENT


async def test_closing_during_an_outage_says_so() -> None:
    store = FakeEvidenceStore()
    written = await opened(store)
    store.faults.extend([Fault.FAIL] * 20)

    with pytest.raises(EvidenceUnavailable):
        await written.close()


def test_a_journal_belongs_to_one_event_loop() -> None:
    written = journal(FakeEvidenceStore())
    asyncio.run(written.append(record()))

    with pytest.raises(EvidenceUnavailable):
        asyncio.run(written.append(record()))


class Harness:
    """Appends through faults and remembers what was acknowledged."""

    def __init__(self, store: FakeEvidenceStore, written: GroupCommitJournal) -> None:
        self.store = store
        self.written = written
        self.acknowledged: dict[int, Receipt] = {}
        self.refused: set[int] = set()

    async def append(self, number: int) -> None:
        try:
            self.acknowledged[number] = await self.written.append(record(number))
        except EvidenceUnavailable:
            self.refused.add(number)

    def check(self) -> None:
        places = [(receipt.journal, receipt.offset) for receipt in self.acknowledged.values()]
        assert len(set(places)) == len(places)
        for number, receipt in self.acknowledged.items():
            assert stored(self.store, receipt)["counts"] == {"TokenMissing": number}
        assert kinds_in(self.store) <= HARMLESS


FAULTS = st.lists(st.sampled_from(list(Fault)), max_size=60)


@given(FAULTS, st.lists(st.integers(1, 6), min_size=1, max_size=6), st.booleans())
@settings(max_examples=300, deadline=None)
def test_acknowledged_means_durable_whatever_the_store_does(
    faults: list[Fault], rounds: list[int], late: bool
) -> None:
    async def scenario() -> None:
        store = FakeEvidenceStore(faults)
        clock = FakeClock()
        harness = Harness(store, journal(store, clock, Limits(blocks=4)))
        numbers = itertools.count()
        for size in rounds:
            await asyncio.gather(*(harness.append(next(numbers)) for _ in range(size)))
            clock.advance(timedelta(minutes=7))
            if late:
                store.land_late()
            harness.check()
        store.faults.clear()
        last = next(numbers)
        await harness.append(last)
        assert last in harness.acknowledged
        store.land_late()
        await harness.written.close()
        harness.check()

    asyncio.run(scenario())


@given(FAULTS, st.sets(st.integers(0, 40)), st.integers(1, 12))
@settings(max_examples=200, deadline=None)
def test_fences_and_cancellations_in_between_break_nothing(
    faults: list[Fault], moments: set[int], callers: int
) -> None:
    async def scenario() -> None:
        store = FakeEvidenceStore(faults)
        harness = Harness(store, journal(store))
        other = GroupCommitJournal(store, FakeClock(), FakeEntropy("other"), INSTANCE)

        def interfere(kind: str, name: str) -> None:
            if len(store.calls) in moments and store.blobs.get(name):
                fenced(store, name, other.writer)

        store.on_call = interfere
        tasks = [asyncio.create_task(harness.append(number)) for number in range(callers)]
        for step, task in enumerate(tasks):
            for _ in range(step):
                await asyncio.sleep(0)
            if step % 3 == 2:
                task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        store.on_call = None
        store.faults.clear()
        await harness.append(999)
        assert 999 in harness.acknowledged
        await harness.written.close()
        harness.check()

    asyncio.run(scenario())


def fenced(store: FakeEvidenceStore, name: str, by: str) -> None:
    """What a sweeper appends, unless the journal is closed already."""
    data = store.blobs[name]
    parsed = JournalName.parse(name)
    last = data.splitlines()[-1]
    if parsed is None or parse(last)["type"] == "close":
        return
    head = Head(parsed, data.count(b"\n"), len(data), digest(last), parse(last)["ts"])
    line, _ = close(head, NOON, by=by)
    store.blobs[name] += line
