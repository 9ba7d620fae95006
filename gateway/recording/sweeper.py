"""Closes journals that their writers have abandoned, and says so in a record of its own.

The sweeper's CLOSE is a fence: it stands at the position where the writer would go on, so a writer
that was only slow finds it, leaves the journal and goes on in another. Whoever appends first wins;
the other sees the condition fail.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from gateway.errors import StoreError
from gateway.evidence.acts import swept
from gateway.evidence.chain import GENESIS, Head, JournalName, close, moment
from gateway.evidence.lines import Lines
from gateway.evidence.schema import Close, Record, RecordInvalid, parse
from gateway.model.signals import Signal
from gateway.ports import SILENT, Clock, EvidenceStore, Telemetry
from gateway.recording.journal import GroupCommitJournal
from gateway.recording.pieces import digest_of, pieces

LOOKBACK: Final = timedelta(days=8)
"""How far back a sweep looks: sweeps run far more often than that, and listing years is dear."""

_TAIL: Final = 16384


async def sweep(  # noqa: PLR0913 - the last two have defaults
    store: EvidenceStore,
    journal: GroupCommitJournal,
    clock: Clock,
    idle: timedelta,
    *,
    lookback: timedelta = LOOKBACK,
    telemetry: Telemetry = SILENT,
) -> tuple[str, ...]:
    """Fence every journal without CLOSE whose last record is older than `idle`.

    Choose `idle` at least twice the age at which journals roll. A journal that ends inside a line
    gets a newline first, so that CLOSE stands on a line of its own; its `torn` says how many bytes
    were cut. Returns the names of the journals closed; each has a `swept` record.

    Raises:
        StoreUnavailable: the container cannot be listed.
        EvidenceUnavailable: a `swept` record could not be made durable; the fence stands and
            names its sweeper.
    """
    now = clock.now()
    closed: list[str] = []
    async for name, size in _candidates(store, journal.writer, now - lookback, now):
        fenced = await _fence(store, journal.writer, name, size, (now, now - idle))
        if fenced is not None:
            record, intents = fenced
            await journal.append(swept(record, str(name), intents))
            closed.append(str(name))
            if intents:
                telemetry.add(Signal.INTENT_UNANSWERED, len(intents))
    return tuple(closed)


async def _candidates(
    store: EvidenceStore, writer: str, since: datetime, until: datetime
) -> AsyncIterator[tuple[JournalName, int]]:
    """Journals of other writers by day of creation."""
    day = since.astimezone(UTC).date()
    while day <= until.astimezone(UTC).date():
        async for blob in store.list(f"journal/{day:%Y/%m/%d}/"):
            name = JournalName.parse(blob.name)
            if name is not None and name.writer != writer:
                yield name, blob.size
        day += timedelta(days=1)


async def _fence(
    store: EvidenceStore,
    writer: str,
    name: JournalName,
    size: int,
    times: tuple[datetime, datetime],
) -> tuple[Close, list[str]] | None:
    """The CLOSE written and the intents left open, or None where the journal is left alone."""
    now, bound = times
    try:
        # Nearly every journal is closed or in use, which its tail tells; a tail shorter than the
        # last line tells nothing.
        last = _last(await store.read(str(name), max(0, size - _TAIL)))
        if last is not None and not _is_abandoned(name, last, bound):
            return None
        left = await _left(store, str(name))
        if not _is_abandoned(name, left.last, bound):
            return None
        line, _ = close(await _head(store, name, left), now, by=writer, torn=left.lines.rest)
        fence = (b"\n" if left.lines.rest else b"") + line
        if not await _append(store, str(name), fence, left.lines.size):
            return None
    except StoreError:
        # Cannot be had now: the next sweep looks again.
        return None
    record = parse(line[:-1])
    # Always so; says it to the type checker.
    return (record, list(left.open)) if record["type"] == "close" else None


async def _append(store: EvidenceStore, name: str, fence: bytes, position: int) -> bool:
    try:
        await store.append(name, fence, position)
    except StoreError:
        # The writer is alive, another sweeper was first, or the fence stands and its answer was
        # lost.
        return await store.read(name, position, len(fence)) == fence
    return True


def _last(tail: bytes) -> Record | None:
    """The last record that can be read."""
    records = map(_parse, reversed(tail.split(b"\n")[:-1]))
    return next((record for record in records if record is not None), None)


def _is_abandoned(name: JournalName, last: Record | None, bound: datetime) -> bool:
    """Whether the last record is neither CLOSE nor newer than the bound."""
    if last is not None:
        return last["type"] != "close" and last["ts"] < moment(bound)
    # No record at all: the day in the name is all there is to go by.
    created = datetime.strptime(name.day, "%Y/%m/%d").replace(tzinfo=UTC)
    return created + timedelta(days=1) < bound


@dataclass(slots=True)
class _Left:
    """What a writer has left of a journal; small, however long the journal is.

    Attributes:
        lines: cuts it, and knows its size.
        count: of whole lines.
        last: the last record that can be read.
        ts: of the last whole line, "" where that is no record.
        open: ids of intents without an outcome in the same journal, in order.
    """

    lines: Lines = field(default_factory=Lines)
    count: int = 0
    last: Record | None = None
    ts: str = ""
    open: dict[str, None] = field(default_factory=dict)

    def take(self, raw: bytes) -> None:
        """The next line."""
        self.count += 1
        record = _parse(raw)
        self.ts = record["ts"] if record else ""
        if record is None:
            return
        self.last = record
        if record["type"] == "intent" or record["type"] == "executing":
            self.open[record["id"]] = None
        elif record["type"] == "outcome" or record["type"] == "executed":
            self.open.pop(record["id"], None)


async def _left(store: EvidenceStore, name: str) -> _Left:
    """Read a journal to its end."""
    left = _Left()
    async for piece in pieces(store, name):
        for raw in left.lines.feed(piece):
            left.take(raw)
    return left


async def _head(store: EvidenceStore, name: JournalName, left: _Left) -> Head:
    """The head after what stands there."""
    lines = left.lines
    # Read again, since of a line that no journal writes not all is kept.
    end = lines.size - lines.rest - 1
    tip = await digest_of(store, str(name), lines.start, end) if left.count else GENESIS
    offset = lines.size + (1 if lines.rest else 0)
    return Head(name=name, seq=left.count, offset=offset, tip=tip, ts=left.ts)


def _parse(raw: bytes) -> Record | None:
    try:
        return parse(raw)
    except RecordInvalid:
        return None
