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
    UNSIGNED = "unsigned"  # there is a log, and no signed checkpoint covers this


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
class Signatures:
    """What signed checkpoints say of the records.

    Attributes:
        leaves: records in the log.
        signed: so many of them, from the first on, does a good checkpoint cover.
        checkpoints: good ones: signed, and true of the journals.
        newest: when the last of those was signed, "" for none.
        keys: `kid` of each key that signed one.
        trusted: the keys were given by who verifies, and not by the evidence itself.
    """

    leaves: int
    signed: int
    checkpoints: int
    newest: str
    keys: tuple[str, ...]
    trusted: bool


@dataclass(frozen=True, slots=True)
class Report:
    """The result of a verification.

    `journals`, `records` and `bytes` count what was looked at. Without `signatures` a consistent
    journal may still have been rewritten as a whole.
    """

    findings: tuple[Finding, ...]
    journals: int
    records: int
    bytes: int
    signatures: Signatures | None = None

    @property
    def signature(self) -> str:
        """`signed` where checkpoints cover every record, else `partly` or `unsigned`."""
        found = self.signatures
        if found is None or not found.signed:
            return "unsigned"
        unsigned = any(one.kind is Kind.UNSIGNED for one in self.findings)
        whole = found.signed >= self.records and not unsigned
        return "signed" if whole else "partly"

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
