"""`POST /detokenize`: one form for what is asked, and always an answer."""

import json
from typing import Any

import azure.functions as func
import pytest

from gateway.errors import ApprovalRequired, ConfigurationError
from gateway.ingress import functions
from gateway.model.detokenize import DETOKENIZE
from tests.fakes.gateway import FakeGateway

BODY = {"connection": "clinic", "tokens": ["[name:1:x]"], "reason": "because"}


def request(body: object = BODY, **headers: str) -> func.HttpRequest:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    fields = {"content-type": "application/json", "authorization": "Bearer t", **headers}
    return func.HttpRequest("POST", "https://gateway.example/detokenize", headers=fields, body=data)


async def asked(*requests: func.HttpRequest) -> FakeGateway:
    gateway = FakeGateway()
    for item in requests:
        answer = await functions.detokenize(gateway.provide, item)
        assert answer.status_code == 200
    return gateway


async def test_the_request_has_a_target_that_no_url_has_and_the_reason_for_the_reviewer() -> None:
    gateway = await asked(request(**{"x-ms-client-request-id": "7", "range": "bytes=0-"}))
    (made,) = gateway.requests
    assert (made.method, made.connection, made.target) == ("POST", "clinic", DETOKENIZE)
    assert dict(made.headers) == {
        "authorization": "Bearer t",
        "x-ms-client-request-id": "7",
        "x-chaperone-reason": "because",
    }


async def test_the_same_words_in_another_order_are_the_same_request() -> None:
    turned: dict[str, Any] = dict(reversed(BODY.items()))
    gateway = await asked(request(), request(turned), request(json.dumps(BODY, indent=2).encode()))
    assert len({made.body for made in gateway.requests}) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        request(b"{"),
        request([]),
        request({**BODY, "tokens": []}),
        request(**{"content-type": "text/plain"}),
        request(authorization="Bearer a, Bearer b"),
    ],
)
async def test_what_is_no_such_request_reaches_nobody(wrong: func.HttpRequest) -> None:
    gateway = FakeGateway()
    answer = await functions.detokenize(gateway.provide, wrong)
    assert answer.status_code == 400
    assert gateway.requests == []
    assert json.loads(answer.get_body())["error"]["code"] == "RequestInvalid"


async def test_who_must_wait_is_told_where_to_look() -> None:
    error = ApprovalRequired("wait", details=(("approvalId", "1"),))
    answer = await functions.detokenize(FakeGateway(outcome=error).provide, request())
    assert answer.status_code == 403
    assert json.loads(answer.get_body())["error"]["code"] == "ApprovalPending"


async def test_a_gateway_that_cannot_start_or_fails_says_no_more_than_that() -> None:
    async def unbuilt() -> FakeGateway:
        raise ConfigurationError("a setting")

    assert (await functions.detokenize(unbuilt, request())).status_code == 503
    failing = FakeGateway(outcome=ValueError("Jane Doe"))
    answer = await functions.detokenize(failing.provide, request())
    assert answer.status_code == 500
    assert b"Jane" not in answer.get_body()
