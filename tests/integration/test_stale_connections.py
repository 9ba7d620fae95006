"""Kept connections that their server has left: a read goes out again, a change never does."""

import asyncio
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import pytest

from gateway.adapters.http_upstream import AiohttpUpstream, Limits
from gateway.errors import UpstreamInterrupted, UpstreamUnreachable
from gateway.model.message import Headers, UpstreamRequest
from tests.standins.sockets import Conversation, Peer, raw_server

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket]

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
BODIES = {"PUT": b"x", "POST": b"x", "PATCH": b"x"}


@pytest.fixture
async def upstream() -> AsyncIterator[AiohttpUpstream]:
    client = AiohttpUpstream(Limits(total=5, connect=2, read=1))
    yield client
    await client.close()


def request(url: str, method: str = "GET") -> UpstreamRequest:
    return UpstreamRequest(method, url, Headers(), BODIES.get(method, b""))


def leaving(seen: list[str], how: str, *, first: int = 1) -> Conversation:
    """Answers the first request on each of the `first` connections, and dies at the second."""

    async def conversation(peer: Peer) -> None:
        while True:
            line, _, _ = await peer.request()
            seen.append(line)
            if peer.number < first and not line.startswith("GET /warm"):
                if how == "partial head":
                    await peer.send(b"HTTP/1.1 200 O")
                if how == "reset":
                    peer.reset()
                return
            if first > 1:
                await asyncio.sleep(0.05)  # so that each of the first has a connection of its own
            await peer.send(OK[:-2] if line.startswith("HEAD") else OK)

    return conversation


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("how", ["reset", "closed"])
async def test_a_read_whose_kept_connection_dies_unheard_is_sent_once_more(
    upstream: AiohttpUpstream, method: str, how: str
) -> None:
    seen: list[str] = []
    async with raw_server(leaving(seen, how)) as server:
        assert (await upstream.send(request(server.url("/warm")), 10, read=True)).sends == 1
        answer = await upstream.send(request(server.url("/once"), method), 10, read=True)
        assert (answer.status, answer.sends) == (200, 2)
        assert seen == ["GET /warm HTTP/1.1", *[f"{method} /once HTTP/1.1"] * 2]
        assert server.connections == 2


async def test_the_second_time_is_over_a_new_connection_however_many_are_kept(
    upstream: AiohttpUpstream,
) -> None:
    seen: list[str] = []
    async with raw_server(leaving(seen, "reset", first=4)) as server:
        warm = [upstream.send(request(server.url("/warm")), 10) for _ in range(4)]
        await asyncio.gather(*warm)
        assert server.connections == 4
        answer = await upstream.send(request(server.url("/once")), 10, read=True)
        assert answer.sends == 2
        assert seen[4:] == ["GET /once HTTP/1.1"] * 2
        assert server.connections == 5


@pytest.mark.parametrize(
    ("method", "read", "how"),
    [
        # Nothing but a read, whatever its method.
        *[(method, False, "reset") for method in ("GET", "HEAD", "PUT", "DELETE", "POST")],
        *[(method, False, "closed") for method in ("GET", "PUT", "DELETE", "POST")],
        # A read by a method that is not safe (RFC 9110 §9.2.1): the upstream may think otherwise.
        *[(method, True, "reset") for method in ("POST", "PUT", "DELETE", "PATCH")],
        # Something has come back.
        ("GET", True, "partial head"),
    ],
)
async def test_nothing_else_is_sent_twice(
    upstream: AiohttpUpstream, method: str, read: bool, how: str
) -> None:
    seen: list[str] = []
    async with raw_server(leaving(seen, how)) as server:
        await upstream.send(request(server.url("/warm")), 10)
        with pytest.raises(UpstreamInterrupted) as caught:
            await upstream.send(request(server.url("/once"), method), 10, read=read)
        await asyncio.sleep(0.05)
        assert dict(caught.value.details)["sends"] == "1"
        assert seen == ["GET /warm HTTP/1.1", f"{method} /once HTTP/1.1"]
        assert server.connections == 1


