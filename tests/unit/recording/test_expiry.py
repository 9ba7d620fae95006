"""The sweep ends what has expired, finishes what a crash left, and deletes what is over."""

import asyncio
import itertools
import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256

import pytest

from gateway.approvals.ticket import (
    EXECUTION_LEASE,
    GRACE,
    OPENING_TIME,
    RESULT_TIME,
    ROW_TIME,
    Cite,
    TicketState,
)
from gateway.errors import Denied, Reason, StoreUnavailable, Unavailable
from gateway.evidence.chain import extend, start
from gateway.model.canonical import Json
from gateway.ports import StoredTicket
from tests.fakes.asking import Entropy, Scene, deletion
from tests.fakes.evidence import Fault
from tests.fakes.store import FakeStateStore
from tests.fakes.time import NOON, FakeClock

EXPIRY = timedelta(minutes=5)


async def executing(scene: Scene, *, result: bool = False) -> str:
    """A ticket whose driver died after sending; `result` says whether it had stored the result."""
    ticket_id = await scene.approved()
    await scene.driver().drive(ticket_id)
    scene.tamper(ticket_id, state=TicketState.EXECUTING)
    if not result:
        scene.results.blobs.clear()
    scene.journal.records.pop()
    return ticket_id


def write_journal(scene: Scene, *records: dict[str, Json], number: int = 0) -> None:
    """A journal in the evidence store, as the dead driver's process left it."""
    head = start("0" * 16, number, NOON)
    name = str(head.name)
    data = b""
    for record in records:
        line, head = extend(head, record, NOON)
        data += line
    scene.evidence.blobs[name] = data


def begun_at(scene: Scene, ticket_id: str, where: str) -> None:
    """Say in the evidence where the execution's record stands, as its driver did."""
    scene.evidence.blobs[f"executions/{ticket_id}"] = f"{where}\n".encode()


async def executed(scene: Scene) -> str:
    """A ticket that was carried out, with its journal in the evidence and its result gone."""
    ticket_id = await scene.approved()
    await scene.driver().drive(ticket_id)
    records = [dict(record) for record in scene.journal.records]
    name = str(start("0" * 16, 0, NOON).name)
    records[-1]["intent"] = {"journal": name, "seq": 2}
    write_journal(scene, *records)
    begun_at(scene, ticket_id, f"{name} 2 0")
    scene.results.blobs.clear()
    return ticket_id


async def test_a_ticket_that_nobody_decided_expires_on_record() -> None:
    scene = Scene()
    ticket_id = await scene.held()
    scene.clock.advance(EXPIRY)
    await scene.expiry().sweep()
    assert scene.ticket(ticket_id).state is TicketState.PENDING
    scene.clock.advance(GRACE)
    await scene.expiry().sweep()
    assert scene.ticket(ticket_id).state is TicketState.EXPIRED
    record = scene.journal.records[-1]
    assert (record["type"], record["verdict"]) == ("decided", "expired")
    assert "reviewer" not in record


async def test_an_approval_that_nobody_carried_out_expires() -> None:
    scene = Scene()
    ticket_id = await scene.approved()
    scene.clock.advance(EXPIRY + GRACE)
    await scene.expiry().sweep()
    assert scene.ticket(ticket_id).state is TicketState.EXPIRED
    await scene.driver().drive(ticket_id)
    assert scene.upstream.sent == []


async def test_a_ticket_changed_by_hand_expires_without_being_trusted() -> None:
    scene = Scene()
    ticket_id = await scene.held()
    scene.tamper(ticket_id, seal="")
    scene.clock.advance(EXPIRY + GRACE)
    await scene.expiry().sweep()
    assert scene.ticket(ticket_id).state is TicketState.EXPIRED
    assert "session" not in scene.journal.records[-1]


