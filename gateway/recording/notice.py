"""Tells reviewers that a request waits; the page does everything else."""

from dataclasses import dataclass

from gateway.approvals.card import card
from gateway.approvals.ticket import TicketState
from gateway.errors import NotFound
from gateway.ports import Cards, Clock, Manifests, Meter
from gateway.recording.register import Register


@dataclass(frozen=True, slots=True)
class Notices:
    """Takes ticket ids from the queue of notices.

    `teams` posts to a workflow's webhook; `noted` is where cards of workflows without one go, None
    for nowhere.
    """

    clock: Clock
    meter: Meter
    manifests: Manifests
    register: Register
    teams: Cards
    noted: Cards | None
    public_url: str

    async def notify(self, ticket_id: str) -> None:
        """Post the card of a pending ticket; nothing to do for any other.

        Raises:
            TicketInvalid: the ticket was changed by somebody else; nobody is told of it.
            Unavailable: not now; the message comes again.
        """
        try:
            opened = await self.register.open(ticket_id)
        except NotFound:
            self.meter.count("approvals", "UnknownTicket")
            return
        late = self.clock.now() >= opened.ticket.expires_at
        if opened.ticket.state is not TicketState.PENDING or late:
            return
        policy = await self.manifests.current()
        workflow = policy.workflows.get(opened.held.workflow)
        data = card(opened.held, f"{self.public_url}/approvals/{ticket_id}")
        webhook = workflow.teams_webhook if workflow else ""
        if webhook:
            await self.teams.post(ticket_id, data, webhook)
        elif self.noted is not None:
            await self.noted.post(ticket_id, data, "")

    async def give_up(self, ticket_id: str) -> None:
        """A notice that failed five times: the agent knows the page, so the ticket goes on."""
        del ticket_id
        self.meter.count("approvals", "NoticeLost")
