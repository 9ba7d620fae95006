"""Stores of their own for one test of approvals, an upstream that counts, and child processes."""

import asyncio
import json
import sys
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web
from azure.data.tables.aio import TableServiceClient
from azure.storage.blob.aio import BlobServiceClient
from azure.storage.queue.aio import QueueServiceClient

from gateway.evidence.findings import Report
from gateway.evidence.verify import verify
from tests.standins.guarded import Guarded

ANSWER_SECONDS = 180
"""A process that hangs; one on a machine that is busy takes tens of seconds."""
ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Upstream:
    """A loopback server that remembers the requests it has received in full."""

    url: str = ""
    received: list[str] = field(default_factory=list)


@asynccontextmanager
async def counting_upstream() -> AsyncIterator[Upstream]:
    seen = Upstream()

    async def answer(request: web.Request) -> web.Response:
        await request.read()
        seen.received.append(request.path)
        return web.Response(status=202)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    seen.url = f"http://127.0.0.1:{runner.addresses[0][1]}/clinicdata"
    try:
        yield seen
    finally:
        await runner.cleanup()


async def fresh_stores(azurite: Guarded, upstream: Upstream) -> dict[str, Any]:
    """A run of `approvals_scene` on new containers, table and queue."""
    name = f"t{uuid.uuid4().hex}"
    state = azurite.connection_string("chaperonestate")
    evidence = azurite.direct("chaperoneevidence")
    async with (
        BlobServiceClient.from_connection_string(state) as blobs,
        BlobServiceClient.from_connection_string(evidence) as records,
        TableServiceClient.from_connection_string(state) as tables,
        QueueServiceClient.from_connection_string(state) as queues,
    ):
        await blobs.create_container(f"{name}-held")
        await blobs.create_container(f"{name}-results")
        await records.create_container(name)
        await tables.create_table(name)
        await queues.create_queue(name)
    return {
        "name": name,
        "table": name,
        "state": state,
        "evidence": azurite.connection_string("chaperoneevidence"),
        "upstream": upstream.url,
    }


async def journals(run: dict[str, Any]) -> dict[str, bytes]:
    """Every journal there is."""
    found: dict[str, bytes] = {}
    async with BlobServiceClient.from_connection_string(run["evidence"]) as service:
        container = service.get_container_client(run["name"])
        async for blob in container.list_blobs(name_starts_with="journal/"):
            download = await container.download_blob(blob.name)
            found[blob.name] = await download.readall()
    return found


async def evidence_of(run: dict[str, Any]) -> tuple[list[dict[str, Any]], Report]:
    """All records, and what an auditor would find."""
    found = await journals(run)
    records = [json.loads(line) for data in found.values() for line in data.splitlines()]
    return records, verify(sorted(found.items()))


@asynccontextmanager
async def child_process() -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.integration.approvals_child",
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
    line = await asyncio.wait_for(child.stdout.readline(), ANSWER_SECONDS)
    return json.loads(line)  # type: ignore[no-any-return]
