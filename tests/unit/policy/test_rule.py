import pytest

from gateway.policy.facts import FactsInvalid
from gateway.policy.rule import Caller, Touch, Verdict
from tests.fakes.manifest import policy, rule
from tests.unit.policy.build import access

CALLER = Caller("triage-bot", frozenset({"readers"}), frozenset())


def never() -> object:
    raise AssertionError("the facts were asked for")


def test_facts_are_not_gathered_for_a_rule_that_does_not_apply_anyway() -> None:
    (found,) = policy(rule("r", groups="[writers]", when='"hour < 2"')).rules

    assert found.judge(Touch.of(access("clinic/a")), CALLER, never) is Verdict.CALLER  # type: ignore[arg-type]


def test_a_failure_to_gather_facts_is_not_a_verdict() -> None:
    (found,) = policy(rule("r", when='"hour < 2"')).rules

    def fail() -> object:
        raise FactsInvalid

    with pytest.raises(FactsInvalid):
        found.judge(Touch.of(access("clinic/a")), CALLER, fail)  # type: ignore[arg-type]


def test_an_access_stays_where_it_is_unless_foreign_or_climbing() -> None:
    assert Touch.of(access("clinic/a/b")).stays
    assert not Touch.of(access("//host/a/b")).stays
    assert not Touch.of(access("clinic/a/../b")).stays
