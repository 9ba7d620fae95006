"""The three answers for one session: who asked, what data, was it authorised; and how it ended.

A view for people over lines that `verify` vouches for or not: it checks nothing itself, leaves out
what it cannot parse, and neutralises control characters, so that a stored string cannot drive the
reader's terminal.
"""

import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from gateway.evidence.schema import (
    Decided,
    Denied,
    Executed,
    Executing,
    Held,
    Intent,
    Outcome,
    Record,
    RecordInvalid,
    parse,
)
from gateway.evidence.sections import AccessPart, ActorPart, SessionPart

# Bidirectional overrides and line separators deceive a reader as well as escapes do.
_UNSAFE: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_Asked: TypeAlias = Intent | Held | Executing | Denied


@dataclass(frozen=True, slots=True)
class Touched:
    """One access: the action and the resource as recorded."""

    action: str
    resource: str
    effect: str


@dataclass(frozen=True, slots=True)
class Answers:
    """One exchange.

    Attributes:
        at: moment of the first record.
        id: of the exchange.
        session: id of the session, "" where none was known.
        label: the session's label.
        who: actor fields by name, those that are not empty.
        operation: the service's name for it, "" where not classified.
        touched: every access.
        decision: allowed, approved, denied or held.
        reason: code of the refusal or of the end, "".
        rule: that decided, "".
        manifest: digest, "".
        approval: id, "".
        result: answered, withheld, unreachable, interrupted, failed; "" without an outcome.
        status: answered to the agent, or by the upstream where nothing was answered; 0 unknown.
        verdict: approved, rejected, expired or revoked: the last word on a held request, "".
        reviewer: name of the person who decided, "".
    """

    at: str
    id: str
    session: str
    label: str
    who: Mapping[str, str]
    operation: str
    touched: tuple[Touched, ...]
    decision: str
    reason: str
    rule: str
    manifest: str
    approval: str
    result: str = ""
    status: int = 0
    verdict: str = ""
    reviewer: str = ""

    @property
    def end(self) -> str:
        """How it ended, in one word."""
        if self.decision == "held":
            return self.verdict or self.decision
        if self.decision == "denied":
            return self.decision
        if self.result == "abandoned" and self.verdict:
            return self.verdict
        return self.result or "indeterminate"


def answers(lines: Iterable[bytes]) -> tuple[Answers, ...]:
    """One row for each exchange, in order of time; lines of any number of journals."""
    ledger = Ledger()
    ledger.add(lines)
    return ledger.rows()


class Ledger:
    """Joins what was asked with how it ended, across journals given one by one."""

    def __init__(self) -> None:
        self._asked: dict[str, Answers] = {}
        self._ended: dict[str, Outcome | Executed] = {}
        self._decided: dict[str, list[Decided]] = {}

    def add(self, lines: Iterable[bytes]) -> None:
        """Lines of one journal, with or without their newlines."""
        for record in records(lines):
            match record["type"]:
                case "held" if record["id"] in self._asked:
                    # Its `executing` stands in a journal that was read before.
                    continue
                case "intent" | "held" | "executing" | "denied":
                    self._asked[record["id"]] = _asked(record)
                case "outcome" | "executed":
                    known = self._ended.get(record["id"])
                    # A driver that sent nothing does not undo what another has done.
                    if known is None or known["result"] == "abandoned":
                        self._ended[record["id"]] = record
                case "decided":
                    self._decided.setdefault(record["id"], []).append(record)
                case _:
                    continue

    def rows(self) -> tuple[Answers, ...]:
        """One row for each exchange, in order of time."""
        rows = [
            _with_end(_with_decisions(row, self._decided.get(row.id, ())), self._ended.get(row.id))
            for row in self._asked.values()
        ]
        return tuple(sorted(rows, key=lambda row: (row.at, row.id)))


def of_session(rows: Iterable[Answers], session: str) -> tuple[Answers, ...]:
    """The rows of a session, named by its id or by its label."""
    wanted = session.strip().lower()
    return tuple(row for row in rows if row.session and wanted in {row.session, row.label.lower()})


def last_session(rows: Iterable[Answers]) -> str:
    """Id of the session with the latest exchange, or ""."""
    return max(((row.at, row.session) for row in rows if row.session), default=("", ""))[1]


def records(lines: Iterable[bytes]) -> Iterator[Record]:
    """Lines that are records; others are for `verify` to report."""
    for line in lines:
        if line.strip():
            try:
                yield parse(line.removesuffix(b"\n"))
            except RecordInvalid:
                continue


def plain(text: str) -> str:
    """Text that does nothing to a terminal: control and format characters as escapes."""
    return "".join(
        f"\\u{{{ord(char):x}}}" if unicodedata.category(char) in _UNSAFE else char for char in text
    )


def _asked(record: _Asked) -> Answers:
    session: SessionPart | None = record.get("session")
    operation = record.get("operation")
    accesses: list[AccessPart] = operation["accesses"] if operation else []
    target = record["request"]["method"] + " " + record["request"]["target"]
    return Answers(
        at=record["ts"],
        id=record["id"],
        session=session["id"] if session else "",
        label=plain(session["label"]) if session else "",
        who=_who(record.get("actor")),
        operation=plain(operation["name"] if operation else target),
        touched=tuple(
            Touched(plain(item["action"]), plain(item["resource"]), item["effect"])
            for item in accesses
        ),
        decision=record["decision"],
        reason=plain(record["reason"]),
        rule=plain(record["rule"]),
        manifest=plain(record["manifest"]),
        approval=plain(record["approval"]),
    )


def _who(actor: ActorPart | None) -> dict[str, str]:
    return {key: plain(str(value)) for key, value in actor.items() if value} if actor else {}


def _with_decisions(row: Answers, decided: Iterable[Decided]) -> Answers:
    """The last word stands: what was approved may expire or be revoked before it is carried out."""
    for record in sorted(decided, key=lambda record: record["ts"]):
        person = record.get("reviewer")
        why = "" if record["verdict"] == "approved" else plain(record["reason"])
        row = replace(
            row,
            verdict=record["verdict"],
            reason=why or row.reason,
            reviewer=plain(person["name"]) if person else row.reviewer,
        )
    return row


def _with_end(row: Answers, ended: Outcome | Executed | None) -> Answers:
    if ended is None:
        return row
    response, upstream = ended.get("response"), ended.get("upstream")
    status = response["status"] if response else upstream["status"] if upstream else 0
    return replace(
        row, result=ended["result"], reason=plain(ended["reason"]) or row.reason, status=status
    )
