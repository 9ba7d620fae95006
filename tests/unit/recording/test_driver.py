"""What was approved is carried out: exactly that, at most once, recorded before and after."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.approvals import facts, stored
from gateway.approvals.ticket import CLAIM_TIME, EXECUTION_LEASE, TicketState
from gateway.errors import (
    Denied,
    GatewayError,
    Reason,
    Unavailable,
    UpstreamInterrupted,
    UpstreamUnreachable,
)
from gateway.model.message import Answer
from gateway.ports import Carried, Versioned
from gateway.recording.delivery import REQUEST_PURPOSE, bound
from tests.fakes.asking import MANIFEST, REVIEWERS, Scene, deletion, reviewer
from tests.fakes.evidence import Fault
from tests.fakes.identity import AGENT_OBJECT
from tests.fakes.telemetry import Broken
from tests.fakes.upstream import response


async def test_an_approved_request_is_carried_out_once_and_recorded_around() -> None:
    scene = Scene()
    ticket_id = await scene.approved()
    await scene.driver().drive(ticket_id)
    (sent,) = scene.upstream.sent
    assert sent.method == "DELETE"
    assert sent.url == "https://clinicdata.blob.core.windows.net/public/old.txt"
    assert scene.ticket(ticket_id).state is TicketState.DONE
    assert scene.journal.types() == ["held", "decided", "executing", "executed"]
    executing, executed = scene.journal.records[2:]
    assert {record["id"] for record in scene.journal.records} == {ticket_id}
    assert executing["binding"] == scene.journal.records[0]["binding"]
    assert executed["result"] == "answered"
    # The request is no longer anywhere.
    assert scene.requests.blobs == {}


async def test_telemetry_that_fails_at_every_call_loses_no_outcome() -> None:
    scene = Scene()
    ticket_id = await scene.approved()
    pipeline = scene.pipeline(
        approvals=scene.approvals(), entropy=scene.entropy, telemetry=Broken()
    )
    await replace(scene.driver(), execution=pipeline).drive(ticket_id)
    assert len(scene.upstream.sent) == 1
    assert scene.ticket(ticket_id).state is TicketState.DONE
    assert scene.journal.types() == ["held", "decided", "executing", "executed"]
    assert scene.journal.records[-1]["result"] == "answered"


async def test_the_executing_record_is_durable_before_anything_is_sent() -> None:
    scene = Scene()
    ticket_id = await scene.approved()
    seen: list[list[object]] = []
    states: list[TicketState] = []

    def answer(_: object) -> object:
        seen.append(list(scene.journal.types()))
        states.append(scene.ticket(ticket_id).state)
        return response()

    scene.upstream.then(answer)  # type: ignore[arg-type]
    await scene.driver().drive(ticket_id)
    assert seen == [["held", "decided", "executing"]]
    assert states == [TicketState.EXECUTING]


async def test_nothing_is_done_for_a_ticket_that_is_not_approved() -> None:
    for state in TicketState:
        if state in {TicketState.APPROVED, TicketState.CLAIMED}:
            continue
        scene = Scene()
        ticket_id = await scene.approved()
        scene.tamper(ticket_id, state=state)
        await scene.driver().drive(ticket_id)
        assert scene.upstream.sent == []


async def test_an_unknown_ticket_is_counted_and_dropped() -> None:
    scene = Scene()
    for ticket_id in ("0" * 32, "not an id"):
        await scene.driver().drive(ticket_id)
    assert scene.meter.counted == [("approvals", "UnknownTicket")] * 2


async def test_many_drivers_and_messages_execute_once() -> None:
    scene = Scene()
    ticket_id = await scene.approved()
    await asyncio.gather(
        *(scene.driver().drive(ticket_id) for _ in range(20)), return_exceptions=True
    )
    assert len(scene.upstream.sent) == 1
    assert scene.journal.types().count("executing") == 1
    await scene.driver().drive(ticket_id)
    assert len(scene.upstream.sent) == 1


async def test_a_ticket_that_another_driver_has_comes_again() -> None:
    scene = Scene()
    ticket_id = await scene.approved()
    scene.tamper(ticket_id, state=TicketState.CLAIMED)
    with pytest.raises(Unavailable):
        await scene.driver().drive(ticket_id)
    scene.clock.advance(CLAIM_TIME)
    await scene.driver().drive(ticket_id)
    assert scene.ticket(ticket_id).state is TicketState.DONE


# --- attacks -----------------------------------------------------------------------------------


def forge_approval(scene: Scene, ticket_id: str) -> None:
    """Copy another ticket's approval into this one."""
    other = next(row for key, row in scene.tickets.rows.items() if key != ticket_id)
    scene.tamper(ticket_id, decision=other.ticket.decision, state=TicketState.APPROVED)