async def test_a_dead_driver_leaves_an_indeterminate_ticket_that_is_never_sent_again() -> None:
    scene = Scene()
    ticket_id = await executing(scene)
    scene.clock.advance(EXECUTION_LEASE)
    await scene.expiry().sweep()
    assert scene.ticket(ticket_id).state is TicketState.INDETERMINATE
    cite = scene.ticket(ticket_id).execution
    assert cite is not None
    record = scene.journal.records[-1]
    assert record["type"] == "indeterminate"
    assert record["intent"] == {"journal": cite.journal, "seq": cite.seq}
    await scene.driver().drive(ticket_id)
    assert len(scene.upstream.sent) == 1
    error = await scene.ask(deletion(request_id="a"))
    assert isinstance(error, Denied)
    assert error.reason == "ApprovalIndeterminate"


async def test_a_driver_that_is_still_at_work_is_left_alone() -> None:
    scene = Scene()
    ticket_id = await executing(scene)
    await scene.expiry().sweep()
    assert scene.ticket(ticket_id).state is TicketState.EXECUTING


async def test_a_stored_result_finishes_the_ticket_and_its_record() -> None:
    scene = Scene()
    ticket_id = await executing(scene, result=True)
    scene.clock.advance(EXECUTION_LEASE)
    await scene.expiry().sweep()
    assert scene.ticket(ticket_id).state is TicketState.DONE
    assert scene.journal.types()[-1] == "executed"


@pytest.mark.parametrize("number", [0, 1])
async def test_an_outcome_on_record_is_not_written_twice(number: int) -> None:
    scene = Scene()
    ticket_id = await scene.approved()
    await scene.driver().drive(ticket_id)
    records = [dict(record) for record in scene.journal.records]
    name = str(start("0" * 16, 0, NOON).name)
    records[-1]["intent"] = {"journal": name, "seq": 2}
    if number:
        # The writer rolled its journal over in between.
        write_journal(scene, *records[:-1])
        write_journal(scene, records[-1], number=1)
    else:
        write_journal(scene, *records)
    begun_at(scene, ticket_id, f"{name} 2")
    scene.tamper(ticket_id, state=TicketState.EXECUTING, execution=Cite(name, 2, 0))
    scene.clock.advance(EXECUTION_LEASE)
    await scene.expiry().sweep()
    assert scene.ticket(ticket_id).state is TicketState.DONE
    assert scene.journal.types().count("executed") == 1


async def test_an_outcome_of_another_ticket_or_intent_is_not_taken_for_it() -> None:
    scene = Scene()
    ticket_id = await scene.approved()
    await scene.driver().drive(ticket_id)
    scene.results.blobs.clear()
    name = str(start("0" * 16, 0, NOON).name)
    executed = dict(scene.journal.records[-1])
    write_journal(
        scene,
        {**executed, "intent": {"journal": name, "seq": 7}},
        {**executed, "id": "f" * 32, "intent": {"journal": name, "seq": 2}},
    )
    scene.evidence.blobs[name] += b"no record\n"
    scene.tamper(ticket_id, state=TicketState.EXECUTING, execution=Cite(name, 2, 0))
    scene.clock.advance(EXECUTION_LEASE)
    await scene.expiry().sweep()
    assert scene.ticket(ticket_id).state is TicketState.INDETERMINATE


LONG_AGO = NOON - timedelta(days=1)


@pytest.mark.parametrize(
    "state",
    [
        TicketState.OPENING,
        TicketState.PENDING,
        TicketState.DECIDING,
        TicketState.EXECUTING,
    ],
)
@pytest.mark.parametrize("cite", [None, Cite("not a journal", 1, 1)])
async def test_a_row_set_back_by_hand_puts_no_false_end_on_record(
    state: TicketState, cite: Cite | None
) -> None:
    scene = Scene()
    ticket_id = await executed(scene)
    written = scene.journal.types()
    scene.tamper(ticket_id, state=state, since=LONG_AGO, decision="", execution=cite)
    scene.clock.advance(EXPIRY + GRACE + EXECUTION_LEASE)
    await scene.expiry().sweep()
    assert scene.journal.types() == written
    assert scene.ticket(ticket_id).state is TicketState.DONE


