"""A request that needs a person is held, found again, and answered once it is over."""

import asyncio
import itertools
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from gateway.approvals import facts
from gateway.approvals.ticket import OPENING_TIME, TicketState
from gateway.errors import ApprovalRequired, Denied, EvidenceUnavailable, Reason, Unavailable
from gateway.model.message import Answer
from tests.fakes.asking import MANIFEST, SPONSOR, Scene, deletion
from tests.fakes.identity import AGENT
from tests.pipeline import world


async def test_what_needs_nobody_passes_at_once() -> None:
    scene = Scene()
    assert isinstance(await scene.ask(world.READ), Answer)
    assert scene.tickets.rows == {}


async def test_a_held_request_is_on_record_stored_encrypted_and_announced() -> None:
    scene = Scene()
    error = await scene.ask(deletion(request_id="one"))
    assert isinstance(error, ApprovalRequired)
    details = dict(error.details)
    ticket_id = details["approvalId"]
    assert details["statusUrl"] == f"{world.BASE}/operations/{ticket_id}"
    assert details["reviewUrl"] == f"{world.BASE}/approvals/{ticket_id}"
    assert details["retryAfterSeconds"] == "15"
    assert scene.ticket(ticket_id).state is TicketState.PENDING
    assert scene.journal.types() == ["held"]
    record = scene.journal.records[0]
    assert (record["id"], record["approval"]) == (ticket_id, ticket_id)
    assert scene.notices.messages == [ticket_id]
    assert scene.upstream.sent == []
    stored = scene.requests.blobs[ticket_id].data
    assert b"old.txt" not in stored
    assert b"good" not in stored


async def test_the_record_is_durable_before_anybody_can_see_the_ticket() -> None:
    scene = Scene()
    states: list[TicketState] = []
    append = scene.journal.append

    async def observed(record):  # type: ignore[no-untyped-def]
        states.append(scene.tickets.only().state)
        return await append(record)

    scene.journal.append = observed  # type: ignore[method-assign]
    await scene.held()
    assert states == [TicketState.OPENING]


async def test_a_repetition_is_told_the_same_ticket_and_holds_nothing_more() -> None:
    scene = Scene()
    first = await scene.held(deletion(request_id="one"))
    assert await scene.held(deletion(request_id="one")) == first
    assert await scene.held(deletion(request_id="two")) == first
    assert len(scene.tickets.rows) == 1
    # Each poll is a refusal on record.
    assert scene.journal.types() == ["held", "denied", "denied"]


async def test_many_repetitions_at_once_open_one_ticket() -> None:
    scene = Scene()
    gateway = scene.gateway()
    errors = await asyncio.gather(
        *(gateway.handle(deletion(request_id=str(n))) for n in range(20)), return_exceptions=True
    )
    assert {dict(error.details)["approvalId"] for error in errors} == {  # type: ignore[union-attr]
        scene.tickets.only().id
    }
    assert scene.journal.types().count("held") == 1


async def test_another_request_is_another_ticket() -> None:
    scene = Scene()
    assert await scene.held(deletion("/public/a")) != await scene.held(deletion("/public/b"))


async def test_an_agent_may_have_only_so_many_open() -> None:
    scene = Scene()
    for number in range(3):
        await scene.held(deletion(f"/public/{number}"))
    error = await scene.ask(deletion("/public/more"))
    assert isinstance(error, Denied)
    assert error.reason is Reason.APPROVAL_LIMIT
    assert len(scene.tickets.rows) == 3


async def test_the_limit_holds_against_a_burst() -> None:
    scene = Scene()
    gateway = scene.gateway()
    errors = await asyncio.gather(
        *(gateway.handle(deletion(f"/public/{n}")) for n in range(12)), return_exceptions=True
    )
    held = [error for error in errors if isinstance(error, ApprovalRequired)]
    assert len(held) == len(scene.tickets.rows) <= 3


