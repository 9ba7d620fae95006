"""The log of all journals: which records, in which order, make up the Merkle tree.

A batch says which lines of which journals follow the leaves before it, and what the tree is then.
Its name is the number of leaves before it and it is created once, so of two processes that go on
at once one wins, and the other finds out; everything else follows from batches and journals.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gateway.evidence.chain import JournalName, moment
from gateway.evidence.following import Cursor
from gateway.evidence.lines import Lines
from gateway.evidence.merkle import Edge, leaf
from gateway.model.canonical import MAX_INTEGER, canonical

BATCHES: Final = "log/batches/"
CHECKPOINTS: Final = "log/checkpoints/"
KEYS: Final = "log/keys/"
PREFIX: Final = "log/"
MAX_BATCH_BYTES: Final = 16 * 1024 * 1024
MAX_SPANS: Final = 4096

_NAME: Final = re.compile(r"log/batches/(?P<first>\d{20})\.json", re.ASCII)
_KEY: Final = re.compile(r"log/keys/(?P<kid>[A-Za-z0-9_-]{43})\.json", re.ASCII)
_CHECKPOINT: Final = re.compile(
    r"log/checkpoints/(?P<at>\d{4}/\d{2}/\d{2}/\d{6})-(?P<size>\d{20})\.note", re.ASCII
)

_Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
_Count = Annotated[int, Field(ge=0, le=MAX_INTEGER)]


class BatchInvalid(Exception):
    """Bytes that are no batch; says why, without quoting them."""


@dataclass(frozen=True, slots=True)
class Span:
    """Consecutive records of one journal.

    Attributes:
        journal: whose.
        seq: of the first.
        count: how many, at least one.
        begin: byte offset of the first.
        after: how far the journal has been read then.
    """

    journal: JournalName
    seq: int
    count: int
    begin: int
    after: Cursor


@dataclass(frozen=True, slots=True)
class Batch:
    """What the log gained at once.

    Attributes:
        first: leaves before it.
        at: when it was made.
        spans: of journals, in the order of their leaves.
        edge: of the tree after it.
    """

    first: int
    at: str
    spans: tuple[Span, ...]
    edge: Edge = field(repr=False)

    @property
    def name(self) -> str:
        """Of its blob."""
        return batch_name(self.first)

    @property
    def encoded(self) -> bytes:
        """Its blob, canonical JSON (RFC 8785)."""
        return canonical(
            {
                "v": 1,
                "at": self.at,
                "first": self.first,
                "size": self.edge.size,
                "root": self.edge.root.hex(),
                "edge": [one.hex() for one in self.edge.hashes],
                "spans": [
                    {
                        "journal": str(span.journal),
                        "seq": span.seq,
                        "count": span.count,
                        "begin": span.begin,
                        "end": span.after.offset,
                        "tip": span.after.tip,
                        "ts": span.after.ts,
                        "closed": span.after.closed,
                    }
                    for span in self.spans
                ],
            }
        )


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class _Span(_Closed):
    journal: str
    seq: _Count
    count: Annotated[int, Field(ge=1, le=MAX_INTEGER)]
    begin: _Count
    end: _Count
    tip: _Hash
    ts: str
    closed: bool


class _Batch(_Closed):
    v: Annotated[int, Field(ge=1, le=1)]
    at: str
    first: _Count
    size: _Count
    root: _Hash
    edge: Annotated[list[_Hash], Field(max_length=64)]
    spans: Annotated[list[_Span], Field(min_length=1, max_length=MAX_SPANS)]


def batch_name(first: int) -> str:
    """The blob of the batch that follows so many leaves."""
    return f"{BATCHES}{first:020d}.json"


def key_name(kid: str) -> str:
    """The blob of a published key."""
    return f"{KEYS}{kid}.json"


def checkpoint_name(at: datetime, size: int) -> str:
    """The blob of a checkpoint of so many leaves; `at` is in UTC."""
    return f"{checkpoint_day(at)}{at:%H%M%S}-{size:020d}.note"


def checkpoint_day(at: datetime) -> str:
    """The prefix of a day's checkpoints; `at` is in UTC."""
    return f"{CHECKPOINTS}{at:%Y/%m/%d}/"