def invent_approval(scene: Scene, ticket_id: str) -> None:
    text = scene.ticket(ticket_id).decision
    assert text == ""
    other = next(row for key, row in scene.tickets.rows.items() if key != ticket_id)
    forged = json.loads(other.ticket.decision)
    held = facts.from_json(scene.ticket(ticket_id).sealed)
    forged |= {"ticket": ticket_id, "binding": facts.binding_digest(held)}
    forged["page"] = facts.page_digest(scene.ticket(ticket_id).sealed)
    scene.tamper(ticket_id, decision=json.dumps(forged), state=TicketState.APPROVED)


def no_decision(scene: Scene, ticket_id: str) -> None:
    scene.tamper(ticket_id, state=TicketState.APPROVED)


@pytest.mark.parametrize("forge", [forge_approval, invent_approval, no_decision])
async def test_who_can_write_the_table_cannot_approve(
    forge: Callable[[Scene, str], None],
) -> None:
    scene = Scene()
    ticket_id = await scene.held()
    await scene.approved(deletion("/public/other"))
    forge(scene, ticket_id)
    await scene.driver().drive(ticket_id)
    assert scene.upstream.sent == []
    assert scene.ticket(ticket_id).state is TicketState.REFUSED
    record = scene.journal.records[-1]
    assert (record["type"], record["verdict"]) == ("decided", "revoked")


async def test_a_rejection_turned_into_an_approval_is_refused() -> None:
    scene = Scene()
    ticket_id = await scene.held()
    await scene.decide(ticket_id, "reject")
    text = scene.ticket(ticket_id).decision
    for decision in (text, text.replace("rejected", "approved")):
        scene.tamper(ticket_id, state=TicketState.APPROVED, decision=decision)
        await scene.driver().drive(ticket_id)
        assert scene.ticket(ticket_id).state is TicketState.REFUSED
    assert scene.upstream.sent == []


async def test_facts_changed_by_hand_are_refused_without_trusting_them_in_the_record() -> None:
    scene = Scene()
    ticket_id = await scene.approved()
    held = facts.from_json(scene.ticket(ticket_id).sealed)
    scene.tamper(ticket_id, sealed=facts.to_json(replace(held, session="f" * 32)))
    await scene.driver().drive(ticket_id)
    record = scene.journal.records[-1]
    assert record["verdict"] == "revoked"
    assert "session" not in record
    assert "binding" not in record
    assert scene.upstream.sent == []


async def test_bytes_changed_by_hand_are_found() -> None:
    scene = Scene()
    ticket_id = await scene.approved()
    good = scene.requests.blobs[ticket_id]
    for data in (
        good.data[:-1] + bytes([good.data[-1] ^ 1]),
        good.data[:40],
        b"",
        b"plain text",
    ):
        scene.tamper(ticket_id, state=TicketState.APPROVED)
        scene.requests.blobs[ticket_id] = Versioned(data, good.etag)
        await scene.driver().drive(ticket_id)
        assert scene.ticket(ticket_id).state is TicketState.REFUSED
    assert scene.upstream.sent == []


async def test_the_stored_bytes_of_another_ticket_are_not_executed() -> None:
    scene = Scene()
    ticket_id = await scene.approved()
    other = await scene.held(deletion("/public/other"))
    scene.requests.blobs[ticket_id] = scene.requests.blobs[other]
    await scene.driver().drive(ticket_id)
    assert scene.ticket(ticket_id).state is TicketState.REFUSED
    assert scene.upstream.sent == []


async def test_another_request_under_the_right_key_does_not_have_the_approved_digest() -> None:
    scene = Scene()
    ticket_id = await scene.approved()
    held = facts.from_json(scene.ticket(ticket_id).sealed)
    key = await scene.request_keys.current()
    plain = stored.decrypt(REQUEST_PURPOSE, bound(held), scene.requests.blobs[ticket_id].data, key)
    found = stored.decode_request(plain)
    other = replace(found.request, target=deletion("/public/precious").target)
    plain = stored.encode_request(replace(found, request=other))
    data = stored.encrypt(REQUEST_PURPOSE, bound(held), plain, key, b"n" * 12)
    scene.requests.blobs[ticket_id] = Versioned(data, "e")
    await scene.driver().drive(ticket_id)
    assert scene.ticket(ticket_id).state is TicketState.REFUSED
    assert scene.upstream.sent == []


