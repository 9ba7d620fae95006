"""Approvals on real stores and a real upstream, as one process among several builds them.

Real: tickets, encrypted requests and results, queue, journal, evidence store, upstream client, the
pipeline. Fixed: identity, manifest, keys. `shift` sets the clock forward, for what waits.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from azure.data.tables.aio import TableClient
from azure.storage.blob.aio import ContainerClient
from azure.storage.queue.aio import QueueClient

from gateway.adapters.evidence_store import BlobEvidenceStore
from gateway.adapters.held_requests import BlobDeposit
from gateway.adapters.http_upstream import AiohttpUpstream
from gateway.adapters.queues import StorageQueue
from gateway.adapters.state_store import BlobStateStore
from gateway.adapters.system import SystemClock, SystemEntropy
from gateway.adapters.tickets import TableTickets
from gateway.evidence.chain import Instance
from gateway.recording.journal import GroupCommitJournal
from tests.fakes.asking import MANIFEST, Scene

Wrap = Callable[[str, object], Any]


@dataclass(frozen=True, slots=True)
class ShiftedClock:
    """The time, some seconds on."""

    shift: float = 0

    def now(self) -> datetime:
        return SystemClock().now() + timedelta(seconds=self.shift)


@dataclass
class RealScene(Scene):
    """A scene whose expiry runs on a real lease."""

    state: Any = field(default=None)

    def expiry(self) -> Any:
        return replace(super().expiry(), state=self.state)


@asynccontextmanager
async def scene_of(
    run: dict[str, Any], wrap: Wrap = lambda _, target: target
) -> AsyncIterator[RealScene]:
    """A gateway on the stores that `run` names; `wrap` goes around each port."""
    scene = RealScene()
    scene.manifest = MANIFEST.replace(
        b"https://clinicdata.blob.core.windows.net", run["upstream"].encode()
    ).replace(b"expires_minutes: 5", b"expires_minutes: 60")
    state, evidence = run["state"], run["evidence"]
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        container = ContainerClient.from_connection_string
        scene.clock = ShiftedClock(run.get("shift", 0))  # type: ignore[assignment]
        scene.entropy = SystemEntropy()  # type: ignore[assignment]
        table = await enter(TableClient.from_connection_string(state, run["table"]))
        queue = await enter(QueueClient.from_connection_string(state, run["name"]))
        held = await enter(container(state, f"{run['name']}-held"))
        results = await enter(container(state, f"{run['name']}-results"))
        store = wrap("store", BlobEvidenceStore(await enter(container(evidence, run["name"]))))
        journal = GroupCommitJournal(
            store, scene.clock, SystemEntropy(), Instance("scene", "0", "sha256:" + "0" * 64)
        )
        stack.push_async_callback(journal.close)
        upstream = AiohttpUpstream()
        stack.push_async_callback(upstream.close)
        scene.evidence = wrap(
            "evidence", BlobEvidenceStore(await enter(container(evidence, run["name"])))
        )
        scene.state = BlobStateStore(await enter(container(state, f"{run['name']}-held")))
        scene.tickets = wrap("tickets", TableTickets(table))
        scene.requests = wrap("requests", BlobDeposit(held))
        scene.results = wrap("results", BlobDeposit(results))
        scene.work = wrap("work", StorageQueue(queue))
        scene.notices = scene.work
        scene.journal = wrap("journal", journal)
        scene.upstream = wrap("upstream", upstream)
        scene.deny_list = wrap("deny_list", scene.deny_list)
        scene.keys = wrap("keys", scene.keys)
        scene.authorizer = wrap("authorizer", scene.authorizer)
        yield scene