def batch_first(name: str) -> int | None:
    """How many leaves stand before the batch of this name; None where it is not a batch's."""
    match = _NAME.fullmatch(name)
    return int(match["first"]) if match else None


def key_kid(name: str) -> str | None:
    """The `kid` in the name of a published key; None where it is not one's."""
    match = _KEY.fullmatch(name)
    return match["kid"] if match else None


def checkpoint_size(name: str) -> int | None:
    """How many leaves the checkpoint of this name covers; None where it is not one's."""
    match = _CHECKPOINT.fullmatch(name)
    return int(match["size"]) if match else None


def checkpoint_time(name: str) -> datetime | None:
    """When the checkpoint of this name was signed, in UTC; None where it is not one's."""
    match = _CHECKPOINT.fullmatch(name)
    try:
        return datetime.strptime(f"{match['at']}Z", "%Y/%m/%d/%H%M%S%z") if match else None
    except ValueError:
        return None


def is_log_name(name: str) -> bool:
    """Whether a blob of this name belongs to the log."""
    return any(of(name) is not None for of in (batch_first, key_kid, checkpoint_size))


def make_batch(first: int, spans: Sequence[Span], edge: Edge, now: datetime) -> Batch:
    """The batch after `first` leaves; with those of the spans, in order, the tree is `edge`."""
    return Batch(first, moment(now), tuple(spans), edge)


def parse_batch(name: str, data: bytes) -> Batch:
    """The batch in these bytes.

    Raises:
        BatchInvalid: it is none, not that of this name, or contradicts itself.
    """
    if len(data) > MAX_BATCH_BYTES:
        raise BatchInvalid("a batch of more than 16 MiB")
    try:
        found = _Batch.model_validate_json(data)
        edge = Edge(found.size, tuple(bytes.fromhex(one) for one in found.edge))
    except (ValidationError, ValueError):
        raise BatchInvalid("not a batch of version 1") from None
    batch = Batch(found.first, found.at, tuple(map(_span, found.spans)), edge)
    if batch.encoded != data:
        raise BatchInvalid("not in canonical form, or root and edge differ")
    if batch.name != name:
        raise BatchInvalid("not the batch of this name")
    if found.size != found.first + sum(span.count for span in found.spans):
        raise BatchInvalid("size: not first and the records of the spans")
    return batch


class SpanLeaves:
    """Tree hashes of the records of a span, from its journal's bytes in pieces.

    Args:
        span: which.
    """

    def __init__(self, span: Span) -> None:
        self._span = span
        self._lines = Lines()
        self._count = 0
        # The last two lines: a cut record and the CLOSE that declares it are known at the end.
        self._last: list[bytes] = []

    def feed(self, piece: bytes) -> list[bytes]:
        """The hashes that are certain after the next piece of what lies in the span."""
        found = [*self._last, *map(leaf, self._lines.feed(piece))]
        self._last = found[-2:]
        del found[-2:]
        self._count += len(found)
        return found

    def end(self) -> list[bytes]:
        """The last ones.

        Raises:
            BatchInvalid: these bytes do not hold so many records.
        """
        span, last = self._span, self._last
        if self._lines.rest:
            raise BatchInvalid("a span that ends inside a line")
        if span.after.closed and self._count + len(last) == span.count + 1:
            # A cut record, which the sweeper's CLOSE after it declares, is no record.
            del last[-2]
        if self._count + len(last) != span.count:
            raise BatchInvalid("a span with more or fewer records than it says")
        return last


def _span(found: _Span) -> Span:
    name = JournalName.parse(found.journal)
    if name is None:
        raise BatchInvalid("a span of something that is no journal")
    seq = found.seq + found.count
    after = Cursor(found.end, seq, found.tip, found.ts, found.closed)
    return Span(name, found.seq, found.count, found.begin, after)
