"""Approvals: tickets, held bytes, queues, cards, reviews."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal, Protocol

from gateway.model.principal import Principal
from gateway.ports.storage import Versioned

if TYPE_CHECKING:
    from gateway.approvals.ticket import Ticket


@dataclass(frozen=True, slots=True)
class TicketAccess:
    """One thing that a held request would touch, as records name it."""

    action: str
    resource: str
    effect: str


@dataclass(frozen=True, slots=True)
class TicketView:
    """A held request in words, for a reviewer; free of ePHI, free text masked.

    Attributes:
        id: 32 hex digits; names the ticket in URLs and records, opens nothing.
        state: a word of `gateway.approvals.ticket.TicketState`; only "pending" can be decided.
        agent: the manifest's name of the agent; `principal` is its object id.
        sponsor: the person who answers for the agent.
        operation: the service's name of it, such as `Delete Container`.
        effect: read, write, delete or action.
        accesses: all that it touches, the target first.
        method: of the request.
        target: of the request, in masked form.
        size: of the request's body in bytes.
        rule: id of the rule that asks.
        manifest: digest of the manifest in force when it was held.
        workflow: name of the workflow.
        purpose: as the agent states it, "" for none; the agent's words, masked.
        reason: likewise.
        page_digest: of everything above; sent back with the decision, it says what was shown.
        verdict: approved, rejected, expired, revoked, or "" while nobody has decided.
        decided_by: the reviewer's name, "" for none.
        decision_reason: what the reviewer gave as reason, masked.
        rule_description: the manifest's words about the rule, "" for none.
        asks: what is asked in words, where effect and resource do not say it, "" elsewhere.
    """

    id: str
    state: str
    agent: str
    principal: str
    sponsor: str
    connection: str
    operation: str
    effect: str
    accesses: tuple[TicketAccess, ...]
    method: str
    target: str
    size: int
    rule: str
    manifest: str
    workflow: str
    purpose: str
    reason: str
    held_at: datetime
    expires_at: datetime
    page_digest: str
    verdict: str = ""
    decided_by: str = ""
    decided_at: datetime | None = None
    decision_reason: str = ""
    rule_description: str = ""
    asks: str = ""


@dataclass(frozen=True, slots=True)
class StoredTicket:
    """A ticket with the ETag that it had when read."""

    ticket: Ticket
    etag: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A small mutable text beside the tickets, with its ETag."""

    text: str
    etag: str


class Tickets(Protocol):
    """The table of tickets: an index that moves by compare-and-swap; the journal is the truth."""

    async def get(self, ticket_id: str) -> StoredTicket:
        """The ticket as it stands.

        Raises:
            NotFound: no such ticket.
            StoreError: it cannot be read.
        """
        ...

    async def swap(self, ticket: Ticket, etag: str | None) -> str:
        """Write if the ETag still holds (None: if absent); the new ETag.

        Raises:
            PreconditionFailed: somebody else was first, or it has gone.
            StoreError: it may or may not have been written.
        """
        ...

    async def due(self, now: datetime, limit: int = 500, start: str = "") -> Sequence[StoredTicket]:
        """Tickets for which a sweep has something to do (`gateway.approvals.ticket.due`).

        Those whose id is not below `start` come first, in the order of their ids, then the
        others: with another start each time, some that stay due do not hide the rest.

        Raises:
            StoreError: they cannot be listed.
        """
        ...

    async def pending(self, limit: int = 500) -> Sequence[StoredTicket]:
        """Tickets that wait for a decision, in no order.

        Raises:
            StoreError: they cannot be listed.
        """
        ...

    async def remove(self, ticket_id: str) -> None:
        """Forget a ticket; one that is not there is no error.

        Raises:
            StoreError: it may or may not have been removed.
        """
        ...

    async def mark(self, kind: Literal["request", "agent"], key: str) -> Mark:
        """Which ticket a request digest has, or which tickets an agent has open.

        Raises:
            NotFound: none is set.
            StoreError: it cannot be read.
        """
        ...

    async def set_mark(
        self, kind: Literal["request", "agent"], key: str, text: str, etag: str | None
    ) -> None:
        """Write if the ETag still holds (None: if absent).

        Raises:
            PreconditionFailed: somebody else was first.
            StoreError: it may or may not have been written.
        """
        ...


class Deposit(Protocol):
    """Encrypted bytes kept for tickets, by ticket id."""

    async def put(self, name: str, data: bytes) -> None:
        """Store once.

        Raises:
            AlreadyExists: there are bytes of this name, these perhaps.
            StoreError: it may or may not have been stored.
        """
        ...

    async def get(self, name: str) -> Versioned:
        """The bytes.

        Raises:
            NotFound: none.
            StoreError: they cannot be read.
        """
        ...

    async def remove(self, name: str, etag: str) -> None:
        """Take away exactly these bytes; of several that try, one succeeds.

        Raises:
            NotFound: they have gone.
            PreconditionFailed: there are others.
            StoreError: they may or may not have gone.
        """
        ...


class Queue(Protocol):
    """A Storage queue; a message is a ticket id and nothing else."""

    async def send(self, text: str) -> None:
        """Add a message.

        Raises:
            StoreError: it may or may not have been added.
        """
        ...


class Cards(Protocol):
    """Where reviewers are told that a request waits."""

    async def post(self, ticket_id: str, card: bytes, webhook_secret: str) -> None:
        """Post an Adaptive Card.

        Args:
            ticket_id: whose.
            card: the message, JSON.
            webhook_secret: name of the secret that holds the webhook's URL.

        Raises:
            Unavailable: it was not accepted.
        """
        ...


class Wording(Protocol):
    """Free text of agents and reviewers, as others may read it."""

    def shown(self, text: str) -> str:
        """The text with what may be ePHI masked, "" for none."""
        ...


class Reviews(Protocol):
    """What the reviewer's pages need. A reviewer is a person, signed in, of the right group."""

    async def view(self, ticket_id: str, reviewer: Principal) -> TicketView:
        """The ticket as the reviewer may see it; changes nothing.

        Raises:
            NotFound: there is no such ticket.
            Forbidden: REVIEWER_NOT_ACCEPTED: not a person, in no group of the workflow, the
                requester itself, or the agent's sponsor; PRINCIPAL_DENIED: on the deny list.
            Unavailable: it cannot be known now.
        """
        ...

    async def waiting(self, reviewer: Principal) -> Sequence[TicketView]:
        """The tickets that this reviewer may decide now, the first to expire first.

        Raises:
            Forbidden: PRINCIPAL_DENIED: on the deny list.
            Unavailable: it cannot be known now.
        """
        ...

    async def decide(
        self,
        ticket_id: str,
        reviewer: Principal,
        decision: Literal["approve", "reject"],
        reason: str,
        page_digest: str,
    ) -> TicketView:
        """Decide, once; the ticket after that.

        Args:
            ticket_id: which.
            reviewer: as signed in now; checked again.
            decision: the value itself, nothing derived from how a form was sent.
            reason: the reviewer's words, at most 500 characters; needed for a rejection.
            page_digest: of the page that the reviewer saw.

        Raises:
            NotFound: there is no such ticket.
            Forbidden: as for `view`; APPROVAL_CLOSED: it was decided or has ended meanwhile;
                PAGE_CHANGED: not what was shown.
            InvalidRequest: no such decision, or a reason too long or missing.
            Unavailable: it cannot be recorded or stored now; nothing was decided, or it will be
                found decided.
        """
        ...
