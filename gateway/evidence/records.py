"""Records of exchanges, from the states of the pipeline; the journal adds the envelope.

Every builder is pure and total: what a client chose is in clear only as `clear` permits, a digest
of raw content is keyed, and what is not known is "" or absent as schema v1 says.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias, assert_never

from gateway.errors import GatewayError, ResponseTooLarge, UpstreamUnreachable, Withheld
from gateway.evidence import clear
from gateway.evidence.chain import moment
from gateway.evidence.identity import body_digest
from gateway.model.canonical import Json
from gateway.model.connection import Connection
from gateway.model.decision import Refuse
from gateway.model.digest import DigestKey
from gateway.model.exchange import (
    Approved,
    Authenticated,
    Authorised,
    Classified,
    Forwarded,
    Intended,
    Masked,
    MaskSummary,
    Prepared,
    Received,
    Screened,
)
from gateway.model.message import Request, Timings, UpstreamResponse
from gateway.model.operation import Operation
from gateway.model.principal import Principal, Session

Fields: TypeAlias = dict[str, Json]
Undecided: TypeAlias = (
    Received | Authenticated | Classified | Authorised | Screened | Approved | Prepared
)

PURPOSE_HEADER = "x-chaperone-purpose"
REASON_HEADER = "x-chaperone-reason"
_MAX_FIELDS = 50


def intent(prepared: Prepared, keys: DigestKey) -> Fields:
    """What is about to be sent; durable before anything can change or be shown."""
    approved = prepared.approved
    fields = exchange(approved.screened.authorised, keys)
    if prepared.plan is not None and prepared.plan.opened_kinds:
        fields["obligations"] = {
            **_mapping(fields["obligations"]),
            "tokens": dict(prepared.plan.opened_kinds),
        }
    return {
        **fields,
        "type": "intent",
        "decision": "approved" if approved.approval else "allowed",
        "approval": approved.approval,
    }


def _mapping(part: Json) -> Fields:
    return dict(part) if isinstance(part, dict) else {}


def exchange(authorised: Authorised, keys: DigestKey) -> Fields:
    """Who asks for what, under which rule: what intents and held requests have in common."""
    classified = authorised.classified
    authenticated = classified.authenticated
    received = authenticated.received
    obligations = authorised.obligations
    asked = classified.operation.detokenization
    return {
        "id": received.id,
        "session": session_part(authenticated.session),
        "actor": actor(authenticated.principal, received.request, keys, authorised),
        "operation": _operation(classified.operation, classified.connection, keys),
        "manifest": classified.manifest,
        "rule": authorised.rule,
        "reason": "",
        "request": _request(authenticated, classified.connection, classified.request_digest, keys),
        "obligations": {
            "profile": obligations.masking.profile,
            "accept_free_text": obligations.accept_free_text,
            **({"tokens": dict(asked.kinds)} if asked else {}),
        },
        # Who holds the key finds out whether a token that is known was ever opened.
        "subjects": [clear.opaque("token", token, keys) for token in asked.tokens] if asked else [],
        "timing": _timing(received.timings),
    }


def outcome(masked: Masked, keys: DigestKey) -> Fields:
    """The upstream answered, and what the agent will see of it; cites its intent."""
    forwarded = masked.forwarded
    upstream = _upstream(forwarded.response, keys)
    answer = masked.answer
    same = answer.body is forwarded.response.body
    withheld = masked.summary.withheld
    return {
        **_result(forwarded.intended, "withheld" if withheld else "answered", withheld),
        "upstream": upstream,
        "response": {
            "status": answer.status,
            "size": len(answer.body),
            "digest": upstream["digest"] if same else keys.of("body", answer.body),
        },
        "masking": _masking(masked.summary),
        "subjects": list(masked.summary.subjects.digests),
        "timing": _timing(forwarded.timings),
    }


def failure(
    state: Intended | Forwarded,
    error: GatewayError,
    keys: DigestKey,
    timings: Timings | None = None,
) -> Fields:
    """The outcome of an intent that ends in an error, from sending to masking.

    `unreachable`: nothing was sent. `withheld`: done upstream, not shown. `failed`: the upstream
    had answered. `interrupted`: the end is unknown, which is also what an unforeseen error while
    sending comes to.
    """
    match state:
        case Forwarded():
            result = "withheld" if isinstance(error, Withheld) else "failed"
            fields = _result(state.intended, result, error.reason)
            fields["upstream"] = _upstream(state.response, keys)
            fields["timing"] = _timing(state.timings)
        case Intended():
            fields = _result(state, _ending(error), error.reason)
            received = _facts(state.prepared).received
            fields["timing"] = _timing(timings or received.timings)
        case _:
            assert_never(state)
    return fields


def denied(  # noqa: PLR0913 - what else is known, by name
    state: Undecided,
    error: GatewayError,
    keys: DigestKey,
    *,
    manifest: str = "",
    connection: Connection | None = None,
    refuse: Refuse | None = None,
) -> Fields:
    """Refused before anything was sent, with whatever was known by then.

    Args:
        state: the last state reached.
        error: the refusal; its details are recorded, and its `rule` detail as the rule.
        keys: for digests.
        manifest: digest of the one in force, where the request was not yet classified.
        connection: where it was found but the request not yet classified.
        refuse: the decision, where policy made one: gives rule, sponsor and agent.
    """
    facts = _facts(state)
    request = facts.received.request
    classified = facts.classified
    details = {key: clear.printable(value) for key, value in error.details if key.isascii()}
    known = classified.connection if classified else connection
    decision = refuse or facts.authorised
    fields: Fields = {
        "type": "denied",
        "id": facts.received.id,
        "manifest": classified.manifest if classified else manifest,
        "rule": decision.rule if decision else details.get("rule", ""),
        "decision": "denied",
        "reason": error.reason,
        "details": details,
        "approval": facts.approval,
        "request": _request(
            facts.authenticated or facts.received,
            known,
            classified.request_digest if classified else "",
            keys,
        ),
        "subjects": [],
        "timing": _timing(facts.received.timings),
    }
    if facts.authenticated is not None:
        fields["session"] = session_part(facts.authenticated.session)
        fields["actor"] = actor(facts.authenticated.principal, request, keys, decision)
    if classified is not None:
        fields["operation"] = _operation(classified.operation, classified.connection, keys)
    return fields


def actor(
    principal: Principal,
    request: Request,
    keys: DigestKey,
    decision: Authorised | Refuse | None = None,
) -> Fields:
    """Who asks, on whose behalf and, as far as the agent says, what for."""
    headers = request.headers
    return {
        "tid": principal.tenant,
        "oid": principal.object_id,
        "azp": principal.application,
        "uti": principal.token_id,
        "kind": principal.kind.value,
        "name": clear.printable(principal.name),
        "sponsor": decision.sponsor if decision else "",
        "agent": decision.agent if decision else "",
        "client_address": clear.address(request.client_address),
        "purpose": clear.purpose(headers.get(PURPOSE_HEADER), keys),
        "reason": clear.identifier("reason", headers.get(REASON_HEADER), keys),
    }


@dataclass(frozen=True, slots=True)
class _Facts:
    """What is known by a state."""

    received: Received
    authenticated: Authenticated | None = None
    classified: Classified | None = None
    authorised: Authorised | None = None
    approval: str = ""


def _facts(state: Undecided) -> _Facts:
    approval = ""
    if isinstance(state, Prepared):
        state = state.approved
    if isinstance(state, Approved):
        approval, state = state.approval, state.screened
    if isinstance(state, Screened):
        state = state.authorised
    authorised = state if isinstance(state, Authorised) else None
    state = state.classified if isinstance(state, Authorised) else state
    classified = state if isinstance(state, Classified) else None
    state = state.authenticated if isinstance(state, Classified) else state
    authenticated = state if isinstance(state, Authenticated) else None
    received = state.received if isinstance(state, Authenticated) else state
    return _Facts(received, authenticated, classified, authorised, approval)


def _result(intended: Intended, result: str, reason: str) -> Fields:
    classified = intended.prepared.approved.screened.authorised.classified
    return {
        "type": "outcome",
        "id": classified.authenticated.received.id,
        "intent": {"journal": intended.intent.journal, "seq": intended.intent.seq},
        "session": session_part(classified.authenticated.session),
        "effect": classified.operation.effect.value,
        "result": result,
        "reason": reason,
        "subjects": [],
    }


def _ending(error: GatewayError) -> str:
    match error:
        case UpstreamUnreachable():
            return "unreachable"
        case ResponseTooLarge():
            return "failed"
        case _:
            return "interrupted"


def session_part(session: Session) -> Fields:
    """Which session."""
    return {"id": session.id, "label": session.label}


def _operation(operation: Operation, connection: Connection, keys: DigestKey) -> Fields:
    return {
        "kind": operation.kind,
        "name": operation.name,
        "connection": connection.name,
        "effect": operation.effect.value,
        "accesses": [
            {
                "action": access.action,
                "resource": clear.resource(access.resource, connection, keys),
                "resource_digest": clear.resource_digest(access.resource, keys),
                "effect": access.effect.value,
                "data_action": access.data_action,
            }
            for access in operation.accesses
        ],
    }


def _request(
    state: Received | Authenticated, connection: Connection | None, digest: str, keys: DigestKey
) -> Fields:
    if isinstance(state, Authenticated):
        request, body = state.received.request, state.body_digest
    else:
        request, body = state.request, body_digest(state.request, keys)
    name = request.connection
    return {
        "connection": connection.name if connection else clear.opaque("connection", name, keys),
        "method": clear.method(request.method, keys),
        "target": clear.target(request.target, connection, keys),
        "digest": digest,
        "body": body,
        "size": len(request.body),
        "client_request_id": clear.identifier(
            "client-request-id", request.headers.get("x-ms-client-request-id"), keys
        ),
    }


def _upstream(response: UpstreamResponse, keys: DigestKey) -> dict[str, str | int]:
    return {
        "status": response.status,
        "request_id": clear.identifier("upstream-request-id", _upstream_id(response), keys),
        "sends": response.sends,
        "size": len(response.body),
        "digest": keys.of("body", response.body),
    }


def _upstream_id(response: UpstreamResponse) -> str | None:
    """What the service calls the request; the FHIR service names the header without a prefix."""
    return response.headers.get("x-ms-request-id") or response.headers.get("x-request-id")


def _masking(summary: MaskSummary) -> Fields:
    counts: Mapping[str, int] = summary.counts
    fields: Fields = {
        "profile": summary.profile,
        "digest": summary.digest,
        "key_version": summary.key_version,
        "counts": dict(counts),
        "withheld": summary.withheld,
    }
    if summary.engine:
        fields["engine"] = summary.engine
    if summary.subjects.number:
        fields["patients"] = summary.subjects.number
    if summary.paths:
        # A line stays short, however many fields there are: the counts are of all of them.
        shown = summary.paths[:_MAX_FIELDS]
        fields["fields"] = {f"{path} {kind}": number for path, kind, number in shown}
    return fields


def _timing(timings: Timings) -> Fields:
    fields: Fields = {"received": moment(timings.received_at)}
    if timings.forwarded_at is not None:
        fields["before_us"] = _microseconds(timings.received_at, timings.forwarded_at)
        if timings.answered_at is not None:
            fields["upstream_us"] = _microseconds(timings.forwarded_at, timings.answered_at)
    return fields


def _microseconds(start: datetime, end: datetime) -> int:
    # A clock that was set back in between must not make a record impossible.
    return max(0, (end - start) // timedelta(microseconds=1))
