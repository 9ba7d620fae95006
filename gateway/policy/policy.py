"""The policy decision point: a compiled manifest, and what it says about an operation.

Deny goes over approve, approve over allow, for each access and over all of them; what no rule
allows is denied, and so is everything that a rule fails on.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from itertools import chain

from gateway.errors import Reason
from gateway.model.connection import Connection, Masking
from gateway.model.decision import Ask, Decision, Obligations, Permit, Refuse, RuleMatch
from gateway.model.message import Request
from gateway.model.operation import Access, Effect, Operation, Resource
from gateway.model.principal import Principal, PrincipalKind
from gateway.policy.expression import context as cel_context
from gateway.policy.facts import Fact, FactsInvalid, gather, shared
from gateway.policy.index import RuleIndex, subjects
from gateway.policy.library import cel
from gateway.policy.patterns import ResourcePattern, located
from gateway.policy.rule import Caller, Rule, RuleEffect, Touch, Verdict

UNMASKED = Masking("none", 0, ephi=False)
"""What holds outside every connection: nothing is masked there, so nothing masked may go there."""


@dataclass(frozen=True, slots=True)
class Agent:
    """An agent and the person who answers for it; `tenant` is "" where any accepted one will do."""

    name: str
    application: str
    sponsor: str
    sponsor_object_id: str
    tenant: str = ""


@dataclass(frozen=True, slots=True)
class Workflow:
    """Who is asked for an approval: object ids of groups, and how long a request stays open.

    `max_open` bounds the open requests of one agent; `teams_webhook` names a secret, "" for none;
    `expires_seconds` goes before `expires_minutes` unless it is 0.
    """

    name: str
    reviewers: frozenset[str]
    expires_minutes: int
    max_open: int = 10
    teams_webhook: str = ""
    expires_seconds: int = 0

    @property
    def lifetime(self) -> timedelta:
        """How long a request waits for a decision."""
        if self.expires_seconds:
            return timedelta(seconds=self.expires_seconds)
        return timedelta(minutes=self.expires_minutes)


@dataclass(frozen=True, slots=True)
class Place:
    """A compiled connection's areas, the connection's own masking last."""

    areas: tuple[tuple[ResourcePattern, Masking], ...]
    masking: Masking
    strictest: Masking


@dataclass(frozen=True, slots=True)
class Consideration:
    """What one rule said about one access, for `manifest explain`."""

    rule: str
    line: int
    effect: str
    action: str
    resource: str
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Explanation:
    """A decision with every rule that was considered, in the manifest's order per access."""

    decision: Decision
    considerations: tuple[Consideration, ...]


Matches = list[tuple[Touch, Rule]]


