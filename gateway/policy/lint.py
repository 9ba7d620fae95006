"""Lints: what a consistent manifest probably does not mean. Errors keep it from being activated."""

import difflib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations

from gateway.masking.kinds import Kind
from gateway.masking.profiles.operators import KEYED
from gateway.model.connection import Area, Connection, ConnectionKind, Masking
from gateway.model.detokenize import ACTION as DETOKENIZE
from gateway.model.own import whereabouts
from gateway.policy.expression import Outcome
from gateway.policy.manifest import Manifest
from gateway.policy.patterns import ResourcePattern
from gateway.policy.policy import Policy
from gateway.policy.profile_compiler import profiles
from gateway.policy.profile_document import Profile
from gateway.policy.profiles import base_of
from gateway.policy.reach import meant, outside, reaches, shadows
from gateway.policy.rule import Rule, RuleEffect
from gateway.policy.vocabulary import ACTIONS, DISCLOSING


class Severity(StrEnum):
    """Errors keep a manifest from being activated, warnings are for its author."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Lint:
    """One finding.

    Attributes:
        id: stable name of the kind of finding.
        severity: whether it can be activated.
        rule: id of the rule concerned, "" for other parts.
        line: in the file, from 1.
        message: what it means and how to mend it.
    """

    id: str
    severity: Severity
    rule: str
    line: int
    message: str


Finder = Callable[[Manifest, Policy], Iterator[Lint]]


def lint(manifest: Manifest, policy: Policy) -> tuple[Lint, ...]:
    """Every finding, in file order."""
    finders: tuple[Finder, ...] = (
        _unknown_actions,
        _unknown_connections,
        _dead_rules,
        _constants,
        _shadowed,
        _unmasked,
        _weaker,
        _wildcards,
        _doubled_accounts,
        _loosened_areas,
        _idle_agents,
        _unused_groups,
        _self_review,
        _derived_codes,
        _idle_patterns,
        _unasked_tokens,
        _single_resources,
    )
    found = (item for finder in finders for item in finder(manifest, policy))
    return tuple(sorted(found, key=lambda item: (item.line, item.id, item.message)))


def _unknown_actions(manifest: Manifest, policy: Policy) -> Iterator[Lint]:
    for rule in policy.rules:
        for index, pattern in enumerate(rule.actions):
            if any(pattern.matches(action.lower()) for action in ACTIONS):
                continue
            written = manifest.document.rules[rule.order].actions[index]
            line = manifest.line("rules", rule.order, "actions", index)
            message = f'no operation needs "{written}"{_nearest(written)}'
            yield Lint("unknown-action", Severity.WARNING, rule.id, line, message)


def _unknown_connections(manifest: Manifest, policy: Policy) -> Iterator[Lint]:
    for rule in policy.rules:
        for index, pattern in enumerate(rule.resources):
            if not outside(pattern, policy.connections):
                continue
            line = manifest.line("rules", rule.order, "resources", index)
            message = f'"{pattern.text}" is on no connection'
            yield Lint("unknown-connection", Severity.WARNING, rule.id, line, message)


def _dead_rules(_: Manifest, policy: Policy) -> Iterator[Lint]:
    for rule in policy.rules:
        if not meant(rule):
            why = "no operation needs any of its actions"
        elif all(outside(pattern, policy.connections) for pattern in rule.resources):
            why = "none of its resources is on a connection"
        elif _constant(rule) in {Outcome.FAILS, Outcome.ERROR}:
            why = "its condition is never true"
        else:
            continue
        yield Lint("never-matches", _graver(rule), rule.id, rule.line, f"never matches: {why}")


def _constants(_: Manifest, policy: Policy) -> Iterator[Lint]:
    for rule in policy.rules:
        if _constant(rule) is Outcome.HOLDS:
            message = "its condition is always true; leave `when` out"
            yield Lint("constant-condition", Severity.WARNING, rule.id, rule.line, message)


def _shadowed(_: Manifest, policy: Policy) -> Iterator[Lint]:
    denials = [
        rule for rule in policy.rules if rule.effect is RuleEffect.DENY and rule.condition is None
    ]
    for rule in policy.rules:
        if rule.effect is RuleEffect.DENY:
            continue
        over = next((denial for denial in denials if shadows(denial, rule)), None)
        if over is not None:
            message = f'has no effect: rule "{over.id}" (line {over.line}) denies all that it means'
            yield Lint("shadowed", Severity.WARNING, rule.id, rule.line, message)


def _unmasked(_: Manifest, policy: Policy) -> Iterator[Lint]:
    """Rules that would show ePHI as it is."""
    for rule in policy.rules:
        if rule.effect is RuleEffect.DENY or not meant(rule) & DISCLOSING:
            continue
        if rule.masking is not None and rule.masking.masks:
            continue
        for connection in policy.connections.values():
            for where, masking in _reached(rule, connection):
                if masking.ephi and not masking.masks:
                    message = (
                        f"shows ePHI without masking ({where}): give the place or the rule's "
                        "obligations a masking profile"
                    )
                    yield Lint("unmasked-ephi", Severity.ERROR, rule.id, rule.line, message)


def _weaker(_: Manifest, policy: Policy) -> Iterator[Lint]:
    """Rules whose masking never has an effect, since every place they reach is masked as much."""
    for rule in policy.rules:
        if rule.masking is None:
            continue
        floors = [
            masking.rank
            for connection in policy.connections.values()
            for _where, masking in _reached(rule, connection)
        ]
        if floors and min(floors) > rule.masking.rank:
            message = (
                f'masking "{rule.masking.profile}" has no effect: what the rule reaches is '
                "masked more, and a rule never masks less than the place"
            )
            yield Lint("masking-without-effect", Severity.WARNING, rule.id, rule.line, message)


def _wildcards(manifest: Manifest, policy: Policy) -> Iterator[Lint]:
    for rule in policy.rules:
        if rule.effect is not RuleEffect.ALLOW:
            continue
        for index, pattern in enumerate(rule.actions):
            if pattern.parts[0] == "":
                line = manifest.line("rules", rule.order, "actions", index)
                message = f'allows "{pattern.text}", actions to come included; name what is needed'
                yield Lint("wildcard-allow", Severity.WARNING, rule.id, line, message)


def _doubled_accounts(manifest: Manifest, policy: Policy) -> Iterator[Lint]:
    for one, other in combinations(policy.connections.values(), 2):
        same = whereabouts(one.endpoint) == whereabouts(other.endpoint)
        if not same or (one.masking, one.areas) == (other.masking, other.areas):
            continue
        message = (
            f'connections "{one.name}" and "{other.name}" reach the same account and mask it '
            "differently: data masked on one can be read on the other"
        )
        line = manifest.line("connections", other.name)
        ephi = any(policy.places[name].strictest.ephi for name in (one.name, other.name))
        severity = Severity.ERROR if ephi else Severity.WARNING
        yield Lint("account-masked-twice", severity, "", line, message)


def _loosened_areas(manifest: Manifest, policy: Policy) -> Iterator[Lint]:
    for connection in policy.connections.values():
        if not connection.masking.ephi:
            continue
        for index, area in enumerate(connection.areas):
            if area.masking.rank < connection.masking.rank:
                line = manifest.line("connections", connection.name, "areas", index)
                yield Lint("loosened-area", Severity.WARNING, "", line, _looser(connection, area))


def _looser(connection: Connection, area: Area) -> str:
    lies = "ePHI lies there" if area.masking.ephi else "make sure that no ePHI lies there"
    return (
        f'"{connection.name}/{area.pattern}" is masked less ({area.masking.profile}) than its '
        f"ePHI connection ({connection.masking.profile}); {lies}"
    )


def _idle_agents(manifest: Manifest, policy: Policy) -> Iterator[Lint]:
    letting = [rule for rule in policy.rules if rule.effect is not RuleEffect.DENY]
    for agent in policy.agents.values():
        if not any(not rule.agents or agent.name in rule.agents for rule in letting):
            message = f'no rule lets agent "{agent.name}" do anything'
            line = manifest.line("agents", agent.name)
            yield Lint("idle-agent", Severity.WARNING, "", line, message)


def _unused_groups(manifest: Manifest, policy: Policy) -> Iterator[Lint]:
    source = manifest.document
    used = {name for rule in policy.rules for name in rule.groups}
    used.update(name for workflow in source.workflows.values() for name in workflow.reviewers)
    for name in source.groups:
        conditions = (rule.when for rule in source.rules)
        if name not in used and not any(_quotes(when, name) for when in conditions):
            line = manifest.line("groups", name)
            yield Lint("unused-group", Severity.WARNING, "", line, f'group "{name}" is never used')


def _self_review(manifest: Manifest, policy: Policy) -> Iterator[Lint]:
    for rule in policy.rules:
        if rule.effect is not RuleEffect.APPROVE:
            continue
        both = rule.groups & set(manifest.document.workflows[rule.workflow].reviewers)
        if both:
            message = (
                f"{', '.join(sorted(both))} may ask and also review in workflow "
                f'"{rule.workflow}"; nobody can approve a request of their own'
            )
            yield Lint("self-review", Severity.WARNING, rule.id, rule.line, message)


def _derived_codes(manifest: Manifest, _: Policy) -> Iterator[Lint]:
    """Profiles that stand on Safe Harbor and show codes made from the person's data."""
    for name, source in manifest.document.profiles.items():
        coded = {*(one.do for one in source.operators.values()), *(one.do for one in source.fields)}
        used = sorted(word for word in coded if word in KEYED)
        if used and _stands_on_safe_harbor(source, manifest):
            message = (
                f'"{name}" extends safe-harbor and uses {", ".join(used)}: codes derived '
                "from information about the individual are not de-identification under "
                "45 CFR 164.514(c), so treat what it shows as pseudonymised PHI"
            )
            line = manifest.line("profiles", name)
            yield Lint("derived-codes", Severity.WARNING, "", line, message)


