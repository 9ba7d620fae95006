"""What verification finds, and the verdict over it."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum


class Kind(StrEnum):
    """Kinds of fault; CloudTrail's invalid, missing and gap, and what an intent log adds."""

    INVALID = "invalid"  # bytes that the writer cannot have written so
    MISSING = "missing"  # a journal that others prove is not there
    GAP = "gap"  # records left out inside a journal
    INDETERMINATE = "indeterminate"  # an intent whose end is unknown
    INCOMPLETE = "incomplete"  # no CLOSE: the journal is in use, abandoned or cut
    UNREADABLE = "unreadable"  # could not be read at all


class Verdict(IntEnum):
    """The exit code of `chaperone evidence verify`."""

    CONSISTENT = 0
    INVALID = 1
    INDETERMINATE = 3

    @property
    def word(self) -> str:
        """As people and `--json` see it."""
        return self.name.lower()


_FATAL = frozenset({Kind.INVALID, Kind.MISSING, Kind.GAP})


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault, located.

    Attributes:
        journal: the blob's name.
        line: from 1; 0 where the fault is the journal as a whole.
        offset: of the line in bytes from the start of the journal.
        kind: see Kind.
        message: what is wrong; names fields and numbers, never a value from a record.
    """

    journal: str
    line: int
    offset: int
    kind: Kind
    message: str


@dataclass(frozen=True, slots=True)
class Report:
    """The result of a verification.

    `journals`, `records` and `bytes` count what was looked at. Nothing is signed in this version:
    a consistent journal may still have been rewritten as a whole.
    """

    findings: tuple[Finding, ...]
    journals: int
    records: int
    bytes: int

    @property
    def verdict(self) -> Verdict:
        """Invalid over indeterminate over consistent."""
        kinds = {finding.kind for finding in self.findings}
        if kinds & _FATAL:
            return Verdict.INVALID
        return Verdict.INDETERMINATE if kinds else Verdict.CONSISTENT


def ordered(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """By place, so that reports compare."""
    return tuple(sorted(findings, key=lambda item: (item.journal, item.offset, item.line)))
