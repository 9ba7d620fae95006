"""The index against an evaluator that asks every rule: they must never differ."""

import re
from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.model.decision import Ask, Decision, Permit, Refuse
from gateway.model.operation import Access, Effect, Operation
from gateway.model.principal import Principal
from gateway.policy import Policy
from gateway.policy.compiler import compile_manifest
from gateway.policy.document import Rule
from gateway.policy.manifest import parse
from tests.fakes.manifest import (
    BILLING,
    DELETE,
    READ,
    READERS,
    TRIAGE,
    WRITE,
    WRITERS,
    manifest,
    policy,
    rule,
)
from tests.unit.policy.build import NOON, access, operation, principal, request

ACTIONS = [READ, WRITE, DELETE, "*", "Microsoft.Storage/*/read", "*/delete", "*/BLOBS/*"]
RESOURCES = [
    "**",
    "*/**",
    "clinic",
    "clinic/**",
    "clinic/*",
    "clinic/public",
    "clinic/public/**",
    "clinic/p*/**",
    "clinic/**/x",
    "lab/**",
    "c*/charts/a",
]
CONDITIONS = ["", "effect == 'read'", "blob.startsWith('a')", f"size * {2**62} > 0", "false"]
PLACES = ["clinic", "clinic/public", "clinic/public/a", "clinic/charts/x", "lab/c/x", "//evil/c/b"]


def subset(items: list[str], least: int = 0) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(items), min_size=least, max_size=3, unique=True)


def listed(items: list[str]) -> str:
    return "[" + ", ".join(f'"{item}"' for item in items) + "]" if items else ""


@st.composite
def rules(draw: st.DrawFn, effects: tuple[str, ...] = ("deny", "approve", "allow")) -> str:
    effect = draw(st.sampled_from(effects))
    groups = draw(subset(["readers", "writers", "reviewers"]))
    agents = draw(subset(["triage-bot", "billing-bot"]))
    roles = draw(subset(["Read", "Write"]))
    if effect != "deny" and not (groups or agents or roles):
        groups = ["readers"]
    condition = draw(st.sampled_from(CONDITIONS))
    return rule(
        "id",
        effect,
        groups=listed(groups),
        agents=listed(agents),
        roles=listed(roles),
        actions=listed(draw(subset(ACTIONS, 1))),
        not_actions=listed(draw(subset(ACTIONS[:3]))),
        resources=listed(draw(subset(RESOURCES, 1))),
        when=f'"{condition}"' if condition else "",
        obligations="{workflow: review}" if effect == "approve" else "",
    )


def policies(most: int = 8) -> st.SearchStrategy[list[str]]:
    return st.lists(rules(), max_size=most)


def numbered(drawn: list[str]) -> list[str]:
    return [text.replace("id: id,", f"id: rule-{number},") for number, text in enumerate(drawn)]


operations = st.lists(
    st.tuples(
        st.sampled_from(PLACES),
        st.sampled_from([READ, WRITE, DELETE]),
        st.sampled_from([Effect.READ, Effect.WRITE]),
    ),
    min_size=1,
    max_size=3,
).map(lambda accesses: operation(*(access(*parts) for parts in accesses)))

callers = st.builds(
    lambda groups, application, roles: principal(
        *groups, application=application, roles=tuple(roles)
    ),
    subset([READERS, WRITERS, "unknown"], 1),
    st.sampled_from([TRIAGE, BILLING]),
    subset(["Read", "Write"]),
)

PERMISSIVENESS = {Refuse: 0, Ask: 1, Permit: 2}


def as_regex(pattern: str) -> re.Pattern[str]:
    text = ""
    for part in pattern.split("/"):
        any_segments = part == "**"
        text += "(?:[^/]*/)*" if any_segments else re.escape(part).replace(r"\*", "[^/]*") + "/"
    return re.compile(text)


def means(patterns: tuple[str, ...], action: str) -> bool:
    """Azure's wildcard, said as an expression."""
    return any(
        re.fullmatch(re.escape(pattern).replace(r"\*", ".*"), action, re.IGNORECASE)
        for pattern in patterns
    )


