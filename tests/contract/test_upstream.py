"""The same cases on the fake and on the real client with a server of raw bytes behind it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass

import pytest

from gateway.adapters.http_upstream import AiohttpUpstream, Limits
from gateway.errors import ResponseTooLarge, UpstreamInterrupted, UpstreamUnreachable
from gateway.model.message import Headers, UpstreamRequest
from gateway.ports import Upstream
from tests.fakes.upstream import FakeUpstream, Script, response
from tests.standins.sockets import Peer, raw_server


@dataclass
class Subject:
    """A client with an upstream of one behaviour behind it."""

    upstream: Upstream
    url: str
    received: Callable[[], int]


Make = Callable[[str], Awaitable[Subject]]


def fake(behaviour: str) -> Subject:
    answers: dict[str, Script] = {
        "answers": response(207, b"body", [("x-a", "1"), ("X-A", "2")]),
        "dies": UpstreamInterrupted("cut"),
        "absent": UpstreamUnreachable("nobody there"),
    }
    upstream = FakeUpstream([answers[behaviour]])
    return Subject(upstream, "http://127.0.0.1:1/", lambda: len(upstream.sent))


async def real(behaviour: str, stack: AsyncExitStack) -> Subject:
    received = 0

    async def conversation(peer: Peer) -> None:
        nonlocal received
        await peer.request()
        received += 1
        if behaviour == "answers":
            await peer.send(b"HTTP/1.1 207 M\r\nX-A: 1\r\nx-a: 2\r\nContent-Length: 4\r\n\r\nbody")

    async with AsyncExitStack() as serving:
        server = await serving.enter_async_context(raw_server(conversation))
        if behaviour != "absent":
            stack.push_async_exit(serving.pop_all())
    upstream = AiohttpUpstream(Limits(total=5, connect=2, read=2))
    stack.push_async_callback(upstream.close)
    return Subject(upstream, server.url("/"), lambda: received)


@pytest.fixture(
    params=[
        "fake",
        pytest.param("aiohttp", marks=[pytest.mark.integration, pytest.mark.enable_socket]),
    ]
)
async def make(request: pytest.FixtureRequest) -> AsyncIterator[Make]:
    async with AsyncExitStack() as stack:

        async def subject(behaviour: str) -> Subject:
            return fake(behaviour) if request.param == "fake" else await real(behaviour, stack)

        yield subject


def put(url: str) -> UpstreamRequest:
    return UpstreamRequest("PUT", url, Headers(), b"content")


async def test_an_answer_is_whole_with_repeats_and_was_sent_once(make: Make) -> None:
    subject = await make("answers")
    answer = await subject.upstream.send(put(subject.url), 4)
    assert (answer.status, answer.body, answer.sends) == (207, b"body", 1)
    assert answer.headers.all("x-a") == ("1", "2")
    assert answer.headers.get("content-length") == "4"
    assert subject.received() == 1


async def test_an_answer_over_the_bound_is_refused(make: Make) -> None:
    subject = await make("answers")
    with pytest.raises(ResponseTooLarge):
        await subject.upstream.send(put(subject.url), 3)
    assert subject.received() == 1


async def test_an_upstream_that_dies_has_received_the_request_once(make: Make) -> None:
    subject = await make("dies")
    with pytest.raises(UpstreamInterrupted):
        await subject.upstream.send(put(subject.url), 4)
    assert subject.received() == 1


async def test_an_absent_upstream_has_received_nothing(make: Make) -> None:
    subject = await make("absent")
    with pytest.raises(UpstreamUnreachable):
        await subject.upstream.send(put(subject.url), 4)
    assert subject.received() == 0
