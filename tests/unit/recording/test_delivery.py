"""Results: encrypted, bound to their ticket, read by one client request."""

import asyncio
from dataclasses import replace

import pytest

from gateway.approvals.stored import Result
from gateway.errors import Denied, NotFound, Reason, Unavailable
from gateway.ports import Versioned
from gateway.recording.register import TicketInvalid
from tests.fakes.asking import Scene, deletion
from tests.fakes.upstream import response


async def test_of_many_readers_one_is_first() -> None:
    scene = Scene()
    ticket_id = await scene.held()
    stored = scene.tickets.rows[ticket_id]
    claims = await asyncio.gather(*(scene.delivery.claim(stored, str(n)) for n in range(4)))
    assert claims.count(True) == 1
    reader = scene.ticket(ticket_id).collected
    assert await scene.delivery.claim(scene.tickets.rows[ticket_id], reader)


async def test_a_claim_that_is_always_overtaken_ends_in_an_error() -> None:
    scene = Scene()
    ticket_id = await scene.held()
    stored = replace(scene.tickets.rows[ticket_id], etag="old")

    def move_on(method: str) -> None:
        if method == "swap":
            row = scene.tickets.rows[ticket_id]
            scene.tickets.rows[ticket_id] = replace(row, etag=row.etag + "x")

    scene.tickets.on_call = move_on
    with pytest.raises(Unavailable):
        await scene.delivery.claim(stored, "me")


async def test_a_result_of_another_ticket_or_changed_is_refused() -> None:
    scene = Scene()
    one = await scene.register.open(await scene.held(deletion("/public/1")))
    two = await scene.register.open(await scene.held(deletion("/public/2")))
    await scene.delivery.store(one.held, Result({}, None, "X", "why"))
    assert (await scene.delivery.result(one.held)).message == "why"
    with pytest.raises(NotFound):
        await scene.delivery.result(two.held)
    scene.results.blobs[two.held.id] = scene.results.blobs[one.held.id]
    with pytest.raises(TicketInvalid):
        await scene.delivery.result(two.held)
    scene.results.blobs[one.held.id] = Versioned(b"plain", "e")
    with pytest.raises(TicketInvalid):
        await scene.delivery.result(one.held)


async def test_an_unknown_reason_of_a_failure_is_an_internal_error() -> None:
    scene = Scene()
    ticket_id = await scene.approved()
    await scene.driver().drive(ticket_id)
    opened = await scene.register.open(ticket_id)
    scene.results.blobs.clear()
    await scene.delivery.store(opened.held, Result({}, None, "NoSuchReason", "why"))
    error = await scene.ask()
    assert isinstance(error, Denied)
    assert error.reason is Reason.INTERNAL_ERROR


async def test_the_answer_carries_the_id_of_the_request_that_reads_it() -> None:
    scene = Scene()
    scene.upstream.then(response(202, b"", [("x-ms-client-request-id", "first")]))
    ticket_id = await scene.approved(deletion(request_id="first"))
    await scene.driver().drive(ticket_id)
    answer = await scene.ask(deletion(request_id="second"))
    assert answer.headers.get("x-ms-client-request-id") == "second"  # type: ignore[union-attr]
