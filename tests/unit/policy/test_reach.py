from hypothesis import given

from gateway.model.detokenize import ACTION as DETOKENIZE
from gateway.policy.patterns import ResourcePattern
from gateway.policy.reach import meant, outside, reaches
from gateway.policy.vocabulary import ACTIONS
from tests.fakes.manifest import READ, policy, rule
from tests.unit.policy.test_patterns import paths, patterns


@given(patterns, patterns, paths)
def test_patterns_that_share_a_resource_reach_each_other(
    one: str, other: str, path: tuple[str, ...]
) -> None:
    left, right = ResourcePattern.of(one), ResourcePattern.of(other)

    if left.matches(path) and right.matches(path):
        assert reaches(left, right)


@given(patterns, patterns)
def test_reaching_is_mutual(one: str, other: str) -> None:
    left, right = ResourcePattern.of(one), ResourcePattern.of(other)

    assert reaches(left, right) == reaches(right, left)


def test_patterns_that_share_nothing_do_not() -> None:
    for one, other in [("a/b", "a/c"), ("a", "a/b"), ("a*/x", "b/x"), ("a/x", "a/*z")]:
        assert not reaches(ResourcePattern.of(one), ResourcePattern.of(other))


def test_a_pattern_may_lie_on_no_connection() -> None:
    assert outside(ResourcePattern.of("other/x"), ["clinic"])
    assert not outside(ResourcePattern.of("cl*/x"), ["clinic"])
    assert not outside(ResourcePattern.of("**"), ["clinic"])


def test_the_actions_a_rule_means_are_those_of_operations() -> None:
    everything, reads = policy(
        rule("a", actions='["*"]'), rule("b", actions='["*"]', not_actions=f'["{READ}"]')
    ).rules

    # The gateway's own action is named, or it is not meant.
    assert meant(everything) == ACTIONS - {DETOKENIZE}
    assert meant(reads) == ACTIONS - {READ, DETOKENIZE}
