"""One compiled rule, and what it says about one access."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from gateway.model.connection import Masking
from gateway.model.operation import Access
from gateway.policy.expression import Condition, Outcome
from gateway.policy.library import cel
from gateway.policy.patterns import ActionPattern, ResourcePattern, located
from gateway.policy.vocabulary import privileged


class RuleEffect(StrEnum):
    """What a rule does to what it matches."""

    DENY = "deny"
    APPROVE = "approve"
    ALLOW = "allow"


class Verdict(StrEnum):
    """Whether a rule applies to an access, and if not, the first thing that does not fit."""

    MATCHED = "matched"
    ACTION = "the action is another one"
    RESOURCE = "the resource is another one"
    CALLER = "the caller is in none of its groups, agents or roles"
    CONDITION = "its condition does not hold"
    ERROR = "its condition failed"


_VERDICTS = {
    Outcome.HOLDS: Verdict.MATCHED,
    Outcome.FAILS: Verdict.CONDITION,
    Outcome.ERROR: Verdict.ERROR,
}


@dataclass(frozen=True, slots=True)
class Caller:
    """The caller in the manifest's words."""

    agent: str
    groups: frozenset[str]
    roles: frozenset[str]
    is_application: bool = False


@dataclass(frozen=True, slots=True)
class Touch:
    """One access in the form that rules are matched on.

    `stays` is False for a foreign resource and where a dot segment could lead elsewhere: no rule
    can allow those. `name` is the resource as records and explanations show it.
    """

    access: Access
    action: str
    name: str
    segments: tuple[str, ...]
    stays: bool

    @classmethod
    def of(cls, access: Access) -> "Touch":
        """Action in lower case, resource in segments."""
        segments, climbing = located(access.resource.connection, access.resource.path)
        stays = access.resource.connection != "" and not climbing
        return cls(access, access.action.lower(), str(access.resource), segments, stays)


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule, ready to be judged.

    Attributes:
        order: its place in the manifest, from 0.
        line: in the file, from 1.
        masking: profile that it demands, None for none of its own.
    """

    order: int
    line: int
    id: str
    effect: RuleEffect
    groups: frozenset[str]
    agents: frozenset[str]
    roles: frozenset[str]
    actions: tuple[ActionPattern, ...]
    not_actions: tuple[ActionPattern, ...]
    resources: tuple[ResourcePattern, ...]
    condition: Condition | None
    masking: Masking | None
    accept_free_text: bool
    workflow: str
    description: str = ""
    any_search: bool = False
    resolve_tokens: bool = False

    def judge(self, touch: Touch, caller: Caller, context: Callable[[], cel.Context]) -> Verdict:
        """What the rule says about one access; `context` is asked only if a condition is left."""
        if not self._means(touch.action):
            return Verdict.ACTION
        if not self._covers(touch):
            return Verdict.RESOURCE
        if not self._addresses(caller, touch.action):
            return Verdict.CALLER
        if self.condition is None:
            return Verdict.MATCHED
        return _VERDICTS[self.condition.evaluate(context())]

    def _means(self, action: str) -> bool:
        for pattern in self.actions:
            if pattern.matches(action) and (self.denies or pattern.grants(action)):
                return not any(taken.matches(action) for taken in self.not_actions)
        return False

    def _covers(self, touch: Touch) -> bool:
        if not touch.stays and not self.denies:
            return False
        return any(pattern.matches(touch.segments) for pattern in self.resources)

    @property
    def denies(self) -> bool:
        """A rule that denies may match too much, one that lets something pass may not."""
        return self.effect is RuleEffect.DENY

    def _addresses(self, caller: Caller, action: str) -> bool:
        if caller.is_application and privileged(action) and not (self.agents or self.denies):
            # What people may do through an application, it may not do by itself unless named.
            return False
        if self.agents and caller.agent not in self.agents:
            return False
        if self.groups and self.groups.isdisjoint(caller.groups):
            return False
        return not self.roles or not self.roles.isdisjoint(caller.roles)
