"""What rules can reach, for lints: sets of actions, overlaps of patterns, one rule over another."""

from collections.abc import Iterable
from functools import lru_cache

from gateway.policy.patterns import ANY_SEGMENTS, ActionPattern, ResourcePattern, wildcard
from gateway.policy.rule import Rule
from gateway.policy.vocabulary import ACTIONS


def meant(rule: Rule) -> frozenset[str]:
    """The known actions that a rule means."""
    return _meant(rule.actions, rule.not_actions, denies=rule.denies)


def reaches(one: ResourcePattern, other: ResourcePattern) -> bool:
    """Whether some resource can match both patterns; True where unsure."""
    for left, right in zip(one.segments, other.segments, strict=False):
        if ANY_SEGMENTS in {left, right}:
            return True
        if not _compatible(left, right):
            return False
    longer = max(one.segments, other.segments, key=len)
    rest = longer[min(len(one.segments), len(other.segments)) :]
    return all(segment == ANY_SEGMENTS for segment in rest)


def outside(pattern: ResourcePattern, connections: Iterable[str]) -> bool:
    """Whether a pattern is on none of the connections."""
    first = pattern.segments[0]
    return not any(
        first == ANY_SEGMENTS or wildcard(first.split("*"), name) for name in connections
    )


def shadows(denial: Rule, rule: Rule) -> bool:
    """Whether an unconditional denial covers everything that another rule means."""
    # Every pair of rules is asked: what is cheap and mostly false comes first.
    for resource in rule.resources:
        if not any(pattern.covers(resource) for pattern in denial.resources):
            return False
    return covers_callers(denial, rule) and meant(rule) <= meant(denial)


def covers_callers(wide: Rule, narrow: Rule) -> bool:
    """Whether every caller that `narrow` addresses is addressed by `wide` too."""
    pairs = (
        (wide.groups, narrow.groups),
        (wide.agents, narrow.agents),
        (wide.roles, narrow.roles),
    )
    return all(not outer or (bool(inner) and inner <= outer) for outer, inner in pairs)


@lru_cache(maxsize=256)
def _meant(
    actions: tuple[ActionPattern, ...], taken: tuple[ActionPattern, ...], *, denies: bool
) -> frozenset[str]:
    return frozenset(
        action
        for action in ACTIONS
        if any(
            pattern.matches(action.lower()) and (denies or pattern.grants(action.lower()))
            for pattern in actions
        )
        and not any(pattern.matches(action.lower()) for pattern in taken)
    )


def _compatible(left: str, right: str) -> bool:
    if "*" not in left:
        return wildcard(right.split("*"), left)
    return "*" in right or wildcard(left.split("*"), right)
