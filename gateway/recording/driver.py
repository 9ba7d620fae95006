"""Carries out what was approved: at most once, and never without a record before and after.

A driver claims the ticket, checks everything again, takes the stored request away so that nobody
else can have it, records, and only then sends. Whatever stops it on the way leaves a state from
which the next message or the sweep goes on, and none from which anything is sent twice: not even
where somebody puts row and request back as they were, since each execution takes a name in the
evidence that can be taken once and never given back.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import assert_never

from gateway.approvals import stored
from gateway.approvals.decision import Decision
from gateway.approvals.eligibility import person_of, require_standing
from gateway.approvals.facts import Held
from gateway.approvals.stored import HeldRequest, Result, StoredInvalid
from gateway.approvals.ticket import EXECUTION_TIME, Cite, Ticket, TicketState, is_stale
from gateway.errors import (
    AlreadyExists,
    Denied,
    Forbidden,
    GatewayError,
    InvalidRequest,
    NotFound,
    PreconditionFailed,
    Reason,
    Unavailable,
    Withheld,
)
from gateway.evidence import approval_records, identity
from gateway.model.canonical import Json
from gateway.model.exchange import Authenticated, Intended, Prepared, Receipt, Received
from gateway.model.message import Timings
from gateway.model.principal import Session
from gateway.policy.policy import Policy
from gateway.ports import (
    Carried,
    Clock,
    DenyList,
    Deposit,
    DigestKeys,
    Entropy,
    Execution,
    Journal,
    Meter,
    SealingKeys,
    StoredTicket,
    Versioned,
)
from gateway.recording.delivery import REQUEST_PURPOSE, Delivery, bound
from gateway.recording.executions import Executions
from gateway.recording.register import Register, binding_of, reachable, subject_of


class ClaimLost(GatewayError):
    """Another driver has the ticket; this one has sent nothing."""

    default = Reason.APPROVAL_CLOSED


@dataclass(slots=True)
class _Run:
    """One driver's attempt at one ticket."""

    stored: StoredTicket
    held: Held | None = None
    executing: StoredTicket | None = None

    @property
    def ticket(self) -> Ticket:
        return self.stored.ticket