def _stands_on_safe_harbor(source: Profile, manifest: Manifest) -> bool:
    while source.extends in manifest.document.profiles:
        source = manifest.document.profiles[source.extends]
    return (source.extends or base_of(source.rank)) == "safe-harbor"


def _idle_patterns(manifest: Manifest, _: Policy) -> Iterator[Lint]:
    made = profiles(manifest.document.profiles)
    for name, source in manifest.document.profiles.items():
        for index, pattern in enumerate(source.patterns):
            if made[name].keeps(Kind(pattern.kind)):
                message = f"finds nothing to mask: the profile keeps {pattern.kind}"
                line = manifest.line("profiles", name, "patterns", index)
                yield Lint("pattern-without-effect", Severity.WARNING, "", line, message)


def _single_resources(manifest: Manifest, policy: Policy) -> Iterator[Lint]:
    """Rules that keep single FHIR resources back, while a search of their type shows them."""
    kinds = {name: found.kind for name, found in policy.connections.items()}
    for rule in policy.rules:
        if rule.effect is RuleEffect.ALLOW or not meant(rule) & DISCLOSING:
            continue
        for index, pattern in enumerate(rule.resources):
            connection, *rest = pattern.segments
            if kinds.get(connection) is not ConnectionKind.FHIR or "**" in rest[:2]:
                continue
            if len(rest) > 1:
                line = manifest.line("rules", rule.order, "resources", index)
                message = (
                    f'"{pattern.text}" does not hold for searches of {rest[0]}, which show the '
                    f"same resources; name the type, {connection}/{rest[0]}/**"
                )
                yield Lint("single-resource", Severity.WARNING, rule.id, line, message)