async def test_a_ticket_that_has_ended_makes_room() -> None:
    scene = Scene()
    ids = [await scene.held(deletion(f"/public/{number}")) for number in range(3)]
    await scene.decide(ids[0], "reject")
    assert await scene.held(deletion("/public/more"))


async def test_a_reservation_without_a_ticket_makes_room_after_its_time() -> None:
    scene = Scene()
    for number in range(3):
        scene.tickets.fail("swap")
        assert isinstance(await scene.ask(deletion(f"/public/{number}")), Unavailable)
    error = await scene.ask(deletion("/public/more"))
    assert isinstance(error, Denied)
    assert error.reason is Reason.APPROVAL_LIMIT
    scene.clock.advance(OPENING_TIME)
    assert await scene.held(deletion("/public/more"))


async def test_a_rejection_stands_until_the_ticket_would_have_expired() -> None:
    scene = Scene()
    ticket_id = await scene.held()
    await scene.decide(ticket_id, "reject")
    error = await scene.ask()
    assert isinstance(error, Denied)
    assert error.reason is Reason.APPROVAL_REJECTED
    assert dict(error.details)["approvalId"] == ticket_id
    scene.clock.advance(timedelta(minutes=5))
    assert await scene.held() != ticket_id


async def test_past_its_expiry_a_ticket_denies_and_is_then_free_again() -> None:
    scene = Scene()
    first = await scene.held()
    scene.clock.advance(timedelta(minutes=5))
    error = await scene.ask()
    assert isinstance(error, Denied)
    assert error.reason is Reason.APPROVAL_EXPIRED
    scene.clock.advance(timedelta(minutes=1))
    await scene.expiry().sweep()
    assert scene.ticket(first).state is TicketState.EXPIRED
    error = await scene.ask(deletion(request_id="x"))
    assert isinstance(error, Denied)
    assert error.reason is Reason.APPROVAL_EXPIRED
    assert isinstance(await scene.ask(deletion(request_id="x")), Denied)
    assert await scene.held(deletion(request_id="y")) != first


async def test_the_result_is_given_to_the_first_that_asks_and_to_its_repetitions() -> None:
    scene = Scene()
    ticket_id = await scene.approved()
    await scene.driver().drive(ticket_id)
    assert len(scene.upstream.sent) == 1
    first = await scene.ask(deletion(request_id="sdk"))
    again = await scene.ask(deletion(request_id="sdk"))
    assert isinstance(first, Answer)
    assert isinstance(again, Answer)
    assert first.status == again.status == 200
    assert len(scene.upstream.sent) == 1
    # Read: the same request with another id means it anew.
    assert await scene.held(deletion(request_id="other")) != ticket_id
    assert scene.journal.types().count("collected") == 2


async def test_without_an_id_of_its_own_a_repetition_after_the_result_is_a_new_request() -> None:
    scene = Scene()
    ticket_id = await scene.approved()
    await scene.driver().drive(ticket_id)
    assert isinstance(await scene.ask(), Answer)
    assert await scene.held() != ticket_id


async def test_no_result_is_shown_without_a_record_of_it() -> None:
    scene = Scene()
    ticket_id = await scene.approved()
    await scene.driver().drive(ticket_id)
    scene.journal.failing.add("collected")
    assert isinstance(await scene.ask(deletion(request_id="sdk")), EvidenceUnavailable)
    scene.journal.failing.clear()
    assert isinstance(await scene.ask(deletion(request_id="sdk")), Answer)


