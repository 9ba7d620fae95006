"""A person's decision, and the keyed digests that nobody can make who has only the table."""

import hmac
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cache
from typing import Literal

from pydantic import TypeAdapter, ValidationError

from gateway.approvals.facts import Held, binding_digest
from gateway.model.canonical import Json, canonical
from gateway.model.digest import DigestKey


@dataclass(frozen=True, slots=True)
class Reviewer:
    """Who decided, from the sign-in at the decision.

    `groups` are those of the workflow that the person was in.
    """

    tenant: str
    object_id: str
    token_id: str
    name: str
    authenticated_at: datetime
    methods: tuple[str, ...]
    groups: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision.

    Attributes:
        ticket: id of the ticket that it is about.
        verdict: what was decided.
        binding: binding digest of what was decided upon.
        reviewer: who.
        page: digest of the page that was shown.
        reason: the reviewer's words in masked form, "" for none.
        decided_at: when.
        mac: over all of the above, `hmac-sha256:{version}:{hex}`.
    """

    ticket: str
    verdict: Literal["approved", "rejected"]
    binding: str
    reviewer: Reviewer
    page: str
    reason: str
    decided_at: datetime
    mac: str = ""


class DecisionInvalid(ValueError):
    """No decision, or not one about this ticket that the gateway has signed."""


@cache
def _decision_adapter() -> TypeAdapter[Decision]:
    return TypeAdapter(Decision)


def to_json(decision: Decision) -> str:
    """The text that is stored."""
    return _decision_adapter().dump_json(decision).decode()


def from_json(text: str) -> Decision:
    """The decision in a stored text; its MAC is yet to be verified.

    Raises:
        DecisionInvalid: it is something else.
    """
    try:
        return _decision_adapter().validate_json(text, strict=True)
    except ValidationError:
        raise DecisionInvalid("no decision") from None


def mac_of(decision: Decision, key: DigestKey) -> str:
    """The MAC that the decision must carry under this key."""
    facts: dict[str, Json] = asdict(decision)
    del facts["mac"]
    reviewer: dict[str, Json] = asdict(decision.reviewer)
    reviewer["authenticated_at"] = decision.reviewer.authenticated_at.isoformat()
    facts |= {"reviewer": reviewer, "decided_at": decision.decided_at.isoformat()}
    return key.of("approval-decision", canonical(facts))


def verify(decision: Decision, held: Held, page: str, key: DigestKey) -> None:
    """Pass a decision about exactly this ticket, as its reviewer saw it.

    Raises:
        DecisionInvalid: another ticket's, another binding's, another page's, or not signed.
    """
    about = (decision.ticket, decision.binding, decision.page)
    if about != (held.id, binding_digest(held), page):
        raise DecisionInvalid("the decision is about something else")
    if not hmac.compare_digest(decision.mac, mac_of(decision, key)):
        raise DecisionInvalid("the decision is not signed by this gateway")


def seal_of(identifier: str, sealed: str, key: DigestKey) -> str:
    """The seal over a ticket's facts."""
    return key.of("approval-ticket", identifier.encode() + b"\0" + sealed.encode())


def is_sealed(identifier: str, sealed: str, seal: str, key: DigestKey) -> bool:
    """Whether these facts were sealed by this gateway, for this ticket."""
    return hmac.compare_digest(seal, seal_of(identifier, sealed, key))


def version_of(digest: str) -> str:
    """The key version in `hmac-sha256:{version}:{hex}`, "" where it is none."""
    kind, _, rest = digest.partition(":")
    version, _, value = rest.rpartition(":")
    return version if kind == "hmac-sha256" and value else ""