def _unasked_tokens(_: Manifest, policy: Policy) -> Iterator[Lint]:
    for rule in policy.rules:
        if rule.effect is RuleEffect.ALLOW and DETOKENIZE in meant(rule):
            message = (
                "gives back what tokens stand for without asking anybody; make it effect: approve "
                "with a workflow"
            )
            yield Lint("detokenize-unasked", Severity.WARNING, rule.id, rule.line, message)


def _reached(rule: Rule, connection: Connection) -> Iterator[tuple[str, Masking]]:
    """Places of a connection that a rule can reach, with their masking."""
    areas = [
        (ResourcePattern.of(f"{connection.name}/{area.pattern}"), area.masking)
        for area in connection.areas
    ]
    for pattern, masking in areas:
        if any(reaches(resource, pattern) for resource in rule.resources):
            yield pattern.text, masking
    whole = ResourcePattern.of(f"{connection.name}/**")
    for resource in rule.resources:
        inside = any(pattern.covers(resource) for pattern, _ in areas)
        if reaches(resource, whole) and not inside:
            yield f"{connection.name}/**", connection.masking
            return


def _constant(rule: Rule) -> Outcome | None:
    """What a condition without facts says, None for others."""
    return rule.condition.constant() if rule.condition is not None else None


def _graver(rule: Rule) -> Severity:
    """A rule that denies and never matches leaves something open."""
    return Severity.ERROR if rule.effect is RuleEffect.DENY else Severity.WARNING


def _nearest(action: str) -> str:
    written = {name.lower(): name for name in ACTIONS}
    close = difflib.get_close_matches(action.lower(), written, n=1, cutoff=0.8)
    return f'; did you mean "{written[close[0]]}"?' if close else ""


def _quotes(when: str, name: str) -> bool:
    return f"'{name}'" in when or f'"{name}"' in when
