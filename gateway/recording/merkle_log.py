"""Puts the records of all journals into the log, batch by batch.

A batch is created once, under the number of leaves before it: of two processes that make one at
the same time the second finds the name taken, and goes on behind the first's. The cursors that say
what was read move after the batch, and are brought up to date from batches after a crash or a loss.
"""

import contextlib
from collections import deque
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from gateway.errors import AlreadyExists, NotFound, StoreError, StoreUnavailable
from gateway.evidence.chain import JournalName, moment
from gateway.evidence.following import MAX_LINE, Cursor, Step, follow
from gateway.evidence.log import (
    BATCHES,
    MAX_SPANS,
    Batch,
    BatchInvalid,
    Span,
    batch_first,
    batch_name,
    make_batch,
    parse_batch,
)
from gateway.evidence.merkle import Edge, leaf
from gateway.model.signals import Signal
from gateway.ports import SILENT, Clock, EvidenceStore, StateStore, Telemetry
from gateway.recording.cursors import Cursors, Day
from gateway.recording.days import days
from gateway.recording.log_state import Head, apply, read_head, write_head

LOOKBACK: Final = timedelta(days=8)
"""As of the index: journals grow for an hour and are swept within days."""
_SKEW: Final = timedelta(hours=1)
_STEP: Final = 256 * 1024
_MIB: Final = 1024 * 1024
_GENERATION: Final = 1
_NAMES: Final = 4096
"""Of batches at once: those of nearly three days, where each minute has one."""
_ADVICE: Final = "run `chaperone evidence verify`: it says where and why"


@dataclass(frozen=True, slots=True)
class LogBounds:
    """Bounds of one batch.

    Attributes:
        time: after this nothing more is read.
        bytes: of journals, likewise.
        step: bytes read at once from one journal, more where one line is longer.
    """

    time: timedelta = timedelta(seconds=30)
    bytes: int = 32 * _MIB
    step: int = _STEP


@dataclass(slots=True)
class _Gained:
    """What journals have that the log has not.

    Attributes:
        edge: of the tree with the records of the spans.
    """

    edge: Edge
    spans: list[Span] = field(default_factory=list)
    bytes: int = 0
    unread: int = 0
    faults: int = 0

    def require_whole(self) -> None:
        if self.unread or self.faults:
            raise StoreUnavailable(
                f"{self.unread} journal(s) could not be read, {self.faults} cannot be followed",
                advice=_ADVICE,
            )