async def test_a_ticket_set_back_by_hand_is_not_executed_again() -> None:
    scene = Scene()
    ticket_id = await scene.approved()
    row = scene.tickets.rows[ticket_id]
    await scene.driver().drive(ticket_id)
    scene.tickets.rows[ticket_id] = row
    await scene.driver().drive(ticket_id)
    assert len(scene.upstream.sent) == 1
    assert scene.ticket(ticket_id).state is TicketState.REFUSED


async def test_row_and_request_set_back_together_are_not_executed_again() -> None:
    scene = Scene()
    ticket_id = await scene.approved()
    row, data = scene.tickets.rows[ticket_id], scene.requests.blobs[ticket_id]
    await scene.driver().drive(ticket_id)
    scene.tickets.rows[ticket_id] = row
    scene.requests.blobs[ticket_id] = data
    await scene.driver().drive(ticket_id)
    assert len(scene.upstream.sent) == 1
    assert scene.ticket(ticket_id).state is TicketState.REFUSED
    assert [record["result"] for record in scene.journal.records if "result" in record] == [
        "answered",
        "abandoned",
    ]
    assert scene.journal.records[-1]["verdict"] == "revoked"


async def test_an_execution_that_cannot_be_marked_as_such_sends_nothing() -> None:
    scene = Scene()
    ticket_id = await scene.approved()
    scene.evidence.faults.append(Fault.FAIL)
    await scene.driver().drive(ticket_id)
    assert scene.upstream.sent == []
    assert scene.journal.records[-1]["result"] == "abandoned"
    scene.clock.advance(CLAIM_TIME)
    await scene.driver().drive(ticket_id)
    assert scene.upstream.sent == []
    assert scene.ticket(ticket_id).state is TicketState.REFUSED


async def test_the_agent_gets_no_credential_and_its_token_is_not_stored() -> None:
    scene = Scene()
    ticket_id = await scene.approved()
    held = facts.from_json(scene.ticket(ticket_id).sealed)
    key = await scene.request_keys.current()
    data = scene.requests.blobs[ticket_id].data
    plain = stored.decrypt(REQUEST_PURPOSE, bound(held), data, key)
    assert b"authorization" not in plain
    await scene.driver().drive(ticket_id)
    assert scene.upstream.sent[0].headers.get("authorization") == "Bearer token-of-the-gateway"


# --- what has changed since the approval ---------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            b"rules:\n",
            b'rules:\n  - {id: stop, effect: deny, actions: ["*"], resources: ["clinic/**"]}\n',
        ),
        (b'    actions: ["*/delete"]', b'    actions: ["*/nothing"]'),
        (b'readers]\n    actions: ["*/delete"]', b'reviewers]\n    actions: ["*/delete"]'),
        (REVIEWERS.encode(), b"00000000" + REVIEWERS.encode()[8:]),
        (b"2b8e1c90-77aa-4a0c-8f4e-3d1f5b6c7d82", reviewer().object_id.encode()),
    ],
)
async def test_a_change_of_the_manifest_can_only_deny(before: bytes, after: bytes) -> None:
    scene = Scene()
    ticket_id = await scene.approved()
    assert before in MANIFEST
    scene.manifest = MANIFEST.replace(before, after)
    await scene.driver().drive(ticket_id)
    assert scene.upstream.sent == []
    assert scene.ticket(ticket_id).state is TicketState.REFUSED
    assert scene.journal.records[-1]["verdict"] == "revoked"
    error = await scene.ask()
    assert isinstance(error, Denied)


async def test_another_workflow_is_another_approval() -> None:
    scene = Scene()
    ticket_id = await scene.approved()
    scene.manifest = MANIFEST.replace(
        b"workflows: {", b"workflows: {board: {reviewers: [reviewers]}, "
    ).replace(b"workflow: review", b"workflow: board")
    await scene.driver().drive(ticket_id)
    assert scene.upstream.sent == []
    assert scene.ticket(ticket_id).state is TicketState.REFUSED


