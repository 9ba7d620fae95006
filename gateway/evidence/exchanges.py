"""The exchanges of a session, out of the rows of its records."""

import heapq
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from gateway.evidence.projection import Row

RECORDS: Final = "r."
"""Keys of records begin with this."""

# Of two records that say what was decided, the one further to the right was later.
_ASKED: Final = ("held", "denied", "intent", "executing")


@dataclass(frozen=True, slots=True)
class Pointer:
    """Where a record stands; `length` is without the newline."""

    journal: str
    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class Exchange:
    """One exchange.

    Attributes:
        at: moment of its first record; `last`, of its last one.
        id: of the exchange.
        decision: allowed, approved, denied or held; "" where the record that says so is not there.
        verdict: what became of a held request, "".
        result: of the outcome, `indeterminate`, or "" where there is none.
        status: answered to the agent, or by the upstream; 0 unknown.
        resource: the first one; `accesses` says how many there are.
        reviewer: object id of the person who decided, "".
        collected: how often a stored result was read.
        records: where its records stand, each writer's in its order.
    """

    at: str
    last: str
    id: str
    decision: str
    verdict: str
    result: str
    status: int
    operation: str
    effect: str
    connection: str
    resource: str
    accesses: int
    rule: str
    reason: str
    manifest: str
    approval: str
    agent: str
    oid: str
    reviewer: str
    collected: int
    records: tuple[Pointer, ...]

    @property
    def end(self) -> str:
        """How it ended, in one word."""
        if self.decision == "denied":
            return "denied"
        if self.decision == "held":
            return self.verdict or "held"
        return self.result or "indeterminate"


def exchanges(rows: Iterable[Row]) -> tuple[Exchange, ...]:
    """The exchanges of a session in order of their first records.

    Each writer's records stay in its order, whatever the clocks say; between writers, time
    decides.

    Args:
        rows: of the session's records, in the order of their keys.
    """
    writers = [list(group) for _, group in groupby(rows, key=lambda row: row.key.split(".")[1])]
    found: dict[str, list[Row]] = {}
    for row in heapq.merge(*writers, key=lambda row: _text(row, "ts")):
        # Who reads a stored result does so in an exchange of its own, part of the held one.
        of = "approval" if _text(row, "type") == "collected" else "id"
        found.setdefault(_text(row, of), []).append(row)
    return tuple(_exchange(name, group) for name, group in found.items())


def _exchange(name: str, rows: Sequence[Row]) -> Exchange:
    asked = _latest(rows, *_ASKED)
    # A late outcome resolves what was indeterminate.
    ended = _latest(rows, "indeterminate", "outcome", "executed")
    decided = _latest(rows, "decided")
    times = [_text(row, "ts") for row in rows]
    unknown = _text(ended, "type") == "indeterminate"
    return Exchange(
        at=min(times),
        last=max(times),
        id=name,
        decision=_text(asked, "decision"),
        verdict=_text(decided, "verdict"),
        result="indeterminate" if unknown else _text(ended, "result"),
        status=_number(ended, "status"),
        operation=_text(asked, "operation"),
        effect=_text(asked, "effect"),
        connection=_text(asked, "connection"),
        resource=_text(asked, "resource"),
        accesses=_number(asked, "accesses"),
        rule=_text(asked, "rule"),
        reason=_text(ended, "reason") or _text(decided, "reason") or _text(asked, "reason"),
        manifest=_text(asked, "manifest"),
        approval=_text(asked, "approval"),
        agent=_text(asked, "agent"),
        oid=_text(asked, "oid"),
        reviewer=_text(decided, "reviewer"),
        collected=sum(_text(row, "type") == "collected" for row in rows),
        records=tuple(
            Pointer(_text(row, "journal"), _number(row, "offset"), _number(row, "length"))
            for row in rows
        ),
    )


def _latest(rows: Sequence[Row], *types: str) -> Row | None:
    """The row whose type stands last in `types`; of several of one type, the last one."""
    ranked = [row for row in rows if _text(row, "type") in types]
    return max(reversed(ranked), key=lambda row: types.index(_text(row, "type")), default=None)


def _text(row: Row | None, name: str) -> str:
    return str(row.columns.get(name, "")) if row else ""


def _number(row: Row | None, name: str) -> int:
    return int(row.columns.get(name, 0)) if row else 0