@dataclass(frozen=True, slots=True)
class Policy:
    """A compiled manifest; immutable, safe to share between requests.

    Attributes:
        digest: of the manifest, `sha256:{hex}`.
        connections: by name.
        agents: by application id.
        groups: manifest name by object id.
        workflows: by name.
        rules: in the manifest's order.
        facts: names and types of the facts that conditions see.
        shows_text: some rule accepts masked free text.
    """

    digest: str
    connections: Mapping[str, Connection]
    agents: Mapping[str, Agent]
    groups: Mapping[str, str]
    workflows: Mapping[str, Workflow]
    rules: tuple[Rule, ...] = field(repr=False)
    facts: Mapping[str, type] = field(repr=False)
    places: Mapping[str, Place] = field(repr=False)
    index: RuleIndex = field(repr=False)
    shows_text: bool = False

    def description_of(self, rule: str) -> str:
        """The manifest's words about a rule, "" for none."""
        return next((found.description for found in self.rules if found.id == rule), "")

    def masking_of(self, resource: Resource) -> Masking:
        """The least masking where a resource lies; UNMASKED for a foreign one."""
        place = self.places.get(resource.connection)
        if place is None:
            return UNMASKED
        segments, climbing = located(resource.connection, resource.path)
        if climbing:
            # Which area it is depends on who resolves the dots.
            return place.strictest
        for pattern, masking in place.areas:
            if pattern.matches(segments):
                return masking
        return place.masking

    def agent_of(self, principal: Principal) -> Agent | None:
        """The agent that a principal is; an application of that id in another tenant is not."""
        agent = self.agents.get(principal.application)
        if agent is None or agent.tenant not in {"", principal.tenant}:
            return None
        return agent

    def authorise(
        self,
        principal: Principal,
        operation: Operation,
        request: Request,
        now: datetime,
    ) -> Decision:
        """What the rules say.

        Args:
            principal: who asks.
            operation: what it would do.
            request: the message, for facts such as the caller's address.
            now: the moment of the decision, timezone aware.
        """
        return self._decide(principal, operation, request, now, None)

    def explain(
        self,
        principal: Principal,
        operation: Operation,
        request: Request,
        now: datetime,
    ) -> Explanation:
        """The same decision, reached by judging every rule, with what each one said."""
        seen: list[Consideration] = []
        decision = self._decide(principal, operation, request, now, seen)
        return Explanation(decision, tuple(seen))

    def _decide(
        self,
        principal: Principal,
        operation: Operation,
        request: Request,
        now: datetime,
        seen: list[Consideration] | None,
    ) -> Decision:
        agent = self.agent_of(principal)
        if agent is None:
            return _refuse(
                Reason.AGENT_UNKNOWN,
                "no agent with this application id and tenant stands in the manifest; add it under "
                "`agents`, with a sponsor",
            )
        if operation.refused:
            return _refuse(Reason.OPERATION_NOT_SUPPORTED, operation.refused, agent=agent)
        groups = frozenset(self.groups[oid] for oid in principal.groups if oid in self.groups)
        caller = Caller(
            agent.name, groups, principal.roles, principal.kind is PrincipalKind.APPLICATION
        )
        base = partial(shared, principal, (agent.name, groups), operation, request, now)
        touches = tuple(map(Touch.of, operation.accesses))
        matched: Matches = []
        failed: Matches = []
        keys = subjects(caller)
        for touch in touches:
            rules = self.index.candidates(touch, keys) if seen is None else self.rules
            context = self._context(base, touch.access)
            for rule, verdict in _judge(rules, touch, caller, context):
                if seen is not None:
                    seen.append(_consideration(rule, touch, verdict))
                if verdict is Verdict.MATCHED:
                    matched.append((touch, rule))
                elif verdict is Verdict.ERROR:
                    failed.append((touch, rule))
        decision = self._conclude(agent, touches, matched, failed)
        if isinstance(decision, Ask) and not operation.holdable:
            message = "a part needs a person's approval; send it as a request of its own"
            return _refuse(
                Reason.APPROVAL_UNAVAILABLE, message, decision.rule, agent, decision.matches
            )
        return decision

    def _context(
        self, base: Callable[[], Mapping[str, Fact]], access: Access
    ) -> Callable[[], cel.Context]:
        """Facts for one access, made when the first condition needs them and then kept."""
        made: list[cel.Context] = []

        def context() -> cel.Context:
            if not made:
                made.append(cel_context(gather(self.facts, base(), access)))
            return made[0]

        return context

    def _conclude(
        self, agent: Agent, touches: tuple[Touch, ...], matched: Matches, failed: Matches
    ) -> Decision:
        matches = tuple(_match(touch, rule) for touch, rule in matched)
        refusal = _refusal(agent, touches, matched, failed, matches)
        if refusal is not None:
            return refusal
        # Per access approve goes over allow; only rules that decide may loosen anything.
        deciding = [_deciding(touch, matched) for touch in touches]
        asks = [rule for rule in chain(*deciding) if rule.effect is RuleEffect.APPROVE]
        workflows = {rule.workflow for rule in asks}
        if len(workflows) > 1:
            message = "rules ask for different approval workflows; let one rule cover the request"
            return _refuse(Reason.APPROVAL_UNAVAILABLE, message, asks[0].id, agent, matches)
        read = _read(touches)
        demanded = _demanded(read, matched)
        obligations = Obligations(
            masking=self._masking(read, demanded),
            accept_free_text=self._accepts(touches, deciding),
            remember_names=self.shows_text,
            workflow=next(iter(workflows), ""),
            demanded=demanded,
            any_search=_all_accept(deciding, lambda rule: rule.any_search),
            resolve_tokens=_all_accept(deciding, lambda rule: rule.resolve_tokens),
        )
        if asks:
            return Ask(asks[0].id, agent.sponsor, obligations, matches, agent.name)
        return Permit(deciding[0][0].id, agent.sponsor, obligations, matches, agent.name)

    def _masking(self, read: list[Touch], demanded: Masking | None) -> Masking:
        """The strictest masking of `read`: what is read, or everything touched where nothing is.

        Errors and headers come back from writes too, so a write is masked as its place is.
        """
        places = [self.masking_of(touch.access.resource) for touch in read]
        asked = [demanded] if demanded else []
        strictest = max((*places, *asked), key=lambda masking: masking.rank)
        ephi = any(place.ephi for place in places)
        return strictest if strictest.ephi is ephi else replace(strictest, ephi=ephi)

    def _accepts(self, touches: tuple[Touch, ...], deciding: list[list[Rule]]) -> bool:
        """Whether every read from an ePHI place is let through by a rule that accepts free text."""
        accepting = [
            any(rule.accept_free_text for rule in rules)
            for touch, rules in zip(touches, deciding, strict=True)
            if touch.access.effect is Effect.READ and self.masking_of(touch.access.resource).ephi
        ]
        return bool(accepting) and all(accepting)


