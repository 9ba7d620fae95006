"""The `approve` stage: what needs a person is held, found again, and answered once it is over.

An open request is found by its digest: the agent repeats it and is told the same ticket, until the
end of the ticket is there to be read. Everything that could go wrong half-way leaves a ticket that
is OPENING, which nobody can decide and a sweep ends.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final, TypedDict

from gateway.approvals import detokenizing, stored
from gateway.approvals.facts import Held, HeldAccess
from gateway.approvals.stored import HeldRequest
from gateway.approvals.ticket import (
    DISCLOSED_TIME,
    INTERRUPTED,
    OPENING_TIME,
    TicketState,
    is_stale,
)
from gateway.errors import (
    AlreadyExists,
    ApprovalRequired,
    Denied,
    NotFound,
    PreconditionFailed,
    Reason,
    StoreError,
    Unavailable,
)
from gateway.evidence import approval_records, records
from gateway.model.canonical import Json
from gateway.model.exchange import Approved, Screened, Settled
from gateway.policy.policy import Policy, Workflow
from gateway.ports import (
    Clock,
    Deposit,
    DigestKeys,
    Entropy,
    Journal,
    Manifests,
    Mark,
    Meter,
    Queue,
    SealingKeys,
    Wording,
)
from gateway.recording.delivery import REQUEST_PURPOSE, Delivery, bound, expired
from gateway.recording.register import Opened, Register, binding_of, reachable, subject_of
from gateway.recording.slots import Slots

REQUEST_ID: Final = "x-ms-client-request-id"
RETRY_SECONDS: Final = 15
"""How long an agent best waits before it asks again."""

_ATTEMPTS: Final = 10
_MAX_FACTS: Final = 30_000
"""Characters; a property of a table entity holds 32 Ki."""


class _Disclosure(TypedDict, total=False):
    asks: str
    result_seconds: int


@dataclass(frozen=True, slots=True)
class HeldApprovals:
    """`ports.Approvals` over tickets, encrypted requests and a queue."""

    clock: Clock
    entropy: Entropy
    meter: Meter
    journal: Journal
    digest_keys: DigestKeys
    manifests: Manifests
    register: Register
    requests: Deposit
    request_keys: SealingKeys = field(repr=False)
    delivery: Delivery
    notices: Queue
    wording: Wording

    async def approve(self, screened: Screened) -> Approved | Settled:
        """Pass at once, answer from a stored result, or hold.

        Raises:
            ApprovalRequired: held, now or before; says where to read the result.
            Denied: rejected, expired, revoked, too many open, or it ended without a result.
            Unavailable: it cannot be held, or found again, now.
        """
        authorised = screened.authorised
        if not authorised.needs_approval:
            return Approved(screened, "")
        policy = await self.manifests.current()
        workflow = policy.workflows.get(authorised.obligations.workflow)
        if workflow is None:
            raise Denied(
                "the rule asks a workflow that the manifest in force does not have",
                reason=Reason.APPROVAL_UNAVAILABLE,
            )
        digest = authorised.classified.request_digest
        key = sha256(digest.encode()).hexdigest()
        held: Held | None = None
        for _ in range(_ATTEMPTS):
            mark = await self.register.mark("request", key)
            if mark is not None and (settled := await self._standing(mark, screened)):
                return settled
            # Before the reservation: what cannot be held must not be found as waiting.
            held = held or await self._facts(screened, policy, workflow)
            if await self._reserve(screened, workflow, key, mark):
                raise await self._hold(screened, held)
        raise Unavailable(
            "this request is being held by too many processes at once",
            reason=Reason.APPROVAL_UNAVAILABLE,
            advice="repeat the request in a minute",
        )

    # --- a request that is known ---------------------------------------------------------------

    async def _standing(self, mark: Mark, screened: Screened) -> Settled | None:
        """What became of the ticket; None where the way is free for a new one."""
        now = self.clock.now()
        ticket_id, since = _parse(mark.text)
        try:
            opened = await self.register.open(ticket_id)
        except NotFound:
            # Reserved and not written: by a request under way, or by one that has crashed.
            if now < since + OPENING_TIME:
                raise self._pending(screened, ticket_id) from None
            return None
        if opened.held.request_digest != screened.authorised.classified.request_digest:
            # The mark is not sealed: set to another ticket, it would give away that one's result.
            self.meter.count("approvals", "ForeignMark")
            return None
        ticket = opened.ticket
        match ticket.state:
            case TicketState.OPENING if is_stale(ticket, now):
                return None
            case TicketState.EXPIRED if ticket.reason == INTERRUPTED:
                return None
            case TicketState.PENDING | TicketState.APPROVED if now >= ticket.expires_at:
                raise expired(ticket_id)
            case state if not state.ended:
                raise self._pending(screened, ticket_id)
            case TicketState.REJECTED | TicketState.REFUSED:
                # Until then, asking again would only wear the reviewers down.
                if now < ticket.expires_at:
                    raise await self.delivery.refusal(opened)
                return None
            case _:
                return await self._collect(opened, screened)

    async def _collect(self, opened: Opened, screened: Screened) -> Settled | None:
        """The end of a ticket, for the first request that asks and for its repetitions."""
        authenticated = screened.authorised.classified.authenticated
        received = authenticated.received
        key = await self.digest_keys.current()
        # Without an id of its own, no two requests are one.
        name = received.request.headers.get(REQUEST_ID) or received.id
        reader = key.of("client-request-id", name.encode("utf-8", "backslashreplace"))
        claimed = await self.delivery.claim(opened.stored, reader)
        if not claimed:
            return None
        answer = await self.delivery.answer(opened, authenticated, screened.authorised)
        # SDKs compare the id with the one that they have just sent.
        headers = answer.headers.without(REQUEST_ID)
        if given := received.request.headers.get(REQUEST_ID):
            headers = headers.replacing(REQUEST_ID, given)
        return Settled(screened, opened.ticket.id, replace(answer, headers=headers))

    def _pending(self, screened: Screened, ticket_id: str) -> ApprovalRequired:
        base = screened.authorised.classified.authenticated.received.request.base_url
        return ApprovalRequired(
            "a person must approve this request first; it is held and has not been carried out",
            advice="tell the person you work for, wait, then repeat exactly this request or read "
            "statusUrl: do not try another way",
            details=(
                ("approvalId", ticket_id),
                ("statusUrl", f"{base}/operations/{ticket_id}"),
                ("reviewUrl", f"{base}/approvals/{ticket_id}"),
                ("retryAfterSeconds", str(RETRY_SECONDS)),
                ("rule", screened.authorised.rule),
            ),
        )

    # --- a new one -----------------------------------------------------------------------------

    async def _reserve(
        self, screened: Screened, workflow: Workflow, key: str, mark: Mark | None
    ) -> bool:
        """Whether this request is the one to open the ticket; False where another was first."""
        authenticated = screened.authorised.classified.authenticated
        ticket_id = authenticated.received.id
        text = f"{ticket_id} {self.clock.now().isoformat()}"
        try:
            await self.register.set_mark("request", key, text, mark)
        except PreconditionFailed:
            return False
        try:
            await Slots(self.register).take(
                authenticated.principal.application, ticket_id, workflow.max_open
            )
        except (Denied, Unavailable):
            await self._give_back(key, text)
            raise
        return True

    async def _give_back(self, key: str, text: str) -> None:
        """Free the request's digest; it frees itself after a while else."""
        try:
            mark = await self.register.mark("request", key)
            if mark is not None and mark.text == text:
                await self.register.set_mark("request", key, "", mark)
        except (Unavailable, PreconditionFailed):
            self.meter.count("approvals", "ReservationKept")

    async def _hold(self, screened: Screened, held: Held) -> ApprovalRequired:
        """Store, record, show to reviewers; in this order. The error to answer with."""
        authorised = screened.authorised
        authenticated = authorised.classified.authenticated
        digests = await self.digest_keys.current()
        record = approval_records.held(authorised, binding_of(held), digests)
        opening = await self.register.create(held)
        try:
            await self._deposit(
                held, HeldRequest(authenticated.principal, authenticated.received.request)
            )
            await self.journal.append(record)
            await self.register.move(opening, TicketState.PENDING)
        except (Unavailable, PreconditionFailed) as error:
            await self._drop(Opened(opening, held))
            raise Unavailable(
                "this request needs a person's approval and could not be held; it was not sent",
                reason=Reason.APPROVAL_UNAVAILABLE,
                advice="repeat the request in a minute",
            ) from error
        await self._notify(held.id)
        answer = self._pending(screened, held.id)
        answer.recorded = True
        return answer

    async def _facts(self, screened: Screened, policy: Policy, workflow: Workflow) -> Held:
        authorised = screened.authorised
        classified = authorised.classified
        authenticated = classified.authenticated
        principal, request = authenticated.principal, authenticated.received.request
        agent = policy.agents.get(principal.application)
        if agent is None:
            raise Denied(
                "nobody answers for this agent by the manifest in force",
                reason=Reason.APPROVAL_UNAVAILABLE,
            )
        shown = records.exchange(authorised, await self.digest_keys.current())
        operation, target = _part(shown, "operation"), _part(shown, "request")
        now = self.clock.now()
        held = Held(
            id=authenticated.received.id,
            tenant=principal.tenant,
            object_id=principal.object_id,
            application=principal.application,
            session=authenticated.session.id,
            session_label=authenticated.session.label,
            agent=authorised.agent,
            sponsor=authorised.sponsor,
            sponsor_object_id=agent.sponsor_object_id,
            connection=classified.connection.name,
            operation=classified.operation.name,
            effect=classified.operation.effect.value,
            accesses=_accesses(operation),
            method=str(target["method"]),
            target=str(target["target"]),
            size=len(request.body),
            rule=authorised.rule,
            rule_description=policy.description_of(authorised.rule),
            manifest=classified.manifest,
            workflow=workflow.name,
            purpose=self.wording.shown(request.headers.get(records.PURPOSE_HEADER) or ""),
            reason=self.wording.shown(request.headers.get(records.REASON_HEADER) or ""),
            request_digest=classified.request_digest,
            nonce=self.entropy.hex(16),
            held_at=now,
            expires_at=now + workflow.lifetime,
            **_disclosure(screened, policy),
        )
        if len(str(held)) > _MAX_FACTS:
            raise Denied(
                "the request touches too much, or names it too long, to be shown to a reviewer",
                reason=Reason.APPROVAL_UNAVAILABLE,
                advice="ask for less at a time",
            )
        return held

    async def _deposit(self, held: Held, request: HeldRequest) -> None:
        key = await self.request_keys.current()
        nonce = bytes.fromhex(self.entropy.hex(stored.NONCE_BYTES))
        plain = stored.encode_request(request)
        data = stored.encrypt(REQUEST_PURPOSE, bound(held), plain, key, nonce)
        try:
            with reachable():
                await self.requests.put(held.id, data)
        except AlreadyExists as error:
            raise Unavailable(
                "this request cannot be stored", reason=Reason.APPROVAL_UNAVAILABLE
            ) from error

    async def _drop(self, opened: Opened) -> None:
        """End what nobody has seen, so that the request can be repeated; a sweep does it else."""
        subject = subject_of(opened.ticket, opened.held)
        try:
            # It may be shown by now, though the answer to that was lost.
            reserved = await self.register.reserve_end(opened.stored, INTERRUPTED)
            await self.journal.append(
                approval_records.decided(subject, "expired", reason=INTERRUPTED)
            )
            await self.register.move(reserved, TicketState.EXPIRED, reason=INTERRUPTED)
        except (Unavailable, PreconditionFailed):
            self.meter.count("approvals", INTERRUPTED)

    async def _notify(self, ticket_id: str) -> None:
        try:
            await self.notices.send(ticket_id)
        except StoreError:
            # The ticket is there and its link in the answer: a notice is a convenience.
            self.meter.count("approvals", "NoticeLost")


def _parse(text: str) -> tuple[str, datetime]:
    """A request's mark: which ticket, since when."""
    ticket_id, _, since = text.partition(" ")
    try:
        return ticket_id, datetime.fromisoformat(since)
    except ValueError:
        return "", datetime.min.replace(tzinfo=UTC)


def _disclosure(screened: Screened, policy: Policy) -> _Disclosure:
    """What only a request for values of tokens says: in words, and for how long it is kept."""
    classified = screened.authorised.classified
    asked = classified.operation.detokenization
    if asked is None:
        return {}
    principal = classified.authenticated.principal
    words = detokenizing.words(asked, principal, classified.connection.name, policy.agents)
    return {"asks": words, "result_seconds": int(DISCLOSED_TIME.total_seconds())}


def _part(fields: Mapping[str, Json], name: str) -> Mapping[str, Json]:
    part = fields[name]
    return part if isinstance(part, Mapping) else {}


def _accesses(operation: Mapping[str, Json]) -> tuple[HeldAccess, ...]:
    found = operation["accesses"]
    return tuple(
        HeldAccess(str(item["action"]), str(item["resource"]), str(item["effect"]))
        for item in (found if isinstance(found, list) else ())
        if isinstance(item, Mapping)
    )
