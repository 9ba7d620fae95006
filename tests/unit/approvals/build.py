"""Facts of a ticket, and a decision about it."""

from dataclasses import replace
from datetime import timedelta

from gateway.approvals.decision import Decision, Reviewer, mac_of
from gateway.approvals.facts import Held, HeldAccess, binding_digest, page_digest, to_json
from gateway.model.digest import DigestKey
from tests.fakes.time import NOON

KEY = DigestKey("1", b"k" * 32)
OTHER_KEY = DigestKey("1", b"o" * 32)

HELD = Held(
    id="a" * 32,
    tenant="t",
    object_id="agent-oid",
    application="app",
    session="b" * 32,
    session_label="2026-08-03",
    agent="triage-bot",
    sponsor="dr.lee@example.org",
    sponsor_object_id="sponsor-oid",
    connection="clinic",
    operation="Delete Container",
    effect="delete",
    accesses=(HeldAccess("Microsoft.Storage/…/delete", "clinic/old", "delete"),),
    method="DELETE",
    target="/old?restype=container",
    size=0,
    rule="deletes-ask",
    rule_description="Deletions are approved.",
    manifest="sha256:00",
    workflow="review",
    purpose="operations",
    reason="",
    request_digest="hmac-sha256:1:00",
    nonce="c" * 32,
    held_at=NOON,
    expires_at=NOON + timedelta(hours=1),
)
REVIEWER = Reviewer("t", "r", "u", "rita@example.org", NOON, ("mfa",), ("g",))


def decision(held: Held = HELD, key: DigestKey = KEY, **changes: object) -> Decision:
    """A signed approval of a ticket; `changes` are made before it is signed."""
    found = Decision(
        held.id,
        "approved",
        binding_digest(held),
        REVIEWER,
        page_digest(to_json(held)),
        "fine",
        NOON,
    )
    found = replace(found, **changes)  # type: ignore[arg-type]
    return replace(found, mac=mac_of(found, key))