@pytest.mark.parametrize("part", ["requests", "journal", "move"])
async def test_what_cannot_be_held_is_refused_and_can_be_asked_again_at_once(part: str) -> None:
    scene = Scene()
    match part:
        case "requests":
            scene.requests.fail("put")
        case "journal":
            scene.journal.failing.add("held")
        case _:
            # The move to PENDING; whether it took effect is not known.
            seen = iter(range(9))

            def second(method: str) -> None:
                if method == "swap" and next(seen) == 1:
                    scene.tickets.fail("swap")

            scene.tickets.on_call = second
    error = await scene.ask()
    assert isinstance(error, Unavailable)
    assert error.reason is Reason.APPROVAL_UNAVAILABLE
    scene.journal.failing.clear()
    assert scene.tickets.only().state is TicketState.EXPIRED
    await scene.held()
    assert [row.ticket.state for row in scene.tickets.rows.values()] == [
        TicketState.EXPIRED,
        TicketState.PENDING,
    ]


async def test_a_holder_that_died_blocks_the_request_for_its_time_only() -> None:
    scene = Scene()
    scene.tickets.fail("swap")
    assert isinstance(await scene.ask(), Unavailable)
    pending = await scene.ask()
    assert isinstance(pending, ApprovalRequired)
    scene.clock.advance(OPENING_TIME)
    assert await scene.held() != dict(pending.details)["approvalId"]


async def test_a_ticket_left_opening_is_ended_by_the_sweep() -> None:
    scene = Scene()
    ticket_id = await scene.held()
    scene.tamper(ticket_id, state=TicketState.OPENING)
    assert await scene.held() == ticket_id
    scene.clock.advance(OPENING_TIME)
    assert await scene.held() != ticket_id
    await scene.expiry().sweep()
    assert scene.ticket(ticket_id).state is TicketState.EXPIRED


async def test_a_slow_store_that_loses_the_answer_still_holds_once() -> None:
    scene = Scene()
    scene.tickets.fail("set_mark", "lost")
    assert isinstance(await scene.ask(), Unavailable)
    assert scene.upstream.sent == []


async def test_a_lost_notice_is_counted_and_the_ticket_stands() -> None:
    scene = Scene()
    scene.notices.fail("send")
    ticket_id = await scene.held()
    assert scene.ticket(ticket_id).state is TicketState.PENDING
    assert ("approvals", "NoticeLost") in scene.meter.counted


@dataclass
class Verbose:
    """A wording that says more than fits."""

    def shown(self, text: str) -> str:
        return "x" * 40_000


async def test_a_request_too_long_to_be_shown_is_denied() -> None:
    scene = Scene()
    approvals = replace(scene.approvals(), wording=Verbose())
    with pytest.raises(Denied) as caught:
        await scene.pipeline(approvals=approvals).handle(deletion())
    assert caught.value.reason is Reason.APPROVAL_UNAVAILABLE
    assert scene.tickets.rows == {}
    # Nothing waits, so nobody is told that it does, and no place is taken.
    assert scene.tickets.marks == {}
    with pytest.raises(Denied) as caught:
        await scene.pipeline(approvals=approvals).handle(deletion())
    assert caught.value.reason is Reason.APPROVAL_UNAVAILABLE


async def test_a_list_of_open_tickets_that_was_overwritten_denies() -> None:
    scene = Scene()
    await scene.held()
    key = next(key for key in scene.tickets.marks if key[0] == "agent")
    for text in ("no json", "[1]", '{"a": 1}', '{"a": "yesterday"}'):
        scene.tickets.marks[key] = replace(scene.tickets.marks[key], text=text)
        assert isinstance(await scene.ask(deletion("/public/two")), Unavailable)


async def test_a_mark_that_was_overwritten_leads_to_a_new_ticket() -> None:
    scene = Scene()
    first = await scene.held()
    key = next(key for key in scene.tickets.marks if key[0] == "request")
    scene.tickets.marks[key] = replace(scene.tickets.marks[key], text="whatever it is")
    assert await scene.held() != first