async def test_an_approval_set_back_after_its_execution_does_not_expire() -> None:
    scene = Scene()
    ticket_id = await executed(scene)
    written = scene.journal.types()
    scene.tamper(ticket_id, state=TicketState.APPROVED, since=LONG_AGO)
    scene.clock.advance(EXPIRY + GRACE + EXECUTION_LEASE)
    await scene.expiry().sweep()
    assert scene.journal.types() == written
    assert scene.ticket(ticket_id).state is TicketState.DONE


async def test_what_was_never_begun_is_not_indeterminate_whatever_its_row_says() -> None:
    scene = Scene()
    name = str(start("0" * 16, 0, NOON).name)
    ticket_id = await scene.held()
    scene.tamper(ticket_id, state=TicketState.EXECUTING, since=LONG_AGO, execution=Cite(name, 2, 0))
    await scene.expiry().sweep()
    assert scene.journal.types() == ["held", "decided"]
    assert scene.journal.records[-1]["verdict"] == "revoked"
    assert scene.ticket(ticket_id).state is TicketState.REFUSED
    await scene.driver().drive(ticket_id)
    assert scene.upstream.sent == []


async def test_a_driver_at_work_is_not_given_up_because_its_row_says_it_began_long_ago() -> None:
    scene = Scene()
    ticket_id = await executed(scene)
    name = str(start("0" * 16, 0, NOON).name)
    # Its outcome is not there yet.
    lines = scene.evidence.blobs[name].splitlines(keepends=True)
    scene.evidence.blobs[name] = b"".join(lines[:-1])
    written = scene.journal.types()
    scene.tamper(ticket_id, state=TicketState.EXECUTING, since=LONG_AGO)
    await scene.expiry().sweep()
    assert scene.journal.types() == written
    assert scene.ticket(ticket_id).state is TicketState.EXECUTING
    scene.clock.advance(EXECUTION_LEASE)
    await scene.expiry().sweep()
    assert scene.journal.types() == [*written, "indeterminate"]
    assert scene.journal.records[-1]["intent"] == {"journal": name, "seq": 2}


async def test_an_execution_that_sent_nothing_ends_as_refused() -> None:
    scene = Scene()
    ticket_id = await scene.approved()
    await scene.driver().drive(ticket_id)
    records = [dict(record) for record in scene.journal.records]
    name = str(start("0" * 16, 0, NOON).name)
    sent_nothing: dict[str, Json] = {"intent": {"journal": name, "seq": 2}, "result": "abandoned"}
    write_journal(scene, *records[:-1], records[-1] | sent_nothing)
    begun_at(scene, ticket_id, f"{name} 2 0")
    scene.tamper(ticket_id, state=TicketState.EXECUTING)
    scene.clock.advance(EXECUTION_LEASE)
    await scene.expiry().sweep()
    assert scene.ticket(ticket_id).state is TicketState.REFUSED
    assert scene.journal.records[-1]["verdict"] == "revoked"


async def test_journals_that_cannot_be_read_leave_the_ticket_for_the_next_sweep() -> None:
    scene = Scene()
    ticket_id = await executing(scene)
    scene.evidence.faults.append(Fault.FAIL)
    scene.clock.advance(EXECUTION_LEASE)
    await scene.expiry().sweep()
    assert scene.ticket(ticket_id).state is TicketState.EXECUTING
    assert ("approvals-sweep", "ApprovalUnavailable") in scene.meter.counted
    await scene.expiry().sweep()
    assert scene.ticket(ticket_id).state is TicketState.INDETERMINATE


@pytest.mark.parametrize("cite", [None, Cite("not a journal", 1, 1)])
async def test_a_ticket_whose_citation_was_lost_is_indeterminate(cite: Cite | None) -> None:
    scene = Scene()
    ticket_id = await executing(scene)
    scene.tamper(ticket_id, execution=cite, seal="")
    scene.clock.advance(EXECUTION_LEASE)
    await scene.expiry().sweep()
    assert scene.ticket(ticket_id).state is TicketState.INDETERMINATE


