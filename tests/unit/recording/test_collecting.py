"""`/operations/{id}`: how a held request stands, for its own principal alone."""

import base64
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from gateway.approvals.ticket import TicketState
from gateway.errors import EvidenceUnavailable, Forbidden, NotFound, Unauthenticated
from gateway.model.message import Answer
from tests.fakes.asking import Scene
from tests.fakes.identity import AGENT_OBJECT
from tests.fakes.upstream import response
from tests.pipeline import world


async def status(scene: Scene, ticket_id: str) -> dict[str, Any]:
    answer = await scene.operations().status(ticket_id, world.request(path="/operations"))
    assert answer.status == 200
    assert answer.headers.get("cache-control") == "no-store"
    found: dict[str, Any] = json.loads(answer.body)
    assert found["name"] == ticket_id
    return found


async def test_an_open_request_is_in_progress_and_says_when_to_ask_again() -> None:
    scene = Scene()
    ticket_id = await scene.held()
    answer = await scene.operations().status(ticket_id, world.request())
    assert json.loads(answer.body)["status"] == "InProgress"
    assert answer.headers.get("retry-after") == "15"
    await scene.decide(ticket_id)
    assert (await status(scene, ticket_id))["status"] == "InProgress"


async def test_a_request_carried_out_gives_its_masked_result_on_record() -> None:
    scene = Scene()
    scene.upstream.then(response(202, b"", [("etag", '"1"')]))
    ticket_id = await scene.approved()
    await scene.driver().drive(ticket_id)
    found = await status(scene, ticket_id)
    assert found["status"] == "Succeeded"
    assert found["properties"]["statusCode"] == 202
    assert base64.b64decode(found["properties"]["body"]) == b""
    assert scene.journal.types()[-1] == "collected"
    # Reading here does not use the result up.
    assert isinstance(await scene.ask(), Answer)


@pytest.mark.parametrize(
    ("headers", "code"),
    [([("x-ms-error-code", "BlobNotFound")], "BlobNotFound"), ([], "UpstreamError")],
)
async def test_an_error_of_the_upstream_is_failed(
    headers: list[tuple[str, str]], code: str
) -> None:
    scene = Scene()
    scene.upstream.then(response(404, b"", headers))
    ticket_id = await scene.approved()
    await scene.driver().drive(ticket_id)
    found = await status(scene, ticket_id)
    assert found["status"] == "Failed"
    assert found["error"]["code"] == code
    assert found["properties"]["statusCode"] == 404


async def test_a_rejection_is_canceled_with_the_reason() -> None:
    scene = Scene()
    ticket_id = await scene.held()
    await scene.decide(ticket_id, "reject")
    found = await status(scene, ticket_id)
    assert (found["status"], found["error"]["code"]) == ("Canceled", "ApprovalRejected")


async def test_past_its_expiry_a_request_is_canceled_before_the_sweep_says_so() -> None:
    scene = Scene()
    ticket_id = await scene.held()
    scene.clock.advance(timedelta(minutes=5))
    found = await status(scene, ticket_id)
    assert (found["status"], found["error"]["code"]) == ("Canceled", "ApprovalExpired")


@pytest.mark.parametrize(
    ("state", "said", "code"),
    [
        (TicketState.EXPIRED, "Canceled", "ApprovalExpired"),
        (TicketState.REFUSED, "Canceled", "ApprovalRevoked"),
        (TicketState.INDETERMINATE, "Failed", "ApprovalIndeterminate"),
        (TicketState.DONE, "Failed", "ContentWithheld"),
    ],
)
async def test_every_end_has_its_word(state: TicketState, said: str, code: str) -> None:
    scene = Scene()
    ticket_id = await scene.held()
    scene.tamper(ticket_id, state=state)
    found = await status(scene, ticket_id)
    assert (found["status"], found["error"]["code"]) == (said, code)


async def test_without_a_record_no_result_is_shown() -> None:
    scene = Scene()
    ticket_id = await scene.approved()
    await scene.driver().drive(ticket_id)
    scene.journal.failing.add("collected")
    with pytest.raises(EvidenceUnavailable):
        await scene.operations().status(ticket_id, world.request())


async def test_somebody_elses_ticket_is_not_found() -> None:
    scene = Scene()
    ticket_id = await scene.held()
    principal = await scene.verifier.verify("good")
    for change in (
        {"object_id": "9" * 36},
        {"application": "9" * 36},
        {"tenant": "9" * 36},
    ):
        other = replace(principal, **change)  # type: ignore[arg-type]

        class Verifier:
            async def verify(self, token: str, other: object = other) -> object:
                return other

        operations = replace(scene.operations(), verifier=Verifier())  # type: ignore[arg-type]
        with pytest.raises(NotFound):
            await operations.status(ticket_id, world.request())
    assert scene.meter.counted.count(("approvals", "ForeignTicket")) == 3


@pytest.mark.parametrize("ticket_id", ["0" * 32, "", "x"])
async def test_a_ticket_that_is_not_there_is_not_found(ticket_id: str) -> None:
    with pytest.raises(NotFound):
        await Scene().operations().status(ticket_id, world.request())


async def test_without_a_good_token_nothing_is_said() -> None:
    scene = Scene()
    ticket_id = await scene.held()
    with pytest.raises(Unauthenticated):
        await scene.operations().status(ticket_id, world.ANONYMOUS)
    assert scene.meter.counted[-1] == ("unauthenticated", "TokenMissing")


async def test_a_caller_on_the_deny_list_is_refused() -> None:
    scene = Scene()
    ticket_id = await scene.held()
    scene.deny_list.denied.add(AGENT_OBJECT)
    with pytest.raises(Forbidden):
        await scene.operations().status(ticket_id, world.request())
