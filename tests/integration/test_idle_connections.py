"""Bursts after a pause about as long as a server keeps an idle connection.

Node's server, and so the storage emulator's, closes a connection that has been idle for five
seconds. Clients that kept theirs for longer meet that moment; the gateway's own leaves before.
"""

import asyncio
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from aiohttp import web

from gateway.adapters.authorizer import ConnectionAuthorizer
from gateway.adapters.http_upstream import AiohttpUpstream, Limits
from gateway.adapters.system import SystemClock
from gateway.errors import UpstreamInterrupted
from gateway.local.azurite import Azurite
from gateway.model.connection import (
    Connection,
    ConnectionKind,
    Credential,
    CredentialKind,
    Endpoint,
    Masking,
)
from gateway.model.message import Headers, UpstreamRequest, UpstreamResponse
from tests.conftest import FreshContainer
from tests.fakes.secrets import FakeSecrets, FakeTokens

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket]

ACCOUNT = "researchdata"
PAUSES = [4.0 + step / 5 for step in range(11)]
BURST = 3
SERVICE = ("x-ms-version", "2023-11-03")
NEW = (SERVICE, ("x-ms-blob-type", "BlockBlob"), ("if-none-match", "*"))


@dataclass
class Seen:
    """What became of the requests of one client: sends by (method, status), and failures."""

    answered: Counter[tuple[str, int]] = field(default_factory=Counter)
    sends: Counter[tuple[str, int]] = field(default_factory=Counter)
    interrupted: list[str] = field(default_factory=list)


class Client:
    """The gateway's upstream client, signing for the storage emulator."""

    def __init__(self, url: str, azurite: Azurite, limits: Limits) -> None:
        self._url = url
        self._authorizer = ConnectionAuthorizer(
            FakeSecrets({"key": azurite.keys[ACCOUNT]}), FakeTokens(), SystemClock()
        )
        self._connection = Connection(
            "research",
            ConnectionKind.BLOB,
            Endpoint("http", "127.0.0.1", 1, f"/{ACCOUNT}", ACCOUNT),
            Credential(CredentialKind.ACCOUNT_KEY, secret="key"),
            Masking("none", 0, ephi=False),
        )
        self.upstream = AiohttpUpstream(limits)

    async def send(
        self, method: str, name: str, *headers: tuple[str, str], read: bool
    ) -> UpstreamResponse:
        body = b"content" if method == "PUT" else b""
        request = UpstreamRequest(method, f"{self._url}/{name}", Headers.of(headers), body)
        signed = await self._authorizer.authorize(self._connection, request)
        return await self.upstream.send(signed, 1000, read=read)

    async def after(self, pause: float) -> Seen:
        """Warm several connections, leave them idle, then send reads and writes all at once."""
        seen = Seen()
        prefix = f"{pause}-{uuid.uuid4().hex}"
        await asyncio.gather(*(self._one(seen, "GET", "there") for _ in range(2 * BURST)))
        await asyncio.sleep(pause)
        await asyncio.gather(
            *(self._one(seen, "GET", "there") for _ in range(BURST)),
            *(self._one(seen, "PUT", f"{prefix}-{number}") for number in range(BURST)),
        )
        await self.upstream.close()
        return seen

    async def _one(self, seen: Seen, method: str, name: str) -> None:
        headers = NEW if method == "PUT" else (SERVICE,)
        try:
            answer = await self.send(method, name, *headers, read=method == "GET")
        except UpstreamInterrupted:
            seen.interrupted.append(method)
        else:
            seen.answered[method, answer.status] += 1
            seen.sends[method, answer.sends] += 1


@asynccontextmanager
async def five_seconds() -> AsyncIterator[tuple[str, Counter[str]]]:
    """A server that closes what has been idle for five seconds, and counts what it receives."""
    received: Counter[str] = Counter()

    async def answer(request: web.Request) -> web.Response:
        await request.read()
        received[f"{request.method} {request.path}"] += 1
        return web.Response(status=201 if request.method == "PUT" else 200)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, keepalive_timeout=5)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/{ACCOUNT}/box", received
    finally:
        await runner.cleanup()


async def bursts(url: str, azurite: Azurite, limits: Limits) -> Sequence[Seen]:
    clients = [Client(url, azurite, limits) for _ in PAUSES]
    return await asyncio.gather(
        *(client.after(pause) for client, pause in zip(clients, PAUSES, strict=True))
    )


def check(found: Sequence[Seen]) -> None:
    """Every read has its answer; a change was sent once, and has it too or says that it may."""
    for seen in found:
        assert seen.answered["GET", 200] == 3 * BURST
        # 409 would be a second time: each blob is created, and only where it is not there.
        assert seen.answered["PUT", 201] + seen.interrupted.count("PUT") == BURST
        assert set(seen.answered) <= {("GET", 200), ("PUT", 201)}
        assert seen.sends.keys() <= {("GET", 1), ("GET", 2), ("PUT", 1)}
        assert "GET" not in seen.interrupted


async def test_bursts_after_a_pause_are_answered_and_no_change_is_sent_twice(
    azurite: Azurite, fresh_container: FreshContainer
) -> None:
    box = await fresh_container(ACCOUNT)
    await box.upload_blob("there", b"content")
    emulator = f"{azurite.account_url(ACCOUNT)}/{box.container_name}"
    async with five_seconds() as (url, received):
        # Connections kept for longer than both servers keep theirs, and as the gateway keeps them.
        longer, emulator_longer, leaving, emulator_leaving = await asyncio.gather(
            bursts(url, azurite, Limits(keep_alive=60)),
            bursts(emulator, azurite, Limits(keep_alive=60)),
            bursts(url, azurite, Limits()),
            bursts(emulator, azurite, Limits()),
        )
    for found in (longer, emulator_longer, leaving, emulator_leaving):
        check(found)
    for seen in (*leaving, *emulator_leaving):
        assert seen.interrupted == []
        assert ("GET", 2) not in seen.sends

    puts = {line: count for line, count in received.items() if line.startswith("PUT")}
    assert set(puts.values()) == {1}
    answered = sum(seen.answered["PUT", 201] for seen in (*longer, *leaving))
    assert answered <= len(puts) <= 2 * len(PAUSES) * BURST
    names = {name async for name in box.list_blob_names()} - {"there"}
    answered = sum(seen.answered["PUT", 201] for seen in (*emulator_longer, *emulator_leaving))
    assert answered <= len(names) <= 2 * len(PAUSES) * BURST
