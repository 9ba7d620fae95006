"""Reading on in a journal that grows: from a cursor over the bytes after it to the next cursor.

Unlike `walk`, which judges a whole journal, this stops at the first line that does not continue
the chain; what stands behind it is for the verifier, and for people, to judge.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Final, NamedTuple

import orjson

from gateway.evidence.chain import GENESIS, JournalName, digest, seal
from gateway.evidence.schema import Close, Record, RecordInvalid, parse

MAX_LINE: Final = 2 * 1024 * 1024
"""No journal writes a line as long as this."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a journal has been read.

    Attributes:
        offset: of the next line in bytes.
        seq: of the next record.
        tip: SHA-256 hex of the record before.
        ts: of the record before.
        closed: CLOSE has been read.
        fault: why the line at `offset` cannot be read, "" where nothing is wrong.
    """

    offset: int = 0
    seq: int = 0
    tip: str = GENESIS
    ts: str = ""
    closed: bool = False
    fault: str = ""


class Place(NamedTuple):
    """A line of a journal: byte offset, and length without the newline."""

    journal: JournalName
    offset: int
    length: int


class Placed(NamedTuple):
    """A record and where it stands."""

    place: Place
    record: Record


@dataclass(frozen=True, slots=True)
class Step:
    """What the bytes after a cursor hold.

    Attributes:
        lines: the records, in order.
        after: the cursor behind them.
        doubt: what is wrong with the whole line at `after`, unless the line after that one, which
            is not there, is the CLOSE that declares it cut; "" for nothing.
    """

    lines: tuple[Placed, ...]
    after: Cursor
    doubt: str = ""


def follow(name: JournalName, cursor: Cursor, data: bytes) -> Step:
    """Read the whole lines of `data`, which stands in the journal at the cursor."""
    walk = _Walk(name, replace(cursor, fault=""))
    lines = data.split(b"\n")
    rest = lines.pop()
    for raw, following in zip_longest(lines, lines[1:]):
        if fault := walk.step(raw):
            if following is None:
                return Step(tuple(walk.lines), walk.cursor, doubt=fault)
            if not walk.is_cut(raw, following):
                return Step(tuple(walk.lines), replace(walk.cursor, fault=fault))
    if walk.cursor.closed and rest:
        return Step(tuple(walk.lines), replace(walk.cursor, fault=_AFTER_CLOSE))
    return Step(tuple(walk.lines), walk.cursor)


_AFTER_CLOSE: Final = "bytes after CLOSE"


class _Walk:
    """The cursor on its way."""

    def __init__(self, name: JournalName, cursor: Cursor) -> None:
        self.name = name
        self.cursor = cursor
        self.lines: list[Placed] = []
        self._skipped = 0

    def step(self, raw: bytes) -> str:
        """Take one line, or say what is wrong with it."""
        if self.cursor.closed:
            return _AFTER_CLOSE
        try:
            record = parse(raw)
        except RecordInvalid as error:
            return str(error)
        if fault := next(self._faults(raw, record), ""):
            return fault
        offset = self.cursor.offset + self._skipped
        self.lines.append(Placed(Place(self.name, offset, len(raw)), record))
        self.cursor = Cursor(
            offset=offset + len(raw) + 1,
            seq=record["seq"] + 1,
            tip=digest(raw),
            ts=record["ts"],
            closed=record["type"] == "close",
        )
        self._skipped = 0
        return ""

    def is_cut(self, raw: bytes, following: bytes) -> bool:
        """Whether the next line is a sweeper's CLOSE that declares this one a cut record."""
        if self.cursor.closed or self._skipped:
            return False
        try:
            record = parse(following)
        except RecordInvalid:
            return False
        if record["type"] != "close" or record["torn"] != len(raw) or not raw:
            return False
        self._skipped = len(raw) + 1
        return True

    def _faults(self, raw: bytes, record: Record) -> Iterator[str]:
        cursor = self.cursor
        if orjson.dumps(record, option=orjson.OPT_SORT_KEYS) != raw:
            yield "not in canonical form"
        if record["writer"] != self.name.writer:
            yield "writer: not the one in the journal's name"
        if record["seq"] != cursor.seq:
            yield "seq: not the one after the record before"
        if record["prev"] != cursor.tip:
            yield "prev: not the SHA-256 of the line before"
        if record["ts"] < cursor.ts:
            yield "ts: earlier than in the record before"
        if record["type"] == "open":
            if cursor.seq or record["journal"] != str(self.name):
                yield "OPEN: not of this journal"
        elif record["type"] == "close":
            yield from self._close_faults(record)
        elif not cursor.seq:
            yield "the first record is not OPEN"

    def _close_faults(self, record: Close) -> Iterator[str]:
        if record["seal"] != seal(record):
            yield "CLOSE was changed: seal does not fit"
        if record["bytes"] != self.cursor.offset + self._skipped:
            yield "bytes: not the size of what stands before CLOSE"