@dataclass(frozen=True, slots=True)
class Driver:
    """Takes ticket ids from the queue."""

    clock: Clock
    entropy: Entropy
    meter: Meter
    journal: Journal
    executions: Executions
    digest_keys: DigestKeys
    deny_list: DenyList
    register: Register
    requests: Deposit
    request_keys: SealingKeys = field(repr=False)
    delivery: Delivery
    execution: Execution

    async def drive(self, ticket_id: str) -> None:
        """Carry out a ticket if it is approved; nothing to do for any other.

        Raises:
            Unavailable: not now; the message comes again.
        """
        try:
            found = await self.register.read(ticket_id)
        except NotFound:
            self.meter.count("approvals", "UnknownTicket")
            return
        match found.ticket.state:
            case TicketState.APPROVED:
                await self._claim(found)
            case TicketState.CLAIMED if is_stale(found.ticket, self.clock.now()):
                await self._claim(found)
            case TicketState.CLAIMED:
                # If its driver has died, this message must come again.
                raise Unavailable(
                    "another driver has the ticket", reason=Reason.APPROVAL_UNAVAILABLE
                )
            case _:
                return

    async def give_up(self, ticket_id: str) -> None:
        """A message that failed five times: an approval that cannot be carried out is revoked.

        Raises:
            Unavailable: not now.
        """
        self.meter.count("approvals", "Poison")
        try:
            found = await self.register.read(ticket_id)
        except NotFound:
            return
        if found.ticket.state not in {TicketState.APPROVED, TicketState.CLAIMED}:
            return
        try:
            claimed = await self.register.move(
                found, TicketState.CLAIMED, claim=self.entropy.hex(16)
            )
        except PreconditionFailed:
            return
        error = Denied("it could not be carried out", reason=Reason.APPROVAL_UNAVAILABLE)
        await self._refuse(_Run(claimed, await self._trusted(claimed)), error)

    async def _claim(self, found: StoredTicket) -> None:
        try:
            claimed = await self.register.move(
                found, TicketState.CLAIMED, claim=self.entropy.hex(16)
            )
        except PreconditionFailed:
            # Another driver was first, and has a message of its own.
            return
        run = _Run(claimed)
        if found.ticket.reason:
            # A driver died while it refused the ticket, and may have said so on record.
            run.held = await self._trusted(claimed)
            await self._refuse(run, Denied("it was being refused", reason=_cause(found.ticket)))
            return
        try:
            async with asyncio.timeout(EXECUTION_TIME.total_seconds()):
                carried = await self._execute(run)
        except ClaimLost:
            self.meter.count("approvals", "ClaimLost")
        except (Denied, InvalidRequest) as error:
            await self._refuse(run, error)
        except (GatewayError, TimeoutError) as error:
            await self._release(run, error)
        else:
            await self._conclude(run, carried)

    async def _execute(self, run: _Run) -> Carried:
        opened = await self.register.verify(run.stored)
        run.held = held = opened.held
        decision = await self.register.decision(opened)
        if decision.verdict != "approved":
            raise Forbidden("the decision is no approval", reason=Reason.APPROVAL_REVOKED)
        self._require_time(held)
        await self.deny_list.check(person_of(decision), "")
        data, request = await self._stored(held)
        authenticated = Authenticated(
            Received(held.id, request.request, Timings(self.clock.now())),
            request.principal,
            Session(held.session, held.session_label),
            identity.body_digest(request.request, await self.digest_keys.current()),
        )

        async def claim(policy: Policy, prepared: Prepared) -> Receipt:
            _require_same(held, decision, policy, prepared)
            await self.deny_list.check(person_of(decision), "")
            self._require_time(held)
            return await self._begin(run, held, prepared, data)

        return await self.execution.execute(authenticated, held.id, claim)

    def _require_time(self, held: Held) -> None:
        if self.clock.now() >= held.expires_at:
            raise Denied("the approval has expired", reason=Reason.APPROVAL_EXPIRED)

    async def _stored(self, held: Held) -> tuple[Versioned, HeldRequest]:
        try:
            with reachable():
                found = await self.requests.get(held.id)
        except NotFound:
            raise _changed("the stored request has gone") from None
        version = stored.key_version(found.data)
        if not version:
            raise _changed("the stored request was changed")
        key = await self.request_keys.version(version)
        try:
            plain = stored.decrypt(REQUEST_PURPOSE, bound(held), found.data, key)
            return found, stored.decode_request(plain)
        except StoredInvalid:
            raise _changed("the stored request was changed") from None

    async def _begin(self, run: _Run, held: Held, prepared: Prepared, data: Versioned) -> Receipt:
        """The point of no return: nobody else can have the bytes, and the record is durable."""
        try:
            with reachable():
                await self.requests.remove(held.id, data.etag)
        except (NotFound, PreconditionFailed):
            raise ClaimLost("another driver has taken the stored request") from None
        try:
            key = await self.digest_keys.current()
            receipt = await self.journal.append(
                approval_records.executing(prepared, binding_of(held), key)
            )
        except Unavailable:
            # Nothing was sent and nothing will be by this run, so another may have the bytes.
            with reachable():
                await self.requests.put(held.id, data.data)
            raise
        cite = Cite(receipt.journal, receipt.seq, receipt.offset)
        try:
            await self._only_once(held, cite)
            run.executing = await self.register.move(
                run.stored, TicketState.EXECUTING, execution=cite
            )
        except (PreconditionFailed, Unavailable, Denied) as error:
            await self.journal.append(
                approval_records.abandoned(Intended(prepared, receipt), held.id, key)
            )
            if isinstance(error, Denied):
                raise
            raise ClaimLost("the ticket could not be moved; nothing was sent") from error
        return receipt

    async def _only_once(self, held: Held, cite: Cite) -> None:
        """Take the execution's name where nothing can be deleted; the gateway's tables can be."""
        try:
            await self.executions.take(held.id, cite)
        except AlreadyExists:
            raise _changed("it was carried out before") from None

    async def _conclude(self, run: _Run, carried: Carried) -> None:
        """Result, record, state: in this order, so that a crash in between can be mended."""
        if run.executing is None or run.held is None:
            raise GatewayError("an execution ended that never began")
        record = approval_records.executed(carried.record, run.held.id)
        await self._keep(run.held, _result(record, carried))
        await self.journal.append(record)
        try:
            await self.register.move(
                run.executing, TicketState.DONE, reason=str(record.get("reason", ""))
            )
        except PreconditionFailed:
            # A sweep thought this driver dead; the outcome on record resolves that.
            found = await self.register.read(run.held.id)
            if found.ticket.state is TicketState.INDETERMINATE:
                await self.register.move(found, TicketState.DONE)

    async def _keep(self, held: Held, result: Result) -> None:
        try:
            await self.delivery.store(held, result)
        except (Unavailable, AlreadyExists):
            # The outcome is on record all the same; the agent is told that nothing is kept.
            self.meter.count("approvals", "ResultLost")

    async def _refuse(self, run: _Run, error: GatewayError) -> None:
        """Reserve the refusal, record that the approval no longer holds, then end the ticket."""
        try:
            # Another driver may have claimed the ticket meanwhile and be carrying it out.
            run.stored = await self.register.move(
                run.stored, TicketState.CLAIMED, reason=str(error.reason)
            )
        except PreconditionFailed:
            self.meter.count("approvals", "ClaimLost")
            return
        expired = error.reason is Reason.APPROVAL_EXPIRED
        await self.journal.append(
            approval_records.decided(
                subject_of(run.ticket, run.held),
                "expired" if expired else "revoked",
                reason=str(error.reason),
            )
        )
        state = TicketState.EXPIRED if expired else TicketState.REFUSED
        try:
            await self.register.move(run.stored, state, reason=str(error.reason))
        except PreconditionFailed:
            self.meter.count("approvals", "ClaimLost")

    async def _release(self, run: _Run, error: BaseException) -> None:
        """Give the ticket back, or leave it to the sweep; the message comes again."""
        if run.executing is None:
            try:
                await self.register.move(run.stored, TicketState.APPROVED)
            except (PreconditionFailed, Unavailable):
                self.meter.count("approvals", "ReleaseLost")
        raise Unavailable(
            "the approved request could not be carried out now",
            reason=error.reason if isinstance(error, GatewayError) else None,
        ) from error

    async def _trusted(self, ticket: StoredTicket) -> Held | None:
        try:
            return (await self.register.verify(ticket)).held
        except (Denied, Unavailable):
            return None


