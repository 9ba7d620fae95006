"""How many requests one agent may have open: a list by application, moved by compare-and-swap.

Nobody takes a ticket off the list when it ends. Only where the list is full are its tickets looked
up, and those that have ended make room.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

import orjson

from gateway.approvals.ticket import OPENING_TIME
from gateway.errors import Denied, NotFound, PreconditionFailed, Reason, Unavailable
from gateway.recording.register import Register

_ATTEMPTS: Final = 10


@dataclass(frozen=True, slots=True)
class Slots:
    """The lists of open tickets."""

    register: Register

    async def take(self, application: str, ticket_id: str, limit: int) -> None:
        """Count a ticket among the open ones of its agent.

        Raises:
            Denied: APPROVAL_LIMIT.
            Unavailable: not now.
        """
        for _ in range(_ATTEMPTS):
            mark = await self.register.mark("agent", application)
            taken = _parse(mark.text) if mark else {}
            if len(taken) >= limit:
                taken = await self._still_open(taken)
            if len(taken) >= limit:
                raise Denied(
                    f"{len(taken)} requests of this agent wait for approval already",
                    reason=Reason.APPROVAL_LIMIT,
                    advice="wait until some of them are decided",
                )
            taken[ticket_id] = self.register.clock.now().isoformat()
            try:
                await self.register.set_mark(
                    "agent", application, orjson.dumps(taken).decode(), mark
                )
            except PreconditionFailed:
                continue
            return
        raise Unavailable(
            "this agent sends too many requests for approval at once",
            reason=Reason.APPROVAL_UNAVAILABLE,
            advice="repeat the request in a minute",
        )

    async def _still_open(self, taken: dict[str, str]) -> dict[str, str]:
        now = self.register.clock.now()
        kept: dict[str, str] = {}
        for ticket_id, since in taken.items():
            try:
                ended = (await self.register.read(ticket_id)).ticket.state.ended
            except NotFound:
                # Its request may be about to write it.
                ended = now >= datetime.fromisoformat(since) + OPENING_TIME
            if not ended:
                kept[ticket_id] = since
        return kept


def _parse(text: str) -> dict[str, str]:
    """Ticket ids and since when each is open."""
    try:
        found = dict(orjson.loads(text))
        for since in found.values():
            datetime.fromisoformat(since)
    except (TypeError, ValueError):
        raise Unavailable(
            "the list of this agent's open requests cannot be understood",
            reason=Reason.APPROVAL_UNAVAILABLE,
            advice="ask the gateway's operators",
        ) from None
    return found