async def test_a_changed_result_is_no_outcome() -> None:
    scene = Scene()
    ticket_id = await executing(scene, result=True)
    blob = scene.results.blobs[ticket_id]
    scene.results.blobs[ticket_id] = replace(blob, data=blob.data[:-1])
    scene.clock.advance(EXECUTION_LEASE)
    await scene.expiry().sweep()
    assert scene.ticket(ticket_id).state is TicketState.INDETERMINATE


async def test_requests_go_at_once_results_after_a_day_rows_after_a_month() -> None:
    scene = Scene()
    rejected = await scene.held(deletion("/public/no"))
    await scene.decide(rejected, "reject")
    done = await scene.approved(deletion("/public/yes"))
    await scene.driver().drive(done)
    assert rejected in scene.requests.blobs
    await scene.expiry().sweep()
    assert scene.requests.blobs == {}
    assert set(scene.results.blobs) == {done}
    scene.clock.advance(RESULT_TIME)
    await scene.expiry().sweep()
    assert scene.results.blobs == {}
    assert set(scene.tickets.rows) == {done, rejected}
    scene.clock.advance(ROW_TIME)
    await scene.expiry().sweep()
    assert scene.tickets.rows == {}


async def test_a_claimed_ticket_is_put_in_the_queue_again() -> None:
    scene = Scene()
    ticket_id = await scene.approved()
    scene.work.messages.clear()
    scene.tamper(ticket_id, state=TicketState.CLAIMED)
    scene.clock.advance(timedelta(minutes=1))
    await scene.expiry().sweep()
    assert scene.work.messages == [ticket_id]


async def test_one_that_fails_does_not_stop_the_others() -> None:
    scene = Scene()
    first = await scene.held(deletion("/public/1"))
    second = await scene.held(deletion("/public/2"))
    scene.clock.advance(EXPIRY + GRACE)
    scene.tickets.fail("swap")
    await scene.expiry().sweep()
    states = {scene.ticket(first).state, scene.ticket(second).state}
    assert states == {TicketState.PENDING, TicketState.EXPIRED}
    assert ("approvals-sweep", "ApprovalUnavailable") in scene.meter.counted


class Scattered(Entropy):
    """Distinct numbers that lie apart, as random ones do."""

    def hex(self, size: int) -> str:
        return sha256(super().hex(16).encode()).hexdigest()[: size * 2]


async def test_tickets_that_stay_due_do_not_hide_the_others() -> None:
    scene = Scene(entropy=Scattered())
    stuck = [await scene.held(deletion(f"/public/{number}")) for number in range(2)]
    wanted = await scene.held(deletion("/public/wanted"))
    for ticket_id in stuck:
        # Its seal names a key that nobody has.
        scene.tamper(ticket_id, seal="hmac-sha256:99:00")
    due = scene.tickets.due

    async def few(now: datetime, limit: int = 500, start: str = "") -> Sequence[StoredTicket]:
        return await due(now, 1, start)

    scene.tickets.due = few  # type: ignore[method-assign]
    scene.clock.advance(EXPIRY + GRACE)
    for _ in range(200):
        scene.clock.advance(timedelta(minutes=1))
        await scene.expiry().sweep()
    assert scene.ticket(wanted).state is TicketState.EXPIRED
    assert {scene.ticket(ticket_id).state for ticket_id in stuck} == {TicketState.PENDING}


async def test_a_sweep_ends_before_its_lease_does() -> None:
    scene = Scene()
    for number in range(3):
        await scene.held(deletion(f"/public/{number}"))
    scene.clock.advance(EXPIRY + GRACE)

    def slow(method: str) -> None:
        if method == "swap":  # two for each ticket: its end is reserved, then it ends
            scene.clock.advance(timedelta(seconds=12.5))

    scene.tickets.on_call = slow
    await scene.expiry().sweep()
    ended = [row.ticket.state for row in scene.tickets.rows.values()]
    assert ended.count(TicketState.EXPIRED) == 2
    for _ in range(5):
        await scene.expiry().sweep()
    assert {row.ticket.state for row in scene.tickets.rows.values()} == {TicketState.EXPIRED}
    assert scene.journal.types().count("decided") == 3