async def test_a_read_whose_new_connection_dies_is_not_sent_again(
    upstream: AiohttpUpstream,
) -> None:
    seen: list[str] = []
    async with raw_server(leaving(seen, "reset")) as server:
        with pytest.raises(UpstreamInterrupted) as caught:
            await upstream.send(request(server.url("/once")), 10, read=True)
        assert dict(caught.value.details)["sends"] == "1"
        assert seen == ["GET /once HTTP/1.1"]


async def test_a_read_is_sent_twice_at_most_and_says_so(upstream: AiohttpUpstream) -> None:
    seen: list[str] = []
    async with raw_server(leaving(seen, "reset", first=9)) as server:
        await upstream.send(request(server.url("/warm")), 10)
        with pytest.raises(UpstreamInterrupted) as caught:
            await upstream.send(request(server.url("/once")), 10, read=True)
        assert dict(caught.value.details)["sends"] == "2"
        assert seen[1:] == ["GET /once HTTP/1.1"] * 2


async def test_a_read_whose_upstream_has_gone_may_have_been_carried_out(
    upstream: AiohttpUpstream,
) -> None:
    seen: list[str] = []
    async with raw_server(leaving(seen, "reset")) as server:
        await upstream.send(request(server.url("/warm")), 10)
        server.stop_listening()
        with pytest.raises(UpstreamInterrupted) as caught:
            await upstream.send(request(server.url("/once")), 10, read=True)
        assert dict(caught.value.details)["sends"] == "1"


async def test_silence_is_not_waited_for_twice(upstream: AiohttpUpstream) -> None:
    async def conversation(peer: Peer) -> None:
        await peer.request()
        await peer.send(OK)
        await peer.request()
        await asyncio.sleep(5)

    async with raw_server(conversation) as server:
        await upstream.send(request(server.url("/warm")), 10)
        with pytest.raises(UpstreamInterrupted) as caught:
            await upstream.send(request(server.url("/once")), 10, read=True)
        assert dict(caught.value.details)["sends"] == "1"
        assert server.connections == 1


async def test_a_server_that_speaks_first_is_not_asked_for_ever(upstream: AiohttpUpstream) -> None:
    async def conversation(peer: Peer) -> None:
        await peer.send(OK)
        await asyncio.sleep(5)

    async with raw_server(conversation) as server:
        # Its first words may come before the request or after it.
        with pytest.raises((UpstreamInterrupted, UpstreamUnreachable)):
            await _until_refused(upstream, server.url("/"))
        assert server.connections < 20


async def _until_refused(upstream: AiohttpUpstream, url: str) -> None:
    for _ in range(20):
        await upstream.send(request(url, "PUT"), 10)
        await asyncio.sleep(0.02)


@contextmanager
def closing_server(after: float) -> Iterator[tuple[str, list[bytes]]]:
    """In a thread, so that it closes its first connection while the client's loop is busy."""
    received: list[bytes] = []
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(5)

    def one(*, last: bool) -> None:
        connection, _ = listener.accept()
        with connection:
            connection.settimeout(5)
            received.append(connection.recv(65536))
            connection.sendall(OK)
            if not last:
                time.sleep(after)
                return
            received.append(connection.recv(65536))

    def serve() -> None:
        one(last=False)
        one(last=True)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/x", received
    finally:
        thread.join()
        listener.close()


async def test_a_change_goes_over_a_new_connection_where_the_kept_one_is_closed_already() -> None:
    upstream = AiohttpUpstream(Limits(total=5, connect=2, read=1))
    with closing_server(after=0.05) as (url, received):
        await upstream.send(request(url), 10)
        # The end of the connection has arrived, but the event loop does not come to see it.
        time.sleep(0.3)  # noqa: ASYNC251 - it stands for a loop that is busy
        answer = await upstream.send(request(url, "PUT"), 10)
        assert (answer.status, answer.sends) == (200, 1)
        await upstream.close()
    assert [data.split(b" ")[0] for data in received] == [b"GET", b"PUT", b""]