async def test_a_rule_that_now_allows_does_not_stand_in_the_way() -> None:
    scene = Scene()
    ticket_id = await scene.approved()
    scene.manifest = (
        MANIFEST.replace(b'    not_actions: ["*/delete"]\n', b"")
        .replace(b"effect: approve", b"effect: allow")
        .replace(b"    obligations: {workflow: review}\n", b"")
    )
    await scene.driver().drive(ticket_id)
    assert scene.ticket(ticket_id).state is TicketState.DONE


async def test_a_requester_on_the_deny_list_is_refused() -> None:
    scene = Scene()
    ticket_id = await scene.approved()
    scene.deny_list.denied.add(AGENT_OBJECT)
    await scene.driver().drive(ticket_id)
    assert scene.upstream.sent == []
    assert scene.ticket(ticket_id).reason == Reason.PRINCIPAL_DENIED


async def test_a_reviewer_on_the_deny_list_is_refused_after_the_decision() -> None:
    scene = Scene()
    ticket_id = await scene.approved()
    scene.deny_list.denied.add(reviewer().object_id)
    await scene.driver().drive(ticket_id)
    assert scene.upstream.sent == []
    assert scene.ticket(ticket_id).reason == Reason.PRINCIPAL_DENIED


async def test_a_reviewer_who_is_denied_while_the_request_is_prepared_is_refused() -> None:
    scene = Scene()
    ticket_id = await scene.approved()
    authorize = scene.authorizer.authorize

    async def slow(*given):  # type: ignore[no-untyped-def]
        scene.deny_list.denied.add(reviewer().object_id)
        return await authorize(*given)

    scene.authorizer.authorize = slow  # type: ignore[method-assign]
    await scene.driver().drive(ticket_id)
    assert scene.upstream.sent == []
    assert "executing" not in scene.journal.types()


async def test_an_approval_expires() -> None:
    scene = Scene()
    ticket_id = await scene.approved()
    scene.clock.advance(timedelta(minutes=5))
    await scene.driver().drive(ticket_id)
    assert scene.upstream.sent == []
    assert scene.ticket(ticket_id).state is TicketState.EXPIRED
    assert scene.journal.records[-1]["verdict"] == "expired"


async def test_a_new_digest_key_ends_what_was_approved_under_the_old_one() -> None:
    scene = Scene()
    ticket_id = await scene.approved()
    scene.keys.key = replace(scene.keys.key, version="2")
    await scene.driver().drive(ticket_id)
    assert scene.ticket(ticket_id).state is TicketState.REFUSED
    assert scene.upstream.sent == []


async def test_new_sealing_keys_open_what_older_ones_sealed() -> None:
    scene = Scene()
    ticket_id = await scene.held()
    scene.seals.rotate()
    scene.request_keys.rotate()
    await scene.decide(ticket_id)
    scene.seals.rotate()
    scene.request_keys.rotate()
    await scene.driver().drive(ticket_id)
    assert isinstance(await scene.ask(), Answer)


# --- what fails on the way -----------------------------------------------------------------------


async def test_a_part_that_is_away_gives_the_ticket_back() -> None:
    scene = Scene()
    ticket_id = await scene.approved()
    scene.authorizer.failure = Unavailable("no credential now")
    with pytest.raises(Unavailable):
        await scene.driver().drive(ticket_id)
    assert scene.ticket(ticket_id).state is TicketState.APPROVED
    scene.authorizer.failure = None
    await scene.driver().drive(ticket_id)
    assert scene.ticket(ticket_id).state is TicketState.DONE


async def test_without_a_record_nothing_is_sent_and_the_approval_stands() -> None:
    scene = Scene()
    ticket_id = await scene.approved()
    scene.journal.failing.add("executing")
    with pytest.raises(Unavailable):
        await scene.driver().drive(ticket_id)
    assert scene.upstream.sent == []
    scene.journal.failing.clear()
    await scene.driver().drive(ticket_id)
    assert len(scene.upstream.sent) == 1


async def test_a_ticket_that_cannot_be_given_back_is_claimed_again_later() -> None:
    scene = Scene()
    ticket_id = await scene.approved()
    scene.authorizer.failure = Unavailable("no credential now")
    swaps = iter(range(9))

    def second(method: str) -> None:
        if method == "swap" and next(swaps) == 1:
            scene.tickets.fail("swap")

    scene.tickets.on_call = second
    with pytest.raises(Unavailable):
        await scene.driver().drive(ticket_id)
    assert scene.ticket(ticket_id).state is TicketState.CLAIMED
    scene.authorizer.failure = None
    scene.clock.advance(CLAIM_TIME)
    await scene.driver().drive(ticket_id)
    assert len(scene.upstream.sent) == 1


