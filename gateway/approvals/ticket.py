"""A ticket: one held request, its states, and what each state lets happen next.

    OPENING → PENDING → DECIDING → APPROVED → CLAIMED → EXECUTING → DONE
       │         │         ├→ REJECTED  │        │  ↺       ├→ INDETERMINATE → DONE
       └→ EXPIRED┴─────────┼────────────┴────────┤
                           └→ REFUSED ←──────────┘

What a state asserts is on record before the state is entered. OPENING, DECIDING and CLAIMED only
reserve the right to write that record: whoever loses the compare-and-swap writes nothing. So does
the reason of a ticket that is about to expire, in whatever state it stands.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, assert_never


class TicketState(StrEnum):
    """Where a ticket stands."""

    OPENING = "opening"
    PENDING = "pending"
    DECIDING = "deciding"
    APPROVED = "approved"
    REJECTED = "rejected"
    CLAIMED = "claimed"
    EXECUTING = "executing"
    DONE = "done"
    EXPIRED = "expired"
    REFUSED = "refused"
    INDETERMINATE = "indeterminate"

    @property
    def ended(self) -> bool:
        """Nothing will be executed any more."""
        return self in _ENDED


_S = TicketState
_ENDED: Final = frozenset({_S.REJECTED, _S.DONE, _S.EXPIRED, _S.REFUSED, _S.INDETERMINATE})

NEXT: Final[dict[TicketState, frozenset[TicketState]]] = {
    _S.OPENING: frozenset({_S.PENDING, _S.EXPIRED}),
    _S.PENDING: frozenset({_S.DECIDING, _S.EXPIRED}),
    _S.DECIDING: frozenset({_S.APPROVED, _S.REJECTED, _S.REFUSED}),
    _S.APPROVED: frozenset({_S.CLAIMED, _S.EXPIRED}),
    # Claimed again by another driver, or given back because something was not available.
    _S.CLAIMED: frozenset({_S.CLAIMED, _S.APPROVED, _S.EXECUTING, _S.REFUSED, _S.EXPIRED}),
    _S.EXECUTING: frozenset({_S.DONE, _S.INDETERMINATE}),
    # A late outcome resolves what was unknown; nothing leads back to a state that executes.
    _S.INDETERMINATE: frozenset({_S.DONE}),
    _S.REJECTED: frozenset(),
    _S.DONE: frozenset(),
    _S.EXPIRED: frozenset(),
    _S.REFUSED: frozenset(),
}
"""Every move there is."""

OPENING_TIME: Final = timedelta(seconds=260)
"""After this, whoever was opening has gone: the host ends a request at 230 s."""
DECIDING_TIME: Final = timedelta(seconds=30)
"""After this, another process finishes a decision; doing it twice changes nothing."""
INTERRUPTED: Final = "HoldInterrupted"
"""Reason of a ticket that ended before it could be shown to anybody."""
CLAIM_TIME: Final = timedelta(seconds=60)
"""After this, another driver may claim what a driver has claimed and not begun."""
EXECUTION_TIME: Final = timedelta(seconds=200)
"""The longest that a driver works on one ticket; the host ends it at 230 s."""
EXECUTION_LEASE: Final = timedelta(seconds=260)
"""After this, whoever was executing has gone."""
GRACE: Final = timedelta(seconds=30)
"""Between the moment from which nobody may decide and the one at which a sweep ends the ticket."""
RESULT_TIME: Final = timedelta(hours=24)
"""How long a result can be read."""
DISCLOSED_TIME: Final = timedelta(hours=1)
"""How long one can be read that holds what tokens stand for."""
ROW_TIME: Final = timedelta(days=30)
"""How long an ended ticket can be asked for; the journal keeps it for good."""


class MoveRefused(ValueError):
    """The state does not lead there."""


@dataclass(frozen=True, slots=True)
class Cite:
    """Where the record of the execution stands."""

    journal: str
    seq: int
    offset: int


@dataclass(frozen=True, slots=True)
class Ticket:
    """A ticket as stored; the sealed part never changes, everything else moves.

    Attributes:
        id: 32 hex digits, the exchange id of the request that was held.
        state: see TicketState.
        sealed: the facts about the request, `facts.Held` in JSON.
        seal: keyed digest of id and `sealed`.
        since: when the state was entered.
        expires_at: from when on it is neither decided nor executed; a copy of what is sealed.
        decision: `decision.Decision` in JSON, "" before.
        claim: id of the driver's run that has it, "" before.
        execution: where the `executing` record stands, None before.
        collected: keyed digest of the client request id that read the end first, "" before.
        looked_at: when a sweep last put it in the queue again.
        reason: code of what ended it, or is about to; "" before.
        result_seconds: how long a result can be read; a copy of what is sealed.
        kept: how much may still be stored for it: 2 request and result, 1 result, 0 nothing.
    """

    id: str
    state: TicketState
    sealed: str
    seal: str
    since: datetime
    expires_at: datetime
    decision: str = ""
    claim: str = ""
    execution: Cite | None = None
    collected: str = ""
    looked_at: datetime | None = None
    reason: str = ""
    kept: int = 2
    result_seconds: int = int(RESULT_TIME.total_seconds())


def move(ticket: Ticket, state: TicketState, now: datetime, reason: str = "") -> Ticket:
    """The ticket in its next state.

    Raises:
        MoveRefused: the state does not lead there.
    """
    if state not in NEXT[ticket.state]:
        raise MoveRefused(f"{ticket.state} does not lead to {state}")
    return replace(ticket, state=state, since=now, reason=reason, looked_at=None)


def due(ticket: Ticket) -> datetime:
    """When a sweep has something to do for it."""
    match ticket.state:
        case TicketState.OPENING:
            return ticket.since + OPENING_TIME
        case TicketState.DECIDING:
            return ticket.since + DECIDING_TIME
        case TicketState.PENDING:
            return ticket.expires_at + GRACE
        case TicketState.APPROVED | TicketState.CLAIMED:
            # Its message may be lost, or its driver.
            return (ticket.looked_at or ticket.since) + CLAIM_TIME
        case TicketState.EXECUTING:
            return ticket.since + EXECUTION_LEASE
        case (
            TicketState.REJECTED
            | TicketState.DONE
            | TicketState.EXPIRED
            | TicketState.REFUSED
            | TicketState.INDETERMINATE
        ):
            kept = (ROW_TIME, timedelta(seconds=ticket.result_seconds), timedelta())
            return ticket.since + kept[ticket.kept]
        case _:
            assert_never(ticket.state)


def is_stale(ticket: Ticket, now: datetime) -> bool:
    """Whether whoever entered this passing state has had all the time there is."""
    match ticket.state:
        case TicketState.OPENING:
            return now >= ticket.since + OPENING_TIME
        case TicketState.DECIDING:
            return now >= ticket.since + DECIDING_TIME
        case TicketState.CLAIMED:
            return now >= ticket.since + CLAIM_TIME
        case TicketState.EXECUTING:
            return now >= ticket.since + EXECUTION_LEASE
        case _:
            return False
