"""The active manifest as this instance knows it: polled on use, never older than it may be."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.errors import ConfigurationError, GatewayError, NotFound, Reason, Unavailable
from gateway.model.own import Own
from gateway.model.signals import Signal
from gateway.policy.active import (
    ORDER,
    POINTER,
    Activation,
    Pointer,
    blob_name,
    confirm,
    require_digest,
    require_latest,
)
from gateway.policy.policy import Policy
from gateway.ports import SILENT, Clock, EvidenceStore, StateStore, Telemetry
from gateway.refresh.age import within

_RETRY = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class _Known:
    """What was active at `read_at`, the moment before reading began."""

    activation: Activation
    policy: Policy
    read_at: datetime


class ManifestWatch:
    """Serves the active policy, and refuses when it cannot know what is active.

    A new activation takes effect on every instance within `max_age_seconds`: a request within
    `poll_seconds` of the last look takes what is known; a later one takes it too and starts a look
    behind its back; past the maximum age requests wait for that look, and fail if it fails.
    """

    def __init__(  # noqa: PLR0913 - three stores and three words of configuration
        self,
        store: EvidenceStore,
        state: StateStore,
        clock: Clock,
        *,
        own: Own,
        poll_seconds: int = 10,
        max_age_seconds: int = 60,
        telemetry: Telemetry = SILENT,
    ) -> None:
        self._store = store
        self._state = state
        self._clock = clock
        self._own = own
        self._poll = timedelta(seconds=poll_seconds)
        self._max_age = timedelta(seconds=max_age_seconds)
        self._telemetry = telemetry
        self._rejected = ""
        self._known: _Known | None = None
        self._failure: Unavailable | None = None
        self._attempted_at: datetime | None = None
        self._look: asyncio.Task[None] | None = None

    async def current(self) -> Policy:
        """The policy of the active manifest.

        Raises:
            Unavailable: MANIFEST_UNAVAILABLE: none was activated, or what is active cannot be read,
                confirmed or used.
        """
        usable = self._usable()
        if usable is not None:
            if self._due():
                self._start()
            return usable
        if self._due():
            # Shielded: a request that goes away must not stop the look that others wait for.
            await asyncio.shield(self._start())
        usable = self._usable()
        if usable is None:
            raise self._refusal()
        return usable

    @property
    def digest(self) -> str:
        """Of the manifest that was last known to be active, "" while none is: for OPEN records."""
        return self._known.policy.digest if self._known is not None else ""

    def _usable(self) -> Policy | None:
        known = self._known
        fresh = known is not None and within(known.read_at, self._max_age, self._clock.now())
        return known.policy if known is not None and fresh else None

    def _due(self) -> bool:
        now = self._clock.now()
        if self._look is not None and not self._look.done():
            return True
        if self._known is not None and within(self._known.read_at, self._poll, now):
            return False
        return not within(self._attempted_at, _RETRY, now)

    def _start(self) -> "asyncio.Task[None]":
        """The look under way, or a new one."""
        if self._look is None or self._look.done():
            self._look = asyncio.get_running_loop().create_task(self._refresh())
        return self._look

    def _refusal(self) -> Unavailable:
        failure = self._failure or _unavailable("what is active cannot be known")
        # A fresh error for each request: one exception object must not gather many tracebacks.
        return Unavailable(str(failure), reason=failure.reason, advice=failure.advice)

    async def _refresh(self) -> None:
        """Look once; a failure is kept for those who cannot go on with what is known."""
        started = self._clock.now()
        try:
            activation, policy = await self._read()
        except Unavailable as error:
            self._failure = error
        except GatewayError:
            self._failure = _unavailable("the active manifest cannot be read or confirmed")
        else:
            if self._known is not None and self._known.activation != activation:
                self._telemetry.add(Signal.MANIFEST_ACTIVATED)
            self._known = _Known(activation, policy, started)
            self._failure = None
        finally:
            self._attempted_at = self._clock.now()

    async def _read(self) -> tuple[Activation, Policy]:
        try:
            found = await self._state.get(POINTER)
        except NotFound:
            advice = "activate one: `chaperone manifest activate`"
            raise _unavailable("no manifest is active", advice) from None
        activation = Pointer.parse(found.data).activation
        known = self._known
        if known is not None and known.activation == activation:
            return activation, known.policy
        place = activation.record
        confirm(activation, await self._store.read(place.journal, place.offset, place.length))
        require_latest([blob.name async for blob in self._store.list(ORDER)], place)
        if known is not None and known.policy.digest == activation.digest:
            return activation, known.policy
        try:
            data = await self._store.read(blob_name(activation.digest))
        except NotFound:
            raise _unavailable("the active manifest is not stored") from None
        try:
            return activation, self._compile(require_digest(data, activation.digest))
        except Unavailable:
            self._reject(activation.digest)
            raise

    def _reject(self, digest: str) -> None:
        """Count it once: it is looked at again every second."""
        if self._rejected != digest:
            self._rejected = digest
            self._telemetry.add(Signal.MANIFEST_REJECTED)

    def _compile(self, data: bytes) -> Policy:
        # With the first manifest, or by `gateway.serving.warming`: a refusal needs no schema.
        from gateway.policy.compiler import check_own, compile_manifest  # noqa: PLC0415
        from gateway.policy.manifest import parse  # noqa: PLC0415

        try:
            manifest = parse(data)
            check_own(manifest, self._own)
            return compile_manifest(manifest)
        except ConfigurationError:
            raise _unavailable(
                "the active manifest cannot be used by this version and deployment of the gateway",
                "run `chaperone manifest check` on it, or `chaperone manifest rollback`",
            ) from None


def _unavailable(message: str, advice: str = "") -> Unavailable:
    return Unavailable(
        message,
        reason=Reason.MANIFEST_UNAVAILABLE,
        advice=advice or "operators: check the evidence and state stores and `manifest active`",
    )
