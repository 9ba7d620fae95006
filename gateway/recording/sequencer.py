"""Projects journals into the index: reads what each gained, writes rows, then moves its cursor.

The order makes a crash harmless: rows that were written twice are the same rows. A lease keeps
instances from doing the same work at once; correctness does not hang on it, since cursors and
summaries move by compare-and-swap and every other row is a function of its line.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from gateway.errors import NotFound, PreconditionFailed, StoreError, StoreUnavailable
from gateway.evidence import summary
from gateway.evidence.chain import JournalName
from gateway.evidence.following import MAX_LINE, Cursor, Placed, Step, follow
from gateway.evidence.projection import Row, rows, session_of
from gateway.evidence.summary import Summary
from gateway.ports import Clock, EvidenceStore, Projections, StateStore
from gateway.recording.cursors import (
    LEASE,
    Cursors,
    Day,
    Generations,
    read_generations,
    summary_of,
    swap_generations,
)
from gateway.recording.days import days

LOOKBACK: Final = timedelta(days=8)
"""A journal grows for an hour, and is swept within days; older ones are done with once read."""

_LEASE_SECONDS: Final = 60
_AT_ONCE: Final = 16
_MIB: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Bounds:
    """Bounds of one tick.

    Attributes:
        time: after this no further step begins; well below the lease.
        bytes: read after which no further step begins.
        step: bytes read at once from one journal, more where one line is longer; small, since
            requests may wait in the same event loop while they are parsed.
    """

    time: timedelta = timedelta(seconds=40)
    bytes: int = 64 * _MIB
    step: int = 256 * 1024


@dataclass(frozen=True, slots=True)
class Fault:
    """A journal that cannot be read on, and where; the verifier says more."""

    journal: str
    offset: int
    message: str


@dataclass(slots=True)
class Progress:
    """What a tick did.

    Attributes:
        records: projected.
        bytes: read.
        faults: of the journals looked at.
        unread: journals that could not be had now.
        complete: every journal was read to its end, or to its fault.
        busy: another instance is at work; nothing was done.
        dropped: rows of earlier generations that a rebuild removed.
    """

    records: int = 0
    bytes: int = 0
    faults: list[Fault] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    complete: bool = False
    busy: bool = False
    dropped: int = 0

    def require_whole(self) -> None:
        """Let what could not be projected be seen where the tick is watched.

        Raises:
            StoreError: a journal has a fault, or could not be read.
        """
        if self.faults:
            raise StoreError(
                f"{len(self.faults)} journal(s) cannot be projected beyond a line",
                advice="run `chaperone evidence verify`: it says where and why",
            )
        if self.unread:
            raise StoreUnavailable(f"{len(self.unread)} journal(s) could not be read")


@dataclass(frozen=True, slots=True)
class Sequencer:
    """The projection of one evidence store.

    Args:
        store: holds the journals.
        state: holds cursors, generations and the lease.
        index: takes the rows.
        clock: the time.
        bounds: of one tick.
    """

    store: EvidenceStore
    state: StateStore
    index: Projections
    clock: Clock
    bounds: Bounds = Bounds()

    async def project(self) -> Progress:
        """Bring the index up to date, as far as one tick's bounds go.

        Raises:
            StoreError: not all could be done; what was done stands, the next tick goes on.
        """
        lease = await self.state.lease(LEASE, _LEASE_SECONDS)
        if lease is None:
            return Progress(busy=True)
        try:
            cursors = Cursors(self.state, await self._generation())
            return await self._advance(cursors, self.clock.now() + self.bounds.time)
        finally:
            # One that cannot be given back runs out.
            with contextlib.suppress(StoreError):
                await self.state.release(LEASE, lease)

    async def reindex(self) -> Progress:
        """Build the index anew from all journals, put it in use, remove what was there before.

        The index in use stays in use, and is kept up to date, until the new one is complete.

        Raises:
            PreconditionFailed: somebody else began to rebuild it meanwhile; theirs will count.
            StoreError: not done; what was in use still is.
        """
        await self.index.prepare()
        found, etag = await self._in_use()
        generation = _next(found)
        etag = await swap_generations(
            self.state, found.model_copy(update={"building": generation}), etag
        )
        cursors = Cursors(self.state, generation)
        progress = await self._advance(cursors, None)
        if not progress.complete:
            raise StoreUnavailable(
                "some journals cannot be read now, so the index in use stays",
                advice="check the evidence account, then begin again",
            )
        await swap_generations(self.state, Generations(current=generation), etag)
        progress.dropped = await self.index.drop_before(generation)
        return progress

    async def _generation(self) -> int:
        """The one in use; the first one is begun where there is none."""
        found, _ = await self._in_use()
        return found.current

    async def _in_use(self) -> tuple[Generations, str | None]:
        """The generations, one of them in use: a rebuild has none to take the place of else."""
        found, etag = await read_generations(self.state)
        if found.current:
            return found, etag
        await self.index.prepare()
        first = found.model_copy(update={"current": _next(found)})
        with contextlib.suppress(PreconditionFailed):
            return first, await swap_generations(self.state, first, etag)
        # A rebuild and a first tick begin at once: one of them has begun it for both.
        return await read_generations(self.state)

    async def _advance(self, cursors: Cursors, until: datetime | None) -> Progress:
        """Read on in every journal, a day at a time, until all are read or time is up."""
        progress = Progress()
        since = await cursors.since()
        async for day, names in days(self.store, since, self.clock.now()):
            known = await cursors.day(day)
            queue = _gained(known, names)
            while queue:
                if not self._may_go_on(progress, until):
                    return progress
                name = queue.popleft()
                if await self._step(cursors, known, name, progress):
                    queue.append(name)
        progress.complete = not progress.unread
        bound = f"{self.clock.now().astimezone(UTC) - LOOKBACK:%Y/%m/%d}"
        if progress.complete and since < bound:
            await cursors.done_before(bound)
        return progress

    def _may_go_on(self, progress: Progress, until: datetime | None) -> bool:
        if until is None:
            return True
        return self.clock.now() < until and progress.bytes < self.bounds.bytes

    async def _step(
        self, cursors: Cursors, day: Day, name: JournalName, progress: Progress
    ) -> bool:
        """Read on in one journal; whether it may have more."""
        before = day.cursors.get(str(name), Cursor())
        try:
            step, size, more = await self._read(name, before)
        except StoreError:
            # One journal that cannot be had now must not keep the others waiting.
            progress.unread.append(str(name))
            return False
        progress.bytes += size
        progress.records += len(step.lines)
        await self._write(cursors.generation, step.lines)
        if step.after != before:
            await cursors.move(day, {str(name): step.after})
        if step.after.fault:
            progress.faults.append(Fault(str(name), step.after.offset, step.after.fault))
        return more and not step.after.fault

    async def _read(self, name: JournalName, cursor: Cursor) -> tuple[Step, int, bool]:
        """The next lines, the bytes read for them, and whether there may be more."""
        size = self.bounds.step
        while True:
            data = await self.store.read(str(name), cursor.offset, size)
            step = follow(name, cursor, data)
            full = len(data) == size
            if not full and step.doubt:
                step = replace(step, after=replace(step.after, fault=step.doubt))
            if step.lines or step.after.fault or not full:
                return step, len(data), full
            if size >= 2 * MAX_LINE:
                fault = step.doubt or "a line longer than any that a journal writes"
                return replace(step, after=replace(step.after, fault=fault)), len(data), full
            size *= 2

    async def _write(self, generation: int, lines: Iterable[Placed]) -> None:
        """Facts first, then what they add up to: whoever finds a session finds its records."""
        sessions: dict[str, list[Placed]] = {}
        facts: dict[tuple[str, str], Row] = {}
        for line in lines:
            facts |= {(row.partition, row.key): row for row in rows(line)}
            if session := session_of(line):
                sessions.setdefault(session, []).append(line)
        if facts:
            await self.index.write(generation, list(facts.values()))
        pending = list(sessions.items())
        for start in range(0, len(pending), _AT_ONCE):
            some = pending[start : start + _AT_ONCE]
            results = await asyncio.gather(
                *(self._summarise(generation, *item) for item in some), return_exceptions=True
            )
            for error in filter(None, results):
                raise error

    async def _summarise(self, generation: int, session: str, lines: list[Placed]) -> None:
        place = lines[0].place
        empty = Summary(session, journals=(str(place.journal),))
        blank = summary.to_row(empty, place)
        try:
            stored = await self.index.get(generation, blank.partition, blank.key)
        except NotFound:
            before, etag = empty, None
        else:
            before, etag = summary_of(stored.row), stored.etag
        after = summary.extended(before, lines)
        if after != before:
            await self.index.swap(generation, summary.to_row(after, place), etag)


def _gained(day: Day, names: Iterable[tuple[JournalName, int]]) -> deque[JournalName]:
    """The journals of a day with something to read, to be taken in turn."""
    queue: deque[JournalName] = deque()
    faulty: list[JournalName] = []
    for name, size in names:
        cursor = day.cursors.get(str(name), Cursor())
        if cursor.fault:
            # Newer code may understand what older code did not; not at others' expense.
            faulty.append(name)
        elif size > cursor.offset:
            queue.append(name)
    queue.extend(faulty)
    return queue


def _next(found: Generations) -> int:
    """A generation after every earlier one, whose cursors are not where those in use are."""
    if found.building > found.current:
        return found.building + 2 - (found.building - found.current + 1) % 2
    return found.current + 1