async def test_a_mark_set_to_another_ticket_does_not_give_its_result_away() -> None:
    scene = Scene()
    theirs = await scene.approved(deletion("/public/theirs"))
    await scene.driver().drive(theirs)
    own = await scene.held(deletion("/public/own"))
    marks = {mark.text.partition(" ")[0]: key for key, mark in scene.tickets.marks.items()}
    scene.tickets.marks[marks[own]] = scene.tickets.marks[marks[theirs]]
    # The row may say the same of the other one's session and agent; the request differs.
    assert await scene.held(deletion("/public/own")) not in {own, theirs}
    assert "collected" not in scene.journal.types()
    assert ("approvals", "ForeignMark") in scene.meter.counted


async def test_facts_changed_by_hand_are_refused() -> None:
    scene = Scene()
    ticket_id = await scene.held()
    held = facts.from_json(scene.ticket(ticket_id).sealed)
    scene.tamper(ticket_id, sealed=facts.to_json(replace(held, workflow="mine")))
    error = await scene.ask()
    assert isinstance(error, Denied)
    assert error.reason is Reason.APPROVAL_REVOKED


async def test_marks_that_never_hold_still_end_in_an_error() -> None:
    scene = Scene()

    def move_on(method: str) -> None:
        for key, mark in scene.tickets.marks.items():
            if method == "set_mark":
                scene.tickets.marks[key] = replace(mark, etag=mark.etag + "x")

    await scene.held(deletion("/public/first"))
    scene.tickets.on_call = move_on
    error = await scene.ask(deletion("/public/second"))
    assert isinstance(error, Unavailable)


async def test_the_reservation_lost_again_and_again_ends_in_an_error() -> None:
    scene = Scene()
    set_mark = scene.tickets.set_mark

    async def lose(kind, key, text, etag):  # type: ignore[no-untyped-def]
        if kind == "request":
            etag = "not this one"
        await set_mark(kind, key, text, etag)

    scene.tickets.set_mark = lose  # type: ignore[method-assign]
    assert isinstance(await scene.ask(), Unavailable)


async def test_an_agent_that_left_the_manifest_between_two_stages_is_denied() -> None:
    scene = Scene()
    approvals = scene.approvals()
    gateway = scene.pipeline(approvals=approvals, entropy=scene.entropy)
    scene.manifest = MANIFEST.replace(AGENT.encode(), SPONSOR.encode())
    gateway = replace(gateway, approvals=replace(approvals, manifests=scene.manifests()))
    with pytest.raises(Denied) as caught:
        await gateway.handle(deletion())
    assert caught.value.reason is Reason.APPROVAL_UNAVAILABLE
    assert scene.tickets.marks == {}


async def test_a_workflow_that_left_the_manifest_between_two_stages_denies() -> None:
    scene = Scene()
    approvals = scene.approvals()
    gateway = scene.pipeline(approvals=approvals, entropy=scene.entropy)
    scene.manifest = MANIFEST.replace(b"workflows: {review:", b"workflows: {board:").replace(
        b"workflow: review", b"workflow: board"
    )
    gateway = replace(gateway, approvals=replace(approvals, manifests=scene.manifests()))
    with pytest.raises(Denied) as caught:
        await gateway.handle(deletion())
    assert caught.value.reason is Reason.APPROVAL_UNAVAILABLE


async def test_a_request_shown_without_anybody_knowing_is_not_recorded_as_ended() -> None:
    """The ticket became pending and the store's answer was lost: a reviewer may see it."""
    scene = Scene()
    swaps = itertools.count(1)

    def lose(method: str) -> None:
        if method == "swap" and next(swaps) == 2:
            scene.tickets.fail("swap", "lost")

    scene.tickets.on_call = lose
    told = await scene.ask(deletion(request_id="one"))
    again = await scene.ask(deletion(request_id="one"))

    assert isinstance(told, Unavailable)
    assert isinstance(again, ApprovalRequired)
    assert dict(again.details)["approvalId"] == scene.tickets.only().id
    assert scene.tickets.only().state is TicketState.PENDING
    assert "decided" not in scene.journal.types()
