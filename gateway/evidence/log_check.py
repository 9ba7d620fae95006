"""Whether the log fits the journals, and which of their records a signed checkpoint covers."""

from collections.abc import Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from gateway.evidence.chain import moment
from gateway.evidence.findings import Finding, Kind, Signatures
from gateway.evidence.log import (
    Batch,
    BatchInvalid,
    Span,
    batch_first,
    checkpoint_size,
    key_kid,
    parse_batch,
)
from gateway.evidence.merkle import EMPTY, Edge
from gateway.evidence.note import Note, NoteInvalid, parse
from gateway.evidence.reading import Reading
from gateway.evidence.signing_keys import KeyInvalid, PublicKey, read_keys

GRACE: Final = timedelta(minutes=10)
"""Checkpoints follow records by a minute; what is that near the newest one may be without."""


@dataclass(slots=True)
class LogBlobs:
    """What lies below `log/`, and notes that somebody kept elsewhere.

    Attributes:
        trusted: keys that are known to be the gateway's; without them, those that the evidence
            itself brings along.
    """

    trusted: tuple[PublicKey, ...] = ()
    batches: dict[int, Batch] = field(default_factory=dict)
    notes: dict[str, Note] = field(default_factory=dict)
    published: list[PublicKey] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    seen: bool = False

    def add(self, name: str, data: bytes | None) -> None:
        """Take one blob; `data` is None where it could not be read."""
        self.seen = True
        if data is None:
            self._find(name, Kind.UNREADABLE, "cannot be read")
            return
        try:
            if (first := batch_first(name)) is not None:
                self.batches[first] = parse_batch(name, data)
            elif (size := checkpoint_size(name)) is not None:
                self._note(name, parse(data), size)
            elif (kid := key_kid(name)) is not None:
                self._key(name, read_keys(data), kid)
            else:
                self._find(name, Kind.INVALID, "the name is not one of the log's")
        except (BatchInvalid, NoteInvalid, KeyInvalid) as error:
            self._find(name, Kind.INVALID, str(error))

    def remember(self, label: str, data: bytes) -> None:
        """Take a checkpoint that was kept elsewhere; the log must still hold what it says."""
        self.seen = True
        try:
            self.notes[label] = parse(data)
        except NoteInvalid as error:
            self._find(label, Kind.INVALID, str(error))

    def _note(self, name: str, note: Note, size: int) -> None:
        if note.checkpoint.size != size:
            self._find(name, Kind.INVALID, "size: not the one in the name")
        else:
            self.notes[name] = note

    def _key(self, name: str, keys: tuple[PublicKey, ...], kid: str) -> None:
        if [key.kid for key in keys] != [kid]:
            self._find(name, Kind.INVALID, "not the key that the name is the thumbprint of")
        else:
            self.published.extend(keys)

    def _find(self, name: str, kind: Kind, message: str) -> None:
        self.findings.append(Finding(name, 0, 0, kind, message))


def check(
    blobs: LogBlobs, readings: Mapping[str, Reading], unreadable: set[str], absent: Kind
) -> tuple[list[Finding], Signatures | None]:
    """What is wrong, and what is signed; None without a log, where none is asked for.

    Args:
        blobs: of the log.
        readings: of the journals, by name.
        unreadable: names of those that could not be read.
        absent: kind of finding for a journal that is not here.
    """
    if not blobs.seen and not blobs.trusted:
        return [], None
    tree = _Tree(readings, unreadable, absent)
    findings = list(blobs.findings)
    findings.extend(tree.check(blobs.batches))
    signed = _Signed(blobs, tree)
    findings.extend(signed.check())
    covered = tree.covered(signed.size)
    for name, reading in readings.items():
        start = covered.get(name, 0)
        if (count := reading.lines - start) > 0 and not _is_due(reading, start, signed.newest):
            message = f"{count} record(s) at the end that no signed checkpoint covers"
            findings.append(Finding(name, 0, 0, Kind.UNSIGNED, message))
    return findings, Signatures(
        leaves=tree.size,
        signed=signed.size,
        checkpoints=signed.good,
        newest=signed.newest,
        keys=tuple(sorted(signed.keys)),
        trusted=bool(blobs.trusted),
    )


def _is_due(reading: Reading, start: int, newest: str) -> bool:
    """Whether records without a checkpoint are so young that the next one was still to come."""
    if not newest:
        return False
    signed = datetime.fromisoformat(newest)
    first, last = reading.times(start)
    return moment(signed - GRACE) <= first and last <= moment(signed + GRACE)


