"""One journal's bytes, checked line by line, without any other journal.

Reading goes on after a fault: the chain is taken up again at the next line that parses, so one
changed byte is one finding, at the line that holds it.
"""

import hashlib
import json
from collections.abc import Iterator
from typing import NamedTuple

import orjson

from gateway.evidence.chain import GENESIS, Before, JournalName, seal
from gateway.evidence.findings import Kind
from gateway.evidence.merkle import leaf
from gateway.evidence.reading import Place, Reading
from gateway.evidence.schema import Close, Executed, Open, Outcome, Record, RecordInvalid, parse


def read(name: str, data: bytes) -> Reading:
    """Check one journal; findings are in order of place."""
    reading = Reading(name)
    parsed = JournalName.parse(name)
    if parsed is None:
        reading.report(Place(0, 0), Kind.INVALID, "the name is not that of a journal")
    walk = _Walk(reading, parsed)
    for line, following in _pairs(data):
        walk.step(line, following)
        if reading.closed is not None:
            _after_close(reading, line, len(data))
            return reading
    _end(reading, data)
    return reading


class _Line(NamedTuple):
    """One terminated line; `record` is None where `fault` says why."""

    number: int
    offset: int
    size: int
    hash: bytes
    leaf: bytes
    record: Record | None
    fault: str

    @property
    def place(self) -> Place:
        """Where it stands."""
        return Place(self.number, self.offset)


def _pairs(data: bytes) -> Iterator[tuple[_Line, _Line | None]]:
    """Every terminated line with the one after it."""
    before: _Line | None = None
    offset = 0
    for number, raw in enumerate(data.split(b"\n")[:-1], start=1):
        record, fault = _parse(raw)
        line = _Line(
            number, offset, len(raw), hashlib.sha256(raw).digest(), leaf(raw), record, fault
        )
        offset += len(raw) + 1
        if before is not None:
            yield before, line
        before = line
    if before is not None:
        yield before, None


def _parse(raw: bytes) -> tuple[Record | None, str]:
    try:
        record = parse(raw)
    except RecordInvalid as error:
        return None, str(error)
    if orjson.dumps(record, option=orjson.OPT_SORT_KEYS) != raw:
        return None, "not in canonical form"
    return record, ""


