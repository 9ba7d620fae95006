"""What `/operations/{id}` answers: how a held request stands, to its own principal alone."""

import base64
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Final

import orjson

from gateway.approvals.ticket import TicketState
from gateway.authn.bearer import bearer
from gateway.errors import Denied, GatewayError, NotFound, Unavailable
from gateway.evidence import identity
from gateway.model.canonical import Json
from gateway.model.exchange import Authenticated, Received
from gateway.model.message import Answer, Headers, Request, Timings
from gateway.ports import Clock, DenyList, DigestKeys, Entropy, Meter, Verifier
from gateway.recording.delivery import Delivery
from gateway.recording.holding import RETRY_SECONDS
from gateway.recording.register import Opened, Register

_CANCELED: Final = frozenset({TicketState.REJECTED, TicketState.EXPIRED, TicketState.REFUSED})


@dataclass(frozen=True, slots=True)
class Operations:
    """Status of held requests, in the shape of Azure's asynchronous operations.

    https://learn.microsoft.com/azure/azure-resource-manager/management/async-operations
    """

    clock: Clock
    entropy: Entropy
    meter: Meter
    verifier: Verifier
    deny_list: DenyList
    digest_keys: DigestKeys
    register: Register
    delivery: Delivery

    async def status(self, ticket_id: str, request: Request) -> Answer:
        """200 with the status; with the result where there is one.

        Args:
            ticket_id: from the URL.
            request: for the caller's token, address and session label.

        Raises:
            Unauthenticated: no good token.
            Forbidden: the caller is on the deny list.
            NotFound: no such ticket, or somebody else's.
            Unavailable: not now.
        """
        received = Received(self.entropy.hex(16), request, Timings(self.clock.now()))
        try:
            token = bearer(request.headers.all("authorization"))
            principal = await self.verifier.verify(token)
        except GatewayError as error:
            self.meter.count("unauthenticated", error.reason)
            raise
        key = await self.digest_keys.current()
        label = request.headers.get(identity.SESSION_HEADER)
        session = identity.session(principal, label, received.timings.received_at, key)
        await self.deny_list.check(principal, session.id)
        opened = await self.register.open(ticket_id)
        held = opened.held
        owner = (held.tenant, held.object_id, held.application)
        if owner != (principal.tenant, principal.object_id, principal.application):
            self.meter.count("approvals", "ForeignTicket")
            raise NotFound("no such operation")
        body = identity.body_digest(request, key)
        authenticated = Authenticated(received, principal, session, body)
        return await self._answer(opened, authenticated)

    async def _answer(self, opened: Opened, authenticated: Authenticated) -> Answer:
        ticket, held = opened.ticket, opened.held
        body: dict[str, Json] = {
            "id": f"/operations/{held.id}",
            "name": held.id,
            "startTime": held.held_at.isoformat(),
        }
        state = ticket.state
        late = self.clock.now() >= held.expires_at
        if late and state in {TicketState.PENDING, TicketState.APPROVED}:
            # The sweep will say so too.
            expired = replace(opened.stored, ticket=replace(ticket, state=TicketState.EXPIRED))
            error = await self.delivery.refusal(Opened(expired, held))
            return _json({**body, "status": "Canceled", "error": _error(error)})
        if not state.ended:
            return _json({**body, "status": "InProgress"}, RETRY_SECONDS)
        body["endTime"] = ticket.since.isoformat()
        try:
            answer = await self.delivery.answer(opened, authenticated, None)
        except Unavailable:
            raise
        except Denied as error:
            status = "Canceled" if state in _CANCELED else "Failed"
            return _json({**body, "status": status, "error": _error(error)})
        body["properties"] = {
            "statusCode": answer.status,
            "headers": dict(answer.headers),
            "body": base64.b64encode(answer.body).decode(),
        }
        if answer.status >= HTTPStatus.BAD_REQUEST:
            code = answer.headers.get("x-ms-error-code") or str(answer.status)
            message = "the upstream answered with an error; see properties"
            body["error"] = {"code": code, "message": message}
            return _json({**body, "status": "Failed"})
        return _json({**body, "status": "Succeeded"})


def _error(error: GatewayError) -> dict[str, Json]:
    message = f"{error}. {error.advice}".rstrip(". ")
    details: list[Json] = [{"code": key, "message": value} for key, value in error.details]
    return {"code": str(error.reason), "message": message, "details": details}


def _json(body: dict[str, Json], retry: int = 0) -> Answer:
    fields = [("content-type", "application/json"), ("cache-control", "no-store")]
    if retry:
        fields.append(("retry-after", str(retry)))
    return Answer(200, Headers(tuple(fields)), orjson.dumps(body))