def _require_same(held: Held, decision: Decision, policy: Policy, prepared: Prepared) -> None:
    """Pass exactly what was approved, if the manifest in force still has it approved that way.

    Raises:
        Denied: something differs.
    """
    authorised = prepared.approved.screened.authorised
    if authorised.classified.request_digest != held.request_digest:
        raise _changed("the stored request is not the one that was approved")
    if authorised.needs_approval and authorised.obligations.workflow != held.workflow:
        raise _changed("the rules ask another workflow now")
    workflow = policy.workflows.get(held.workflow)
    agent = policy.agents.get(held.application)
    require_standing(
        decision,
        workflow.reviewers if workflow else frozenset(),
        frozenset({agent.sponsor_object_id} if agent else ()),
    )


def _result(record: Mapping[str, Json], carried: Carried) -> Result:
    match carried.error:
        case None:
            return Result(dict(record), carried.answer)
        case Withheld() as error:
            return Result(dict(record), None, str(error.reason), str(error))
        case GatewayError() as error:
            return Result(
                dict(record), None, str(error.reason), f"the request was approved and sent: {error}"
            )
        case _:
            assert_never(carried.error)


def _cause(ticket: Ticket) -> Reason:
    try:
        return Reason(ticket.reason)
    except ValueError:
        return Reason.APPROVAL_REVOKED


def _changed(message: str) -> Forbidden:
    return Forbidden(message, reason=Reason.APPROVAL_REVOKED)
