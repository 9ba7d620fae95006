"""Held requests that a test puts there, and what reviewers did with them."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Literal

from gateway.errors import Forbidden, GatewayError, InvalidRequest, NotFound, Reason
from gateway.local import directory
from gateway.model.principal import Principal, PrincipalKind
from gateway.ports import Clock, TicketAccess, TicketView
from tests.fakes.time import NOON, FakeClock

TICKET = "0123456789abcdef0123456789abcdef"
BLOB = "Microsoft.Storage/storageAccounts/blobServices"


def view(ticket_id: str = TICKET, held_at: datetime = NOON, **changes: object) -> TicketView:
    """A request of the administrators' agent to delete a container, open for an hour."""
    made = TicketView(
        id=ticket_id,
        state="pending",
        agent="platform-agent",
        principal=directory.AGENTS["platform-agent"].object_id,
        sponsor="alice.admin@clinic.example",
        connection="clinic",
        operation="Delete Container",
        effect="delete",
        accesses=(TicketAccess(f"{BLOB}/containers/delete", "clinic/archive", "delete"),),
        method="DELETE",
        target="/archive?restype=container",
        size=0,
        rule="delete-by-approval",
        manifest="sha256:" + "ab" * 32,
        workflow="second-pair-of-eyes",
        purpose="Clean up after the migration",
        reason="The archive was copied and checked.",
        held_at=held_at,
        expires_at=held_at + timedelta(hours=1),
        page_digest="sha256:" + "cd" * 32,
        rule_description="Deleting a container needs a second person.",
    )
    return replace(made, **changes)  # type: ignore[arg-type]


@dataclass
class FakeReviews:
    """`ports.Reviews` over a dictionary, with the rules about who may decide."""

    clock: Clock = field(default_factory=FakeClock)
    tickets: dict[str, TicketView] = field(default_factory=dict)
    group: str = directory.GROUPS["reviewers"]
    sponsor: str = directory.PERSONS["alice.admin"].object_id
    failure: GatewayError | None = None
    decisions: list[tuple[str, Principal, str, str, str]] = field(default_factory=list)
    views: int = 0

    def hold(self, ticket: TicketView) -> TicketView:
        """Put a ticket there."""
        self.tickets[ticket.id] = ticket
        return ticket

    async def view(self, ticket_id: str, reviewer: Principal) -> TicketView:
        self.views += 1
        return self._for(ticket_id, reviewer)

    async def waiting(self, reviewer: Principal) -> Sequence[TicketView]:
        found: list[TicketView] = []
        for ticket in self.tickets.values():
            try:
                view = self._for(ticket.id, reviewer)
            except Forbidden:
                continue
            if view.state == "pending" and self.clock.now() < view.expires_at:
                found.append(view)
        return found

    async def decide(
        self,
        ticket_id: str,
        reviewer: Principal,
        decision: Literal["approve", "reject"],
        reason: str,
        page_digest: str,
    ) -> TicketView:
        found = self._for(ticket_id, reviewer)
        if found.state != "pending" or self.clock.now() >= found.expires_at:
            raise Forbidden("the request is not open any more", reason=Reason.APPROVAL_CLOSED)
        if page_digest != found.page_digest:
            raise Forbidden("the page was of another request", reason=Reason.PAGE_CHANGED)
        if decision == "reject" and not reason:
            raise InvalidRequest("a rejection needs a reason")
        self.decisions.append((ticket_id, reviewer, decision, reason, page_digest))
        state = "approved" if decision == "approve" else "rejected"
        return self.hold(
            replace(
                found,
                state=state,
                verdict=state,
                decided_by=reviewer.name,
                decided_at=self.clock.now(),
                decision_reason=reason,
            )
        )

    def _for(self, ticket_id: str, reviewer: Principal) -> TicketView:
        if self.failure is not None:
            raise self.failure
        if ticket_id not in self.tickets:
            raise NotFound("no such ticket")
        refused = Reason.REVIEWER_NOT_ACCEPTED
        if reviewer.kind is not PrincipalKind.USER:
            raise Forbidden("only a person may decide, not an application", reason=refused)
        if reviewer.object_id == self.tickets[ticket_id].principal:
            raise Forbidden("nobody decides a request of their own", reason=refused)
        if reviewer.object_id == self.sponsor:
            raise Forbidden(
                "the person who answers for the agent does not decide its requests", reason=refused
            )
        if self.group not in reviewer.groups:
            raise Forbidden("you are in no group that this workflow asks", reason=refused)
        return self.tickets[ticket_id]


class WallClock:
    """The real time, for pages that a real process serves."""

    def now(self) -> datetime:
        return datetime.now(UTC)
