"""The hash chain of one journal: lines out of records, as pure steps from one head to the next.

A line is canonical JSON (RFC 8785) and a newline. `prev` is the SHA-256, in hex, of the line
before *without* its newline; 64 zeros on the first line. The first line is OPEN, the last CLOSE.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, cast

from gateway.evidence.schema import VERSION, parse
from gateway.model.canonical import Json, canonical, encoded

GENESIS: Final = "0" * 64
_NAME: Final = re.compile(
    r"journal/(?P<day>\d{4}/\d{2}/\d{2})/(?P<writer>[0-9a-f]{16})-(?P<number>0|[1-9]\d{0,8})\.ndjson"
)


@dataclass(frozen=True, slots=True)
class JournalName:
    """`journal/{yyyy}/{mm}/{dd}/{writer}-{n}.ndjson`: UTC day of its creation, 16 hex, from 0."""

    day: str
    writer: str
    number: int

    def __str__(self) -> str:
        return f"journal/{self.day}/{self.writer}-{self.number}.ndjson"

    @classmethod
    def parse(cls, name: str) -> "JournalName | None":
        """The parts of a name, or None where it is not a journal's."""
        if (match := _NAME.fullmatch(name)) is None:
            return None
        return cls(match["day"], match["writer"], int(match["number"]))


@dataclass(frozen=True, slots=True)
class Head:
    """Where the next line of a journal goes.

    Attributes:
        name: the journal.
        seq: of the next line.
        offset: of the next line in bytes.
        tip: `prev` of the next line.
        ts: of the line before; the next is not earlier.
        closed: CLOSE is written; there is no next line.
    """

    name: JournalName
    seq: int = 0
    offset: int = 0
    tip: str = GENESIS
    ts: str = ""
    closed: bool = False


@dataclass(frozen=True, slots=True)
class Before:
    """The last line of the writer's journal before, as far as the writer knows it."""

    journal: str
    seq: int
    tip: str


@dataclass(frozen=True, slots=True)
class Instance:
    """Who writes: `name` of the instance, version and `sha256:` digest of the deployed package."""

    name: str
    version: str
    digest: str


def moment(at: datetime) -> str:
    """RFC 3339 in UTC with six decimals, so that text order is time order."""
    if at.tzinfo is not UTC:
        at = at.astimezone(UTC)
    return f"{at.isoformat(timespec='microseconds')[:-6]}Z"


def digest(line: bytes) -> str:
    """`prev` of the line after this one; a trailing newline does not count."""
    return hashlib.sha256(line.removesuffix(b"\n")).hexdigest()


def start(writer: str, number: int, now: datetime) -> Head:
    """The head of a journal that does not exist yet."""
    return Head(JournalName(now.astimezone(UTC).strftime("%Y/%m/%d"), writer, number))


def extend(head: Head, record: Mapping[str, Json], now: datetime) -> tuple[bytes, Head]:
    """One line and the head after it.

    Raises:
        ValueError: the journal is closed, the record holds an envelope field of its own, or has
            no canonical form.
    """
    whole = _whole(head, record, now)
    return _after(head, whole, canonical(whole))


def extend_checked(head: Head, record: Mapping[str, Json], now: datetime) -> tuple[bytes, Head]:
    """The same for a record that the verifier accepts: WORM storage cannot be mended.

    The schema looks at the line's bytes, so the values need no look of their own.

    Raises:
        ValueError: as for `extend`, or the line is no record of the schema.
    """
    whole = _whole(head, record, now)
    body = encoded(whole)
    parse(body)
    return _after(head, whole, body)


def _whole(head: Head, record: Mapping[str, Json], now: datetime) -> dict[str, Json]:
    if head.closed:
        raise ValueError("nothing follows CLOSE")
    if not _ENVELOPE.isdisjoint(record):
        raise ValueError("v, writer, seq, ts and prev are the journal's to add")
    return {**record, **_envelope(head, max(moment(now), head.ts))}


def _after(head: Head, whole: Mapping[str, Json], body: bytes) -> tuple[bytes, Head]:
    after = Head(
        head.name,
        seq=head.seq + 1,
        offset=head.offset + len(body) + 1,
        tip=hashlib.sha256(body).hexdigest(),
        ts=cast("str", whole["ts"]),
        closed=whole.get("type") == "close",
    )
    return body + b"\n", after


def opening(
    head: Head, instance: Instance, manifest: str, before: Before | None
) -> dict[str, Json]:
    """The OPEN record; `manifest` is the active one's digest or ""."""
    record: dict[str, Json] = {
        "type": "open",
        "journal": str(head.name),
        "number": head.name.number,
        "instance": instance.name,
        "package": {"version": instance.version, "digest": instance.digest},
        "manifest": manifest,
    }
    if before is not None:
        record["before"] = {"journal": before.journal, "seq": before.seq, "tip": before.tip}
    return record


def close(head: Head, now: datetime, by: str = "", torn: int = 0) -> tuple[bytes, Head]:
    """The CLOSE line and the closed head.

    `seal` is the SHA-256 of the canonical CLOSE without `seal`: no later line's `prev` guards
    this one.

    Args:
        head: of the journal; after a torn tail, `offset` counts the torn bytes and their newline.
        now: the time.
        by: the sweeper's writer id where it is a fence, "" for the journal's own writer.
        torn: bytes of an unfinished line that stand before this one.
    """
    stamp = max(moment(now), head.ts)
    record: dict[str, Json] = {
        "type": "close",
        "by": by or head.name.writer,
        "count": head.seq,
        "bytes": head.offset,
        "tip": head.tip,
        "torn": torn,
    }
    record["seal"] = seal({**record, **_envelope(head, stamp)})
    return extend(head, record, now)


def seal(record: Mapping[str, object]) -> str:
    """SHA-256 hex of a CLOSE record, its `seal` left out."""
    rest = {key: cast("Json", value) for key, value in record.items() if key != "seal"}
    return digest(canonical(rest))


def _envelope(head: Head, stamp: str) -> dict[str, Json]:
    return {
        "v": VERSION,
        "writer": head.name.writer,
        "seq": head.seq,
        "ts": stamp,
        "prev": head.tip,
    }


_ENVELOPE: Final = frozenset({"v", "writer", "seq", "ts", "prev"})