def _all_accept(deciding: list[list[Rule]], accepts: Callable[[Rule], bool]) -> bool:
    """Whether every access is let through by a rule that accepts this."""
    return all(any(accepts(rule) for rule in rules) for rules in deciding)


def _read(touches: tuple[Touch, ...]) -> list[Touch]:
    """What is read; everything touched where nothing is."""
    return [touch for touch in touches if touch.access.effect is Effect.READ] or list(touches)


def _demanded(read: list[Touch], matched: Matches) -> Masking | None:
    """The strictest masking that rules ask for."""
    asked = [rule.masking for touch, rule in matched if touch in read and rule.masking]
    return max(asked, key=lambda masking: masking.rank, default=None)


def _judge(
    rules: list[Rule] | tuple[Rule, ...],
    touch: Touch,
    caller: Caller,
    context: Callable[[], cel.Context],
) -> Iterator[tuple[Rule, Verdict]]:
    for rule in rules:
        try:
            yield rule, rule.judge(touch, caller, context)
        except FactsInvalid:
            yield rule, Verdict.ERROR


def _refusal(
    agent: Agent,
    touches: tuple[Touch, ...],
    matched: Matches,
    failed: Matches,
    matches: tuple[RuleMatch, ...],
) -> Refuse | None:
    if failed:
        rule = failed[0][1]
        message = f'rule "{rule.id}" could not be evaluated; its condition must be mended'
        return _refuse(Reason.RULE_ERROR, message, rule.id, agent, matches)
    for _, rule in matched:
        if rule.effect is RuleEffect.DENY:
            message = f'rule "{rule.id}" denies it'
            return _refuse(Reason.RULE_DENIES, message, rule.id, agent, matches)
    for touch in touches:
        if any(found is touch for found, _ in matched):
            continue
        reason, message = _unmatched(touch, agent)
        return _refuse(reason, message, "", agent, matches)
    return None


def _unmatched(touch: Touch, agent: Agent) -> tuple[Reason, str]:
    access = touch.access
    if not access.resource.connection:
        what = "source" if access.effect is Effect.READ else "target"
        reason = Reason.FOREIGN_SOURCE if access.effect is Effect.READ else Reason.FOREIGN_TARGET
        return reason, f"the {what} lies outside every connection of the manifest"
    return Reason.NO_RULE_ALLOWS, (
        f'no rule allows {access.action} there for agent "{agent.name}" with these groups and '
        f'roles on connection "{access.resource.connection}"'
    )


def _deciding(touch: Touch, matched: Matches) -> list[Rule]:
    rules = [rule for found, rule in matched if found is touch]
    return [rule for rule in rules if rule.effect is RuleEffect.APPROVE] or rules


def _refuse(
    reason: Reason,
    message: str,
    rule: str = "",
    agent: Agent | None = None,
    matches: tuple[RuleMatch, ...] = (),
) -> Refuse:
    name, sponsor = (agent.name, agent.sponsor) if agent else ("", "")
    return Refuse(reason.value, message, rule, sponsor, matches, name)


def _match(touch: Touch, rule: Rule) -> RuleMatch:
    return RuleMatch(rule.id, rule.effect.value, touch.access.action, touch.name)


def _consideration(rule: Rule, touch: Touch, verdict: Verdict) -> Consideration:
    return Consideration(
        rule.id, rule.line, rule.effect.value, touch.access.action, touch.name, verdict
    )
