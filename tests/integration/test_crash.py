"""The process is killed at every step: nothing that changes anything went out without an intent."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from gateway.evidence.verify import verify
from gateway.local.azurite import Azurite
from tests.conftest import FreshContainer

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket]

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Upstream:
    """A loopback server that remembers the requests it has received in full."""

    url: str = ""
    received: list[str] = field(default_factory=list)


@pytest.fixture
async def upstream() -> AsyncIterator[Upstream]:
    seen = Upstream()

    async def answer(request: web.Request) -> web.Response:
        await request.read()
        seen.received.append(request.method)
        return web.Response(status=201, headers={"etag": '"1"'})

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    seen.url = f"http://127.0.0.1:{port}/clinicdata"
    yield seen
    await runner.cleanup()


@pytest.fixture
async def child() -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.integration.crash_child",
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    yield process
    assert process.stdin is not None
    process.stdin.close()
    await asyncio.wait_for(process.wait(), 20)


async def ask(child: asyncio.subprocess.Process, run: dict[str, Any]) -> dict[str, Any]:
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write(json.dumps(run).encode() + b"\n")
    await child.stdin.drain()
    line = await asyncio.wait_for(child.stdout.readline(), 30)
    return json.loads(line)  # type: ignore[no-any-return]


@pytest.mark.parametrize("message", ["write", "copy", "read"])
async def test_a_killed_process_has_forwarded_nothing_that_is_not_on_record(
    message: str,
    azurite: Azurite,
    fresh_container: FreshContainer,
    upstream: Upstream,
    child: asyncio.subprocess.Process,
) -> None:
    steps, number, after = 0, 0, False
    while True:
        container = await fresh_container("chaperoneevidence")
        upstream.received.clear()
        result = await ask(
            child,
            {
                "connection_string": azurite.connection_string("chaperoneevidence"),
                "container": container.container_name,
                "upstream": upstream.url,
                "message": message,
                "number": number,
                "after": after,
            },
        )
        journals = {}
        async for blob in container.list_blobs():
            download = await container.download_blob(blob.name)
            journals[blob.name] = await download.readall()
        types = [
            json.loads(line)["type"] for data in journals.values() for line in data.splitlines()
        ]
        where = f"{message}: killed {'after' if after else 'before'} call {number}"
        if upstream.received:
            assert "intent" in types, f"{where}: forwarded without an intent"
        if journals:
            report = verify(sorted(journals.items()))
            assert report.verdict != 1, f"{where}: the recording is invalid: {report}"
        if not result["killed"]:
            break
        steps += 1
        number, after = (number, True) if not after else (number + 1, False)

    assert len(upstream.received) == 1
    assert types == ["open", "intent", "outcome", "close"]
    # Every port and every store call was a place to die at, twice.
    assert steps == 2 * len(result["calls"])