@pytest.mark.parametrize("fault", ["fail", "lost"])
async def test_a_claim_that_cannot_be_known_to_hold_sends_nothing(fault: str) -> None:
    scene = Scene()
    ticket_id = await scene.approved()
    swaps = iter(range(9))

    def second(method: str) -> None:
        if method == "swap" and next(swaps) == 1:
            scene.tickets.fail("swap", fault)  # type: ignore[arg-type]

    scene.tickets.on_call = second
    await scene.driver().drive(ticket_id)
    assert scene.upstream.sent == []
    assert scene.journal.records[-1]["result"] == "abandoned"
    scene.clock.advance(EXECUTION_LEASE)
    await scene.expiry().sweep()
    for message in scene.work.messages:
        await scene.driver().drive(message)
    expected = TicketState.REFUSED if fault == "fail" else TicketState.INDETERMINATE
    assert scene.ticket(ticket_id).state is expected
    assert scene.upstream.sent == []


async def test_bytes_that_somebody_takes_meanwhile_are_not_sent() -> None:
    scene = Scene()
    ticket_id = await scene.approved()

    def take(method: str) -> None:
        if method == "remove":
            scene.requests.blobs.clear()

    scene.requests.on_call = take
    await scene.driver().drive(ticket_id)
    assert scene.upstream.sent == []
    assert ("approvals", "ClaimLost") in scene.meter.counted


@pytest.mark.parametrize(
    ("error", "result"),
    [
        (UpstreamInterrupted("cut"), "interrupted"),
        (UpstreamUnreachable("no route"), "unreachable"),
        (RuntimeError("surprise"), "interrupted"),
    ],
)
async def test_an_execution_that_fails_is_recorded_and_told_and_never_repeated(
    error: Exception, result: str
) -> None:
    scene = Scene()
    ticket_id = await scene.approved()
    scene.upstream.then(error)
    await scene.driver().drive(ticket_id)
    assert scene.journal.records[-1]["result"] == result
    assert scene.ticket(ticket_id).state is TicketState.DONE
    answer = await scene.ask()
    assert isinstance(answer, Denied)
    assert "surprise" not in str(answer)
    await scene.driver().drive(ticket_id)
    assert len(scene.upstream.sent) <= 1


async def test_an_upstream_error_is_the_result() -> None:
    scene = Scene()
    ticket_id = await scene.approved()
    scene.upstream.then(response(404, b"", [("x-ms-error-code", "BlobNotFound")]))
    await scene.driver().drive(ticket_id)
    answer = await scene.ask()
    assert isinstance(answer, Answer)
    assert answer.status == 404


async def test_a_result_that_cannot_be_kept_is_still_recorded() -> None:
    scene = Scene()
    ticket_id = await scene.approved()
    scene.results.fail("put")
    await scene.driver().drive(ticket_id)
    assert scene.journal.types()[-1] == "executed"
    assert scene.ticket(ticket_id).state is TicketState.DONE
    error = await scene.ask()
    assert isinstance(error, Denied)
    assert error.reason is Reason.CONTENT_WITHHELD


async def test_an_outcome_that_cannot_be_recorded_is_not_shown_until_it_is() -> None:
    scene = Scene()
    ticket_id = await scene.approved()
    scene.journal.failing.add("executed")
    with pytest.raises(Unavailable):
        await scene.driver().drive(ticket_id)
    scene.journal.failing.clear()
    assert scene.ticket(ticket_id).state is TicketState.EXECUTING
    assert isinstance(await scene.ask(), Denied)
    scene.clock.advance(EXECUTION_LEASE)
    await scene.expiry().sweep()
    assert scene.ticket(ticket_id).state is TicketState.DONE
    assert scene.journal.types()[-1] == "executed"
    assert len(scene.upstream.sent) == 1
    assert isinstance(await scene.ask(), Answer)


async def test_a_late_outcome_resolves_what_was_thought_unknown() -> None:
    scene = Scene()
    ticket_id = await scene.approved()

    def late(_: object) -> object:
        scene.tamper(ticket_id, state=TicketState.INDETERMINATE)
        row = scene.tickets.rows[ticket_id]
        scene.tickets.rows[ticket_id] = replace(row, etag="swept")
        return response()

    scene.upstream.then(late)  # type: ignore[arg-type]
    await scene.driver().drive(ticket_id)
    assert scene.ticket(ticket_id).state is TicketState.DONE


