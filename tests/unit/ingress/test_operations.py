"""`/operations/{id}` and the queue triggers: always an answer, never foreign text in an error."""

import json
from dataclasses import dataclass, field

import azure.functions as func
import pytest
from azure.functions.queue import QueueMessage

from gateway.errors import GatewayError, NotFound, Unauthenticated, Unavailable
from gateway.ingress import functions
from gateway.ingress.functions import WorkFailed
from gateway.model.message import Answer, Headers, Request

GOOD = Answer(200, Headers((("content-type", "application/json"),)), b"{}")


@dataclass
class Gateway:
    """`contract.Asking` that answers as told."""

    end: Answer | Exception = GOOD
    unbuilt: GatewayError | None = None
    public_url: str = "https://gateway.example"
    challenge: str = "Bearer x"
    asked: list[tuple[str, Request]] = field(default_factory=list)
    taken: list[tuple[str, str]] = field(default_factory=list)

    async def operation(self, ticket_id: str, request: Request) -> Answer:
        self.asked.append((ticket_id, request))
        if isinstance(self.end, Exception):
            raise self.end
        return self.end

    async def take(self, queue: str, text: str) -> None:
        self.taken.append((queue, text))
        if isinstance(self.end, Exception):
            raise self.end

    async def provide(self) -> "Gateway":
        if self.unbuilt is not None:
            raise self.unbuilt
        return self


def message(body: str | bytes) -> QueueMessage:
    return QueueMessage(body=body)  # type: ignore[no-untyped-call]


def request(method: str = "GET") -> func.HttpRequest:
    return func.HttpRequest(
        method=method,
        url="https://gateway.example/operations/abc",
        headers={"authorization": "Bearer t"},
        route_params={"id": "abc"},
        body=b"",
    )


async def test_the_id_and_the_token_go_to_the_gateway() -> None:
    gateway = Gateway()
    answer = await functions.operation(gateway.provide, request())
    assert (answer.status_code, answer.get_body()) == (200, b"{}")
    ((ticket_id, asked),) = gateway.asked
    assert (ticket_id, asked.headers.get("authorization")) == ("abc", "Bearer t")


async def test_head_has_no_body() -> None:
    answer = await functions.operation(Gateway().provide, request("HEAD"))
    assert answer.get_body() == b""


@pytest.mark.parametrize(
    ("error", "status"),
    [(NotFound("x"), 404), (Unauthenticated("x"), 401), (Unavailable("x"), 503)],
)
async def test_errors_have_their_status(error: GatewayError, status: int) -> None:
    answer = await functions.operation(Gateway(error).provide, request())
    assert answer.status_code == status
    assert json.loads(answer.get_body())["error"]["code"]
    assert ("www-authenticate" in answer.headers) is (status == 401)


async def test_a_gateway_that_cannot_start_says_so() -> None:
    answer = await functions.operation(Gateway(unbuilt=Unavailable("x")).provide, request())
    assert answer.status_code == 503


async def test_what_nobody_foresaw_is_shown_to_nobody() -> None:
    answer = await functions.operation(Gateway(RuntimeError("patient")).provide, request())
    assert answer.status_code == 500
    assert b"patient" not in answer.get_body()


async def test_a_message_is_a_ticket_id() -> None:
    gateway = Gateway()
    await functions.work(gateway.provide, "q", message("abc"))
    await functions.work(gateway.provide, "q", message(b"\xff"))
    assert gateway.taken == [("q", "abc"), ("q", "\ufffd")]


@pytest.mark.parametrize("error", [Unavailable("patient"), RuntimeError("patient")])
async def test_a_failed_message_says_no_foreign_text(error: Exception) -> None:
    with pytest.raises(WorkFailed) as caught:
        await functions.work(Gateway(error).provide, "q", message("abc"))
    assert "patient" not in str(caught.value)
    assert caught.value.__suppress_context__
