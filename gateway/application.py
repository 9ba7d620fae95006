"""One running gateway: what the ingress, the timers and the local host call."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from gateway.errors import GatewayError, Reason, Unavailable
from gateway.ingress.contract import Pages
from gateway.model.connection import ConnectionKind, Dialect
from gateway.model.message import Answer, Request
from gateway.model.signals import Signal
from gateway.pipeline import Pipeline
from gateway.ports import (
    Clock,
    EvidenceStore,
    Manifests,
    MaskedCache,
    RetentionGuard,
    SessionMemory,
    Telemetry,
)
from gateway.recording.counter import Counter
from gateway.recording.journal import GroupCommitJournal
from gateway.recording.lag import Lag
from gateway.recording.package_note import PackageNote
from gateway.recording.sweeper import sweep
from gateway.settings import Environment, Settings

if TYPE_CHECKING:
    from gateway.assembly import Asking
    from gateway.recording.notary import Notary
    from gateway.recording.sequencer import Sequencer

SWEEP_IDLE: Final = timedelta(hours=2)
"""A journal is abandoned when it has not grown for two roll-over intervals."""

_DIALECTS: Final = {ConnectionKind.BLOB: Dialect.XML, ConnectionKind.FHIR: Dialect.FHIR}


@dataclass(frozen=True, slots=True)
class Application:
    """One running gateway: what `gateway.ingress` needs of it.

    Attributes:
        sequencer: constructed by the timer that first needs it; so is `notary`.
        asking: constructed by the first visit, message or timer; None where there is no queue.
    """

    settings: Settings
    pipeline: Pipeline
    manifests: Manifests
    store: EvidenceStore
    journal: GroupCommitJournal
    masked: MaskedCache
    names: SessionMemory
    retention: RetentionGuard
    counter: Counter
    clock: Clock
    sequencer: "Callable[[], Sequencer]"
    notary: "Callable[[], Notary]"
    challenge: str
    pages: Pages
    asking: "Callable[[], Awaitable[Asking]] | None"
    resources: AsyncExitStack
    telemetry: Telemetry
    lag: Lag
    package: PackageNote

    @property
    def public_url(self) -> str:
        """The origin that agents use."""
        return self.settings.public_url

    @property
    def max_request_bytes(self) -> int:
        """Bound on a request's body."""
        return self.settings.max_request_bytes

    async def handle(self, request: Request) -> Answer:
        """One request through the pipeline; raises GatewayError only."""
        await self.retention.require()
        return await self.pipeline.handle(request)

    async def dialect(self, connection: str) -> Dialect:
        """Blob services answer in XML; what is not known answers in JSON."""
        try:
            policy = await self.manifests.current()
        except GatewayError:
            return Dialect.JSON
        found = policy.connections.get(connection)
        return _DIALECTS[found.kind] if found else Dialect.JSON

    async def operation(self, ticket_id: str, request: Request) -> Answer:
        """How a held request stands, for its own principal; raises GatewayError only."""
        await self.retention.require()
        return await (await self._asking()).operations.status(ticket_id, request)

    async def take(self, queue: str, text: str) -> None:
        """One message of a queue; raises GatewayError where it must come again."""
        await self.retention.require()
        await (await self._asking()).take(queue, text)

    async def _asking(self) -> "Asking":
        if self.asking is None:
            raise Unavailable("this gateway cannot ask anybody", reason=Reason.APPROVAL_UNAVAILABLE)
        return await self.asking()

    async def ready(self) -> Mapping[str, str]:
        """Each thing without which every request would be refused."""
        checks = {
            "manifest": self.manifests.current,
            "digest-key": self.pipeline.digest_keys.current,
            "evidence": self._evidence_readable,
        }
        if self.settings.environment is Environment.PRODUCTION:
            checks["evidence-policy"] = self.retention.require
        return {name: await _state(check) for name, check in checks.items()}

    async def tick(self, timer: str) -> None:
        """Timers of `function_app.py`.

        "sweep" deletes expired masked parts and names and closes abandoned journals; "count"
        writes counters and closes an idle journal; "policy" looks at the retention policy,
        "project" brings the index up to date, "attest" the log and its checkpoints.

        Raises:
            GatewayError: not done this time.
        """
        match timer:
            case "sweep":
                await self.masked.sweep()
                await self.names.sweep()
                telemetry = self.telemetry
                await sweep(self.store, self.journal, self.clock, SWEEP_IDLE, telemetry=telemetry)
            case "approvals" if self.asking is None:
                return
            case "approvals":
                await (await self._asking()).expiry.sweep()
            case "count":
                await self.counter.flush()
                await self.journal.tick()
                await self.package.check()
            case "policy":
                await self._check_policy()
            case "project":
                (await self.lag.watched(self.sequencer().project)).require_whole()
            case "attest":
                await self.notary().attest()
            case _:
                raise GatewayError("no such timer")

    async def _check_policy(self) -> None:
        try:
            await self.retention.check()
        except Unavailable:
            self.telemetry.add(Signal.POLICY_UNLOCKED)
            raise

    async def close(self) -> None:
        """Write the counters, close the journal, then every connection."""
        await self.resources.aclose()

    async def _evidence_readable(self) -> None:
        async for _ in self.store.list("manifests/"):
            return


async def _state(check: Callable[[], Awaitable[object]]) -> str:
    try:
        await check()
    except GatewayError as error:
        return str(error.reason)
    return "ok"
