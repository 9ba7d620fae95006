"""Tickets as the gateway trusts them: sealed facts verified, moves by compare-and-swap."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Final, Literal, TypeAlias

from gateway.approvals import decision as decisions
from gateway.approvals import facts
from gateway.approvals.decision import Decision, DecisionInvalid
from gateway.approvals.facts import FactsInvalid, Held
from gateway.approvals.ticket import Cite, Ticket, TicketState, move
from gateway.errors import (
    AlreadyExists,
    Denied,
    NotFound,
    PreconditionFailed,
    Reason,
    StoreError,
    Unavailable,
)
from gateway.evidence.approval_records import Binding, Person, Subject
from gateway.model.digest import DigestKey
from gateway.model.principal import Session
from gateway.ports import Clock, Mark, SealingKeys, StoredTicket, Tickets

MarkKind: TypeAlias = Literal["request", "agent"]

_ID: Final = re.compile(r"[0-9a-f]{32}")


class TicketInvalid(Denied):
    """What is stored of a ticket was not stored by this gateway."""

    default = Reason.APPROVAL_REVOKED


@dataclass(frozen=True, slots=True)
class Opened:
    """A ticket whose facts are as they were sealed."""

    stored: StoredTicket
    held: Held

    @property
    def ticket(self) -> Ticket:
        """As it stood when read."""
        return self.stored.ticket

    @property
    def page(self) -> str:
        """Digest of what a reviewer is shown."""
        return facts.page_digest(self.ticket.sealed)


@dataclass(frozen=True, slots=True)
class Register:
    """The table of tickets with the key that seals them."""

    tickets: Tickets
    keys: SealingKeys
    clock: Clock

    async def read(self, ticket_id: str) -> StoredTicket:
        """A ticket, unverified.

        Raises:
            NotFound: no such ticket, or no id of one.
            Unavailable: it cannot be read.
        """
        if not _ID.fullmatch(ticket_id):
            raise NotFound("no such ticket")
        with reachable():
            return await self.tickets.get(ticket_id)

    async def open(self, ticket_id: str) -> Opened:
        """A ticket, verified.

        Raises:
            NotFound: no such ticket.
            TicketInvalid: it was changed by somebody else.
            Unavailable: it cannot be read or verified now.
        """
        return await self.verify(await self.read(ticket_id))

    async def verify(self, stored: StoredTicket) -> Opened:
        """A ticket that was read, verified.

        Raises:
            TicketInvalid: it was changed by somebody else.
            Unavailable: it cannot be verified now.
        """
        ticket = stored.ticket
        key = await self._key_of(ticket.seal)
        if not decisions.is_sealed(ticket.id, ticket.sealed, ticket.seal, key):
            raise _invalid("the stored request was changed")
        try:
            held = facts.from_json(ticket.sealed)
        except FactsInvalid:
            raise _invalid("the stored request cannot be understood") from None
        if (held.id, held.expires_at) != (ticket.id, ticket.expires_at):
            raise _invalid("the stored request was changed")
        return Opened(stored, held)

    async def create(self, held: Held) -> StoredTicket:
        """A new ticket, OPENING.

        Raises:
            Unavailable: it may or may not have been stored.
        """
        sealed = facts.to_json(held)
        seal = decisions.seal_of(held.id, sealed, await self.keys.current())
        now = self.clock.now()
        ticket = Ticket(
            held.id,
            TicketState.OPENING,
            sealed,
            seal,
            now,
            held.expires_at,
            result_seconds=held.result_seconds,
        )
        with reachable():
            return StoredTicket(ticket, await self.tickets.swap(ticket, None))

    async def move(  # noqa: PLR0913 - what may change with a state, by name
        self,
        stored: StoredTicket,
        state: TicketState,
        *,
        reason: str = "",
        decision: str | None = None,
        claim: str | None = None,
        execution: Cite | None = None,
    ) -> StoredTicket:
        """The ticket in its next state.

        Raises:
            PreconditionFailed: somebody else has moved it.
            Unavailable: it may or may not have been moved.
        """
        before = stored.ticket
        moved = move(before, state, self.clock.now(), reason)
        moved = replace(
            moved,
            decision=before.decision if decision is None else decision,
            claim=before.claim if claim is None else claim,
            execution=before.execution if execution is None else execution,
        )
        return await self.put(moved, stored.etag)

    async def correct(
        self, stored: StoredTicket, state: TicketState, *, reason: str = ""
    ) -> StoredTicket:
        """Put a row where the evidence says that its ticket stands, whatever the row says.

        Raises:
            PreconditionFailed: somebody else has moved it.
            Unavailable: it may or may not have been moved.
        """
        row = replace(
            stored.ticket, state=state, since=self.clock.now(), reason=reason, looked_at=None
        )
        return await self.put(row, stored.etag)

    async def reserve_end(self, stored: StoredTicket, reason: str) -> StoredTicket:
        """The ticket where it stands, with the reason for which it is about to end.

        Before the record that says so: somebody who decides or claims it at this moment, by a
        clock that is behind or after a long stop, would make that record untrue. Once reserved
        nobody decides it, and a driver that claims it ends it for this reason.

        Raises:
            PreconditionFailed: somebody else has moved it.
            Unavailable: it may or may not be reserved.
        """
        return await self.put(replace(stored.ticket, reason=reason), stored.etag)

    async def put(self, ticket: Ticket, etag: str) -> StoredTicket:
        """Write a ticket that changes without moving, or the result of a move.

        Raises:
            PreconditionFailed: somebody else has changed it.
            Unavailable: it may or may not have been written.
        """
        with reachable():
            return StoredTicket(ticket, await self.tickets.swap(ticket, etag))

    async def mark(self, kind: MarkKind, key: str) -> Mark | None:
        """A mark beside the tickets, None where none is set.

        Raises:
            Unavailable: it cannot be read.
        """
        try:
            with reachable():
                return await self.tickets.mark(kind, key)
        except NotFound:
            return None

    async def set_mark(self, kind: MarkKind, key: str, text: str, before: Mark | None) -> None:
        """Write a mark in place of the one that was read.

        Raises:
            PreconditionFailed: somebody else was first.
            Unavailable: it may or may not have been written.
        """
        with reachable():
            await self.tickets.set_mark(kind, key, text, before.etag if before else None)

    async def sign(self, decision: Decision) -> Decision:
        """The decision with its MAC."""
        return replace(decision, mac=decisions.mac_of(decision, await self.keys.current()))

    async def decision(self, opened: Opened) -> Decision:
        """The ticket's decision, verified.

        Raises:
            TicketInvalid: there is none that this gateway signed for this ticket.
            Unavailable: it cannot be verified now.
        """
        try:
            found = decisions.from_json(opened.ticket.decision)
            key = await self._key_of(found.mac)
            decisions.verify(found, opened.held, opened.page, key)
        except DecisionInvalid:
            raise _invalid("the stored decision is not one of this gateway's") from None
        return found

    async def _key_of(self, digest: str) -> DigestKey:
        version = decisions.version_of(digest)
        if not version:
            raise _invalid("what is stored is not signed")
        return await self.keys.version(version)


def binding_of(held: Held) -> Binding:
    """What a decision is about, for records."""
    return Binding(facts.binding_digest(held), held.nonce, held.expires_at)


def subject_of(ticket: Ticket, held: Held | None) -> Subject:
    """A ticket, for records; `held` is None where its facts cannot be trusted."""
    if held is None:
        return Subject(ticket.id, None, None)
    return Subject(ticket.id, Session(held.session, held.session_label), binding_of(held))


def person_of(decision: Decision) -> Person:
    """The reviewer, for records."""
    who = decision.reviewer
    return Person(
        who.tenant, who.object_id, who.token_id, who.name, who.authenticated_at, who.methods
    )


@contextmanager
def reachable() -> Iterator[None]:
    """What a store says for certain goes through; everything else is `Unavailable`.

    Raises:
        NotFound, PreconditionFailed, AlreadyExists: as the store said.
        Unavailable: it failed.
    """
    try:
        yield
    except (NotFound, PreconditionFailed, AlreadyExists):
        raise
    except StoreError as error:
        raise Unavailable(
            "the store of approvals does not answer",
            reason=Reason.APPROVAL_UNAVAILABLE,
            advice="try again in a minute",
        ) from error


def _invalid(message: str) -> TicketInvalid:
    return TicketInvalid(
        message, advice="ask the gateway's operators: somebody else has written to its tables"
    )