class _Walk:
    """The chain's state between two lines."""

    def __init__(self, reading: Reading, name: JournalName | None) -> None:
        self._reading = reading
        self._name = name
        self._writer = name.writer if name else ""
        self._seq = 0
        self._prev = GENESIS
        self._ts = ""
        self._before: _Line | None = None
        self._damaged = False

    def step(self, line: _Line, following: _Line | None) -> None:
        """One line, with the one after it to say which of two is at fault."""
        record = line.record
        if record is None:
            if _torn(line, following):
                # The sweeper's CLOSE continues the last whole line, so this one is stepped over.
                self._reading.report(line.place, Kind.INCOMPLETE, "a cut record, fenced by a sweep")
                return
            self._reading.report(line.place, Kind.INVALID, line.fault)
        else:
            self._link(line, record, following)
            self._seq = record["seq"]
            self._ts = record["ts"]
        self._reading.add(self._seq, line.hash, line.leaf, self._ts)
        if record is not None:
            self._content(line, record)
        self._damaged = record is None
        self._seq += 1
        self._prev = line.hash.hex()
        self._before = line

    def _link(self, line: _Line, record: Record, following: _Line | None) -> None:
        report = self._reading.report
        self._writer = self._writer or record["writer"]
        if record["seq"] > self._seq:
            count = record["seq"] - self._seq
            report(line.place, Kind.GAP, f"{count} record(s) are left out before this one")
        elif record["seq"] < self._seq:
            report(line.place, Kind.INVALID, "a record out of order or written twice")
        elif record["prev"] != self._prev and not self._damaged:
            if self._before is not None and _intact(line, record, following):
                report(
                    self._before.place, Kind.INVALID, "changed: the next line is chained to others"
                )
            else:
                report(line.place, Kind.INVALID, "prev: not the SHA-256 of the line before")
        elif record["ts"] < self._ts:
            report(line.place, Kind.INVALID, "ts: earlier than in the record before")
        elif record["writer"] != self._writer:
            report(line.place, Kind.INVALID, "writer: not the one in the journal's name")

    def _content(self, line: _Line, record: Record) -> None:
        reading, place = self._reading, line.place
        if record["seq"] == 0 and record["type"] != "open" and record["type"] != "close":
            reading.report(place, Kind.INVALID, "the first record is not OPEN")
        if record["type"] == "intent" or record["type"] == "executing":
            reading.intent(record["id"], place)
        elif record["type"] == "outcome" or record["type"] == "executed":
            self._outcome(place, record)
        elif record["type"] == "open":
            self._open(place, record)
        elif record["type"] == "close":
            self._close(place, record)
        elif record["type"] == "swept":
            reading.swept.append((record, place))

    def _outcome(self, place: Place, record: Outcome | Executed) -> None:
        reading = self._reading
        if record["intent"]["journal"] != reading.name:
            reading.foreign.append((record, place))
        elif fault := reading.settle(record):
            reading.report(place, Kind.INVALID, fault)
        if record["result"] == "interrupted" and record["effect"] != "read":
            reading.report(
                place, Kind.INDETERMINATE, "interrupted upstream: whether it took effect is unknown"
            )

    def _open(self, place: Place, record: Open) -> None:
        reading = self._reading
        reading.opened = True
        if record["seq"] != 0:
            reading.report(place, Kind.INVALID, "OPEN stands only on the first line")
        named = self._name is None or record["number"] == self._name.number
        if record["journal"] != reading.name or not named:
            reading.report(place, Kind.INVALID, "journal: not the name that this journal has")
        if (before := record.get("before")) is not None:
            reading.before = Before(before["journal"], before["seq"], before["tip"])

    def _close(self, place: Place, record: Close) -> None:
        reading = self._reading
        reading.closed = record
        if record["seal"] != seal(record):
            reading.report(place, Kind.INVALID, "CLOSE was changed: seal does not fit")
        elif any(finding.kind is not Kind.INDETERMINATE for finding in reading.findings):
            # Its sums cannot fit a journal that is already known to be at fault.
            return
        elif (record["count"], record["tip"]) != (record["seq"], record["prev"]):
            reading.report(place, Kind.INVALID, "count or tip: not those of the line before")
        elif record["bytes"] != place.offset:
            reading.report(place, Kind.INVALID, "bytes: not the size of what stands before CLOSE")
        elif record["seq"] == 0 and record["by"] == record["writer"]:
            reading.report(place, Kind.INVALID, "the first record is not OPEN")


def _torn(line: _Line, following: _Line | None) -> bool:
    """Whether the next line is a sweeper's CLOSE that declares this one a cut record."""
    after = following.record if following else None
    return after is not None and after["type"] == "close" and 0 < after["torn"] == line.size


def _intact(line: _Line, record: Record, following: _Line | None) -> bool:
    """Whether something vouches for this line, so that the fault lies before it."""
    if record["type"] == "close":
        return record["seal"] == seal(record)
    after = following.record if following else None
    return after is not None and after["prev"] == line.hash.hex()


def _after_close(reading: Reading, line: _Line, size: int) -> None:
    end = line.offset + line.size + 1
    if size > end:
        place = Place(line.number + 1, end)
        reading.report(place, Kind.INVALID, f"{size - end} byte(s) after CLOSE")


def _end(reading: Reading, data: bytes) -> None:
    """A journal that does not end in CLOSE."""
    start = data.rfind(b"\n") + 1
    place = Place(data.count(b"\n") + 1, start)
    if start == len(data):
        reading.report(place, Kind.INCOMPLETE, "no CLOSE: in use, abandoned or cut short")
    elif _is_cut(data[start:]):
        reading.report(place, Kind.INCOMPLETE, "the last record is cut, and there is no CLOSE")
    else:
        reading.report(place, Kind.INVALID, "bytes after a record where its newline must be")


def _is_cut(tail: bytes) -> bool:
    """Whether unterminated bytes may be the beginning of a line, and not more than one."""
    try:
        _, end = json.JSONDecoder().raw_decode(tail.decode("utf-8", "replace"))
    except json.JSONDecodeError:
        return tail.startswith(b"{")
    except RecursionError:
        return False
    return end == len(tail.decode("utf-8", "replace"))
