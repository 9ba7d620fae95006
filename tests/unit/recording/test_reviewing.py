"""A decision: once, by the right person, about what was shown, on record first."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from gateway.approvals import decision as decisions
from gateway.approvals.ticket import DECIDING_TIME, TicketState
from gateway.errors import (
    EvidenceUnavailable,
    Forbidden,
    GatewayError,
    InvalidRequest,
    NotFound,
    Reason,
    Unavailable,
)
from gateway.model.principal import Principal, PrincipalKind
from gateway.recording.register import TicketInvalid
from tests.fakes.asking import MANIFEST, REVIEWERS, SPONSOR, Scene, deletion, reviewer
from tests.fakes.identity import AGENT_OBJECT, GROUP
from tests.pipeline import world


async def test_a_reviewer_sees_in_words_what_would_run() -> None:
    scene = Scene()
    request = world.request(
        "DELETE",
        "/public/old.txt",
        headers=(("x-chaperone-purpose", "operations"), ("x-chaperone-reason", "Dr. Miller asked")),
    )
    view = await scene.reviews().view(await scene.held(request), reviewer())
    assert (view.agent, view.sponsor) == ("triage-bot", "dr.lee@example.org")
    assert (view.operation, view.effect, view.connection) == ("Delete Blob", "delete", "clinic")
    assert [access.resource for access in view.accesses] == ["clinic/public/old.txt"]
    assert (view.method, view.target, view.size) == ("DELETE", "/public/old.txt", 0)
    assert (view.rule, view.workflow, view.state) == ("deletes-ask", "review", "pending")
    # Free text may hold ePHI.
    assert (view.purpose, view.reason) == ("operations", "[name] asked")
    assert view.verdict == view.decided_by == ""
    assert view.expires_at - view.held_at == timedelta(minutes=5)


async def test_looking_changes_nothing() -> None:
    scene = Scene()
    ticket_id = await scene.held()
    before = (dict(scene.tickets.rows), list(scene.journal.records))
    await scene.reviews().view(ticket_id, reviewer())
    assert (dict(scene.tickets.rows), list(scene.journal.records)) == before


async def test_an_approval_is_on_record_and_then_in_the_queue() -> None:
    scene = Scene()
    ticket_id = await scene.held()
    reviews = scene.reviews()
    page = (await reviews.view(ticket_id, reviewer())).page_digest
    view = await reviews.decide(ticket_id, reviewer(), "approve", "fine", page)
    assert (view.state, view.verdict) == ("approved", "approved")
    assert view.decided_by == "reviewer1@clinic.example"
    assert scene.work.messages == [ticket_id]
    record = scene.journal.records[-1]
    assert (record["type"], record["verdict"], record["page"]) == ("decided", "approved", page)
    assert record["reviewer"]["uti"] == "uti-1"  # type: ignore[index,call-overload]
    assert str(record["mac"]).startswith("hmac-sha256:1:")


async def test_a_rejection_needs_a_reason_and_drives_nothing() -> None:
    scene = Scene()
    ticket_id = await scene.held()
    reviews = scene.reviews()
    page = (await reviews.view(ticket_id, reviewer())).page_digest
    with pytest.raises(InvalidRequest):
        await reviews.decide(ticket_id, reviewer(), "reject", "  ", page)
    view = await reviews.decide(ticket_id, reviewer(), "reject", "legal", page)
    assert (view.state, view.verdict, view.decision_reason) == ("rejected", "rejected", "legal")
    assert scene.work.messages == []


@pytest.mark.parametrize(
    "person",
    [
        reviewer(kind=PrincipalKind.APPLICATION),
        reviewer(groups=frozenset({GROUP})),
        reviewer(groups=frozenset()),
        reviewer(object_id=AGENT_OBJECT),
        reviewer(object_id=AGENT_OBJECT.upper()),
        reviewer(object_id=SPONSOR),
        reviewer(object_id=SPONSOR.upper()),
    ],
)
async def test_who_may_not_decide_may_not_look_either(person: Principal) -> None:
    scene = Scene()
    ticket_id = await scene.held()
    page = (await scene.reviews().view(ticket_id, reviewer())).page_digest
    for attempt in (
        scene.reviews().view(ticket_id, person),
        scene.reviews().decide(ticket_id, person, "approve", "", page),
    ):
        with pytest.raises(Forbidden) as caught:
            await attempt
        assert caught.value.reason is Reason.REVIEWER_NOT_ACCEPTED
    assert scene.ticket(ticket_id).state is TicketState.PENDING
    assert scene.journal.types() == ["held"]


async def test_a_group_removed_between_view_and_decision_ends_the_right_to_decide() -> None:
    scene = Scene()
    ticket_id = await scene.held()
    page = (await scene.reviews().view(ticket_id, reviewer())).page_digest
    with pytest.raises(Forbidden):
        await scene.reviews().decide(ticket_id, reviewer(groups=frozenset()), "approve", "", page)
    # The same where the manifest no longer asks the group.
    scene.manifest = MANIFEST.replace(REVIEWERS.encode(), b"0" * 8 + REVIEWERS.encode()[8:])
    with pytest.raises(Forbidden):
        await scene.reviews().decide(ticket_id, reviewer(), "approve", "", page)


async def test_a_new_sponsor_may_not_decide_and_the_old_one_may_not_either() -> None:
    scene = Scene()
    ticket_id = await scene.held()
    new = reviewer(2)
    scene.manifest = MANIFEST.replace(SPONSOR.encode(), new.object_id.encode())
    for person in (new, reviewer(object_id=SPONSOR)):
        with pytest.raises(Forbidden):
            await scene.reviews().view(ticket_id, person)


async def test_a_reviewer_on_the_deny_list_is_refused() -> None:
    scene = Scene()
    ticket_id = await scene.held()
    scene.deny_list.denied.add(reviewer().object_id)
    with pytest.raises(Forbidden) as caught:
        await scene.reviews().view(ticket_id, reviewer())
    assert caught.value.reason is Reason.PRINCIPAL_DENIED


async def test_several_reviewers_at_once_make_one_decision() -> None:
    scene = Scene()
    ticket_id = await scene.held()
    reviews = scene.reviews()
    page = (await reviews.view(ticket_id, reviewer())).page_digest
    ends = await asyncio.gather(
        *(
            reviews.decide(
                ticket_id, reviewer(n), "approve" if n % 2 else "reject", "because", page
            )
            for n in range(1, 9)
        ),
        return_exceptions=True,
    )
    refused = [end for end in ends if isinstance(end, Forbidden)]
    assert len(refused) == 7
    assert {error.reason for error in refused} == {Reason.APPROVAL_CLOSED}
    assert scene.journal.types().count("decided") == 1
    assert scene.ticket(ticket_id).state in {TicketState.APPROVED, TicketState.REJECTED}


@pytest.mark.parametrize("state", [state for state in TicketState if state != "pending"])
async def test_a_decision_after_the_ticket_left_pending_has_no_effect(state: TicketState) -> None:
    scene = Scene()
    ticket_id = await scene.held()
    page = (await scene.reviews().view(ticket_id, reviewer())).page_digest
    scene.tamper(ticket_id, state=state)
    with pytest.raises(Forbidden) as caught:
        await scene.reviews().decide(ticket_id, reviewer(), "approve", "", page)
    assert caught.value.reason is Reason.APPROVAL_CLOSED
    assert scene.journal.types() == ["held"]


async def test_nobody_decides_past_the_expiry() -> None:
    scene = Scene()
    ticket_id = await scene.held()
    page = (await scene.reviews().view(ticket_id, reviewer())).page_digest
    scene.clock.advance(timedelta(minutes=5))
    with pytest.raises(Forbidden) as caught:
        await scene.reviews().decide(ticket_id, reviewer(), "approve", "", page)
    assert caught.value.reason is Reason.APPROVAL_CLOSED


async def test_nobody_decides_past_the_expiry_however_long_the_signing_takes() -> None:
    scene = Scene()
    ticket_id = await scene.held()
    current = scene.seals.current

    async def slow():  # type: ignore[no-untyped-def]
        scene.clock.advance(timedelta(minutes=5))
        return await current()

    scene.seals.current = slow  # type: ignore[method-assign]
    with pytest.raises(Forbidden) as caught:
        await scene.decide(ticket_id)
    assert caught.value.reason is Reason.APPROVAL_CLOSED
    assert scene.ticket(ticket_id).state is TicketState.PENDING
    assert scene.journal.types() == ["held"]


async def test_nobody_is_shown_as_having_decided_what_they_have_not() -> None:
    scene = Scene()
    ticket_id = await scene.held()
    await scene.decide(await scene.held(deletion("/public/other")), number=2)
    other = next(row.ticket for key, row in scene.tickets.rows.items() if key != ticket_id)
    scene.tamper(ticket_id, state=TicketState.DONE, decision=other.decision)
    view = await scene.reviews().view(ticket_id, reviewer())
    assert (view.decided_by, view.verdict, view.decision_reason) == ("", "", "")


async def test_a_decision_about_another_page_is_refused() -> None:
    scene = Scene()
    ticket_id = await scene.held()
    other = await scene.held(deletion("/public/other"))
    page = (await scene.reviews().view(other, reviewer())).page_digest
    with pytest.raises(Forbidden) as caught:
        await scene.reviews().decide(ticket_id, reviewer(), "approve", "", page)
    assert caught.value.reason is Reason.PAGE_CHANGED


@pytest.mark.parametrize("decision", ["", "Approve", "approved", "yes", "accept"])
async def test_only_the_value_itself_is_a_decision(decision: str) -> None:
    scene = Scene()
    ticket_id = await scene.held()
    page = (await scene.reviews().view(ticket_id, reviewer())).page_digest
    with pytest.raises(InvalidRequest):
        await scene.reviews().decide(ticket_id, reviewer(), decision, "", page)  # type: ignore[arg-type]
    assert scene.ticket(ticket_id).state is TicketState.PENDING


async def test_a_reason_has_a_length() -> None:
    with pytest.raises(InvalidRequest):
        await Scene().reviews().decide("0" * 32, reviewer(), "approve", "x" * 501, "")


@pytest.mark.parametrize("ticket_id", ["0" * 32, "", "../x", "A" * 32, "0" * 33])
async def test_a_foreign_ticket_id_is_not_found(ticket_id: str) -> None:
    with pytest.raises(NotFound):
        await Scene().reviews().view(ticket_id, reviewer())


async def test_what_was_shown_cannot_be_changed_in_the_table() -> None:
    scene = Scene()
    ticket_id = await scene.held()
    sealed = scene.ticket(ticket_id).sealed
    for changes in (
        {"sealed": sealed.replace("Delete Blob", "Get Blob   ")},
        {"sealed": sealed.replace('"review"', '"others"')},
        {"sealed": "{}"},
        {"seal": ""},
        {"seal": "hmac-sha256:1:00"},
        {"expires_at": scene.ticket(ticket_id).expires_at + timedelta(days=1)},
    ):
        row = scene.tickets.rows[ticket_id]
        scene.tamper(ticket_id, **changes)
        with pytest.raises(TicketInvalid):
            await scene.reviews().view(ticket_id, reviewer())
        scene.tickets.rows[ticket_id] = row


async def test_the_facts_of_another_ticket_do_not_pass_under_this_id() -> None:
    scene = Scene()
    ticket_id = await scene.held()
    other = scene.ticket(await scene.held(deletion("/public/other")))
    scene.tamper(ticket_id, sealed=other.sealed, seal=other.seal)
    with pytest.raises(TicketInvalid):
        await scene.reviews().view(ticket_id, reviewer())


async def test_an_unrecorded_decision_is_finished_by_the_sweep_as_it_was_made() -> None:
    scene = Scene()
    ticket_id = await scene.held()
    scene.journal.failing.add("decided")
    with pytest.raises(EvidenceUnavailable):
        await scene.decide(ticket_id)
    scene.journal.failing.clear()
    assert scene.ticket(ticket_id).state is TicketState.DECIDING
    # Nobody decides otherwise meanwhile.
    with pytest.raises(Forbidden):
        await scene.decide(ticket_id, "reject", 2)
    scene.clock.advance(DECIDING_TIME)
    await scene.expiry().sweep()
    assert scene.ticket(ticket_id).state is TicketState.APPROVED
    assert scene.work.messages == [ticket_id]
    record = scene.journal.records[-1]
    assert record["mac"] == decisions.from_json(scene.ticket(ticket_id).decision).mac


async def test_a_forged_decision_is_not_finished_but_revoked() -> None:
    scene = Scene()
    ticket_id = await scene.held()
    scene.journal.failing.add("decided")
    with pytest.raises(EvidenceUnavailable):
        await scene.decide(ticket_id, "reject")
    scene.journal.failing.clear()
    text = scene.ticket(ticket_id).decision
    scene.tamper(ticket_id, decision=text.replace("rejected", "approved"))
    view = await scene.reviews().view(ticket_id, reviewer())
    assert view.state == "deciding"
    scene.clock.advance(DECIDING_TIME)
    await scene.expiry().sweep()
    assert scene.ticket(ticket_id).state is TicketState.REFUSED
    assert scene.journal.records[-1]["verdict"] == "revoked"


async def test_a_decision_finished_by_another_process_is_one_state() -> None:
    scene = Scene()
    ticket_id = await scene.held()
    opened = await scene.register.open(ticket_id)
    await scene.decide(ticket_id)
    scene.tamper(ticket_id, state=TicketState.DECIDING)
    deciding = await scene.register.open(ticket_id)
    scene.tamper(ticket_id, state=TicketState.APPROVED)
    scene.tickets.rows[ticket_id] = replace(scene.tickets.rows[ticket_id], etag="moved")
    stored = await scene.reviews().settle(deciding)
    assert stored.ticket.state is TicketState.APPROVED
    assert opened.ticket.state is TicketState.PENDING


async def test_a_lost_message_is_sent_again_by_the_sweep() -> None:
    scene = Scene()
    ticket_id = await scene.held()
    scene.work.fail("send")
    await scene.decide(ticket_id)
    assert scene.work.messages == []
    assert ("approvals", "MessageLost") in scene.meter.counted
    scene.clock.advance(timedelta(minutes=1))
    await scene.expiry().sweep()
    assert scene.work.messages == [ticket_id]
    await scene.expiry().sweep()
    assert scene.work.messages == [ticket_id]


async def test_a_decision_that_does_not_parse_is_shown_as_none() -> None:
    scene = Scene()
    ticket_id = await scene.held()
    scene.tamper(ticket_id, decision="{}")
    assert (await scene.reviews().view(ticket_id, reviewer())).verdict == ""


async def test_a_table_that_fails_is_unavailable() -> None:
    scene = Scene()
    ticket_id = await scene.held()
    scene.tickets.fail("get")
    with pytest.raises(Unavailable):
        await scene.reviews().view(ticket_id, reviewer())


async def test_errors_show_no_value_of_a_request() -> None:
    scene = Scene()
    ticket_id = await scene.held()
    with pytest.raises(GatewayError) as caught:
        await scene.reviews().view(ticket_id, reviewer(groups=frozenset()))
    error = caught.value
    assert "old.txt" not in f"{error} {error.advice} {error.details}"


# --- the list ------------------------------------------------------------------------------------


async def test_a_reviewer_finds_what_waits_the_first_to_expire_first() -> None:
    scene = Scene()
    first = await scene.held(deletion("/public/a"))
    scene.clock.advance(timedelta(minutes=1))
    second = await scene.held(deletion("/public/b"))
    decided = await scene.held(deletion("/public/c"))
    await scene.decide(decided, "reject")
    before = (dict(scene.tickets.rows), list(scene.journal.records))
    views = await scene.reviews().waiting(reviewer())
    assert [view.id for view in views] == [first, second]
    assert [view.state for view in views] == ["pending"] * 2
    assert (dict(scene.tickets.rows), list(scene.journal.records)) == before
    scene.clock.advance(timedelta(minutes=4))
    assert [view.id for view in await scene.reviews().waiting(reviewer())] == [second]


@pytest.mark.parametrize(
    "changes",
    [
        {"groups": frozenset({GROUP})},
        {"kind": PrincipalKind.APPLICATION},
        {"object_id": SPONSOR},
        {"object_id": AGENT_OBJECT},
    ],
)
async def test_who_may_not_decide_finds_nothing(changes: dict[str, Any]) -> None:
    scene = Scene()
    await scene.held()
    assert await scene.reviews().waiting(reviewer(**changes)) == []


async def test_a_denied_reviewer_sees_no_list() -> None:
    scene = Scene()
    scene.deny_list.denied.add(reviewer().object_id)
    with pytest.raises(Forbidden):
        await scene.reviews().waiting(reviewer())


async def test_a_ticket_changed_by_hand_is_not_listed_and_hides_no_other() -> None:
    scene = Scene()
    changed = await scene.held(deletion("/public/a"))
    good = await scene.held(deletion("/public/b"))
    scene.tamper(changed, seal="")
    assert [view.id for view in await scene.reviews().waiting(reviewer())] == [good]
    scene.tickets.fail("pending")
    with pytest.raises(Unavailable):
        await scene.reviews().waiting(reviewer())


async def test_a_ticket_whose_key_nobody_has_hides_no_other() -> None:
    scene = Scene()
    changed = await scene.held(deletion("/public/a"))
    good = await scene.held(deletion("/public/b"))
    scene.tamper(changed, seal="hmac-sha256:99:00")
    assert [view.id for view in await scene.reviews().waiting(reviewer())] == [good]
    # But nobody is told that nothing waits while no key can be had.
    scene.seals.failure = Unavailable("the vault does not answer")
    with pytest.raises(Unavailable):
        await scene.reviews().waiting(reviewer())
