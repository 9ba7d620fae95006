"""Appends past the SDK: what is sent, what answers become, and that nothing is sent twice."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import timedelta
from types import TracebackType
from typing import Any, Self

import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError

from gateway.adapters.evidence_append import DirectAppends, KeySignature, TokenSignature
from gateway.errors import (
    ConfigurationError,
    NotFound,
    PreconditionFailed,
    StoreError,
    StoreUnavailable,
)
from gateway.model.message import Headers, UpstreamRequest
from tests.fakes.evidence import FakeEvidenceStore
from tests.fakes.time import NOON, FakeClock
from tests.standins.sockets import Conversation, Peer, RawServer, raw_server

sockets = [pytest.mark.integration, pytest.mark.enable_socket]
KEY = "c2VjcmV0LWtleQ=="
CREATED = b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n"

Serve = Callable[[Conversation], Awaitable[tuple[RawServer, DirectAppends]]]


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    async with AsyncExitStack() as stack:

        async def make(conversation: Conversation) -> tuple[RawServer, DirectAppends]:
            server = await stack.enter_async_context(raw_server(conversation))
            store = appends(server.url("/account/evidence"))
            stack.push_async_callback(store.close)
            return server, store

        yield make


def appends(url: str, timeout_seconds: float = 5) -> DirectAppends:
    sign = KeySignature("account", KEY, FakeClock())
    return DirectAppends(FakeEvidenceStore(), url, sign, timeout_seconds=timeout_seconds)


def refusing(status: int, code: str = "") -> Conversation:
    async def conversation(peer: Peer) -> None:
        while True:
            await peer.request()
            line = f"x-ms-error-code: {code}\r\n" if code else ""
            await peer.send(f"HTTP/1.1 {status} No\r\n{line}Content-Length: 4\r\n\r\nbody".encode())

    return conversation


# --- what is sent -------------------------------------------------------------------------------


class TestOnTheWire:
    pytestmark = sockets

    async def test_an_append_names_its_position_and_is_signed(self, serve: Serve) -> None:
        seen: list[tuple[str, list[str], bytes]] = []

        async def conversation(peer: Peer) -> None:
            while True:
                seen.append(await peer.request())
                await peer.send(CREATED)

        server, store = await serve(conversation)
        assert await store.append("journal/2026/11/23/a-0.ndjson", b"line\n", 10) == 15
        assert await store.append("journal/2026/11/23/a-0.ndjson", b"more\n", 15) == 20
        line, headers, body = seen[0]
        fields = dict(item.split(": ", 1) for item in headers)
        fields = {name.lower(): value for name, value in fields.items()}
        target = "/account/evidence/journal/2026/11/23/a-0.ndjson?comp=appendblock"
        assert line == f"PUT {target} HTTP/1.1"
        assert body == b"line\n"
        assert fields["x-ms-blob-condition-appendpos"] == "10"
        assert fields["content-length"] == "5"
        assert fields["x-ms-date"] == "Mon, 03 Aug 2026 12:00:00 GMT"
        assert fields["authorization"].startswith("SharedKey account:")
        assert server.connections == 1, "the connection is kept"

    @pytest.mark.parametrize(
        ("status", "code", "expected"),
        [
            (404, "BlobNotFound", NotFound),
            (412, "AppendPositionConditionNotMet", PreconditionFailed),
            (412, "ConditionNotMet", StoreUnavailable),
            (404, "ContainerNotFound", StoreUnavailable),
            (409, "BlobImmutableDueToPolicy", StoreUnavailable),
            (409, "BlockCountExceedsLimit", StoreUnavailable),
            (412, "", StoreUnavailable),
            (404, "", StoreUnavailable),
            (401, "", StoreUnavailable),
            (307, "", StoreUnavailable),
            (200, "", StoreUnavailable),
            (500, "InternalError", StoreUnavailable),
            (503, "<script>", StoreUnavailable),
        ],
    )
    async def test_codes_decide_and_a_status_alone_does_not(
        self, serve: Serve, status: int, code: str, expected: type[StoreError]
    ) -> None:
        _, store = await serve(refusing(status, code))
        with pytest.raises(StoreError) as caught:
            await store.append("journal/a", b"line\n", 10)
        assert type(caught.value) is expected
        assert "<" not in str(caught.value.details)

    async def test_what_dies_on_a_kept_connection_is_not_sent_again(self, serve: Serve) -> None:
        received = 0

        async def conversation(peer: Peer) -> None:
            nonlocal received
            await peer.request()
            received += 1
            await peer.send(CREATED)
            await peer.request()
            received += 1
            peer.reset()

        _, store = await serve(conversation)
        await store.append("journal/a", b"1", 0)
        with pytest.raises(StoreUnavailable, match="may have landed") as caught:
            await store.append("journal/a", b"2", 1)
        assert received == 2
        assert KEY not in f"{caught.value}{caught.value.details}"

    async def test_a_store_that_does_not_answer_has_a_bound(self, serve: Serve) -> None:
        async def conversation(peer: Peer) -> None:
            await peer.request()
            await asyncio.sleep(5)

        server, _ = await serve(conversation)
        store = appends(server.url("/e"), timeout_seconds=0.05)
        with pytest.raises(StoreUnavailable, match="may have landed"):
            await store.append("journal/a", b"1", 0)
        await store.close()

    async def test_nobody_there_is_unavailable(self, serve: Serve) -> None:
        store = appends("http://127.0.0.1:1/e")
        with pytest.raises(StoreUnavailable):
            await store.append("journal/a", b"1", 0)
        await store.close()
        await store.close()


# --- everything else ----------------------------------------------------------------------------


async def test_other_calls_go_to_the_store_behind() -> None:
    behind = FakeEvidenceStore()
    store = DirectAppends(behind, "https://a.blob.core.windows.net/e", signature(Identity()))
    await store.create("journal/a")
    await store.put("manifests/a", b"content")
    assert await store.read("manifests/a", 2, 3) == b"nte"
    assert [blob.name async for blob in store.list("")] == ["journal/a", "manifests/a"]


class Identity:
    """A credential that counts how often it is asked, or fails."""

    def __init__(self, error: Exception | None = None, word: str = "token") -> None:
        self.asked = 0
        self._error = error
        self._word = word

    async def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        self.asked += 1
        assert scopes == ("https://storage.azure.com/.default",)
        if self._error is not None:
            raise self._error
        return AccessToken(f"{self._word}{self.asked}", int(NOON.timestamp()) + 3600)

    async def close(self) -> None: ...

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None: ...


def signature(identity: Identity, clock: FakeClock | None = None) -> TokenSignature:
    return TokenSignature(identity, clock or FakeClock())


async def authorization(sign: TokenSignature) -> str | None:
    signed = await sign(UpstreamRequest("PUT", "https://a/b", Headers(), b""))
    return signed.headers.get("authorization")


async def test_a_token_is_kept_until_shortly_before_it_expires() -> None:
    identity, clock = Identity(), FakeClock()
    sign = signature(identity, clock)
    assert await authorization(sign) == "Bearer token1"
    clock.advance(timedelta(minutes=54))
    assert await authorization(sign) == "Bearer token1"
    clock.advance(timedelta(minutes=2))
    assert await authorization(sign) == "Bearer token2"


async def test_a_token_that_was_refused_is_asked_for_again() -> None:
    sign = signature(Identity())
    await authorization(sign)
    sign.forget()
    assert await authorization(sign) == "Bearer token2"


def test_a_token_shows_in_no_repr() -> None:
    assert repr(signature(Identity())) == "TokenSignature()"


@pytest.mark.parametrize(
    "identity",
    [Identity(ClientAuthenticationError("secret")), Identity(word="two words")],
)
async def test_without_a_token_nothing_is_sent(identity: Identity) -> None:
    store = DirectAppends(FakeEvidenceStore(), "https://127.0.0.1:1/e", signature(identity))
    with pytest.raises(StoreUnavailable) as caught:
        await store.append("journal/a", b"1", 0)
    await store.close()
    assert "secret" not in f"{caught.value}{caught.value.details}"


def test_a_token_is_not_sent_in_clear() -> None:
    with pytest.raises(ConfigurationError, match="https"):
        DirectAppends(FakeEvidenceStore(), "http://127.0.0.1:1/e", signature(Identity()))


def test_a_key_that_is_none_stops_the_start() -> None:
    with pytest.raises(ConfigurationError, match="base64"):
        KeySignature("account", "not base64!", FakeClock())


@pytest.mark.integration
@pytest.mark.enable_socket
async def test_a_refused_token_is_not_used_again() -> None:
    async with raw_server(refusing(401)) as server:
        identity = Identity()
        store = DirectAppends(FakeEvidenceStore(), "https://x/e", signature(identity))
        store._url = server.url("/e")  # https in production; the refusal is the same
        for _ in range(2):
            with pytest.raises(StoreUnavailable):
                await store.append("journal/a", b"1", 0)
        await store.close()
    assert identity.asked == 2
