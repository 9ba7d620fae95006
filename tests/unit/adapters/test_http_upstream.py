"""Upstreams that misbehave, spoken to over real sockets on loopback."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from gateway.adapters.http_upstream import AiohttpUpstream, Limits
from gateway.errors import ResponseTooLarge, UpstreamInterrupted, UpstreamUnreachable
from gateway.model.message import Headers, UpstreamRequest
from tests.standins.key_vault import key_vault
from tests.standins.sockets import Conversation, Peer, RawServer, raw_server

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket]

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
MEBIBYTE = 1024 * 1024

Serve = Callable[[Conversation], Awaitable[RawServer]]


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    async with AsyncExitStack() as stack:

        async def make(conversation: Conversation) -> RawServer:
            return await stack.enter_async_context(raw_server(conversation))

        yield make


@pytest.fixture
async def upstream() -> AsyncIterator[AiohttpUpstream]:
    client = AiohttpUpstream(Limits(total=5, connect=2, read=1))
    yield client
    await client.close()


def request(
    url: str, method: str = "GET", body: bytes = b"", *headers: tuple[str, str]
) -> UpstreamRequest:
    return UpstreamRequest(method, url, Headers.of(headers), body)


def answering(*answers: bytes) -> Conversation:
    """Give these answers, one to each request, on any connection."""
    left = list(answers)

    async def conversation(peer: Peer) -> None:
        while left:
            await peer.request()
            await peer.send(left.pop(0))

    return conversation


# --- sent once ----------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "POST", "PATCH", "OPTIONS"])
@pytest.mark.parametrize("how", ["reset", "closed", "partial head"])
async def test_a_request_whose_reused_connection_dies_is_not_sent_again(
    serve: Serve, upstream: AiohttpUpstream, method: str, how: str
) -> None:
    seen: list[str] = []

    async def conversation(peer: Peer) -> None:
        first, _, _ = await peer.request()
        seen.append(first)
        await peer.send(OK)
        second, _, _ = await peer.request()
        seen.append(second)
        if how == "reset":
            peer.reset()
        elif how == "partial head":
            await peer.send(b"HTTP/1.1 200 O")

    server = await serve(conversation)
    assert (await upstream.send(request(server.url("/warm")), 10)).sends == 1
    body = b"x" if method in {"PUT", "POST", "PATCH"} else b""
    with pytest.raises(UpstreamInterrupted) as caught:
        await upstream.send(request(server.url("/once"), method, body), 10)
    assert dict(caught.value.details)["sends"] == "1"
    await asyncio.sleep(0.05)
    assert seen == ["GET /warm HTTP/1.1", f"{method} /once HTTP/1.1"]
    assert server.connections == 1


async def test_a_large_upload_whose_connection_dies_is_not_sent_again(
    serve: Serve, upstream: AiohttpUpstream
) -> None:
    async def conversation(peer: Peer) -> None:
        await peer.reader.readuntil(b"\r\n\r\n")
        await peer.reader.readexactly(MEBIBYTE)
        peer.reset()

    server = await serve(conversation)
    with pytest.raises(UpstreamInterrupted):
        await upstream.send(request(server.url("/up"), "PUT", bytes(8 * MEBIBYTE)), 10)
    assert server.connections == 1


async def test_nothing_was_sent_where_nobody_listens(upstream: AiohttpUpstream) -> None:
    async with raw_server(answering()) as server:
        url = server.url("/gone")
    with pytest.raises(UpstreamUnreachable) as caught:
        await upstream.send(request(url, "PUT", b"x"), 10)
    assert dict(caught.value.details)["sends"] == "0"


async def test_nothing_was_sent_where_tls_fails(serve: Serve, upstream: AiohttpUpstream) -> None:
    async def conversation(peer: Peer) -> None:
        await peer.send(b"this is not TLS")

    server = await serve(conversation)
    url = server.url("/").replace("http:", "https:")
    with pytest.raises(UpstreamUnreachable):
        await upstream.send(request(url, "PUT", b"x"), 10)


async def test_waiting_for_a_free_connection_has_a_bound(serve: Serve) -> None:
    async def conversation(peer: Peer) -> None:
        await peer.request()
        await asyncio.sleep(5)

    server = await serve(conversation)
    client = AiohttpUpstream(Limits(total=5, connect=0.2, read=5, connections=1, per_host=1))
    held = asyncio.create_task(client.send(request(server.url("/held")), 10))
    await asyncio.sleep(0.1)
    with pytest.raises(UpstreamUnreachable):
        await client.send(request(server.url("/queued")), 10)
    held.cancel()
    with pytest.raises(asyncio.CancelledError):
        await held
    await client.close()


# --- answers that are not whole -----------------------------------------------------------------


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nshort\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nsho",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\nuntil the end",
        b"HTTP/1.1 200 OK\r\nX-A: " + b"a" * 70_000 + b"\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
        b"not http at all\r\n\r\n",
        b"",
    ],
)
async def test_an_answer_that_is_not_whole_or_not_http_is_no_answer(
    serve: Serve, upstream: AiohttpUpstream, answer: bytes
) -> None:
    server = await serve(answering(answer))
    with pytest.raises(UpstreamInterrupted):
        await upstream.send(request(server.url("/"), "PUT", b"x"), MEBIBYTE)
    assert server.connections == 1


async def test_silence_has_a_bound(serve: Serve) -> None:
    async def conversation(peer: Peer) -> None:
        await peer.request()
        await asyncio.sleep(5)

    server = await serve(conversation)
    client = AiohttpUpstream(Limits(total=5, connect=1, read=0.2))
    with pytest.raises(UpstreamInterrupted):
        await client.send(request(server.url("/"), "POST", b"x"), 10)
    await client.close()


async def test_a_trickle_has_a_bound(serve: Serve) -> None:
    async def conversation(peer: Peer) -> None:
        await peer.request()
        await peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        for _ in range(50):
            await peer.send(b"x")
            await asyncio.sleep(0.05)

    server = await serve(conversation)
    client = AiohttpUpstream(Limits(total=0.4, connect=1, read=1))
    with pytest.raises(UpstreamInterrupted):
        await client.send(request(server.url("/")), 1000)
    await client.close()


# --- bounds -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 101\r\n\r\n" + b"x" * 101,
        b"HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n65\r\n"
        + b"x" * 101
        + b"\r\n0\r\n\r\n",
        b"HTTP/1.1 500 No\r\nContent-Length: 101\r\n\r\n" + b"x" * 101,
    ],
)
async def test_a_body_over_the_bound_is_refused_and_answers_nobody_else(
    serve: Serve, upstream: AiohttpUpstream, answer: bytes
) -> None:
    server = await serve(answering(answer, OK))
    with pytest.raises(ResponseTooLarge):
        await upstream.send(request(server.url("/")), 100)
    assert (await upstream.send(request(server.url("/next")), 100)).body == b"ok"
    if b"9999" in answer:  # the rest was still to come
        assert server.connections == 2


async def test_a_body_at_the_bound_passes(serve: Serve, upstream: AiohttpUpstream) -> None:
    server = await serve(answering(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" + b"x" * 100))
    assert len((await upstream.send(request(server.url("/")), 100)).body) == 100


async def test_the_length_in_answers_without_a_body_passes(
    serve: Serve, upstream: AiohttpUpstream
) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n"
    not_modified = b"HTTP/1.1 304 Not Modified\r\nContent-Length: 999999999\r\n\r\n"
    server = await serve(answering(head, not_modified, b"HTTP/1.1 204 No Content\r\n\r\n", OK))
    first = await upstream.send(request(server.url("/"), "HEAD"), 10)
    assert (first.body, first.headers.get("content-length")) == (b"", "999999999")
    second = await upstream.send(request(server.url("/")), 10)
    assert (second.status, second.body) == (304, b"")
    assert (await upstream.send(request(server.url("/")), 10)).status == 204
    assert (await upstream.send(request(server.url("/")), 10)).body == b"ok"
    assert server.connections == 1


async def test_a_large_body_passes_both_ways(serve: Serve, upstream: AiohttpUpstream) -> None:
    sent = bytes(range(256)) * (20 * 4096)  # 20 MiB

    async def conversation(peer: Peer) -> None:
        _, lines, body = await peer.request()
        assert not [line for line in lines if line.lower().startswith("transfer-encoding")]
        await peer.send(b"HTTP/1.1 201 C\r\nContent-Length: %d\r\n\r\n" % len(body) + body)

    server = await serve(conversation)
    answer = await upstream.send(request(server.url("/"), "PUT", sent), len(sent))
    assert answer.body == sent


# --- nothing added, nothing changed -------------------------------------------------------------


@pytest.mark.parametrize(
    "target",
    [
        "/",
        "/a/b",
        "/a%2e%2e/b",
        "/%2E%2e/b",
        "/a/../b",
        "/a/./b",
        "//a//b/",
        "/a%2Fb%2fc",
        "/a%20b",
        "/%E4%BD%A0",
        "/a;b=c,d'(e)*!@:$&+=~",
        "/p?comp=list&prefix=a%2Fb&restype=container",
        "/p?a=1&a=2&b",
        "/p?a=%2B+%20",
        "/p?x=/?&y=%zz",
        "/%",
        "/a%252e",
    ],
)
async def test_the_request_target_is_sent_byte_for_byte(
    serve: Serve, upstream: AiohttpUpstream, target: str
) -> None:
    seen: list[str] = []

    async def conversation(peer: Peer) -> None:
        seen.append((await peer.request())[0])
        await peer.send(OK)

    server = await serve(conversation)
    await upstream.send(request(server.url(target)), 10)
    assert seen == [f"GET {target} HTTP/1.1"]


async def test_only_the_given_headers_are_sent(serve: Serve, upstream: AiohttpUpstream) -> None:
    seen: list[list[str]] = []

    async def conversation(peer: Peer) -> None:
        for _ in range(3):
            seen.append((await peer.request())[1])
            await peer.send(OK)

    server = await serve(conversation)
    host = f"Host: 127.0.0.1:{server.port}"
    headers = (("host", "evil.example"), ("transfer-encoding", "chunked"), ("connection", "close"))
    await upstream.send(request(server.url("/"), "GET", b"", *headers), 10)
    await upstream.send(request(server.url("/"), "PUT", b"", ("x-ms-a", "1"), ("x-ms-a", "2")), 10)
    await upstream.send(
        request(
            server.url("/"), "PUT", b"abc", ("content-length", "3"), ("accept-encoding", "gzip")
        ),
        10,
    )
    assert seen == [
        [host, "accept-encoding: identity"],
        [host, "x-ms-a: 1", "x-ms-a: 2", "accept-encoding: identity", "Content-Length: 0"],
        [host, "accept-encoding: gzip", "content-length: 3"],
    ]


async def test_content_codings_are_left_as_they_are(
    serve: Serve, upstream: AiohttpUpstream
) -> None:
    packed = gzip.compress(b"content")
    server = await serve(
        answering(
            b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed)
            + packed
        )
    )
    answer = await upstream.send(request(server.url("/")), 1000)
    assert answer.body == packed
    assert answer.headers.get("content-encoding") == "gzip"


async def test_repeated_and_odd_response_headers_survive(
    serve: Serve, upstream: AiohttpUpstream
) -> None:
    server = await serve(
        answering(
            b"HTTP/1.1 200 OK\r\nX-A: 1\r\nSet-Cookie: a=1\r\nx-a: 2\r\nX-Latin: \xe9\r\n"
            b"X-Long: " + b"l" * 20_000 + b"\r\nContent-Length: 0\r\n\r\n"
        )
    )
    answer = await upstream.send(request(server.url("/")), 10)
    assert answer.headers.all("x-a") == ("1", "2")
    assert answer.headers.get("x-latin") == "\xe9"
    assert len(answer.headers.get("x-long") or "") == 20_000


async def test_cookies_are_not_sent_back(serve: Serve, upstream: AiohttpUpstream) -> None:
    seen: list[str] = []

    async def conversation(peer: Peer) -> None:
        for _ in range(2):
            seen.extend((await peer.request())[1])
            await peer.send(b"HTTP/1.1 200 OK\r\nSet-Cookie: s=1\r\nContent-Length: 0\r\n\r\n")

    server = await serve(conversation)
    for _ in range(2):
        await upstream.send(request(server.url("/")), 10)
    assert not [line for line in seen if line.lower().startswith("cookie")]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_are_answers(serve: Serve, upstream: AiohttpUpstream, status: int) -> None:
    server = await serve(
        answering(
            b"HTTP/1.1 %d R\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n" % status
        )
    )
    answer = await upstream.send(request(server.url("/"), "PUT", b"x"), 10)
    assert (answer.status, answer.headers.get("location")) == (status, "http://127.0.0.1:1/")


async def test_early_hints_are_not_the_answer(serve: Serve, upstream: AiohttpUpstream) -> None:
    server = await serve(answering(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + OK))
    answer = await upstream.send(request(server.url("/")), 10)
    assert (answer.status, answer.body) == (200, b"ok")


async def test_a_second_answer_on_a_connection_answers_nobody(
    serve: Serve, upstream: AiohttpUpstream
) -> None:
    async def conversation(peer: Peer) -> None:
        await peer.request()
        if peer.number == 0:
            await peer.send(OK + OK.replace(b"ok", b"no"))
            await peer.request()
        await peer.send(OK)

    server = await serve(conversation)
    assert (await upstream.send(request(server.url("/1")), 10)).body == b"ok"
    assert (await upstream.send(request(server.url("/2")), 10)).body == b"ok"


async def test_what_arrives_on_an_idle_connection_answers_nobody(
    serve: Serve, upstream: AiohttpUpstream
) -> None:
    async def conversation(peer: Peer) -> None:
        await peer.request()
        await peer.send(OK)
        if peer.number == 0:
            await asyncio.sleep(0.05)
            await peer.send(OK.replace(b"ok", b"no"))
            await peer.request()
            await peer.send(OK)

    server = await serve(conversation)
    assert (await upstream.send(request(server.url("/1")), 10)).body == b"ok"
    await asyncio.sleep(0.15)
    assert (await upstream.send(request(server.url("/2")), 10)).body == b"ok"


async def test_an_idle_connection_is_left_before_its_server_closes_it(serve: Serve) -> None:
    peers: set[int] = set()

    async def conversation(peer: Peer) -> None:
        while True:
            await peer.request()
            peers.add(peer.number)
            await peer.send(OK)

    server = await serve(conversation)
    client = AiohttpUpstream(Limits(keep_alive=0.1))
    for pause in (0, 0.3):
        await client.send(request(server.url("/")), 10)
        await asyncio.sleep(pause)
    await client.send(request(server.url("/")), 10)
    await client.close()

    assert len(peers) == 2
    # Node closes what has been idle for five seconds, the storage emulator's server among them.
    assert Limits().keep_alive < 5


async def test_the_client_works_again_after_it_was_closed(
    serve: Serve, upstream: AiohttpUpstream
) -> None:
    server = await serve(answering(OK, OK))
    await upstream.send(request(server.url("/")), 10)
    await upstream.close()
    await upstream.close()
    assert (await upstream.send(request(server.url("/")), 10)).status == 200


# --- refused before anything is sent ------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/",
        "http://169.254.169.254/metadata",
        "ftp://127.0.0.1/",
        "file:///etc/passwd",
        "https:///nohost",
        "https://user:password@example.com/",
        "https://127.0.0.1",
        "https://127.0.0.1?query",
        "https://127.0.0.1/a b",
        "https://127.0.0.1/a\r\nx: y",
        "https://127.0.0.1/a#fragment",
        "https://127.0.0.1/é",
        "https://127.0.0.1:99999/",
        "https://[::1/",
        "https://127.0.0.1/?",
        "/relative",
        "",
    ],
)
async def test_an_url_that_may_not_be_reached_or_not_be_sent_as_it_stands_is_refused(
    upstream: AiohttpUpstream, url: str
) -> None:
    with pytest.raises(UpstreamUnreachable) as caught:
        await upstream.send(request(url), 10)
    assert dict(caught.value.details)["sends"] == "0"
    assert url not in str(caught.value) or not url


@pytest.mark.parametrize(
    ("method", "header"),
    [
        ("GET", ("x-a", "a\r\nx-b: c")),
        ("GET", ("x-a", "a\0")),
        ("GET", ("x-a", "é")),
        ("GET", ("x a", "a")),
        ("GET", ("", "a")),
        ("PUT", ("content-length", "7")),
        ("GET /x HTTP/1.1\r\n", ("x-a", "a")),
        ("", ("x-a", "a")),
    ],
)
async def test_a_request_that_would_break_its_framing_is_refused(
    upstream: AiohttpUpstream, method: str, header: tuple[str, str]
) -> None:
    with pytest.raises(UpstreamUnreachable):
        await upstream.send(request("http://127.0.0.1:9/", method, b"x", header), 10)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.8.8", "[::1]"])
async def test_plain_http_is_for_loopback(upstream: AiohttpUpstream, host: str) -> None:
    with pytest.raises(UpstreamUnreachable, match="could not be reached"):
        await upstream.send(request(f"http://{host}:1/"), 10)


# --- TLS ----------------------------------------------------------------------------------------


async def test_a_certificate_is_checked_against_the_system_and_the_given_authorities(
    tmp_path: Path, upstream: AiohttpUpstream
) -> None:
    async with key_vault(tmp_path) as server:
        with pytest.raises(UpstreamUnreachable):
            await upstream.send(request(server.url + "/secrets/a"), 1000)
        trusting = AiohttpUpstream(ca_file=server.ca_file)
        assert (await trusting.send(request(server.url + "/secrets/a"), 1000)).status == 401
        named = server.url.replace("127.0.0.1", "localhost")
        with pytest.raises(UpstreamUnreachable):
            await trusting.send(request(named + "/secrets/a"), 1000)
        await trusting.close()
