"""A reviewer's view of a ticket, and the decision: once, by the right person, on record first."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, assert_never

from gateway.approvals import decision as decisions
from gateway.approvals.decision import Decision, Reviewer
from gateway.approvals.eligibility import require_reviewer
from gateway.approvals.facts import binding_digest
from gateway.approvals.ticket import TicketState
from gateway.errors import (
    Denied,
    Forbidden,
    InvalidRequest,
    NotFound,
    PreconditionFailed,
    Reason,
    StoreError,
    Unavailable,
)
from gateway.evidence import approval_records
from gateway.evidence.approval_records import Verdict
from gateway.model.principal import Principal
from gateway.model.signals import Attribute, Signal
from gateway.ports import (
    SILENT,
    Clock,
    DenyList,
    Journal,
    Manifests,
    Meter,
    Queue,
    StoredTicket,
    Telemetry,
    TicketAccess,
    TicketView,
    Wording,
)
from gateway.recording.register import (
    Opened,
    Register,
    TicketInvalid,
    person_of,
    reachable,
    subject_of,
)

MAX_REASON: Final = 500

_VERDICT: Final[dict[TicketState, Verdict]] = {
    TicketState.REJECTED: "rejected",
    TicketState.EXPIRED: "expired",
    TicketState.REFUSED: "revoked",
}


@dataclass(frozen=True, slots=True)
class TicketReviews:
    """`ports.Reviews`."""

    clock: Clock
    meter: Meter
    journal: Journal
    manifests: Manifests
    deny_list: DenyList
    register: Register
    work: Queue
    wording: Wording
    telemetry: Telemetry = SILENT

    async def view(self, ticket_id: str, reviewer: Principal) -> TicketView:
        """See `ports.Reviews`."""
        opened = await self.register.open(ticket_id)
        await self._groups(opened, reviewer)
        return await self._view(opened)

    async def waiting(self, reviewer: Principal) -> Sequence[TicketView]:
        """See `ports.Reviews`."""
        await self.deny_list.check(reviewer, "")
        with reachable():
            found = await self.register.tickets.pending()
        now = self.clock.now()
        views: list[TicketView] = []
        failure: Unavailable | None = None
        for stored in found:
            try:
                opened = await self.register.verify(stored)
                await self._groups(opened, reviewer)
            except Denied:
                # Changed by somebody else, or not this person's to see.
                continue
            except Unavailable as error:
                # A row that names a key which nobody has must not hide all others.
                failure = error
                continue
            if now < opened.held.expires_at:
                views.append(await self._view(opened))
        if failure is not None and not views:
            raise failure
        return sorted(views, key=lambda view: (view.expires_at, view.id))

    async def decide(
        self,
        ticket_id: str,
        reviewer: Principal,
        decision: Literal["approve", "reject"],
        reason: str,
        page_digest: str,
    ) -> TicketView:
        """See `ports.Reviews`."""
        verdict = _verdict(decision)
        _require_reason(verdict, reason)
        opened = await self.register.open(ticket_id)
        groups = await self._groups(opened, reviewer)
        now = self.clock.now()
        ending = bool(opened.ticket.reason) or now >= opened.ticket.expires_at
        if ending or opened.ticket.state is not TicketState.PENDING:
            raise _closed()
        if page_digest != opened.page:
            raise Forbidden(
                "the page that was shown is not the one of this request",
                reason=Reason.PAGE_CHANGED,
                advice="open the page again and read it",
            )
        signed = await self.register.sign(
            Decision(
                ticket=opened.held.id,
                verdict=verdict,
                binding=binding_digest(opened.held),
                reviewer=Reviewer(
                    reviewer.tenant,
                    reviewer.object_id,
                    reviewer.token_id,
                    reviewer.name,
                    reviewer.authenticated_at,
                    tuple(sorted(reviewer.methods)),
                    groups,
                ),
                page=opened.page,
                reason=self.wording.shown(reason),
                decided_at=now,
            )
        )
        if self.clock.now() >= opened.ticket.expires_at:
            # Signing may have waited for its key; the sweep is about to end the ticket.
            raise _closed()
        try:
            deciding = await self.register.move(
                opened.stored, TicketState.DECIDING, decision=decisions.to_json(signed)
            )
        except (PreconditionFailed, NotFound):
            # Another reviewer was first: this decision leaves no trace, so it cannot contradict.
            raise _closed() from None
        stored = await self.settle(Opened(deciding, opened.held))
        return await self._view(Opened(stored, opened.held))

    async def settle(self, deciding: Opened) -> StoredTicket:
        """Put a decision on record, then make it the ticket's state; also for a crashed process.

        A process that dies in between leaves the ticket DECIDING; whoever comes next writes the
        same decision again, under the same MAC.

        Raises:
            TicketInvalid: the decision is not one that this gateway has signed.
            Unavailable: not now; the ticket stays DECIDING.
        """
        signed = await self.register.decision(deciding)
        await self.journal.append(
            approval_records.decided(
                subject_of(deciding.ticket, deciding.held),
                signed.verdict,
                reason=signed.reason,
                person=person_of(signed),
                page=signed.page,
                mac=signed.mac,
            )
        )
        approved = signed.verdict == "approved"
        state = TicketState.APPROVED if approved else TicketState.REJECTED
        try:
            stored = await self.register.move(deciding.stored, state)
        except PreconditionFailed:
            return await self.register.read(deciding.ticket.id)
        age = (signed.decided_at - deciding.held.held_at).total_seconds()
        self.telemetry.measure(Signal.APPROVAL_AGE, age, {Attribute.END: signed.verdict})
        if approved:
            await self._drive(deciding.ticket.id)
        return stored

    async def _drive(self, ticket_id: str) -> None:
        try:
            await self.work.send(ticket_id)
        except StoreError:
            # The sweep puts approved tickets in the queue again.
            self.meter.count("approvals", "MessageLost")

    async def _groups(self, opened: Opened, reviewer: Principal) -> tuple[str, ...]:
        await self.deny_list.check(reviewer, "")
        policy = await self.manifests.current()
        workflow = policy.workflows.get(opened.held.workflow)
        agent = policy.agents.get(opened.held.application)
        return require_reviewer(
            opened.held,
            reviewer,
            workflow.reviewers if workflow else frozenset(),
            frozenset({agent.sponsor_object_id} if agent else ()),
        )

    async def _view(self, opened: Opened) -> TicketView:
        held, ticket = opened.held, opened.ticket
        try:
            found = await self.register.decision(opened) if ticket.decision else None
        except TicketInvalid:
            # Nobody is shown as having decided what they have not.
            found = None
        return TicketView(
            id=held.id,
            state=ticket.state.value,
            agent=held.agent,
            principal=held.object_id,
            sponsor=held.sponsor,
            connection=held.connection,
            operation=held.operation,
            effect=held.effect,
            accesses=tuple(
                TicketAccess(access.action, access.resource, access.effect)
                for access in held.accesses
            ),
            method=held.method,
            target=held.target,
            size=held.size,
            rule=held.rule,
            manifest=held.manifest,
            workflow=held.workflow,
            purpose=held.purpose,
            reason=held.reason,
            held_at=held.held_at,
            expires_at=held.expires_at,
            page_digest=opened.page,
            verdict=_VERDICT.get(ticket.state) or (found.verdict if found else ""),
            decided_by=found.reviewer.name if found else "",
            decided_at=found.decided_at if found else None,
            decision_reason=found.reason if found else "",
            rule_description=held.rule_description,
            asks=held.asks,
        )


def _verdict(decision: str) -> Literal["approved", "rejected"]:
    match decision:
        case "approve":
            return "approved"
        case "reject":
            return "rejected"
        case _:
            raise InvalidRequest("a decision is approve or reject")


def _require_reason(verdict: Literal["approved", "rejected"], reason: str) -> None:
    if len(reason) > MAX_REASON:
        raise InvalidRequest(f"a reason has at most {MAX_REASON} characters")
    match verdict:
        case "rejected" if not reason.strip():
            raise InvalidRequest("a rejection needs a reason, so that the agent can do better")
        case "approved" | "rejected":
            return
        case _:
            assert_never(verdict)


def _closed() -> Forbidden:
    return Forbidden(
        "this request has been decided or has ended; your decision was not taken",
        reason=Reason.APPROVAL_CLOSED,
        advice="open the page again to see what became of it",
    )