async def test_an_execution_that_hangs_is_left_to_the_sweep(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("gateway.recording.driver.EXECUTION_TIME", timedelta(milliseconds=50))
    scene = Scene()
    ticket_id = await scene.approved()

    async def hang(*_: object, **__: object) -> None:
        await asyncio.sleep(60)

    scene.upstream.send = hang  # type: ignore[method-assign,assignment]
    with pytest.raises(Unavailable):
        await scene.driver().drive(ticket_id)
    assert scene.ticket(ticket_id).state is TicketState.EXECUTING
    scene.clock.advance(EXECUTION_LEASE)
    await scene.expiry().sweep()
    assert scene.ticket(ticket_id).state is TicketState.INDETERMINATE
    assert scene.journal.types()[-1] == "indeterminate"


async def test_an_execution_that_skips_the_claim_is_an_error() -> None:
    scene = Scene()
    ticket_id = await scene.approved()

    class Careless:
        async def execute(self, *_: object) -> Carried:
            return Carried({}, None)

    driver = replace(scene.driver(), execution=Careless())
    with pytest.raises(GatewayError):
        await driver.drive(ticket_id)


async def test_a_driver_that_was_overtaken_does_not_say_that_the_approval_was_revoked() -> None:
    scene = Scene()
    ticket_id = await scene.approved()
    get = scene.requests.get
    overtaken = False

    async def slow(name: str) -> Versioned:
        nonlocal overtaken
        if not overtaken:
            overtaken = True
            scene.clock.advance(CLAIM_TIME)
            await scene.driver().drive(ticket_id)
        return await get(name)

    scene.requests.get = slow  # type: ignore[method-assign]
    await scene.driver().drive(ticket_id)
    assert len(scene.upstream.sent) == 1
    assert scene.ticket(ticket_id).state is TicketState.DONE
    assert scene.journal.types() == ["held", "decided", "executing", "executed"]


async def test_a_refusal_that_was_cut_short_is_finished_and_never_turned_around() -> None:
    scene = Scene()
    ticket_id = await scene.approved()
    scene.deny_list.denied.add(AGENT_OBJECT)
    swaps = iter(range(9))

    def third(method: str) -> None:
        # After the claim and the reservation of the refusal, the refusal itself.
        if method == "swap" and next(swaps) == 2:
            scene.tickets.fail("swap")

    scene.tickets.on_call = third
    with pytest.raises(Unavailable):
        await scene.driver().drive(ticket_id)
    assert scene.journal.records[-1]["verdict"] == "revoked"
    assert scene.ticket(ticket_id).state is TicketState.CLAIMED
    # What stood in the way has gone; what is on record has not.
    scene.deny_list.denied.clear()
    scene.clock.advance(CLAIM_TIME)
    await scene.driver().drive(ticket_id)
    assert scene.upstream.sent == []
    assert scene.ticket(ticket_id).state is TicketState.REFUSED
    assert scene.ticket(ticket_id).reason == Reason.PRINCIPAL_DENIED


# --- poison --------------------------------------------------------------------------------------


async def test_a_message_that_failed_five_times_revokes_the_approval() -> None:
    scene = Scene()
    ticket_id = await scene.approved()
    await scene.driver().give_up(ticket_id)
    assert scene.ticket(ticket_id).state is TicketState.REFUSED
    assert scene.journal.records[-1]["verdict"] == "revoked"
    assert ("approvals", "Poison") in scene.meter.counted
    await scene.driver().drive(ticket_id)
    assert scene.upstream.sent == []


async def test_poison_of_a_ticket_that_went_on_changes_nothing() -> None:
    scene = Scene()
    ticket_id = await scene.approved()
    await scene.driver().drive(ticket_id)
    await scene.driver().give_up(ticket_id)
    await scene.driver().give_up("0" * 32)
    assert scene.ticket(ticket_id).state is TicketState.DONE


async def test_poison_of_a_changed_ticket_revokes_without_trusting_it() -> None:
    scene = Scene()
    ticket_id = await scene.approved()
    scene.tamper(ticket_id, seal="")
    await scene.driver().give_up(ticket_id)
    assert scene.ticket(ticket_id).state is TicketState.REFUSED
    assert "session" not in scene.journal.records[-1]
