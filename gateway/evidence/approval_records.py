"""Records of held requests: held, decided, executing, executed, indeterminate, collected.

All records of one held request have its exchange id, which is the ticket's id too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from gateway.errors import GatewayError
from gateway.evidence import records
from gateway.evidence.chain import moment
from gateway.evidence.records import Fields
from gateway.model.canonical import Json
from gateway.model.digest import DigestKey
from gateway.model.exchange import Authenticated, Authorised, Intended, Prepared
from gateway.model.message import Answer
from gateway.model.principal import Session

Verdict: TypeAlias = Literal["approved", "rejected", "expired", "revoked"]


@dataclass(frozen=True, slots=True)
class Binding:
    """What a decision is about."""

    digest: str
    nonce: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Person:
    """Who decided."""

    tenant: str
    object_id: str
    token_id: str
    name: str
    authenticated_at: datetime
    methods: Sequence[str]


@dataclass(frozen=True, slots=True)
class Subject:
    """The ticket that a record is about; the last two are None where they cannot be trusted."""

    ticket: str
    session: Session | None
    binding: Binding | None


def held(authorised: Authorised, binding: Binding, keys: DigestKey) -> Fields:
    """A person must decide first; the ticket takes its id from the exchange."""
    fields = records.exchange(authorised, keys)
    return {
        **fields,
        "type": "held",
        "decision": "held",
        "approval": fields["id"],
        "binding": _binding(binding),
    }


def decided(  # noqa: PLR0913 - a decision has this many sides
    subject: Subject,
    verdict: Verdict,
    *,
    reason: str = "",
    person: Person | None = None,
    page: str = "",
    mac: str = "",
) -> Fields:
    """A decision, or an end without one: expired, or revoked by policy, deny list or a bad seal.

    Args:
        subject: the ticket.
        verdict: what comes of it.
        reason: the person's words in masked form, or the code of what ended it.
        person: who decided, None where nobody did.
        page: digest of the page that was shown.
        mac: over the decision.
    """
    fields: Fields = {
        "type": "decided",
        "id": subject.ticket,
        "approval": subject.ticket,
        "verdict": verdict,
        "page": page,
        "mac": mac,
        "reason": reason,
        **_about(subject),
    }
    if subject.binding is not None:
        fields["binding"] = _binding(subject.binding)
    if person is not None:
        fields["reviewer"] = {
            "tid": person.tenant,
            "oid": person.object_id,
            "uti": person.token_id,
            "name": person.name,
            "authenticated": moment(person.authenticated_at),
            "methods": list(person.methods),
        }
    return fields


def executing(prepared: Prepared, binding: Binding, keys: DigestKey) -> Fields:
    """The intent of an approved request; durable before anything is sent."""
    fields = records.intent(prepared, keys)
    return {**fields, "type": "executing", "binding": _binding(binding)}


def executed(outcome: Mapping[str, Json], ticket: str) -> Fields:
    """How an execution ended, from the outcome as `records` describes one."""
    return {**outcome, "type": "executed", "approval": ticket}


def abandoned(state: Intended, ticket: str, keys: DigestKey) -> Fields:
    """An `executing` that sent nothing: another driver had the ticket."""
    fields = records.failure(state, GatewayError("another driver has the ticket"), keys)
    return executed({**fields, "result": "abandoned", "reason": "ClaimLost"}, ticket)


def indeterminate(subject: Subject, journal: str, seq: int, reason: str) -> Fields:
    """Nobody can say how the execution cited ended."""
    return {
        "type": "indeterminate",
        "id": subject.ticket,
        "intent": {"journal": journal, "seq": seq},
        "approval": subject.ticket,
        "reason": reason,
        **_about(subject),
    }


def collected(  # noqa: PLR0913 - what is known, and of whom
    authenticated: Authenticated,
    authorised: Authorised | None,
    ticket: str,
    answer: Answer,
    keys: DigestKey,
    *,
    subjects: Sequence[str] = (),
) -> Fields:
    """An agent is about to read a result; `authorised` is None at the status URL.

    `subjects` are those of the execution.
    """
    received = authenticated.received
    return {
        "type": "collected",
        "id": received.id,
        "session": records.session_part(authenticated.session),
        "actor": records.actor(authenticated.principal, received.request, keys, authorised),
        "approval": ticket,
        "response": {
            "status": answer.status,
            "size": len(answer.body),
            "digest": keys.of("body", answer.body),
        },
        "subjects": list(subjects),
        "timing": {"received": moment(received.timings.received_at)},
    }


def _about(subject: Subject) -> Fields:
    return {"session": records.session_part(subject.session)} if subject.session else {}


def _binding(binding: Binding) -> Fields:
    return {
        "digest": binding.digest,
        "nonce": binding.nonce,
        "expires": moment(binding.expires_at),
    }
