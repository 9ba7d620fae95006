from dataclasses import fields, replace
from datetime import timedelta

import pytest

from gateway.approvals import facts
from gateway.approvals.facts import FactsInvalid, binding_digest, page_digest
from tests.unit.approvals.build import HELD


def test_facts_are_read_as_they_were_written() -> None:
    assert facts.from_json(facts.to_json(HELD)) == HELD


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", facts.to_json(HELD)[:-1]])
def test_what_is_no_facts_is_refused(text: str) -> None:
    with pytest.raises(FactsInvalid):
        facts.from_json(text)


@pytest.mark.parametrize(
    "change",
    [
        {"request_digest": "hmac-sha256:1:01"},
        {"rule": "another"},
        {"manifest": "sha256:01"},
        {"nonce": "d" * 32},
        {"expires_at": HELD.expires_at + timedelta(seconds=1)},
    ],
)
def test_a_binding_is_about_request_rule_manifest_nonce_and_expiry(change: dict[str, str]) -> None:
    assert binding_digest(replace(HELD, **change)) != binding_digest(HELD)  # type: ignore[arg-type]


def test_the_page_is_about_every_fact() -> None:
    shown = page_digest(facts.to_json(HELD))
    for field in fields(HELD):
        value = getattr(HELD, field.name)
        if isinstance(value, str) and field.name != "effect":
            changed = replace(HELD, **{field.name: value + "x"})  # type: ignore[arg-type]
            assert page_digest(facts.to_json(changed)) != shown
