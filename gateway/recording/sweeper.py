"""Closes journals that their writers have abandoned, and says so in a record of its own.

The sweeper's CLOSE is a fence: it stands at the position where the writer would go on, so a writer
that was only slow finds it, leaves the journal and goes on in another. Whoever appends first wins;
the other sees the condition fail.
"""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Final

from gateway.errors import StoreError
from gateway.evidence.acts import swept
from gateway.evidence.chain import GENESIS, Head, JournalName, close, digest, moment
from gateway.evidence.schema import Close, Record, RecordInvalid, parse
from gateway.model.signals import Signal
from gateway.ports import SILENT, Clock, EvidenceStore, Telemetry
from gateway.recording.journal import GroupCommitJournal

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
        data = await store.read(str(name))
        if not _is_abandoned(name, _last(data), bound):
            return None
        head, torn = _head(name, data)
        line, _ = close(head, now, by=writer, torn=torn)
        fence = (b"\n" if torn else b"") + line
        if not await _append(store, str(name), fence, len(data)):
            return None
    except StoreError:
        # Cannot be had now: the next sweep looks again.
        return None
    record = parse(line[:-1])
    # Always so; says it to the type checker.
    return (record, _open_intents(data)) if record["type"] == "close" else None


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


def _head(name: JournalName, data: bytes) -> tuple[Head, int]:
    """The head after what stands there, and the bytes of an unfinished line."""
    lines = data.split(b"\n")
    torn = len(lines.pop())
    last = _parse(lines[-1]) if lines else None
    head = Head(
        name=name,
        seq=len(lines),
        offset=len(data) + (1 if torn else 0),
        tip=digest(lines[-1]) if lines else GENESIS,
        ts=last["ts"] if last else "",
    )
    return head, torn


def _open_intents(data: bytes) -> list[str]:
    """Ids of intents without an outcome in the same journal, in order."""
    found: dict[str, None] = {}
    for raw in data.split(b"\n")[:-1]:
        record = _parse(raw)
        if record is None:
            continue
        if record["type"] == "intent" or record["type"] == "executing":
            found[record["id"]] = None
        elif record["type"] == "outcome" or record["type"] == "executed":
            found.pop(record["id"], None)
    return list(found)


def _parse(raw: bytes) -> Record | None:
    try:
        return parse(raw)
    except RecordInvalid:
        return None
