"""Finds the few rules that can apply to an access, so that a thousand cost little more than ten.

A rule lies under (place, subject, action) as far as each is written without a wildcard:

    place     (connection, container) → (connection, any) → (any, any)
    subject   one of its groups, else one of its agents, else one of its roles, else everyone
    action    the exact action, else the text before the first `*`

Looking up takes a few dictionary reads whatever the number of rules; every rule found is judged in
full, so the index can only leave out rules that do not apply.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from gateway.policy.patterns import ResourcePattern
from gateway.policy.rule import Caller, Rule, Touch

Place = tuple[str, str]
Subject = tuple[str, str]

_ANY = "*"
_EVERYONE: Subject = ("", "")


@dataclass(frozen=True, slots=True)
class _Bucket:
    """Rules of one place and one subject."""

    exact: Mapping[str, tuple[Rule, ...]]
    prefixed: Mapping[str, tuple[Rule, ...]]
    lengths: tuple[int, ...]

    def of(self, action: str) -> Iterator[Rule]:
        yield from self.exact.get(action, ())
        for length in self.lengths:
            yield from self.prefixed.get(action[:length], ())


@dataclass(frozen=True, slots=True)
class RuleIndex:
    """All rules of a policy by place, subject and action."""

    places: Mapping[Place, Mapping[Subject, _Bucket]]

    @classmethod
    def of(cls, rules: Iterable[Rule]) -> "RuleIndex":
        """Every rule under every key that could lead to it."""
        sorted_rules: dict[Place, dict[Subject, list[Rule]]] = {}
        for rule in rules:
            for place in {_place(pattern) for pattern in rule.resources}:
                for subject in _subjects_of(rule):
                    sorted_rules.setdefault(place, {}).setdefault(subject, []).append(rule)
        return cls(
            MappingProxyType(
                {
                    place: {subject: _bucket(found) for subject, found in subjects.items()}
                    for place, subjects in sorted_rules.items()
                }
            )
        )

    def candidates(self, touch: Touch, subjects: tuple[Subject, ...]) -> list[Rule]:
        """Rules that may apply to an access, in the manifest's order, each once."""
        connection = touch.segments[0]
        container = touch.segments[1] if len(touch.segments) > 1 else ""
        found: dict[int, Rule] = {}
        for place in ((connection, container), (connection, _ANY), (_ANY, _ANY)):
            buckets = self.places.get(place)
            if buckets is None:
                continue
            for subject in subjects:
                bucket = buckets.get(subject)
                if bucket is not None:
                    found.update((rule.order, rule) for rule in bucket.of(touch.action))
        return [found[order] for order in sorted(found)]


def subjects(caller: Caller) -> tuple[Subject, ...]:
    """Every subject key under which a rule for this caller can lie."""
    return (
        _EVERYONE,
        ("agent", caller.agent),
        *(("group", name) for name in caller.groups),
        *(("role", name) for name in caller.roles),
    )


def _subjects_of(rule: Rule) -> set[Subject]:
    if rule.groups:
        return {("group", name) for name in rule.groups}
    if rule.agents:
        return {("agent", name) for name in rule.agents}
    if rule.roles:
        return {("role", name) for name in rule.roles}
    return {_EVERYONE}


def _place(pattern: ResourcePattern) -> Place:
    connection, *rest = pattern.segments
    if "*" in connection:
        return (_ANY, _ANY)
    if not rest:
        return (connection, "")
    return (connection, _ANY if "*" in rest[0] else rest[0])


def _bucket(rules: Iterable[Rule]) -> _Bucket:
    exact: dict[str, dict[int, Rule]] = {}
    prefixed: dict[str, dict[int, Rule]] = {}
    for rule in rules:
        for pattern in rule.actions:
            table = exact if pattern.exact else prefixed
            table.setdefault(pattern.parts[0], {})[rule.order] = rule
    return _Bucket(
        {key: tuple(found.values()) for key, found in exact.items()},
        {key: tuple(found.values()) for key, found in prefixed.items()},
        tuple(sorted({len(key) for key in prefixed})),
    )