@dataclass(frozen=True, slots=True)
class MerkleLog:
    """The log of one evidence store.

    Args:
        store: holds journals and batches.
        state: holds cursors and the head; neither is trusted.
        clock: the time.
        telemetry: hears of journals that cannot be followed.
        bounds: of one batch.
    """

    store: EvidenceStore
    state: StateStore
    clock: Clock
    telemetry: Telemetry = SILENT
    bounds: LogBounds = LogBounds()

    async def advance(self) -> None:
        """Put what journals gained into the log, as far as the bounds of one batch go.

        Raises:
            StoreError: not all could be done; the next run goes on.
        """
        cursors = Cursors(self.state, _GENERATION, "log")
        edge, head = await self._caught_up(cursors, await read_head(self.state))
        gained = await self._gained(cursors, edge)
        if gained.spans:
            batch = make_batch(edge.size, gained.spans, gained.edge, self.clock.now())
            # A name that is taken is another process's batch, or this one's with a lost answer.
            with contextlib.suppress(AlreadyExists):
                await self.store.put(batch.name, batch.encoded)
            await self._caught_up(cursors, head)
        gained.require_whole()

    async def batch(self, first: int) -> Batch | None:
        """The batch that follows so many leaves; None where there is none.

        Raises:
            StoreError: it cannot be read or understood.
        """
        name = batch_name(first)
        try:
            return parse_batch(name, await self.store.read(name))
        except NotFound:
            return None
        except BatchInvalid:
            self.telemetry.add(Signal.VERIFICATION_FAILED)
            raise StoreError("a batch of the log cannot be understood", advice=_ADVICE) from None

    async def _caught_up(self, cursors: Cursors, head: Head) -> tuple[Edge, Head]:
        """Let the cursors know every batch, and find the tree after the last one."""
        last = await self.batch(head.last) if head.last is not None else None
        if last is None:
            last = await self._newest()
            if last is not None and not await cursors.since():
                await cursors.done_before(_day(self.clock.now() - LOOKBACK))
        edge = last.edge if last else Edge()
        while (batch := await self.batch(edge.size)) is not None:
            await apply(cursors, batch)
            last, edge = batch, batch.edge
        if last is not None and last.first != head.last:
            head = await write_head(self.state, replace(head, last=last.first))
        return edge, head

    async def _newest(self) -> Batch | None:
        async for first in self._backwards():
            return await self.batch(first)
        return None

    async def _backwards(self) -> AsyncIterator[int]:
        """Batches, the newest first, by the leaves before them; never the names of all at once."""
        before = ""
        while True:
            names: deque[str] = deque(maxlen=_NAMES)
            async for blob in self.store.list(BATCHES):
                if before and blob.name >= before:
                    break
                names.append(blob.name)
            if not names:
                return
            before = names[0]
            for name in reversed(names):
                if (first := batch_first(name)) is not None:
                    yield first

    async def _recover(self, cursors: Cursors, day: str) -> None:
        """Make the cursors of a day and of later ones again from the batches since it began."""
        begun = datetime.strptime(day, "%Y/%m/%d").replace(tzinfo=UTC) - _SKEW
        async for first in self._backwards():
            if (batch := await self.batch(first)) is not None:
                await apply(cursors, batch)
                if batch.at < moment(begun):
                    return

    async def _gained(self, cursors: Cursors, edge: Edge) -> _Gained:
        """Read on in every journal, as far as a batch's bounds go; `edge` is the tree so far."""
        gained = _Gained(edge)
        until = self.clock.now() + self.bounds.time
        since = await cursors.since()
        async for day, journals in days(self.store, since, self.clock.now()):
            known = await cursors.day(day)
            if known.etag is None:
                # A day that has just begun, or cursors that were lost: batches tell.
                await self._recover(cursors, day)
                known = await cursors.day(day)
            for name, size in journals:
                cursor = known.cursors.get(str(name), Cursor())
                if size > cursor.offset:
                    if self._full(gained, until):
                        return gained
                    await self._read_on(cursors, known, name, gained)
        bound = _day(self.clock.now() - LOOKBACK)
        if not gained.unread and not gained.spans and since < bound:
            await cursors.done_before(bound)
        return gained

    def _full(self, gained: _Gained, until: datetime) -> bool:
        return (
            self.clock.now() >= until
            or gained.bytes >= self.bounds.bytes
            or len(gained.spans) >= MAX_SPANS
        )

    async def _read_on(
        self, cursors: Cursors, day: Day, name: JournalName, gained: _Gained
    ) -> None:
        """Take what one journal gained; what is wrong with it holds up no other journal."""
        before = day.cursors.get(str(name), Cursor())
        # Newer code may understand what older code did not.
        cursor, more = replace(before, fault=""), True
        while more and not cursor.fault and gained.bytes < self.bounds.bytes:
            try:
                data, step = await self._step(name, cursor)
            except StoreError:
                gained.unread += 1
                break
            gained.bytes += len(data)
            gained.edge = gained.edge.extended(_hashes(data, cursor.offset, step))
            cursor, more = step.after, len(data) >= self.bounds.step
        if cursor.seq > before.seq:
            span = Span(
                name,
                before.seq,
                cursor.seq - before.seq,
                before.offset,
                replace(cursor, fault=""),
            )
            gained.spans.append(span)
        if cursor.fault:
            gained.faults += 1
            # Once: it stays as it is, and stands in the log of the app at every run.
            if cursor.fault != before.fault and cursor.seq == before.seq:
                self.telemetry.add(Signal.VERIFICATION_FAILED)
                await cursors.move(day, {str(name): cursor})

    async def _step(self, name: JournalName, cursor: Cursor) -> tuple[bytes, Step]:
        """The next lines with the bytes they stand in."""
        size = self.bounds.step
        while True:
            data = await self.store.read(str(name), cursor.offset, size)
            step = follow(name, cursor, data)
            full = len(data) == size
            if not full and step.doubt:
                step = replace(step, after=replace(step.after, fault=step.doubt))
            if step.lines or step.after.fault or not full:
                return data, step
            if size >= 2 * MAX_LINE:
                fault = step.doubt or "a line longer than any that a journal writes"
                return data, replace(step, after=replace(step.after, fault=fault))
            size *= 2


def _hashes(data: bytes, offset: int, step: Step) -> Iterator[bytes]:
    """Of the records of a step, which was read from these bytes at this offset."""
    for place, _ in step.lines:
        start = place.offset - offset
        yield leaf(data[start : start + place.length])


def _day(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y/%m/%d}"