class _Tree:
    """The tree, computed from the journals, batch by batch."""

    def __init__(self, readings: Mapping[str, Reading], unreadable: set[str], absent: Kind) -> None:
        self._readings = readings
        self._unreadable = unreadable
        self._absent = absent
        self._gone: set[str] = set()
        self._logged: dict[str, int] = {}
        self._ends: list[tuple[int, str, int]] = []
        self.roots: dict[int, bytes] = {0: EMPTY}
        self.size = 0

    def check(self, batches: Mapping[int, Batch]) -> Iterator[Finding]:
        """Go through them; a faulty one does not hide what is wrong with later ones."""
        edge: Edge | None = Edge()
        for first in sorted(batches):
            batch = batches[first]
            if first != self.size:
                kind = Kind.MISSING if first > self.size else Kind.INVALID
                message = f"follows {first} records, and the batches before it hold {self.size}"
                yield Finding(batch.name, 0, 0, kind, message)
                edge = None
            leaves: list[bytes] | None = []
            for span in batch.spans:
                found = yield from self._span(batch, span)
                leaves = None if leaves is None or found is None else leaves + found
            if edge is not None and leaves is not None and edge.extended(leaves) != batch.edge:
                yield Finding(batch.name, 0, 0, Kind.INVALID, "root: not that of the records")
            # What it says of itself binds the later ones, so one fault is one finding.
            edge, self.size = batch.edge, batch.edge.size
            self.roots[self.size] = edge.root

    def covered(self, size: int) -> dict[str, int]:
        """How many records of each journal are among the first `size` leaves."""
        return {journal: seq for end, journal, seq in self._ends if end <= size}

    def _span(self, batch: Batch, span: Span) -> Generator[Finding, None, list[bytes] | None]:
        name, end = str(span.journal), span.after.seq
        if self._logged.get(name, 0) != span.seq:
            yield Finding(batch.name, 0, 0, Kind.INVALID, "records of a journal twice, or left out")
        self._logged[name] = end
        self._ends.append((batch.edge.size, name, end))
        reading = self._readings.get(name)
        if reading is None or name in self._unreadable:
            if reading is None and name not in self._gone:
                self._gone.add(name)
                yield Finding(name, 0, 0, self._absent, "in the log, and not here")
            return None
        if reading.lines < end:
            message = f"the log has {end} record(s) of it, and it holds {reading.lines}: cut"
            yield Finding(name, 0, 0, Kind.MISSING, message)
            return None
        if reading.hash_at(end - 1) != span.after.tip:
            message = f"the record with seq {end - 1} is not the one that the log has"
            yield Finding(name, 0, 0, Kind.INVALID, message)
            return None
        return reading.leaves(span.seq, span.count)


class _Signed:
    """The checkpoints, each against keys and tree."""

    def __init__(self, blobs: LogBlobs, tree: _Tree) -> None:
        self._blobs = blobs
        self._keys = blobs.trusted or tuple(blobs.published)
        self._tree = tree
        self._origin = ""
        self.size = 0
        self.good = 0
        self.newest = ""
        self.keys: set[str] = set()

    def check(self) -> Iterator[Finding]:
        for name, note in sorted(self._blobs.notes.items()):
            key, kind, message = self._signature(note)
            if key is not None:
                kind, message = self._content(note)
            if message or key is None:
                yield Finding(name, 0, 0, kind, message)
                continue
            self.good += 1
            self.keys.add(key.kid)
            self.size = max(self.size, note.checkpoint.size)
            self.newest = max(self.newest, note.checkpoint.at)
        if self._blobs.trusted and not self.good:
            message = "no checkpoint here is signed with a key that was given"
            yield Finding("log/checkpoints/", 0, 0, Kind.MISSING, message)

    def _signature(self, note: Note) -> tuple[PublicKey | None, Kind, str]:
        text, origin = note.checkpoint.text, note.checkpoint.origin
        known = False
        for one in note.signatures:
            for key in self._matching(one.key_id) if one.name == origin else ():
                known = True
                if key.verifies(text, one.value):
                    return key, Kind.UNSIGNED, ""
        if known:
            return None, Kind.INVALID, "the signature does not fit: forged or changed"
        if self._blobs.trusted:
            return None, Kind.INVALID, "not signed with a key that was given"
        return None, Kind.UNSIGNED, "signed with a key that is not here"

    def _matching(self, key_id: bytes) -> Iterable[PublicKey]:
        return (key for key in self._keys if key.key_id == key_id)

    def _content(self, note: Note) -> tuple[Kind, str]:
        """What a good signature stands under, against the journals."""
        checkpoint = note.checkpoint
        self._origin = self._origin or checkpoint.origin
        if checkpoint.origin != self._origin:
            return Kind.INVALID, "origin: of another log"
        if checkpoint.size > self._tree.size:
            message = f"signs {checkpoint.size} records, and the log here has {self._tree.size}"
            return Kind.MISSING, message
        root = self._tree.roots.get(checkpoint.size)
        if root is None:
            return Kind.MISSING, "signs a size at which no batch here ends"
        if root != checkpoint.root:
            return Kind.INVALID, "signs another root than that of the log"
        return Kind.UNSIGNED, ""
