"""The sweep over tickets: ends what has expired, finishes what a crash left, deletes what is over.

It writes only what is certain. Whether a ticket was executed is asked of the evidence, not of its
row. One that was being executed when its driver died is finished from the stored result and the
journal where they tell its end, and is INDETERMINATE where not.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final, assert_never

from gateway.approvals.ticket import EXECUTION_LEASE, GRACE, INTERRUPTED, TicketState
from gateway.errors import (
    Denied,
    GatewayError,
    NotFound,
    PreconditionFailed,
    Reason,
    StoreError,
    Unavailable,
)
from gateway.evidence import approval_records
from gateway.model.signals import Attribute, Signal
from gateway.ports import (
    SILENT,
    Clock,
    Deposit,
    Journal,
    Meter,
    Queue,
    StateStore,
    StoredTicket,
    Telemetry,
)
from gateway.recording.delivery import Delivery
from gateway.recording.executions import ABANDONED, Execution, Executions
from gateway.recording.register import Opened, Register, TicketInvalid, reachable, subject_of
from gateway.recording.reviewing import TicketReviews

LEASE: Final = "leases/approvals"
_LEASE_SECONDS: Final = 60
_SWEEP_TIME: Final = timedelta(seconds=40)
"""After this no further ticket is begun: two sweeps at once would write an end twice."""


@dataclass(frozen=True, slots=True)
class Expiry:
    """Runs on a timer, one at a time."""

    clock: Clock
    meter: Meter
    journal: Journal
    executions: Executions
    state: StateStore
    register: Register
    requests: Deposit
    results: Deposit
    delivery: Delivery
    reviews: TicketReviews
    work: Queue
    telemetry: Telemetry = SILENT

    async def sweep(self) -> None:
        """Look at tickets that are due; one that fails does not stop the others.

        What there is no time for is due at the next sweep, which begins at another place.

        Raises:
            Unavailable: tickets cannot be listed.
        """
        try:
            lease = await self.state.lease(LEASE, _LEASE_SECONDS)
        except StoreError as error:
            raise Unavailable(
                "the lease of the approvals' sweep cannot be had",
                reason=Reason.APPROVAL_UNAVAILABLE,
            ) from error
        if lease is None:
            return
        began = self.clock.now()
        try:
            with reachable():
                found = await self.register.tickets.due(began, start=_place(began))
            for stored in found:
                if self.clock.now() - began > _SWEEP_TIME:
                    return
                try:
                    await self._look(stored)
                except GatewayError as error:
                    self.meter.count("approvals-sweep", str(error.reason))
        finally:
            await self._release(lease)

    async def _release(self, lease: str) -> None:
        try:
            await self.state.release(LEASE, lease)
        except StoreError:
            # It runs out by itself.
            self.meter.count("approvals-sweep", "LeaseKept")

    async def _look(self, stored: StoredTicket) -> None:
        ticket = stored.ticket
        expired = self.clock.now() >= ticket.expires_at + GRACE
        match ticket.state:
            case (
                TicketState.OPENING
                | TicketState.PENDING
                | TicketState.DECIDING
                | TicketState.EXECUTING
            ):
                await self._end(stored)
            case TicketState.APPROVED if expired:
                await self._end(stored)
            case TicketState.APPROVED | TicketState.CLAIMED:
                await self._requeue(stored)
            case (
                TicketState.REJECTED
                | TicketState.DONE
                | TicketState.EXPIRED
                | TicketState.REFUSED
                | TicketState.INDETERMINATE
            ):
                await self._clear(stored)
            case _:
                assert_never(ticket.state)

    async def _end(self, stored: StoredTicket) -> None:
        """Whoever can write the table can write a state, so evidence is asked before a record."""
        execution = await self.executions.find(stored.ticket.id)
        match stored.ticket.state:
            case _ if execution is not None:
                await self._recover(stored, execution)
            case TicketState.EXECUTING:
                # No driver wrote that: each takes its name in the evidence before.
                await self._revoke(stored, Reason.APPROVAL_REVOKED)
            case TicketState.DECIDING:
                await self._settle(stored)
            case TicketState.OPENING:
                await self._expire(stored, INTERRUPTED)
            case _:
                await self._expire(stored, Reason.APPROVAL_EXPIRED)

    async def _expire(self, stored: StoredTicket, reason: str) -> None:
        opened = await self._trusted(stored)
        reserved = await self.register.reserve_end(stored, str(reason))
        subject = subject_of(stored.ticket, opened.held if opened else None)
        await self.journal.append(approval_records.decided(subject, "expired", reason=str(reason)))
        await self.register.move(reserved, TicketState.EXPIRED, reason=str(reason))
        if opened is not None and reason == Reason.APPROVAL_EXPIRED:
            age = (self.clock.now() - opened.held.held_at).total_seconds()
            self.telemetry.measure(Signal.APPROVAL_AGE, age, {Attribute.END: "expired"})

    async def _settle(self, stored: StoredTicket) -> None:
        try:
            await self.reviews.settle(await self.register.verify(stored))
        except TicketInvalid as error:
            await self._revoke(stored, error.reason)

    async def _requeue(self, stored: StoredTicket) -> None:
        """Its message or its driver may be lost; one message more does no harm."""
        self.telemetry.add(Signal.APPROVAL_STALLED)
        with reachable():
            await self.work.send(stored.ticket.id)
        await self.register.put(replace(stored.ticket, looked_at=self.clock.now()), stored.etag)

    async def _recover(self, stored: StoredTicket, execution: Execution) -> None:
        """Its driver has died, or somebody has set the row back: its end is what evidence says.

        DONE where the end is known, INDETERMINATE where it is not, REFUSED where nothing was sent.
        """
        if execution.result == ABANDONED:
            await self._revoke(stored, Reason.APPROVAL_REVOKED)
            return
        if execution.began and self.clock.now() < execution.began + EXECUTION_LEASE:
            # Its driver may be at work, whatever the row says of when it began.
            return
        opened = await self._trusted(stored)
        if execution.result or await self._finished(opened):
            await self.register.correct(stored, TicketState.DONE)
            return
        subject = subject_of(stored.ticket, opened.held if opened else None)
        cite = execution.cite
        await self.journal.append(
            approval_records.indeterminate(subject, cite.journal, cite.seq, "DriverLost")
        )
        self.telemetry.add(Signal.INTENT_UNANSWERED)
        await self.register.correct(
            stored, TicketState.INDETERMINATE, reason=Reason.APPROVAL_INDETERMINATE
        )

    async def _finished(self, opened: Opened | None) -> bool:
        """Whether a result was stored, whose record is then written in its driver's place."""
        if opened is None:
            return False
        try:
            result = await self.delivery.result(opened.held)
        except (NotFound, Denied):
            return False
        await self.journal.append(result.record)
        return True

    async def _revoke(self, stored: StoredTicket, reason: str) -> None:
        opened = await self._trusted(stored)
        subject = subject_of(stored.ticket, opened.held if opened else None)
        await self.journal.append(approval_records.decided(subject, "revoked", reason=str(reason)))
        await self.register.correct(stored, TicketState.REFUSED, reason=str(reason))

    async def _clear(self, stored: StoredTicket) -> None:
        """The request at once, the result after its time, the row at last."""
        ticket = stored.ticket
        match ticket.kept:
            case 0:
                with reachable():
                    await self.register.tickets.remove(ticket.id)
                return
            case 1:
                await _take_away(self.results, ticket.id)
            case _:
                await _take_away(self.requests, ticket.id)
        await self.register.put(replace(ticket, kept=ticket.kept - 1), stored.etag)

    async def _trusted(self, stored: StoredTicket) -> Opened | None:
        try:
            return await self.register.verify(stored)
        except TicketInvalid:
            return None


def _place(moment: datetime) -> str:
    """Somewhere among the ids of tickets, elsewhere at each moment."""
    return sha256(moment.isoformat().encode()).hexdigest()[:32]


async def _take_away(deposit: Deposit, name: str) -> None:
    with reachable():
        try:
            await deposit.remove(name, (await deposit.get(name)).etag)
        except (NotFound, PreconditionFailed):
            return