async def test_one_sweep_runs_at_a_time() -> None:
    scene = Scene()
    ticket_id = await scene.held()
    scene.clock.advance(EXPIRY + GRACE)
    state = FakeStateStore(scene.clock)
    assert await state.lease("leases/approvals", 60)
    await replace(scene.expiry(), state=state).sweep()
    assert scene.ticket(ticket_id).state is TicketState.PENDING


async def test_a_sweep_without_its_lease_or_its_list_says_so() -> None:
    scene = Scene()
    state = FakeStateStore(scene.clock)
    state.fail_next()
    with pytest.raises(Unavailable):
        await replace(scene.expiry(), state=state).sweep()
    scene.tickets.fail("due")
    with pytest.raises(Unavailable):
        await scene.expiry().sweep()


async def test_a_lease_that_cannot_be_given_back_runs_out() -> None:
    scene = Scene()
    state = FakeStateStore(scene.clock)

    async def release(name: str, lease: str) -> None:
        raise StoreUnavailable("injected")

    state.release = release  # type: ignore[method-assign]
    await replace(scene.expiry(), state=state).sweep()
    assert ("approvals-sweep", "LeaseKept") in scene.meter.counted


async def test_an_interrupted_hold_can_be_asked_for_again() -> None:
    scene = Scene()
    ticket_id = await scene.held()
    scene.tamper(ticket_id, state=TicketState.OPENING)
    scene.clock.advance(OPENING_TIME)
    await scene.expiry().sweep()
    assert scene.ticket(ticket_id).reason == "HoldInterrupted"
    assert await scene.held() != ticket_id


async def test_the_records_are_json_that_the_schema_takes() -> None:
    scene = Scene()
    await executing(scene)
    scene.clock.advance(EXECUTION_LEASE)
    await scene.expiry().sweep()
    assert json.dumps(scene.journal.records[-1])


@pytest.mark.parametrize("swap", [1, 2])
@pytest.mark.parametrize("decision", ["approve", "reject"])
async def test_a_reviewer_whose_clock_is_behind_contradicts_no_record(
    swap: int, decision: str
) -> None:
    """At each write of the sweep; by the reviewer's instance there is time left."""
    scene = Scene()
    ticket_id = await scene.held()
    behind = replace(scene, clock=FakeClock(scene.clock.now()))
    scene.clock.advance(EXPIRY + GRACE)
    swaps = itertools.count(1)

    async def decide(method: str) -> None:
        if method == "swap" and next(swaps) == swap:
            scene.tickets.on_call = None
            with suppress(Denied):
                await behind.decide(ticket_id, decision)

    scene.tickets.on_call = decide
    await scene.expiry().sweep()

    verdicts = [row["verdict"] for row in scene.journal.records if row["type"] == "decided"]
    decided = {"approve": "approved", "reject": "rejected"}[decision]
    assert verdicts == ([decided] if swap == 1 else ["expired"])
    assert scene.ticket(ticket_id).state.value == verdicts[0]


async def test_two_sweeps_at_once_record_one_end() -> None:
    """The lease of one ran out while it waited for a store."""
    scene = Scene()
    ticket_id = await scene.held()
    scene.clock.advance(EXPIRY + GRACE)

    await asyncio.gather(*(scene.expiry().sweep() for _ in range(3)))

    assert scene.journal.types() == ["held", "decided"]
    assert scene.ticket(ticket_id).state is TicketState.EXPIRED


async def test_an_approval_whose_expiry_was_begun_is_not_carried_out() -> None:
    scene = Scene()
    ticket_id = await scene.approved()
    scene.tamper(ticket_id, reason=str(Reason.APPROVAL_EXPIRED))

    await scene.driver().drive(ticket_id)

    assert scene.upstream.sent == []
    assert scene.ticket(ticket_id).state is TicketState.EXPIRED
    assert scene.journal.records[-1]["verdict"] == "expired"
