from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.approvals import decision as decisions
from gateway.approvals.decision import DecisionInvalid, is_sealed, seal_of, verify, version_of
from gateway.approvals.facts import page_digest, to_json
from tests.fakes.time import NOON
from tests.unit.approvals.build import HELD, KEY, OTHER_KEY, REVIEWER, decision

PAGE = page_digest(to_json(HELD))


def test_a_decision_is_read_as_it_was_written_and_its_signature_holds() -> None:
    found = decisions.from_json(decisions.to_json(decision()))
    assert found == decision()
    verify(found, HELD, PAGE, KEY)


@pytest.mark.parametrize(
    "change",
    [
        {"verdict": "rejected"},
        {"reason": "other"},
        {"decided_at": NOON + timedelta(seconds=1)},
        {"reviewer": replace(REVIEWER, object_id="x")},
        {"reviewer": replace(REVIEWER, tenant="x")},
        {"reviewer": replace(REVIEWER, token_id="x")},
        {"reviewer": replace(REVIEWER, name="x")},
        {"reviewer": replace(REVIEWER, authenticated_at=NOON + timedelta(seconds=1))},
        {"reviewer": replace(REVIEWER, methods=())},
        {"reviewer": replace(REVIEWER, groups=("h",))},
        {"mac": ""},
        {"mac": "hmac-sha256:1:00"},
    ],
)
def test_every_part_of_a_decision_is_signed(change: dict[str, object]) -> None:
    with pytest.raises(DecisionInvalid):
        verify(replace(decision(), **change), HELD, PAGE, KEY)  # type: ignore[arg-type]


@pytest.mark.parametrize("change", [{"ticket": "b" * 32}, {"binding": "x"}, {"page": "x"}])
def test_a_signed_decision_about_something_else_does_not_pass(change: dict[str, object]) -> None:
    with pytest.raises(DecisionInvalid):
        verify(decision(**change), HELD, PAGE, KEY)  # type: ignore[arg-type]


def test_a_decision_under_another_key_does_not_pass() -> None:
    with pytest.raises(DecisionInvalid):
        verify(decision(key=OTHER_KEY), HELD, PAGE, KEY)


@pytest.mark.parametrize("text", ["", "{}", "null", '{"verdict": "approved"}'])
def test_what_is_no_decision_is_refused(text: str) -> None:
    with pytest.raises(DecisionInvalid):
        decisions.from_json(text)


def test_facts_are_sealed_for_one_ticket() -> None:
    seal = seal_of("a", "facts", KEY)
    assert is_sealed("a", "facts", seal, KEY)
    assert not is_sealed("b", "facts", seal, KEY)
    assert not is_sealed("a", "fact", seal, KEY)
    assert not is_sealed("a", "facts", seal, OTHER_KEY)


@pytest.mark.parametrize(
    ("digest", "version"),
    [
        ("hmac-sha256:7:00", "7"),
        ("hmac-sha256:a:b:00", "a:b"),
        ("sha256:00", ""),
        ("hmac-sha256:7:", ""),
        ("", ""),
    ],
)
def test_a_digest_names_its_key(digest: str, version: str) -> None:
    assert version_of(digest) == version
