"""One request, on one screen.

    received → authenticated → classified → authorised → screened → approved → prepared
             → intent recorded → forwarded → masked → outcome recorded → answered

Each stage takes the previous stage's type and returns the next one. Whatever goes wrong before
the intent ends in a `denied` record; whatever goes wrong after it ends in an `outcome` record;
what cannot be recorded is not forwarded, and not shown.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from gateway import operations
from gateway.authn.bearer import bearer
from gateway.errors import (
    ApprovalRequired,
    ChangeInterrupted,
    EvidenceUnavailable,
    Forbidden,
    GatewayError,
    InvalidRequest,
    OutcomeUnrecorded,
    Reason,
    ResponseTooLarge,
    Unavailable,
    UpstreamInterrupted,
    Withheld,
)
from gateway.evidence import identity, records
from gateway.guardrails.screening import screen
from gateway.masking.marks import marks
from gateway.masking.masker import too_large
from gateway.model.connection import Masking
from gateway.model.decision import Ask, Permit, Refuse
from gateway.model.exchange import (
    Approved,
    Authenticated,
    Authorised,
    Classified,
    Concluded,
    Forwarded,
    Intended,
    Masked,
    Prepared,
    Receipt,
    Received,
    Screened,
    Settled,
)
from gateway.model.message import Answer, Request, Timings
from gateway.model.operation import Effect, Resource
from gateway.model.own import Own
from gateway.observation import observe, trace
from gateway.policy.policy import Policy
from gateway.ports import (
    SILENT,
    Approvals,
    Authorizer,
    Carried,
    Clock,
    Denials,
    DenyList,
    DigestKeys,
    Entropy,
    Journal,
    Manifests,
    Masker,
    Meter,
    Telemetry,
    Upstream,
    Verifier,
)
from gateway.trail import Trail, sanitised, sent
from gateway.upstream.fhir.pages import PageSeal
from gateway.upstream.headers import listed
from gateway.upstream.request import build
from gateway.upstream.sources import Sources

EXCHANGE_HEADER: Final = "x-chaperone-exchange"
"""Names the exchange in answers and errors: the `id` of its records."""

_IN_PLACE_BYTES: Final = 64 * 1024
"""Bytes of a request up to which guardrails look at it without leaving the event loop."""

_LARGE_BODY: Final = 1024 * 1024
"""Bytes of a request from which on its digest is made by another thread."""

_LOOK_FIRST: Final = "read the state of the resource before you repeat the call"


@dataclass(frozen=True, slots=True)
class Pipeline:
    """The stages with the ports they need; holds no state of its own."""

    clock: Clock
    entropy: Entropy
    meter: Meter
    verifier: Verifier
    deny_list: DenyList
    digest_keys: DigestKeys
    manifests: Manifests
    approvals: Approvals
    authorizer: Authorizer
    journal: Journal
    denials: Denials
    upstream: Upstream
    masker: Masker
    own: Own
    telemetry: Telemetry = SILENT

    async def handle(self, request: Request) -> Answer:
        """Carry one request through all stages, in this order.

        1. authenticate: token → principal, deny list
        2. classify: message → operation, by the active manifest's connection
        3. authorise: rules → permit or ask, with obligations; everything else is a denial
        4. screen: guardrails over the payload; masking that could not answer anyway refuses here
        5. approve: at once, or by a person
        6. prepare: exact bytes for the upstream, credential injected
        7. record the intent, durably
        8. forward, once
        9. mask what came back
        10. record the outcome, durably; then answer

        Raises:
            GatewayError: with a stable reason; recorded, unless the caller is unknown (counted).
        """
        received = Received(self.entropy.hex(16), request, Timings(self.clock.now()))
        trail = Trail(received)
        try:
            answer = await self._carry(received, trail)
        except GatewayError as error:
            raise self._ended(trail, error) from error.__cause__
        except Exception as error:
            # The one place where anything at all is caught: an error means no, and why is kept.
            raise self._ended(trail, await self._unexpected(trail, error)) from error
        observe(self.telemetry, trail, answer.status, None, self.clock)
        headers = answer.headers.replacing(EXCHANGE_HEADER, received.id)
        return Answer(answer.status, headers, answer.body)

    async def _carry(self, received: Received, trail: Trail) -> Answer:
        request = received.request
        try:
            authenticated = trail.reach(await self._authenticate(received, trail))
            await self.deny_list.check(authenticated.principal, authenticated.session.id)
            policy = trail.judge(await self.manifests.current())
            sources = Sources(policy.connections, request.base_url)
            screened = await self._judge(authenticated, policy, sources, trail)
            approved = await self.approvals.approve(screened)
            if isinstance(approved, Settled):
                # Carried out, masked and recorded before.
                return approved.answer
            trail.reach(approved)
            prepared = trail.reach(await self._prepare(approved, policy, sources))
            intended = trail.reach(await self._intend(prepared, trail))
            masked = await self._send(intended, policy, trail)
            concluded = trail.reach(await self._conclude(masked, trail))
        except GatewayError as error:
            await self._record_failure(trail, error)
            if isinstance(trail.state, Forwarded | Masked) and isinstance(error, Unavailable):
                # It is done: a 503 would have an SDK repeat it.
                raise Withheld(str(error), reason=error.reason, advice=_LOOK_FIRST) from error
            raise
        return concluded.masked.answer

    async def execute(
        self,
        authenticated: Authenticated,
        approval: str,
        claim: Callable[[Policy, Prepared], Awaitable[Receipt]],
    ) -> Carried:
        """Carry a held request through the same stages; see `ports.Execution`.

        The claim stands where an intent is recorded; the caller records the outcome.
        """
        trail = Trail(authenticated.received)
        trail.reach(authenticated)
        await self.deny_list.check(authenticated.principal, authenticated.session.id)
        policy = trail.judge(await self.manifests.current())
        sources = Sources(policy.connections, authenticated.received.request.base_url)
        screened = await self._judge(authenticated, policy, sources, trail)
        prepared = await self._prepare(Approved(screened, approval), policy, sources)
        key = await trail.key(self.digest_keys)
        intended = trail.reach(Intended(prepared, await claim(policy, prepared)))
        # From here on something may have been done, so every end is an outcome.
        (end,) = await asyncio.gather(self._send(intended, policy, trail), return_exceptions=True)
        trace(self.telemetry, trail)
        if isinstance(end, Masked):
            return Carried(records.outcome(end, key), end.answer)
        if not isinstance(end, Exception):
            raise end
        error = end if isinstance(end, GatewayError) else sanitised(end)
        sent = trail.state if isinstance(trail.state, Forwarded) else intended
        return Carried(records.failure(sent, error, key), None, error)

    async def _judge(
        self, authenticated: Authenticated, policy: Policy, sources: Sources, trail: Trail
    ) -> Screened:
        classified = trail.reach(await self._classify(authenticated, policy, sources, trail))
        authorised = trail.reach(self._authorise(classified, policy, trail))
        return trail.reach(await self._screen(authorised, policy))

    async def _authenticate(self, received: Received, trail: Trail) -> Authenticated:
        token = bearer(received.request.headers.all("authorization"))
        principal = await self.verifier.verify(token)
        key = await trail.key(self.digest_keys)
        label = received.request.headers.get("x-chaperone-session")
        session = identity.session(principal, label, received.timings.received_at, key)
        digest = partial(identity.body_digest, received.request, key)
        large = len(received.request.body) > _LARGE_BODY
        body = await asyncio.to_thread(digest) if large else digest()
        return Authenticated(received, principal, session, body)

    async def _classify(
        self, authenticated: Authenticated, policy: Policy, sources: Sources, trail: Trail
    ) -> Classified:
        request = authenticated.received.request
        connection = policy.connections.get(request.connection)
        if connection is None:
            raise InvalidRequest(
                "no such connection",
                reason=Reason.CONNECTION_NOT_FOUND,
                advice="use one of the connections named in the manifest: /c/{connection}/…",
            )
        key = await trail.key(self.digest_keys)
        pages = PageSeal.of(key, authenticated.principal, connection.name)
        operation = operations.classify(connection, request, sources.resolve, pages.unseal)
        digest = identity.request_digest(
            authenticated, connection.name, listed(request.headers, connection.kind), key
        )
        return Classified(authenticated, policy.digest, connection, operation, digest)

    def _authorise(self, classified: Classified, policy: Policy, trail: Trail) -> Authorised:
        authenticated = classified.authenticated
        request = authenticated.received.request
        decision = policy.authorise(
            authenticated.principal,
            classified.operation,
            request,
            authenticated.received.timings.received_at,
        )
        match decision:
            case Permit() | Ask():
                return Authorised(
                    classified,
                    decision.rule,
                    decision.sponsor,
                    decision.obligations,
                    needs_approval=isinstance(decision, Ask),
                    agent=decision.agent,
                )
            case Refuse():
                trail.refusal = decision
                raise Forbidden(
                    decision.message,
                    reason=Reason(decision.reason),
                    details=(("rule", decision.rule),) if decision.rule else (),
                )

    async def _screen(self, authorised: Authorised, policy: Policy) -> Screened:
        classified = authorised.classified
        request = classified.authenticated.received.request
        screening = partial(
            screen,
            classified.connection,
            request,
            classified.operation,
            policy.masking_of,
            self.own,
            marks,
            demanded=authorised.obligations.demanded,
        )
        if len(request.body) > _IN_PLACE_BYTES:
            await asyncio.to_thread(screening)
        else:
            screening()
        self.masker.admit(authorised)
        return Screened(authorised)

    async def _prepare(self, approved: Approved, policy: Policy, sources: Sources) -> Prepared:
        authorised = approved.screened.authorised
        classified = authorised.classified
        request = classified.authenticated.received.request
        plan = await self.masker.prepare(authorised, _effective(policy, authorised))
        upstream = build(classified.connection, request, classified.operation, sources, plan)
        signed = await self.authorizer.authorize(classified.connection, upstream)
        return Prepared(approved, signed, plan)

    async def _intend(self, prepared: Prepared, trail: Trail) -> Intended:
        key = await trail.key(self.digest_keys)
        return Intended(prepared, await self.journal.append(records.intent(prepared, key)))

    async def _forward(self, intended: Intended) -> Forwarded:
        classified = intended.prepared.approved.screened.authorised.classified
        started = self.clock.now()
        try:
            response = await self.upstream.send(
                intended.prepared.upstream,
                classified.connection.max_response_bytes,
                read=classified.operation.effect is Effect.READ,
            )
        except ResponseTooLarge as error:
            if not intended.prepared.plan or not intended.prepared.plan.whole:
                raise
            raise too_large(classified.connection.max_response_bytes) from error
        except UpstreamInterrupted as error:
            if classified.operation.effect is Effect.READ:
                raise
            raise ChangeInterrupted(str(error), advice=_LOOK_FIRST) from error
        received_at = classified.authenticated.received.timings.received_at
        return Forwarded(intended, response, Timings(received_at, started, self.clock.now()))

    async def _send(self, intended: Intended, policy: Policy, trail: Trail) -> Masked:
        forwarded = trail.reach(await self._forward(intended))
        return trail.reach(await self._mask(forwarded, policy))

    async def _mask(self, forwarded: Forwarded, policy: Policy) -> Masked:
        authorised = forwarded.intended.prepared.approved.screened.authorised
        return await self.masker.mask(forwarded, _effective(policy, authorised))

    async def _conclude(self, masked: Masked, trail: Trail) -> Concluded:
        record = records.outcome(masked, await trail.key(self.digest_keys))
        # From here on it may be written whatever happens; a second outcome would be false.
        trail.concluding = True
        return Concluded(masked, await self.journal.append(record))

    def _ended(self, trail: Trail, error: GatewayError) -> GatewayError:
        """The same error with the exchange's id, which finds its records."""
        observe(self.telemetry, trail, 0, error, self.clock)
        error.details = (*error.details, ("exchange", trail.received.id))
        return error

    async def _unexpected(self, trail: Trail, error: Exception) -> GatewayError:
        """The error to answer with; its type is recorded, its text is not, it may hold anything."""
        told = sanitised(error)
        (ended,) = await asyncio.gather(self._record_failure(trail, told), return_exceptions=True)
        if isinstance(ended, GatewayError):
            return ended
        if isinstance(trail.state, Intended | Forwarded | Masked):
            if ended is not None:
                return _unrecorded()
            # A 500 would have an SDK repeat what may have been done.
            return Withheld(str(told), reason=told.reason, details=told.details)
        return told

    async def _record_failure(self, trail: Trail, error: GatewayError) -> None:
        """Record why it ended; a failure that cannot be recorded is answered as such."""
        match trail.state:
            case Received():
                # Counted, not journalled one by one: a flood of unknown callers must not fill WORM.
                self.meter.count("unauthenticated", error.reason)
            case Intended() | Forwarded() | Masked() | Concluded() as state:
                if trail.concluding:
                    raise _unrecorded() from error
                await self._record_outcome(trail, error, sent(state))
            case state:
                on_record = isinstance(error, ApprovalRequired) and error.recorded
                if not on_record and not isinstance(error, EvidenceUnavailable):
                    key = await trail.key(self.digest_keys)
                    await self.denials.append(trail.denial(state, error, key))
                    self.meter.count("refused", error.reason)

    async def _record_outcome(
        self, trail: Trail, error: GatewayError, state: Intended | Forwarded
    ) -> None:
        try:
            record = records.failure(state, error, await trail.key(self.digest_keys))
            trail.concluding = True
            await self.journal.append(record)
        except GatewayError as unavailable:
            raise _unrecorded() from unavailable


def _effective(policy: Policy, authorised: Authorised) -> Callable[[Resource], Masking]:
    """The masking of a place for this request: the place's own, or a rule's if that is stricter."""
    demanded = authorised.obligations.demanded

    def masking_of(resource: Resource) -> Masking:
        place = policy.masking_of(resource)
        if demanded is None or demanded.rank <= place.rank:
            return place
        return replace(demanded, ephi=place.ephi)

    return masking_of


def _unrecorded() -> OutcomeUnrecorded:
    return OutcomeUnrecorded(
        "the upstream was called, but the outcome could not be recorded; the answer is withheld",
        advice=_LOOK_FIRST,
    )
