from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.approvals.ticket import CLAIM_TIME, TicketState
from gateway.assembly import EXECUTE, NOTIFY, POISON, Asking
from gateway.errors import GatewayError, Unavailable
from gateway.model.signals import Signal
from gateway.ports import Telemetry
from gateway.ports.telemetry import Unfailing
from tests.fakes.asking import Scene, deletion
from tests.fakes.telemetry import Broken, Heard

CANARY = "Jane-Doe-MRN-00123456"


def asking(scene: Scene, heard: Heard) -> Asking:
    return told(scene, heard.telemetry)


def told(scene: Scene, telemetry: Telemetry) -> Asking:
    return Asking(
        reviews=scene.reviews(),
        operations=scene.operations(),
        notices=scene.notifier(),
        expiry=scene.expiry(),
        driver=scene.driver(),
        telemetry=telemetry,
        clock=scene.clock,
    )


async def test_a_held_request_is_one_trace_across_its_queues() -> None:
    before, after = Heard(), Heard()
    scene = Scene()
    pipeline = scene.pipeline(
        approvals=scene.approvals(), entropy=scene.entropy, telemetry=before.telemetry
    )
    scene.gateway = lambda: pipeline  # type: ignore[method-assign]
    ticket_id = await scene.approved()
    other = asking(scene, after)
    await other.take(NOTIFY, ticket_id)
    await other.take(EXECUTE, ticket_id)

    assert scene.ticket(ticket_id).state is TicketState.DONE
    (request, *rest) = before.spans
    # The gateway that carried it out is the same pipeline, so its upstream span is there.
    assert [span.name for span in rest] == ["upstream"]
    assert [span.name for span in after.spans] == ["notify", "execute"]
    traces = {
        f"{span.context.trace_id:032x}" for span in (*before.spans, *after.spans) if span.context
    }
    assert traces == {ticket_id}
    for span in (*rest, *after.spans):
        assert span.parent is not None
        assert request.context is not None
        assert span.parent.span_id == request.context.span_id


async def test_a_poisoned_message_is_told_with_its_step_and_without_its_text() -> None:
    heard = Heard()
    for queue in (EXECUTE, NOTIFY):
        await asking(Scene(), heard).take(queue + POISON, CANARY)
    assert heard.of(Signal.MESSAGE_POISONED) == [
        ({"step": "execute"}, 1),
        ({"step": "notify"}, 1),
    ]
    assert CANARY not in heard.everything()
    assert heard.spans == ()


async def test_work_that_failed_is_traced_as_failed_and_an_unknown_queue_is_refused() -> None:
    heard, scene = Heard(), Scene()
    ticket_id = await scene.approved()
    scene.tamper(ticket_id, state=TicketState.CLAIMED, since=scene.clock.now())
    with pytest.raises(Unavailable):
        await asking(scene, heard).take(EXECUTE, ticket_id)
    (span,) = heard.spans
    assert not span.status.is_ok
    with pytest.raises(GatewayError):
        await asking(scene, heard).take("elsewhere", ticket_id)


async def test_how_long_people_take_is_told_by_how_it_ended() -> None:
    heard, scene = Heard(), Scene()
    reviews = replace(scene.reviews(), telemetry=heard.telemetry)
    scene.reviews = lambda: reviews  # type: ignore[method-assign]
    ticket_id = await scene.held()
    scene.clock.advance(timedelta(seconds=30))
    await scene.decide(ticket_id, "reject")
    assert heard.of(Signal.APPROVAL_AGE) == [({"end": "rejected"}, 1)]

    late = Scene()
    await late.held()
    late.clock.advance(timedelta(hours=1))
    await replace(late.expiry(), telemetry=heard.telemetry).sweep()
    assert ({"end": "expired"}, 1) in heard.of(Signal.APPROVAL_AGE)


async def test_an_approval_that_waits_to_be_carried_out_is_told() -> None:
    heard, scene = Heard(), Scene()
    await scene.approved()
    scene.clock.advance(CLAIM_TIME)
    await replace(scene.expiry(), telemetry=heard.telemetry).sweep()
    assert heard.of(Signal.APPROVAL_STALLED) == [({}, 1)]


async def test_an_execution_without_an_end_is_told() -> None:
    heard, scene = Heard(), Scene()
    ticket_id = await scene.approved()
    await scene.driver().drive(ticket_id)
    scene.tamper(ticket_id, state=TicketState.EXECUTING)
    scene.results.blobs.clear()
    scene.clock.advance(timedelta(hours=1))
    await replace(scene.expiry(), telemetry=heard.telemetry).sweep()
    assert scene.ticket(ticket_id).state is TicketState.INDETERMINATE
    assert heard.of(Signal.INTENT_UNANSWERED) == [({}, 1)]


async def test_telemetry_that_fails_at_every_call_stops_no_approval() -> None:
    scene, broken = Scene(), Broken()
    telemetry = Unfailing(broken)
    reviews = replace(scene.reviews(), telemetry=telemetry)
    scene.reviews = lambda: reviews  # type: ignore[method-assign]
    first = await scene.approved()
    late = await scene.held(deletion("/public/other.txt"))
    work = told(scene, telemetry)
    for queue in (NOTIFY, EXECUTE, NOTIFY + POISON):
        await work.take(queue, first)
    scene.clock.advance(timedelta(hours=1))
    await replace(scene.expiry(), telemetry=telemetry).sweep()
    assert scene.ticket(first).state is TicketState.DONE
    assert scene.ticket(late).state is TicketState.EXPIRED
    assert len(scene.upstream.sent) == 1
    assert {"add", "measure", "span"} <= set(broken.calls)
