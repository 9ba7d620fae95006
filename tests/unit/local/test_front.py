from collections.abc import Sequence
from typing import Any

import azure.functions as func
import pytest

from gateway.local.front import TARGET, Front, Route


class Recorder:
    """A function that keeps its request and answers as told."""

    def __init__(self, outcome: object = None) -> None:
        self.outcome = func.HttpResponse("hello") if outcome is None else outcome
        self.requests: list[func.HttpRequest] = []

    async def __call__(self, req: func.HttpRequest) -> func.HttpResponse:
        self.requests.append(req)
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome  # type: ignore[return-value]


def route(recorder: Recorder, methods: Sequence[str] = ()) -> Front:
    return Front((Route("proxy", "c/{connection}/{*path}", frozenset(methods), recorder),), 1024)


async def exchange(
    front: Front,
    target: bytes = b"/c/clinic/box",
    *,
    method: str = "GET",
    headers: Sequence[tuple[bytes, bytes]] = ((b"host", b"gw.example"),),
    body: Sequence[bytes | None] = (),
    client: tuple[str, int] | None = ("127.0.0.1", 5000),
) -> tuple[int, dict[str, list[str]], bytes]:
    messages = [
        {"type": "http.disconnect"}
        if chunk is None
        else {"type": "http.request", "body": chunk, "more_body": index + 1 < len(body)}
        for index, chunk in enumerate(body)
    ]
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return messages.pop(0)

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {TARGET: target, "method": method, "headers": list(headers), "client": client}
    await front(scope, receive, send)
    fields: dict[str, list[str]] = {}
    for name, value in sent[0]["headers"]:
        fields.setdefault(name.decode(), []).append(value.decode())
    return sent[0]["status"], fields, sent[1]["body"]


HOST = (b"Host", b"gw.example")


async def test_a_function_sees_the_request_as_the_worker_shows_it() -> None:
    recorder = Recorder()
    await exchange(
        route(recorder),
        b"/C/clinic/a%20b%28?x=1&x=2&y=&z=%2f",
        method="MERGE",
        headers=[HOST, (b"X-One", b"1"), (b"x-one", b"2"), (b"content-length", b"3")],
        body=[b"a", b"bc"],
    )
    (req,) = recorder.requests
    assert req.method == "MERGE"
    assert req.url == "https://gw.example/C/clinic/a%20b(?x=1&x=2&y=&z=%2f"
    assert req.headers["x-one"] == "1,2"
    assert dict(req.params) == {"x": "1,2", "z": "/"}
    assert dict(req.route_params) == {"connection": "clinic", "path": "a b("}
    assert req.get_body() == b"abc"


async def test_the_front_adds_the_raw_url_and_the_client_whatever_was_sent() -> None:
    recorder = Recorder()
    headers = [HOST, (b"x-waws-unencoded-url", b"/c/other"), (b"x-forwarded-for", b"192.0.2.1")]
    await exchange(route(recorder), b"/c/clinic/%41?b", headers=headers)
    await exchange(route(recorder), client=("::1", 5000))
    await exchange(route(recorder), client=None)
    first, second, third = recorder.requests
    assert first.headers["x-waws-unencoded-url"] == "/c/clinic/%41?b"
    assert first.headers["x-forwarded-for"] == "192.0.2.1, 127.0.0.1:5000"
    assert second.headers["x-forwarded-for"] == "[::1]:5000"
    assert "x-forwarded-for" not in third.headers


async def test_a_chunked_body_arrives_empty_and_its_header_stays() -> None:
    recorder = Recorder()
    headers = [HOST, (b"transfer-encoding", b"chunked")]
    await exchange(route(recorder), method="PUT", headers=headers, body=[b"lost"])
    (req,) = recorder.requests
    assert req.get_body() == b""
    assert req.headers["transfer-encoding"] == "chunked"
    assert "content-length" not in req.headers


@pytest.mark.parametrize(
    ("target", "headers", "status"),
    [
        (b"https://gw.example/c/x", [HOST], 400),
        (b"/c/x", [], 400),
        (b"/c/x", [HOST, HOST], 400),
        (b"/c/x", [HOST, (b"x", b"\xff")], 400),
        (b"/c/x", [HOST, (b"content-length", b"x")], 400),
        (b"/c/x", [HOST, (b"content-length", b"1025")], 413),
        (b"/other", [HOST], 404),
        (b"/c/%00", [HOST], 400),
    ],
)
async def test_what_the_host_refuses_never_reaches_a_function(
    target: bytes, headers: list[tuple[bytes, bytes]], status: int
) -> None:
    recorder = Recorder()
    assert (await exchange(route(recorder), target, headers=headers))[0] == status
    assert recorder.requests == []


async def test_a_client_that_goes_away_never_reaches_a_function() -> None:
    recorder = Recorder()
    headers = [HOST, (b"content-length", b"3")]
    status, _, _ = await exchange(route(recorder), headers=headers, body=[b"a", None])
    assert (status, recorder.requests) == (400, [])


async def test_a_method_that_the_function_does_not_take_is_not_found() -> None:
    assert (await exchange(route(Recorder(), ["PUT"])))[0] == 404
    assert (await exchange(route(Recorder(), ["GET"])))[0] == 200


async def test_a_failing_function_is_an_empty_500(caplog: pytest.LogCaptureFixture) -> None:
    status, _, body = await exchange(route(Recorder(ValueError("boom"))))
    assert (status, body) == (500, b"")
    assert "function proxy failed: ValueError('boom')" in caplog.text


async def test_what_is_no_response_is_an_empty_500() -> None:
    assert (await exchange(route(Recorder("text"))))[0] == 500


async def test_a_response_goes_out_as_the_worker_and_host_send_it() -> None:
    response = func.HttpResponse(b"hello", status_code=206)
    for name, value in (("x-m", "1"), ("x-m", "2"), ("Set-Cookie", "a"), ("set-cookie", "b")):
        response.headers.add(name, value)
    status, headers, body = await exchange(route(Recorder(response)))
    assert (status, body) == (206, b"hello")
    assert headers == {
        "x-m": ["2"],
        "set-cookie": ["a", "b"],
        "content-type": ["text/plain; charset=utf-8"],
        "content-length": ["5"],
    }


async def test_a_stated_length_is_kept_and_none_is_made_up_without_content() -> None:
    response = func.HttpResponse(headers={"content-length": "99", "content-type": "a/b"})
    assert (await exchange(route(Recorder(response))))[1]["content-length"] == ["99"]
    empty = func.HttpResponse(status_code=204)
    assert "content-length" not in (await exchange(route(Recorder(empty))))[1]
    unknown = func.HttpResponse()
    assert (await exchange(route(Recorder(unknown))))[1]["content-length"] == ["0"]
    assert "content-length" not in (await exchange(route(Recorder(unknown)), method="HEAD"))[1]
