"""The end of a ticket, as its agent may read it."""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Final

from gateway.approvals import stored
from gateway.approvals.facts import Held
from gateway.approvals.stored import Result, StoredInvalid
from gateway.approvals.ticket import TicketState
from gateway.errors import Denied, NotFound, PreconditionFailed, Reason, Unavailable, Withheld
from gateway.evidence import approval_records
from gateway.model.exchange import Authenticated, Authorised
from gateway.model.message import Answer
from gateway.ports import Deposit, DigestKeys, Entropy, Journal, SealingKeys, StoredTicket
from gateway.recording.register import Opened, Register, TicketInvalid, reachable

REQUEST_PURPOSE: Final = "held-request"
RESULT_PURPOSE: Final = "masked-result"
_CLAIMS: Final = 4


@dataclass(frozen=True, slots=True)
class Delivery:
    """Stores results and gives them out, with a record before each."""

    register: Register
    results: Deposit
    keys: SealingKeys = field(repr=False)
    entropy: Entropy
    journal: Journal
    digest_keys: DigestKeys

    async def store(self, held: Held, result: Result) -> None:
        """Keep a result, encrypted.

        Raises:
            AlreadyExists: there is one.
            Unavailable: it may or may not have been stored.
        """
        key = await self.keys.current()
        nonce = bytes.fromhex(self.entropy.hex(stored.NONCE_BYTES))
        until = self.register.clock.now() + timedelta(seconds=held.result_seconds)
        plain = stored.encode_result(replace(result, until=until))
        with reachable():
            await self.results.put(
                held.id, stored.encrypt(RESULT_PURPOSE, bound(held), plain, key, nonce)
            )

    async def result(self, held: Held) -> Result:
        """What was stored.

        Raises:
            NotFound: nothing, or no longer.
            TicketInvalid: it was changed.
            Unavailable: it cannot be read now.
        """
        with reachable():
            data = (await self.results.get(held.id)).data
        version = stored.key_version(data)
        if not version:
            raise TicketInvalid("the stored result was changed")
        key = await self.keys.version(version)
        try:
            found = stored.decode_result(stored.decrypt(RESULT_PURPOSE, bound(held), data, key))
        except StoredInvalid:
            raise TicketInvalid("the stored result was changed") from None
        if found.until is not None and self.register.clock.now() >= found.until:
            # A row that says otherwise does not make it live longer.
            raise NotFound("the result is not kept any more")
        return found

    async def claim(self, ticket: StoredTicket, reader: str) -> bool:
        """Whether `reader` is the first to read the end, or the one who was.

        Raises:
            Unavailable: it cannot be known now.
        """
        for _ in range(_CLAIMS):
            if ticket.ticket.collected:
                return ticket.ticket.collected == reader
            claimed = replace(ticket.ticket, collected=reader)
            try:
                await self.register.put(claimed, ticket.etag)
            except PreconditionFailed:
                ticket = await self.register.read(ticket.ticket.id)
                continue
            return True
        raise Unavailable(
            "too many requests read this result at once",
            reason=Reason.APPROVAL_UNAVAILABLE,
            advice="repeat the request",
        )

    async def answer(
        self, opened: Opened, authenticated: Authenticated, authorised: Authorised | None
    ) -> Answer:
        """The stored answer, once its reading is on record.

        Raises:
            Denied: the ticket ended without an answer; says why.
            Unavailable: it cannot be read or recorded now.
        """
        if opened.ticket.state is not TicketState.DONE:
            raise await self.refusal(opened)
        try:
            result = await self.result(opened.held)
        except NotFound:
            raise Withheld(
                "the request was carried out, and its result is not kept any more",
                advice="read the state of the resource",
                details=_details(opened),
            ) from None
        if result.answer is None:
            raise Denied(result.message, reason=_reason(result.reason), details=_details(opened))
        key = await self.digest_keys.current()
        about = result.record.get("subjects", [])
        subjects = [str(item) for item in about] if isinstance(about, list) else []
        await self.journal.append(
            approval_records.collected(
                authenticated,
                authorised,
                opened.ticket.id,
                result.answer,
                key,
                subjects=subjects,
            )
        )
        return result.answer

    async def refusal(self, opened: Opened) -> Denied:
        """Why a ticket ended without being carried out, or without being known to be."""
        match opened.ticket.state:
            case TicketState.REJECTED:
                decision = await self.register.decision(opened)
                why = (("reviewerReason", decision.reason),) if decision.reason else ()
                return Denied(
                    "a reviewer has rejected this request; it was not carried out",
                    reason=Reason.APPROVAL_REJECTED,
                    advice="do not ask for it again without a new reason",
                    details=(*_details(opened), *why),
                )
            case TicketState.EXPIRED:
                return expired(opened.ticket.id)
            case TicketState.REFUSED:
                return Denied(
                    "the approval of this request no longer holds; it was not carried out",
                    reason=Reason.APPROVAL_REVOKED,
                    details=(*_details(opened), ("cause", opened.ticket.reason)),
                )
            case _:
                return Denied(
                    "the request was approved and sent, and nobody knows how it ended",
                    reason=Reason.APPROVAL_INDETERMINATE,
                    advice="read the state of the resource before you ask for it again",
                    details=_details(opened),
                )


def expired(ticket_id: str) -> Denied:
    """The answer for a ticket whose time has run out."""
    return Denied(
        "nobody approved this request in time; it was not carried out",
        reason=Reason.APPROVAL_EXPIRED,
        advice="ask again, if it is still needed",
        details=(("approvalId", ticket_id),),
    )


def bound(held: Held) -> str:
    """What stored bytes are bound to."""
    return f"{held.id} {held.request_digest}"


def _details(opened: Opened) -> tuple[tuple[str, str], ...]:
    return (("approvalId", opened.ticket.id),)


def _reason(code: str) -> Reason:
    try:
        return Reason(code)
    except ValueError:
        return Reason.INTERNAL_ERROR
