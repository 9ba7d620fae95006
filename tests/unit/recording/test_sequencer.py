"""What the journals hold is in the index: once, whole, in order, whatever comes in between."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import GatewayError, NotFound, PreconditionFailed, StoreError, StoreUnavailable
from gateway.evidence import approval_records, records
from gateway.evidence.approval_records import Binding, Person, Subject
from gateway.evidence.chain import JournalName, close, opening, start
from gateway.model.canonical import Json
from gateway.model.exchange import Receipt
from gateway.model.operation import Effect
from gateway.recording.cursors import Cursors, Generations, read_generations, swap_generations
from gateway.recording.index import Index
from gateway.recording.sequencer import LOOKBACK, Bounds, Sequencer
from tests.builders.evidence import (
    CLIENT,
    INSTANCE,
    KEYS,
    NOON,
    OBJECT,
    SESSION,
    Written,
    authorised,
    classified,
    finished,
    intent,
    masked,
    outcome,
    prepared,
)
from tests.builders.evidence import authenticated as caller
from tests.fakes.evidence import FakeEvidenceStore, Fault
from tests.fakes.projection import FakeProjections
from tests.fakes.store import FakeStateStore
from tests.fakes.time import FakeClock

A, B = "a" * 16, "b" * 16
BINDING = Binding("d" * 64, "n" * 32, NOON + timedelta(hours=1))


class Scene:
    """An evidence store with journals, and a sequencer over it."""

    def __init__(self, *journals: Written, bounds: Bounds | None = None) -> None:
        self.store = FakeEvidenceStore()
        self.clock = FakeClock(NOON)
        self.state = FakeStateStore(self.clock)
        self.table = FakeProjections()
        self.sequencer = Sequencer(
            self.store, self.state, self.table, self.clock, bounds or Bounds()
        )
        self.index = Index(self.state, self.table, self.clock)
        self.lay(*journals)

    def lay(self, *journals: Written) -> None:
        for written in journals:
            self.store.blobs[written.name] = written.data

    def rows(self, generation: int = 1) -> dict[tuple[str, str], dict[str, str | int]]:
        return self.table.of(generation)

    async def rebuilt(self) -> dict[tuple[str, str], dict[str, str | int]]:
        await self.sequencer.reindex()
        found, _ = await read_generations(self.state)
        return self.rows(found.current)


def denied(identifier: str) -> dict[str, Json]:
    return records.denied(classified(identifier), GatewayError("no"), KEYS)


def held_request(written: Written, identifier: str, *, approve: bool = True) -> None:
    """Held, decided, and if approved executed and collected."""
    subject = Subject(identifier, SESSION, BINDING)
    person = Person("t" * 8, "p" * 8, "u", "Rhea", NOON, ["mfa"])
    written.add(approval_records.held(authorised(classified(identifier)), BINDING, KEYS))
    verdict = "approved" if approve else "rejected"
    written.add(approval_records.decided(subject, verdict, reason="seen", person=person))  # type: ignore[arg-type]
    if not approve:
        return
    seq = written.add(
        approval_records.executing(prepared(classified(identifier), identifier), BINDING, KEYS)
    )
    ended = outcome(written.name, seq, identifier)
    written.add(approval_records.executed(ended, identifier))
    answer = masked(Receipt(written.name, seq, 0, 0)).answer
    written.add(approval_records.collected(caller("c" * 32), None, identifier, answer, KEYS))


async def test_a_session_is_who_when_and_how_often() -> None:
    written = finished(2)
    scene = Scene(written)
    progress = await scene.sequencer.project()

    assert (progress.records, progress.complete, progress.faults) == (6, True, [])
    (session,) = await scene.index.sessions()
    assert (session.session, session.label) == (SESSION.id, SESSION.label)
    assert session.who["oid"] == OBJECT
    assert session.who["azp"] == CLIENT
    assert (session.who["agent"], session.who["sponsor"]) == ("triage", "alice@example.org")
    assert session.first == "2026-08-03T12:00:00.001000Z"
    assert session.last == "2026-08-03T12:00:00.004000Z"
    assert session.counts == {
        "records": 4,
        "exchanges": 2,
        "decision.allowed": 2,
        "effect.read": 2,
        "result.answered": 2,
    }
    assert session.journals == (written.name,)
    assert await scene.index.session(SESSION.id) == session


async def test_every_row_points_to_the_line_that_it_was_made_from() -> None:
    written = finished(3)
    scene = Scene(written)
    await scene.sequencer.project()
    found = await scene.index.exchanges(SESSION.id)

    assert [one.id for one in found] == [f"{number:032x}" for number in range(3)]
    lines = []
    for pointer in (pointer for one in found for pointer in one.records):
        assert pointer.journal == written.name
        lines.append(await scene.store.read(pointer.journal, pointer.offset, pointer.length))
    assert [line + b"\n" for line in lines] == written.lines[1:-1]
    assert [(one.decision, one.result, one.status, one.end) for one in found] == [
        ("allowed", "answered", 200, "answered")
    ] * 3


async def test_sessions_are_found_by_principal_and_by_day() -> None:
    scene = Scene(finished())
    await scene.sequencer.project()

    assert len(await scene.index.sessions(principal=OBJECT.upper())) == 1
    assert await scene.index.sessions(principal="nobody") == []
    assert await scene.index.sessions(since=(NOON + timedelta(days=1)).date()) == []
    assert (
        await scene.index.sessions(principal=OBJECT, since=(NOON + timedelta(days=1)).date()) == []
    )
    with pytest.raises(NotFound):
        await scene.index.session("f" * 32)
    assert await scene.index.exchanges("f" * 32) == ()


async def test_accesses_are_found_by_the_recorded_name_and_by_the_digest() -> None:
    scene = Scene(finished(2))
    await scene.sequencer.project()
    by_name = await scene.index.accesses("clinic/records/jane-doe.txt")
    digest = KEYS.of("resource", b"clinic/records/jane-doe.txt")

    assert [one.exchange for one in by_name] == [f"{number:032x}" for number in range(2)]
    assert {(one.oid, one.decision, one.session) for one in by_name} == {
        (OBJECT, "allowed", SESSION.id)
    }
    assert await scene.index.accesses(digest) == by_name
    assert await scene.index.accesses("clinic/records") == []


async def test_two_writers_of_one_session_are_one_view_and_each_keeps_its_order() -> None:
    one, two = Written(writer=A), Written(writer=B)
    # The second clock is ahead, then set back.
    two.now += timedelta(microseconds=1500)
    for number in range(3):
        one.exchange(f"{number:032x}")
        two.exchange(f"{number + 10:032x}")
    scene = Scene(one, two)
    await scene.sequencer.project()
    (session,) = await scene.index.sessions()
    found = [int(exchange.id, 16) for exchange in await scene.index.exchanges(SESSION.id)]

    assert session.counts["exchanges"] == session.counts["result.answered"] == 6
    assert session.journals == (one.name, two.name)
    assert [number for number in found if number < 10] == [0, 1, 2]
    assert [number for number in found if number >= 10] == [10, 11, 12]
    assert found == [0, 10, 1, 11, 2, 12]


async def test_a_writers_order_does_not_hang_on_its_clock() -> None:
    first, second = Written(0, A), Written(1, A)
    first.now += timedelta(hours=2)
    first.exchange("1" * 32)
    second.exchange("2" * 32)
    scene = Scene(first, second)
    await scene.sequencer.project()

    assert [one.id for one in await scene.index.exchanges(SESSION.id)] == ["1" * 32, "2" * 32]


async def test_an_outcome_in_another_journal_ends_its_exchange() -> None:
    one, two = Written(0, A), Written(1, A)
    seq = one.add(intent("1" * 32))
    scene = Scene(one, two)
    await scene.sequencer.project()
    assert [each.end for each in await scene.index.exchanges(SESSION.id)] == ["indeterminate"]

    two.now += timedelta(seconds=1)
    two.add(outcome(one.name, seq, "1" * 32))
    scene.lay(two)
    await scene.sequencer.project()
    (exchange,) = await scene.index.exchanges(SESSION.id)

    assert (exchange.end, len(exchange.records)) == ("answered", 2)


async def test_a_held_request_is_one_exchange_from_hold_to_collection() -> None:
    written = Written()
    held_request(written, "1" * 32)
    held_request(written, "2" * 32, approve=False)
    written.add(denied("3" * 32))
    scene = Scene(written)
    await scene.sequencer.project()
    approved, rejected, refused = await scene.index.exchanges(SESSION.id)

    assert (approved.decision, approved.verdict, approved.end) == (
        "approved",
        "approved",
        "answered",
    )
    assert (approved.reviewer, approved.collected, len(approved.records)) == ("p" * 8, 1, 5)
    assert (rejected.decision, rejected.end, rejected.reason) == ("held", "rejected", "seen")
    assert refused.end == "denied"
    (session,) = await scene.index.sessions()
    assert session.counts == {
        "records": 8,
        "exchanges": 3,
        "decision.held": 2,
        "decision.approved": 1,
        "decision.denied": 1,
        "effect.read": 3,
        "verdict.approved": 1,
        "verdict.rejected": 1,
        "result.answered": 1,
        "collected": 1,
    }


async def test_an_execution_whose_end_nobody_knows_is_indeterminate_until_it_is_known() -> None:
    written = Written()
    seq = written.add(
        approval_records.executing(prepared(classified("1" * 32), "1" * 32), BINDING, KEYS)
    )
    subject = Subject("1" * 32, SESSION, None)
    written.add(approval_records.indeterminate(subject, written.name, seq, "Abandoned"))
    scene = Scene(written)
    await scene.sequencer.project()
    (exchange,) = await scene.index.exchanges(SESSION.id)
    assert (exchange.result, exchange.reason) == ("indeterminate", "Abandoned")

    written.add(approval_records.executed(outcome(written.name, seq, "1" * 32), "1" * 32))
    scene.lay(written)
    await scene.sequencer.project()
    (exchange,) = await scene.index.exchanges(SESSION.id)
    assert exchange.end == "answered"


async def test_a_decision_that_names_no_session_makes_no_row() -> None:
    written = Written()
    written.add(approval_records.decided(Subject("1" * 32, None, None), "revoked"))
    scene = Scene(written)

    assert (await scene.sequencer.project()).records == 2
    assert scene.rows() == {}


async def test_a_tick_reads_only_what_is_new() -> None:
    written = finished(1)
    scene = Scene(written)
    await scene.sequencer.project()
    scene.store.calls.clear()
    scene.table.calls.clear()

    assert (await scene.sequencer.project()).records == 0
    assert [call for call in scene.store.calls if call[0] == "read"] == []
    assert scene.table.calls == []


async def test_an_unfinished_line_is_left_for_later() -> None:
    written = Written()
    written.exchange("1" * 32)
    scene = Scene()
    data = written.data
    for end in range(0, len(data) + 1, 97):
        scene.store.blobs[written.name] = data[:end]
        assert (await scene.sequencer.project()).faults == []
    scene.store.blobs[written.name] = data
    await scene.sequencer.project()

    assert scene.rows() == await scene.rebuilt()
    (session,) = await scene.index.sessions()
    assert session.counts["records"] == 2


# --- faults ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda line: b"damaged\n", "not JSON"),
        (lambda line: line.replace(b'"v":1', b'"v":2'), "v: not a value"),
        (lambda line: line.replace(b'"readers"', b'"raiders"'), ""),
        (lambda line: line.replace(b'"seq":3', b'"seq":4'), "seq"),
        (lambda line: line.replace(b'{"actor"', b'{ "actor"'), "canonical"),
        (lambda line: line.replace(b'"prev":"', b'"prev":"' + b"0" * 64)[:-1] + b"\n", "prev"),
        (lambda line: line.replace(A.encode(), B.encode()), "writer"),
        (lambda line: line.replace(b'"ts":"2026', b'"ts":"2025'), "ts"),
    ],
)
async def test_reading_stops_at_a_line_that_is_not_right_and_says_so(
    change: Callable[[bytes], bytes], message: str
) -> None:
    written = Written(writer=A)
    for number in range(3):
        written.exchange(f"{number:032x}")
    other = finished(1, writer=B)
    written.lines[3] = change(written.lines[3])
    scene = Scene(written, other)
    progress = await scene.sequencer.project()

    # A change that the line itself does not show is found at the next one.
    changed_quietly = not message
    stop = 4 if changed_quietly else 3
    (fault,) = progress.faults
    assert fault.journal == written.name
    assert fault.offset == sum(map(len, written.lines[:stop]))
    assert (message or "prev") in fault.message
    assert progress.complete
    found = [each.id for each in await scene.index.exchanges(SESSION.id)]
    assert f"{2:032x}" not in found
    (stopped,) = await scene.index.stopped()
    assert (stopped.journal, stopped.offset, stopped.message) == (
        fault.journal,
        fault.offset,
        fault.message,
    )
    # Neither forgotten nor skipped by the next tick, and other journals go on.
    assert (await scene.sequencer.project()).faults == [fault]
    assert scene.rows() == await scene.rebuilt()


async def test_a_fault_that_newer_code_understands_is_no_fault_any_more() -> None:
    written = finished(1)
    scene = Scene(written)
    scene.store.blobs[written.name] = written.data.replace(b'"v":1', b'"v":2')
    assert len((await scene.sequencer.project()).faults) == 1
    scene.lay(written)

    assert (await scene.sequencer.project()).faults == []
    assert await scene.index.stopped() == []
    assert (await scene.index.session(SESSION.id)).counts["exchanges"] == 1


async def test_a_journal_under_another_name_is_not_projected() -> None:
    written = finished(1)
    scene = Scene()
    scene.store.blobs[written.name.replace("-0.", "-7.")] = written.data
    (fault,) = (await scene.sequencer.project()).faults

    assert "OPEN" in fault.message
    assert scene.rows() == {}


async def test_a_journal_that_does_not_begin_with_open_is_not_projected() -> None:
    written = Written()
    written.head = start(A, 0, NOON)
    written.lines = []
    written.add(intent())
    scene = Scene(written)
    (fault,) = (await scene.sequencer.project()).faults

    assert fault.message == "the first record is not OPEN"


@pytest.mark.parametrize("tail", [b"x", b"more\n", b"{}\n{}\n"])
async def test_bytes_after_close_are_a_fault(tail: bytes) -> None:
    written = finished(1)
    scene = Scene(written)
    scene.store.blobs[written.name] += tail
    (fault,) = (await scene.sequencer.project()).faults
    assert (fault.offset, fault.message) == (len(written.data), "bytes after CLOSE")

    later = Scene(written)
    await later.sequencer.project()
    later.store.blobs[written.name] += tail
    assert (await later.sequencer.project()).faults == [fault]


@pytest.mark.parametrize("step", [64, 1024, 1 << 20])
async def test_a_cut_line_that_a_sweeper_has_fenced_is_stepped_over(step: int) -> None:
    written = Written()
    written.exchange("1" * 32)
    torn = b'{"actor":{"agent":"tri'
    head = written.head
    written.lines.append(torn + b"\n")
    written.close(
        by=B,
        torn=len(torn),
        head=type(head)(head.name, head.seq, head.offset + len(torn) + 1, head.tip, head.ts),
    )
    scene = Scene(written, bounds=Bounds(step=step))
    progress = await scene.sequencer.project()

    assert progress.faults == []
    day = await Cursors(scene.state, 1).day("2026/08/03")
    assert day.cursors[written.name].closed
    assert day.cursors[written.name].offset == len(written.data)


async def test_an_empty_journal_that_was_swept_is_done_with() -> None:
    name = JournalName("2026/08/03", A, 0)
    line, _ = close(start(A, 0, NOON), NOON, by=B)
    scene = Scene()
    scene.store.blobs[str(name)] = line

    assert (await scene.sequencer.project()).faults == []


@pytest.mark.parametrize(
    "change",
    [(b'"seal":"', b'"seal":"00'), (b'"torn":0', b'"torn":1'), (b'"bytes":', b'"bytes":1')],
)
async def test_a_changed_close_is_a_fault(change: tuple[bytes, bytes]) -> None:
    written = finished(1)
    written.lines[-1] = written.lines[-1].replace(*change)
    scene = Scene(written)

    assert len((await scene.sequencer.project()).faults) == 1


async def test_a_line_longer_than_any_journal_writes_is_a_fault() -> None:
    scene = Scene(bounds=Bounds(step=1 << 20))
    scene.store.blobs[Written().name] = b"x" * (5 << 20)
    (fault,) = (await scene.sequencer.project()).faults

    assert "longer" in fault.message


async def test_a_line_longer_than_a_step_is_read_whole() -> None:
    written = Written()
    record = intent("1" * 32)
    record["rule"] = "r" * 5000
    written.add(record)
    scene = Scene(written, bounds=Bounds(step=100))
    progress = await scene.sequencer.project()

    assert (progress.records, progress.faults) == (2, [])
    (exchange,) = await scene.index.exchanges(SESSION.id)
    assert len(exchange.rule) == 1024


async def test_a_journal_that_cannot_be_read_does_not_keep_others_waiting() -> None:
    scene = Scene(finished(1, A), finished(2, B))
    scene.store.faults.append(Fault.FAIL)
    scene.store.faulty = {"read"}
    progress = await scene.sequencer.project()

    assert progress.unread == [Written(writer=A).name]
    assert not progress.complete
    assert (await scene.index.session(SESSION.id)).counts["exchanges"] == 2
    assert (await scene.sequencer.project()).complete
    assert (await scene.index.session(SESSION.id)).counts["exchanges"] == 3


async def test_other_blobs_are_not_journals() -> None:
    scene = Scene()
    scene.store.blobs["journal/2026/08/03/readme.txt"] = b"hello\n"

    assert (await scene.sequencer.project()).complete


# --- one at a time, and bounded -------------------------------------------------------------------


async def test_while_one_instance_projects_another_does_nothing() -> None:
    scene = Scene(finished())
    lease = await scene.state.lease("projection/lease", 60)
    assert (await scene.sequencer.project()).busy
    assert scene.rows() == {}
    assert lease
    await scene.state.release("projection/lease", lease)

    assert not (await scene.sequencer.project()).busy
    assert not (await scene.sequencer.project()).busy


async def test_a_lease_that_cannot_be_given_back_is_no_failure() -> None:
    scene = Scene()

    class Stuck(FakeStateStore):
        async def release(self, name: str, lease: str) -> None:
            raise StoreUnavailable("no answer")

    sequencer = Sequencer(scene.store, Stuck(scene.clock), scene.table, scene.clock)
    assert (await sequencer.project()).complete


async def test_a_tick_ends_by_bytes_and_the_next_goes_on_where_it_ended() -> None:
    journals = [finished(10, f"{number:016x}") for number in range(3)]
    scene = Scene(*journals, bounds=Bounds(bytes=5000, step=2500))
    ticks = 0
    while not (progress := await scene.sequencer.project()).complete:
        ticks += 1
        assert progress.bytes <= 10_000
        if ticks == 1:
            # A step of each in turn: no journal waits for another's end.
            day = await Cursors(scene.state, 1).day("2026/08/03")
            assert len(day.cursors) == 2
    assert ticks > 5
    assert scene.rows() == await scene.rebuilt()


async def test_a_tick_ends_by_time() -> None:
    scene = Scene(*(finished(4, f"{number:016x}") for number in range(5)))

    def minute(kind: str, name: str) -> None:
        if kind == "read":
            scene.clock.advance(15)

    scene.store.on_call = minute
    progress = await scene.sequencer.project()

    assert not progress.complete
    assert len([call for call in scene.store.calls if call[0] == "read"]) == 3


async def test_days_that_are_over_are_not_listed_for_ever() -> None:
    scene = Scene(finished(1))
    await scene.sequencer.project()
    scene.clock.advance(timedelta(days=30))
    await scene.sequencer.project()
    scene.store.calls.clear()
    await scene.sequencer.project()
    listed = [name for kind, name in scene.store.calls if kind == "list"]

    assert listed[0] == "journal/2026/08/25/"
    assert len(listed) == LOOKBACK.days + 2


async def test_journals_of_many_days_are_read_and_their_sessions_found_by_day() -> None:
    days = [NOON - timedelta(days=back) for back in (0, 1, 5, 100)]
    journals = []
    for number, day in enumerate(days):
        written = Written(writer=f"{number:016x}")
        written.head, written.lines, written.now = start(f"{number:016x}", 0, day), [], day
        written.add(opening(written.head, INSTANCE, "", None))
        written.exchange(f"{number:032x}")
        journals.append(written)
    scene = Scene(*journals)
    assert (await scene.sequencer.project()).complete

    (session,) = await scene.index.sessions()
    assert (session.counts["exchanges"], session.first[:10]) == (4, "2026-04-25")
    # Found once, however many days and journals it has.
    assert await scene.index.sessions(since=days[-1].date()) == [session]
    assert await scene.index.sessions(principal=OBJECT, since=days[-1].date()) == [session]
    assert await scene.index.sessions(limit=0) == []
    found = [each.id for each in await scene.index.exchanges(SESSION.id)]
    assert found == [f"{number:032x}" for number in (3, 2, 1, 0)]


async def test_a_tick_with_faults_or_unread_journals_can_be_seen() -> None:
    scene = Scene(finished(1))
    (await scene.sequencer.project()).require_whole()
    scene.store.blobs[finished(1, A).name] = b"damaged\n"
    with pytest.raises(StoreError, match="beyond a line"):
        (await scene.sequencer.project()).require_whole()
    scene.store.faults.append(Fault.FAIL)
    scene.store.faulty = {"read"}
    with pytest.raises(StoreUnavailable):
        (await scene.sequencer.project()).require_whole()


async def test_a_gap_of_weeks_without_projection_loses_nothing() -> None:
    scene = Scene(finished(1, A))
    await scene.sequencer.project()
    scene.clock.advance(timedelta(days=40))
    scene.lay(finished(1, B))
    await scene.sequencer.project()

    assert (await scene.index.session(SESSION.id)).counts["exchanges"] == 2


# --- crashes, races, rebuilding -------------------------------------------------------------------


async def test_a_crash_after_any_number_of_rows_repeats_harmlessly() -> None:
    journals = (finished(2, A), finished(1, B))
    whole = Scene(*journals)
    await whole.sequencer.project()
    for rows in range(len(whole.rows()) + 4):
        scene = Scene(*journals)
        scene.table.exists = True
        scene.table.crash_after = rows
        try:
            await scene.sequencer.project()
        except StoreError:
            scene.table.crash_after = None
            await scene.sequencer.project()
        assert scene.rows() == whole.rows()


async def test_a_crash_between_rows_and_cursor_counts_nothing_twice() -> None:
    class Killed(FakeStateStore):
        async def swap(self, name: str, data: bytes, etag: str | None) -> str:
            if name.endswith("2026/08/03") and not self.failures:
                self.failures.append(StoreUnavailable("killed before the cursor"))
            return await super().swap(name, data, etag)

    scene = Scene(finished(2))
    killed = Killed(scene.clock)
    with pytest.raises(StoreUnavailable):
        await Sequencer(scene.store, killed, scene.table, scene.clock).project()
    rows = scene.rows()
    assert rows != {}
    scene.state.blobs = killed.blobs
    scene.clock.advance(61)
    await scene.sequencer.project()

    assert scene.rows() == rows
    assert (await scene.index.session(SESSION.id)).counts["exchanges"] == 2


async def test_of_two_that_project_at_once_without_a_lease_nothing_is_counted_twice() -> None:
    scene = Scene(finished(2))
    rival = Sequencer(scene.store, scene.state, scene.table, scene.clock)
    done = False

    async def overtake(kind: str, name: str) -> None:
        nonlocal done
        if kind == "read" and not done:
            done = True
            # The lease has run out meanwhile.
            scene.clock.advance(61)
            await rival.project()

    scene.store.on_call = overtake
    with pytest.raises(PreconditionFailed):
        await scene.sequencer.project()
    await scene.sequencer.project()

    assert (await scene.index.session(SESSION.id)).counts["exchanges"] == 2
    assert scene.rows() == await scene.rebuilt()


async def test_a_rebuilt_index_is_the_same_and_the_old_one_is_gone() -> None:
    written = Written()
    held_request(written, "1" * 32)
    scene = Scene(written, finished(2, A), finished(1, B))
    await scene.sequencer.project()
    before = scene.rows()
    progress = await scene.sequencer.reindex()

    assert scene.rows(2) == before
    assert progress.dropped == len(before)
    assert scene.rows(1) == {}
    assert (await scene.sequencer.project()).records == 0
    assert await scene.rebuilt() == before


async def test_a_rebuild_repairs_rows_that_were_changed_removed_or_added() -> None:
    scene = Scene(finished(2))
    await scene.sequencer.project()
    right = scene.rows()
    one, two = list(scene.table.rows)[:2]
    scene.table.rows[one] = {"session": "forged"}
    del scene.table.rows[two]
    scene.table.rows[1, "session.forged", "r.x"] = {}
    scene.table.etags[1, "session.forged", "r.x"] = "e"

    assert await scene.rebuilt() == right


async def test_while_it_is_rebuilt_the_old_index_answers_and_stays_up_to_date() -> None:
    written = Written()
    written.exchange("1" * 32)
    scene = Scene(written)
    await scene.sequencer.project()
    seen: list[int] = []

    async def meanwhile(kind: str, name: str) -> None:
        if kind == "read":
            scene.store.on_call = None
            written.exchange("2" * 32)
            scene.lay(written)
            await scene.sequencer.project()
            seen.append((await scene.index.session(SESSION.id)).counts["exchanges"])

    scene.store.on_call = meanwhile
    await scene.sequencer.reindex()

    assert seen == [2]
    await scene.sequencer.project()
    assert (await scene.index.session(SESSION.id)).counts["exchanges"] == 2


async def test_a_rebuild_that_crashed_is_begun_again_from_nothing() -> None:
    scene = Scene(finished(2))
    await scene.sequencer.project()
    right = scene.rows()
    scene.table.crash_after = 3
    with pytest.raises(StoreUnavailable):
        await scene.sequencer.reindex()
    scene.table.crash_after = None
    assert scene.rows(1) == right
    assert scene.rows(2) != {}

    assert await scene.rebuilt() == right
    assert {generation for generation, _, _ in scene.table.rows} == {4}


async def test_a_rebuild_that_cannot_read_a_journal_changes_nothing() -> None:
    scene = Scene(finished(1))
    await scene.sequencer.project()
    scene.store.faults.append(Fault.FAIL)
    scene.store.faulty = {"read"}

    with pytest.raises(StoreUnavailable, match="some journals"):
        await scene.sequencer.reindex()
    assert (await read_generations(scene.state))[0].current == 1


@pytest.mark.parametrize("moment", ["read", "list"])
async def test_a_rebuild_from_nothing_bears_the_first_tick_in_its_midst(moment: str) -> None:
    scene = Scene(finished(2))

    async def meanwhile(kind: str, name: str) -> None:
        if kind == moment:
            scene.store.on_call = None
            await scene.sequencer.project()

    scene.store.on_call = meanwhile
    progress = await scene.sequencer.reindex()
    assert progress.complete
    found, _ = await read_generations(scene.state)
    assert found == Generations(current=2)
    right = scene.rows(2)
    assert (await scene.sequencer.project()).records == 0
    assert await scene.rebuilt() == right


async def test_a_rebuild_and_a_first_tick_that_begin_at_once_begin_one_index() -> None:
    scene = Scene(finished(2))
    await asyncio.gather(*(scene.sequencer.project() for _ in range(3)), scene.sequencer.reindex())
    found, _ = await read_generations(scene.state)
    assert found == Generations(current=2)
    assert {generation for generation, _, _ in scene.table.rows} == {2}


async def test_of_two_rebuilds_the_later_one_counts() -> None:
    scene = Scene(finished(1))
    await scene.sequencer.project()

    async def meanwhile(kind: str, name: str) -> None:
        if kind == "read":
            scene.store.on_call = None
            await scene.sequencer.reindex()

    scene.store.on_call = meanwhile
    with pytest.raises(PreconditionFailed):
        await scene.sequencer.reindex()
    found, _ = await read_generations(scene.state)
    assert found == Generations(current=4)
    assert (await scene.index.session(SESSION.id)).counts["exchanges"] == 1


async def test_a_tick_of_a_generation_that_is_history_changes_no_cursor() -> None:
    scene = Scene(finished(1))
    await scene.sequencer.project()
    await scene.sequencer.reindex()
    await scene.sequencer.reindex()

    with pytest.raises(PreconditionFailed):
        await Cursors(scene.state, 1).day("2026/08/03")
    with pytest.raises(PreconditionFailed):
        await Cursors(scene.state, 1).done_before("2026/08/03")


@pytest.mark.parametrize("begun", [0, 1, 2])
async def test_the_first_tick_leaves_alone_what_a_rebuild_has_begun(begun: int) -> None:
    scene = Scene(finished(1))
    if begun:
        await swap_generations(scene.state, Generations(current=0, building=begun), None)
    await scene.sequencer.project()
    found, _ = await read_generations(scene.state)

    assert found.current > begun
    assert (await scene.index.session(SESSION.id)).counts["exchanges"] == 1


async def test_without_an_index_questions_are_unavailable() -> None:
    with pytest.raises(GatewayError, match="no index yet"):
        await Scene().index.sessions()


async def test_a_question_during_the_switch_is_asked_again() -> None:
    scene = Scene(finished(1))
    await scene.sequencer.project()
    plain = scene.table.query
    switched = 0

    async def switching(generation: int, partition: str, since: str = "") -> Any:
        nonlocal switched
        if switched < limit:
            switched += 1
            await scene.sequencer.reindex()
        async for row in plain(generation, partition, since):
            yield row

    scene.table.query = switching  # type: ignore[method-assign]
    limit = 1
    assert (await scene.index.session(SESSION.id)).counts["exchanges"] == 1
    limit = 100
    with pytest.raises(GatewayError, match="being rebuilt"):
        await scene.index.session(SESSION.id)


async def test_progress_that_cannot_be_understood_is_an_error_that_says_what_to_do() -> None:
    scene = Scene(finished(1))
    await scene.state.swap("projection/1/2026/08/03", b"{}", None)

    with pytest.raises(StoreError) as caught:
        await scene.sequencer.project()
    assert "reindex" in caught.value.advice


@pytest.mark.parametrize("columns", [{}, {"counts": "3"}, {"counts": "{}", "through": "x"}])
async def test_a_summary_that_cannot_be_understood_is_an_error(columns: Mapping[str, str]) -> None:
    scene = Scene(finished(1))
    await scene.sequencer.project()
    place = next(place for place in scene.table.rows if place[2].startswith("s."))
    scene.table.rows[place] = columns

    with pytest.raises(StoreError):
        await scene.index.sessions()


# --- any order ------------------------------------------------------------------------------------


@st.composite
def histories(draw: st.DrawFn) -> list[Written]:
    """Journals of a few writers with all kinds of records, some closed, some in one session."""
    journals: list[Written] = []
    for writer in range(draw(st.integers(1, 3))):
        written = Written(writer=f"{writer:016x}")
        for number in range(draw(st.integers(0, 4))):
            identifier = f"{writer:016x}{number:016x}"
            match draw(st.sampled_from(["read", "write", "held", "rejected", "denied", "open"])):
                case "read":
                    written.exchange(identifier)
                case "write":
                    written.exchange(identifier, Effect.WRITE)
                case "held":
                    held_request(written, identifier)
                case "rejected":
                    held_request(written, identifier, approve=False)
                case "denied":
                    written.add(denied(identifier))
                case _:
                    written.add(intent(identifier))
        if draw(st.booleans()):
            written.close()
        journals.append(written)
    return journals


@given(histories(), st.data())
async def test_however_it_came_about_the_index_is_the_rebuilt_one(
    journals: list[Written], data: st.DataObject
) -> None:
    step = data.draw(st.integers(1, 4000), "step")
    scene = Scene(bounds=Bounds(bytes=data.draw(st.integers(1, 8000), "bytes"), step=step))
    scene.table.exists = True
    ends = dict.fromkeys((written.name for written in journals), 0)
    for _ in range(data.draw(st.integers(1, 12), "ticks")):
        # Journals grow by any number of bytes, also in the middle of a line.
        written = data.draw(st.sampled_from(journals), "grows")
        ends[written.name] = data.draw(st.integers(ends[written.name], len(written.data)), "to")
        scene.store.blobs[written.name] = written.data[: ends[written.name]]
        if data.draw(st.booleans(), "crash"):
            scene.table.crash_after = data.draw(st.integers(0, 12), "after")
        elif data.draw(st.booleans(), "state fails"):
            scene.state.failures = [StoreUnavailable("x")] * data.draw(st.integers(1, 3), "times")
        try:
            await scene.sequencer.project()
        except StoreError:
            # The process is gone, and its lease runs out.
            scene.clock.advance(61)
        scene.table.crash_after = None
        scene.state.failures = []
        if data.draw(st.integers(0, 9), "rebuild") == 0:
            await scene.sequencer.reindex()
    scene.lay(*journals)
    scene.clock.advance(61)
    while not (progress := await scene.sequencer.project()).complete:
        assert progress.faults == []
    found, _ = await read_generations(scene.state)
    incremental = scene.rows(found.current)
    assert incremental == await scene.rebuilt()

    fresh = Scene(*journals)
    await fresh.sequencer.project()
    assert fresh.rows() == incremental
