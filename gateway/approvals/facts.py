"""What is fixed about a ticket when the request is held: who asked for what, under which rule.

Everything a reviewer sees and every check at the decision and at the execution goes by these
facts. They are stored under a keyed seal, so whoever can write the table cannot change them. What
stands here is in the form of the records: names as the connection allows, free text masked.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Literal

from pydantic import TypeAdapter, ValidationError

from gateway.approvals.ticket import RESULT_TIME
from gateway.model.canonical import Json, canonical
from gateway.model.digest import sha256


@dataclass(frozen=True, slots=True)
class HeldAccess:
    """One access in masked form."""

    action: str
    resource: str
    effect: str


@dataclass(frozen=True, slots=True)
class Held:
    """The sealed facts.

    Attributes:
        id: of the ticket.
        tenant: of the requester, as are the next four.
        object_id: oid.
        application: azp or appid.
        session: id of the session.
        session_label: its label.
        agent: the manifest's name for the application.
        sponsor: name of the person who answers for it.
        sponsor_object_id: that person's oid.
        connection: name.
        operation: the service's name of it.
        effect: worst effect.
        accesses: every pair, the target first.
        method: HTTP method.
        target: request target in masked form.
        size: of the body in bytes.
        rule: id of the rule that asks.
        rule_description: the manifest's words about it.
        manifest: digest of the manifest.
        workflow: whom to ask.
        purpose: the agent's statement, in masked form.
        reason: likewise.
        request_digest: of the exact request, keyed.
        nonce: random, so that no two tickets have one binding digest.
        held_at: when.
        expires_at: from when on it is neither decided nor executed.
        asks: what is asked in words, where method and resource do not say it, "" elsewhere.
        result_seconds: how long the result can be read.
    """

    id: str
    tenant: str
    object_id: str
    application: str
    session: str
    session_label: str
    agent: str
    sponsor: str
    sponsor_object_id: str
    connection: str
    operation: str
    effect: Literal["read", "write", "delete", "action"]
    accesses: tuple[HeldAccess, ...]
    method: str
    target: str
    size: int
    rule: str
    rule_description: str
    manifest: str
    workflow: str
    purpose: str
    reason: str
    request_digest: str
    nonce: str
    held_at: datetime
    expires_at: datetime
    asks: str = ""
    result_seconds: int = int(RESULT_TIME.total_seconds())


class FactsInvalid(ValueError):
    """Not the facts of a ticket."""


@cache
def _held_adapter() -> TypeAdapter[Held]:
    return TypeAdapter(Held)


def to_json(held: Held) -> str:
    """The text that is stored and sealed."""
    return _held_adapter().dump_json(held).decode()


def from_json(text: str) -> Held:
    """The facts in a stored text.

    Raises:
        FactsInvalid: it is something else.
    """
    try:
        return _held_adapter().validate_json(text, strict=True)
    except ValidationError:
        raise FactsInvalid("not the facts of a ticket") from None


def binding_digest(held: Held) -> str:
    """What a reviewer approves: the exact request, the rule, the manifest, a nonce, an expiry.

    The request digest is keyed and the nonce random, so a plain digest gives nothing away.
    """
    parts: list[Json] = [
        held.request_digest,
        held.rule,
        held.manifest,
        held.nonce,
        held.expires_at.isoformat(),
    ]
    return sha256(canonical(parts))


def page_digest(sealed: str) -> str:
    """Of what the reviewer's page shows: all sealed facts, in their stored form."""
    return sha256(b"page\0" + sealed.encode())
