"""This process's journal: group commits into one append blob at a time.

While one append is in flight the next records collect and go out together; an idle journal appends
at once. A record is acknowledged only when its bytes are known to stand in the store at the
position that its receipt names; otherwise its waiter gets `EvidenceUnavailable`.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from gateway.errors import AlreadyExists, EvidenceUnavailable, StoreError
from gateway.evidence.chain import (
    Before,
    Head,
    Instance,
    close,
    extend,
    extend_checked,
    opening,
    start,
)
from gateway.model.canonical import Json
from gateway.model.exchange import Receipt
from gateway.model.signals import Signal
from gateway.ports import SILENT, Clock, Entropy, EvidenceStore, Telemetry
from gateway.recording.landing import (
    DELAYS,
    Batch,
    Ghost,
    Haunted,
    Landed,
    Overtaken,
    Pause,
    Unknown,
    land,
)
from gateway.recording.waiting import Limits, Waiting

_JOURNALS_PER_COMMIT: Final = 4
_GHOSTS: Final = 64


@dataclass(slots=True)
class _Current:
    """The journal being written."""

    head: Head
    opened_at: datetime
    created: bool = False
    blocks: int = 0
    ghosts: list[Ghost] = field(default_factory=list)


class GroupCommitJournal:
    """`ports.Journal` over an `EvidenceStore`; belongs to one event loop.

    Call `tick()` from a timer, so that an idle journal is closed in time, and `close()` before the
    process ends.
    """

    def __init__(  # noqa: PLR0913 - ports and bounds, the optional ones by name
        self,
        store: EvidenceStore,
        clock: Clock,
        entropy: Entropy,
        instance: Instance,
        *,
        manifest: Callable[[], str] = lambda: "",
        limits: Limits | None = None,
        pause: Pause = asyncio.sleep,
        telemetry: Telemetry = SILENT,
    ) -> None:
        """A journal that has not written anything.

        Args:
            store: of the evidence account.
            clock: the time.
            entropy: for the writer's id, 16 hex digits, new for every process.
            instance: who writes, for OPEN.
            manifest: digest of the active manifest when a blob is opened, "" while none is.
            limits: bounds, if others than the defaults.
            pause: sleeps between attempts.
            telemetry: is told how long each append took.
        """
        self.writer = entropy.hex(8)
        self._store = store
        self._clock = clock
        self._instance = instance
        self._manifest = manifest
        self._limits = limits or Limits()
        self._pause = pause
        self._telemetry = telemetry
        self._queue: deque[Waiting] = deque()
        self._current: _Current | None = None
        self._before: Before | None = None
        self._number = 0
        self._task: asyncio.Task[None] | None = None
        self._lock = asyncio.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closed = False

    @property
    def begun(self) -> bool:
        """Whether this process has written anything."""
        return self._before is not None or self._current is not None

    async def append(self, record: Mapping[str, Json]) -> Receipt:
        """Make the record durable; `v, writer, seq, ts, prev` are added here.

        A cancelled caller takes its intent with it while that has not been sent; other records
        are written all the same.

        Raises:
            EvidenceUnavailable: it is not, or cannot be known to be, durable; too many wait; or
                the record does not fit the schema.
        """
        loop = asyncio.get_running_loop()
        self._loop = self._loop or loop
        if self._closed or loop is not self._loop:
            raise EvidenceUnavailable("the journal is closed or belongs to another event loop")
        if len(self._queue) >= self._limits.waiting:
            raise EvidenceUnavailable("too many records wait to be written", advice="slow down")
        waiting = Waiting(record, loop.create_future())
        self._queue.append(waiting)
        if self._task is None or self._task.done():
            self._task = loop.create_task(self._run(), name="journal")
        return await waiting.future

    async def tick(self) -> None:
        """Close the current blob if it is due; the next record opens another.

        Raises:
            EvidenceUnavailable: whether CLOSE was written is unknown.
        """
        async with self._lock:
            if self._is_due() and not await self._roll():
                raise EvidenceUnavailable("the journal could not be closed")

    async def close(self) -> None:
        """Write what waits, then CLOSE; later records are refused. May be called again.

        Raises:
            EvidenceUnavailable: whether CLOSE was written is unknown; a sweeper will see to it.
        """
        self._closed = True
        if self._task is not None:
            await asyncio.wait({self._task})
        async with self._lock:
            current = self._current
            # Where OPEN was never seen to land there is nothing to close.
            if current is not None and current.head.seq and not await self._roll():
                raise EvidenceUnavailable("the journal could not be closed")

    async def _run(self) -> None:
        try:
            while self._queue:
                async with self._lock:
                    await self._commit()
        finally:
            # Reached with records waiting only when the loop ends or an adapter breaks its word.
            self._refuse_all()

    async def _commit(self) -> None:
        """Write what waits, as far as one batch holds it."""
        for _ in range(_JOURNALS_PER_COMMIT):
            current = await self._ready()
            if current is None:
                break
            taken, batch = self._gather(current)
            if batch is None:
                self._discard(taken)
                return
            match await self._land(current, batch):
                case Landed():
                    for waiting in self._discard(taken):
                        waiting.acknowledge()
                    return
                case Haunted() | Overtaken():
                    continue
                case Unknown():
                    break
        self._refuse_all()

    async def _ready(self) -> _Current | None:
        """A blob that can take records, or None where the store does not answer."""
        for _ in range(_JOURNALS_PER_COMMIT):
            if self._is_due() and not await self._roll():
                return None
            if self._current is None:
                now = self._clock.now()
                self._current = _Current(start(self.writer, self._number, now), now)
            if self._current.created:
                return self._current
            match await self._create(str(self._current.head.name)):
                case True:
                    self._current.created = True
                    return self._current
                case False:
                    self._leave()
                case None:
                    return None
        return None

    async def _create(self, name: str) -> bool | None:
        """Whether the blob is there and empty; None where that cannot be known."""
        for delay in DELAYS:
            if delay:
                await self._pause(delay)
            try:
                await self._store.create(name)
            except AlreadyExists:
                # The answer to an earlier attempt may have been lost.
                try:
                    return not await self._store.read(name, 0, 1)
                except StoreError:
                    continue
            except StoreError:
                continue
            return True
        return None

    def _gather(self, current: _Current) -> tuple[int, Batch | None]:
        """How many waiting records a batch takes, and the batch, if any is to be written."""
        now, head, limits = self._clock.now(), current.head, self._limits
        lines: list[bytes] = []
        if head.seq == 0:
            record = opening(head, self._instance, self._manifest(), self._before)
            line, head = extend(head, record, now)
            lines.append(line)
        size, taken, written = sum(map(len, lines)), 0, 0
        for waiting in self._queue:
            if written >= limits.batch_records:
                break
            if not waiting.dropped and (step := self._line(waiting, head, now)) is not None:
                line, after = step
                if size + len(line) > limits.batch_bytes:
                    break
                waiting.receipt = Receipt(str(head.name), head.seq, head.offset, len(line))
                lines.append(line)
                size, written, head = size + len(line), written + 1, after
            taken += 1
        batch = Batch(current.head, head, b"".join(lines)) if written else None
        return taken, batch

    def _line(self, waiting: Waiting, head: Head, now: datetime) -> tuple[bytes, Head] | None:
        """The record's line, or None once its waiter has been told that it does not fit."""
        if waiting.record.get("type") in {"open", "close"}:
            waiting.refuse("the journal itself writes OPEN and CLOSE")
            return None
        try:
            # What the verifier would refuse is never written.
            line, after = extend_checked(head, waiting.record, now)
        except ValueError as error:
            waiting.refuse(f"the record does not fit the schema: {error}")
            return None
        if len(line) > self._limits.record_bytes:
            waiting.refuse("the record is over the bound")
            return None
        return line, after

    async def _land(
        self, current: _Current, batch: Batch
    ) -> Landed | Haunted | Overtaken | Unknown:
        """Append, and bring the journal's state in line with what became of it."""
        ghosts = tuple(current.ghosts)
        # Before it is sent: should this task be cancelled, the batch may still land.
        current.ghosts.append(Ghost.of(batch))
        began = self._clock.now() if self._telemetry.on else None
        fate = await land(self._store, batch, ghosts, self._pause)
        if began is not None:
            took = (self._clock.now() - began).total_seconds() * 1000
            self._telemetry.measure(Signal.APPEND_TIME, took)
        match fate:
            case Landed(fenced):
                self._moved(current, batch.after, fenced=fenced)
            case Haunted(ghost, fenced):
                self._moved(current, ghost.after, fenced=fenced)
            case Overtaken():
                self._leave()
            case Unknown(sent):
                if not sent:
                    current.ghosts.pop()
                elif len(current.ghosts) > _GHOSTS:
                    self._leave()
        return fate

    def _moved(self, current: _Current, head: Head, *, fenced: bool) -> None:
        current.head = head
        current.blocks += 1
        current.ghosts.clear()
        if fenced or head.closed:
            self._leave()

    def _is_due(self) -> bool:
        current, limits = self._current, self._limits
        if current is None or current.head.seq == 0:
            return False
        now = self._clock.now()
        return (
            current.blocks >= limits.blocks
            or current.head.offset >= limits.journal_bytes
            or now - current.opened_at >= limits.age
            or start(self.writer, 0, now).name.day != current.head.name.day
        )

    async def _roll(self) -> bool:
        """Write CLOSE; False where nobody knows whether it is written."""
        while (current := self._current) is not None:
            line, after = close(current.head, self._clock.now())
            if isinstance(await self._land(current, Batch(current.head, after, line)), Unknown):
                return False
        return True

    def _leave(self) -> None:
        """Go on in another blob, which cites what this one is known to hold."""
        if self._current is not None:
            head = self._current.head
            if head.seq:
                self._before = Before(str(head.name), head.seq - 1, head.tip)
            self._number = head.name.number + 1
            self._current = None

    def _discard(self, count: int) -> list[Waiting]:
        return [self._queue.popleft() for _ in range(count)]

    def _refuse_all(self) -> None:
        for waiting in self._discard(len(self._queue)):
            waiting.refuse("the journal cannot be written")
