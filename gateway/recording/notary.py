"""Signs checkpoints of the log, after it has read back and computed again what it signs.

A signing key that cannot be had keeps no request waiting: batches go on being made, and the next
checkpoint that can be signed covers them all. An idle log is signed once an hour all the same, so
that a copy of the evidence shows until when it was complete.
"""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from gateway.errors import AlreadyExists, GatewayError, NotFound, StoreError
from gateway.evidence.chain import moment
from gateway.evidence.log import (
    Batch,
    BatchInvalid,
    Span,
    SpanLeaves,
    checkpoint_name,
    key_name,
)
from gateway.evidence.merkle import Edge
from gateway.evidence.note import Checkpoint, Note, NoteSignature
from gateway.model.signals import Signal
from gateway.ports import SILENT, Clock, EvidenceStore, Signer, StateStore, Telemetry
from gateway.recording.log_state import LEASE, Head, read_head, write_head
from gateway.recording.merkle_log import MerkleLog
from gateway.recording.pieces import pieces

HEARTBEAT: Final = timedelta(hours=1)
_LEASE_SECONDS: Final = 60
_AUDIT: Final = timedelta(seconds=20)


@dataclass(frozen=True, slots=True)
class Notary:
    """Log and checkpoints of one evidence store.

    Args:
        log: is brought up to date first.
        store: of the evidence.
        state: holds the head and the lease.
        signer: of checkpoints.
        clock: the time.
        origin: name of the log in checkpoints, a URL without scheme.
        telemetry: hears where batches do not fit the journals.
    """

    log: MerkleLog
    store: EvidenceStore
    state: StateStore
    signer: Signer
    clock: Clock
    origin: str
    telemetry: Telemetry = SILENT

    async def attest(self) -> None:
        """Bring the log up to date, read it back, and sign what is new; nothing where busy.

        Raises:
            GatewayError: not all could be done; the next run goes on.
        """
        lease = await self.state.lease(LEASE, _LEASE_SECONDS)
        if lease is None:
            return
        try:
            await self._attest()
        finally:
            # One that cannot be given back runs out.
            with contextlib.suppress(StoreError):
                await self.state.release(LEASE, lease)

    async def _attest(self) -> None:
        trouble: GatewayError | None = None
        try:
            await self.log.advance()
        except StoreError as error:
            # One journal that cannot be followed must not keep the others from being signed.
            trouble = error
        head, edge = await self._audit(await read_head(self.state))
        await self._sign(head, edge)
        if trouble is not None:
            raise trouble

    async def _audit(self, head: Head) -> tuple[Head, Edge]:
        """Read back the batches since the last audit; the tree after the last good one."""
        until = self.clock.now() + _AUDIT
        start = await self.log.batch(head.audited) if head.audited is not None else None
        audited, edge = (start.first, start.edge) if start else (None, Edge())
        while self.clock.now() < until:
            batch = await self.log.batch(edge.size)
            if batch is None:
                break
            await self._require_true(batch, edge)
            audited, edge = batch.first, batch.edge
        if audited != head.audited:
            head = await write_head(self.state, replace(head, audited=audited))
        return head, edge

    async def _require_true(self, batch: Batch, before: Edge) -> None:
        """The batch's tree is that of the records, as the store holds them now.

        Raises:
            StoreError: it is not.
            StoreUnavailable: the records cannot be read now.
        """
        edge = before
        try:
            for span in batch.spans:
                async for leaves in self._leaves(span):
                    edge = edge.extended(leaves)
            true = edge == batch.edge
        except (BatchInvalid, NotFound):
            true = False
        if not true:
            self.telemetry.add(Signal.VERIFICATION_FAILED)
            raise StoreError(
                "a batch of the log is not that of the journals, so nothing more is signed",
                advice="run `chaperone evidence verify`: it says where and why",
            )

    async def _leaves(self, span: Span) -> AsyncIterator[list[bytes]]:
        """The hashes of a span's records; a minute of journals may have tens of MiB."""
        found = SpanLeaves(span)
        async for piece in pieces(self.store, str(span.journal), span.begin, span.after.offset):
            yield found.feed(piece)
        yield found.end()

    async def _sign(self, head: Head, edge: Edge) -> None:
        now = self.clock.now().astimezone(UTC)
        if not edge.size or (edge.size <= head.signed and not _due(head.signed_at, now)):
            return
        checkpoint = Checkpoint(self.origin, edge.size, edge.root, moment(now))
        signed = await self.signer.sign(checkpoint.text)
        line = NoteSignature(self.origin, signed.key.key_id, signed.value)
        # Another instance that signs at the same moment says the same.
        with contextlib.suppress(AlreadyExists):
            await self.store.put(key_name(signed.key.kid), signed.key.published)
        with contextlib.suppress(AlreadyExists):
            name = checkpoint_name(now, edge.size)
            await self.store.put(name, Note(checkpoint, (line,)).encoded)
        await write_head(self.state, replace(head, signed=edge.size, signed_at=now))


def _due(signed_at: datetime | None, now: datetime) -> bool:
    return signed_at is None or not timedelta() <= now - signed_at < HEARTBEAT