def holds(condition: str, touched: Access, size: int) -> str:
    match condition:
        case "" | "true":
            return "yes"
        case "effect == 'read'":
            return "yes" if touched.effect is Effect.READ else "no"
        case "blob.startsWith('a')":
            return "yes" if "/".join(touched.resource.path[1:]).startswith("a") else "no"
        case "false":
            return "no"
        case _:
            return "error" if size * 2**62 >= 2**63 else "yes" if size else "no"


def said_by(one: Rule, touched: Access, caller: Principal, size: int) -> str:
    """What one rule of the schema says: its effect, "error" or ""."""
    names = {READERS: "readers", WRITERS: "writers"}
    groups = {names[oid] for oid in caller.groups if oid in names}
    agent = {TRIAGE: "triage-bot", BILLING: "billing-bot"}[caller.application]
    whole = "/".join((touched.resource.connection, *touched.resource.path)) + "/"
    applies = (
        means(one.actions, touched.action)
        and not means(one.not_actions, touched.action)
        and (touched.resource.connection != "" or one.effect == "deny")
        and any(as_regex(pattern).fullmatch(whole) for pattern in one.resources)
        and (not one.groups or not groups.isdisjoint(one.groups))
        and (not one.agents or agent in one.agents)
        and (not one.roles or not caller.roles.isdisjoint(one.roles))
    )
    said = holds(one.when, touched, size) if applies else "no"
    return {"yes": one.effect, "no": "", "error": "error"}[said]


def asked_one_by_one(rules: Sequence[Rule], asked: Operation, caller: Principal, size: int) -> str:
    """The decision, from the schema's own objects, without index, patterns or compiled rules."""
    verdicts = [
        {said_by(one, touched, caller, size) for one in rules} - {""} for touched in asked.accesses
    ]
    everything = set().union(*verdicts)
    for word, decision in (("error", "RuleError"), ("deny", "RuleDenies")):
        if word in everything:
            return decision
    if not all(verdicts):
        return "unmatched"
    return "ask" if "approve" in everything else "permit"


def summary(decision: Decision) -> str:
    match decision:
        case Permit():
            return "permit"
        case Ask():
            return "ask"
        case Refuse(reason=reason):
            return reason if reason.startswith("Rule") else "unmatched"


@settings(max_examples=300)
@given(policies(), operations, callers, st.sampled_from([b"", b"a", b"abc"]))
def test_the_index_decides_as_asking_every_rule_does(
    drawn: list[str], asked: Operation, caller: Principal, body: bytes
) -> None:
    data = manifest(*numbered(drawn))
    found = compile_manifest(parse(data))
    message = request(body=body)

    indexed = found.authorise(caller, asked, message, NOON)
    explained = found.explain(caller, asked, message, NOON)

    assert indexed == explained.decision
    assert len(explained.considerations) == len(found.rules) * len(asked.accesses)
    assert summary(indexed) == asked_one_by_one(
        parse(data).document.rules, asked, caller, len(body)
    )


@settings(max_examples=200)
@given(policies(), rules(effects=("deny",)), operations, callers)
def test_one_more_denial_never_allows_more(
    drawn: list[str], denial: str, asked: Operation, caller: Principal
) -> None:
    before = policy(*numbered(drawn)).authorise(caller, asked, request(), NOON)
    after = policy(*numbered([denial, *drawn])).authorise(caller, asked, request(), NOON)

    assert PERMISSIVENESS[type(after)] <= PERMISSIVENESS[type(before)]


@settings(max_examples=100)
@given(st.lists(rules(effects=("deny",)), max_size=6), operations, callers)
def test_denials_alone_allow_nothing(drawn: list[str], asked: Operation, caller: Principal) -> None:
    decision = policy(*numbered(drawn)).authorise(caller, asked, request(), NOON)

    assert isinstance(decision, Refuse)


def many(count: int) -> Policy:
    return policy(
        *(
            rule(f"r-{number}", groups="[writers]" if number else "[readers]", resources=where)
            for number, where in zip(
                range(count), (f'["clinic/c{n}/**"]' for n in range(count)), strict=True
            )
        )
    )


def test_rules_of_other_places_and_callers_are_not_even_asked() -> None:
    found = many(200)
    asked = operation(access("clinic/c0/a"))

    decision = found.authorise(principal(), asked, request(), NOON)

    assert isinstance(decision, Permit)
    assert ("clinic", "c0") in found.index.places
    assert len(found.index.places) == 200
