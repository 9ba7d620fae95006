"""What one journal says, as far as other journals need to know it."""

from dataclasses import dataclass, field
from typing import Final, NamedTuple

from gateway.evidence.chain import Before
from gateway.evidence.findings import Finding, Kind
from gateway.evidence.schema import Close, Executed, Outcome, Swept

OPEN_INTENT: Final = 1
SETTLED_INTENT: Final = 2
_SIZE: Final = 32
_NO_TIME: Final = b"0" * 27


class Place(NamedTuple):
    """Line number from 1 and byte offset; a tuple, since each line has one."""

    line: int
    offset: int


@dataclass(slots=True)
class Reading:
    """The result of reading one journal; small, however long the journal is.

    Attributes:
        name: the blob's name.
        findings: faults inside this journal.
        lines: how many there are.
        unsettled: id and place of each intent without outcome, by line index.
        foreign: outcomes that cite another journal's intent.
        swept: the sweeper's records and where they stand.
        before: what OPEN says of the writer's journal before, and whether there is an OPEN.
        opened: OPEN is there.
        closed: the CLOSE record, if any.
    """

    name: str
    findings: list[Finding] = field(default_factory=list)
    lines: int = 0
    unsettled: dict[int, tuple[str, Place]] = field(default_factory=dict)
    foreign: list[tuple[Outcome | Executed, Place]] = field(default_factory=list)
    swept: list[tuple[Swept, Place]] = field(default_factory=list)
    before: Before | None = None
    opened: bool = False
    closed: Close | None = None
    _hashes: bytearray = field(default_factory=bytearray)
    _leaves: bytearray = field(default_factory=bytearray)
    _states: bytearray = field(default_factory=bytearray)
    _times: bytearray = field(default_factory=bytearray)
    # Line index by seq, for the lines from the first gap on; before it, they are the same.
    _shifted: dict[int, int] = field(default_factory=dict)
    _shifted_from: int = -1

    def report(self, place: Place, kind: Kind, message: str) -> None:
        """Add a finding."""
        self.findings.append(Finding(self.name, place.line, place.offset, kind, message))

    def add(self, seq: int, digest: bytes, leaf: bytes, ts: str) -> None:
        """The next line: its SHA-256, its hash in the Merkle tree, and its time."""
        if seq != self.lines and self._shifted_from < 0:
            self._shifted_from = self.lines
        if self._shifted_from >= 0:
            self._shifted[seq] = self.lines
        self._hashes += digest
        self._leaves += leaf
        self._states.append(0)
        time = ts.encode()
        self._times += time if len(time) == len(_NO_TIME) else _NO_TIME
        self.lines += 1

    def intent(self, identifier: str, place: Place) -> None:
        """The line added last is an intent."""
        index = self.lines - 1
        self._states[index] = OPEN_INTENT
        self.unsettled[index] = (identifier, place)

    def hash_at(self, seq: int) -> str:
        """SHA-256 hex of the line with this seq, "" where there is none."""
        index = self._index(seq)
        return self._hashes[index * _SIZE : (index + 1) * _SIZE].hex() if index >= 0 else ""

    def times(self, first: int) -> tuple[str, str]:
        """When the line of this index and the last one were written."""
        size = len(_NO_TIME)
        start = self._times[first * size : (first + 1) * size]
        return start.decode(), self._times[-size:].decode()

    def leaves(self, seq: int, count: int) -> list[bytes] | None:
        """Tree hashes of so many lines from the one with this seq on; None where one is absent."""
        indices = [self._index(number) for number in range(seq, seq + count)]
        if -1 in indices:
            return None
        return [bytes(self._leaves[at * _SIZE : (at + 1) * _SIZE]) for at in indices]

    def settle(self, outcome: Outcome | Executed) -> str:
        """Take an outcome that cites this journal; what is wrong with it, or ""."""
        index = self._index(outcome["intent"]["seq"])
        state = self._states[index] if index >= 0 else 0
        if state == SETTLED_INTENT:
            return "a second outcome for an intent that has one"
        if state != OPEN_INTENT or self.unsettled[index][0] != outcome["id"]:
            return "the outcome cites a record that is not its intent"
        del self.unsettled[index]
        self._states[index] = SETTLED_INTENT
        return ""

    def _index(self, seq: int) -> int:
        if 0 <= self._shifted_from <= seq:
            return self._shifted.get(seq, -1)
        return seq if seq < self.lines else -1
