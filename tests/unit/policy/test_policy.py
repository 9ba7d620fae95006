from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.errors import Reason
from gateway.model.connection import Masking
from gateway.model.decision import Ask, Decision, Permit, Refuse
from gateway.model.operation import Effect, Operation
from gateway.policy import Policy
from gateway.policy.compiler import compile_manifest
from gateway.policy.manifest import parse
from gateway.policy.policy import UNMASKED
from gateway.policy.rule import Verdict
from tests.fakes.manifest import (
    BILLING,
    DELETE,
    HEAD,
    READ,
    READERS,
    WRITE,
    WRITERS,
    policy,
    rule,
)
from tests.unit.policy.build import NOON, access, operation, principal, request, resource

CHART = access("clinic/charts/a.json")
PUBLIC = access("clinic/public/a.json")


def decide(found: Policy, asked: Operation, *groups: str, **options: object) -> Decision:
    caller = principal(*groups, **options)  # type: ignore[arg-type]
    return found.authorise(caller, asked, request(), NOON)


def reason(decision: Decision) -> str:
    assert isinstance(decision, Refuse), decision
    return decision.reason


def test_no_rules_deny_everything() -> None:
    decision = decide(policy(), operation(CHART))

    assert reason(decision) == Reason.NO_RULE_ALLOWS


def test_a_matching_rule_allows_and_is_named_with_the_sponsor() -> None:
    decision = decide(policy(rule("r")), operation(CHART))

    assert isinstance(decision, Permit)
    assert decision.rule == "r"
    assert decision.sponsor == "dr.lee@example.org"
    assert [
        (match.rule, match.effect, match.action, match.resource) for match in decision.matches
    ] == [("r", "allow", READ, "clinic/charts/a.json")]


def test_an_agent_that_is_not_in_the_manifest_is_refused_with_advice() -> None:
    decision = decide(policy(rule("r")), operation(CHART), application="somebody")

    assert reason(decision) == Reason.AGENT_UNKNOWN
    assert isinstance(decision, Refuse)
    assert "add it under `agents`" in decision.message


def test_an_application_of_another_tenant_is_not_that_agent() -> None:
    tenant = "7e0a4d00-0000-4000-8000-000000000001"
    head = HEAD.replace("sponsor:", f"tenant: {tenant}\n    sponsor:")
    strict = compile_manifest(parse(f"{head}rules:\n  - {rule('r')}\n".encode()))

    def asked_from(home: str) -> Decision:
        caller = replace(principal(), tenant=home)
        return strict.authorise(caller, operation(CHART), request(), NOON)

    assert isinstance(asked_from(tenant), Permit)
    refused = asked_from(tenant.replace("1", "2"))
    assert reason(refused) == Reason.AGENT_UNKNOWN
    assert isinstance(refused, Refuse)
    assert refused.sponsor == ""


def test_an_operation_that_the_gateway_refuses_is_refused_whatever_the_rules() -> None:
    decision = decide(policy(rule("r")), operation(CHART, refused="batches are not supported"))

    assert reason(decision) == Reason.OPERATION_NOT_SUPPORTED
    assert isinstance(decision, Refuse)
    assert decision.message == "batches are not supported"


@pytest.mark.parametrize("effects", [("deny", "approve", "allow"), ("allow", "approve", "deny")])
def test_deny_goes_over_approve_over_allow_in_any_order(effects: tuple[str, ...]) -> None:
    def rules(*wanted: str) -> list[str]:
        return [
            rule(
                f"r-{effect}",
                effect,
                obligations="{workflow: review}" if effect == "approve" else "",
            )
            for effect in effects
            if effect in wanted
        ]

    all_three = decide(policy(*rules("deny", "approve", "allow")), operation(CHART))
    two = decide(policy(*rules("approve", "allow")), operation(CHART))

    assert reason(all_three) == Reason.RULE_DENIES
    assert isinstance(two, Ask)
    assert (two.rule, two.obligations.workflow) == ("r-approve", "review")


def test_every_access_must_be_allowed() -> None:
    copy = operation(access("clinic/public/b", WRITE, Effect.WRITE), CHART)
    reads = rule("reads")
    writes = rule("writes", actions=f'["{WRITE}"]')

    assert reason(decide(policy(reads), copy)) == Reason.NO_RULE_ALLOWS
    assert reason(decide(policy(writes), copy)) == Reason.NO_RULE_ALLOWS
    assert isinstance(decide(policy(reads, writes), copy), Permit)


def test_a_denial_of_one_access_denies_the_whole() -> None:
    copy = operation(PUBLIC, CHART)
    found = policy(rule("all"), rule("no", "deny", groups="", resources='["clinic/charts/**"]'))

    decision = decide(found, copy)

    assert reason(decision) == Reason.RULE_DENIES
    assert isinstance(decision, Refuse)
    assert decision.rule == "no"


def test_approval_of_one_access_asks_for_the_whole() -> None:
    found = policy(
        rule("public", resources='["clinic/public/**"]'),
        rule(
            "charts", "approve", resources='["clinic/charts/**"]', obligations="{workflow: board}"
        ),
    )

    decision = decide(found, operation(PUBLIC, CHART))

    assert isinstance(decision, Ask)
    assert decision.rule == "charts"


def test_two_workflows_for_one_request_are_refused() -> None:
    found = policy(
        rule("one", "approve", obligations="{workflow: review}"),
        rule("two", "approve", obligations="{workflow: board}"),
    )

    assert reason(decide(found, operation(CHART))) == Reason.APPROVAL_UNAVAILABLE


@pytest.mark.parametrize(
    ("fields", "groups", "options", "allowed"),
    [
        ({"groups": "[readers]"}, (READERS,), {}, True),
        ({"groups": "[readers]"}, (WRITERS,), {}, False),
        ({"groups": "[readers]"}, ("unknown",), {}, False),
        ({"groups": "[readers, writers]"}, (WRITERS,), {}, True),
        ({"agents": "[triage-bot]"}, (READERS,), {}, True),
        ({"agents": "[triage-bot]"}, (READERS,), {"application": BILLING}, False),
        ({"groups": "", "agents": "[triage-bot]"}, ("unknown",), {}, True),
        ({"roles": "[Data.Read]"}, (READERS,), {}, False),
        ({"roles": "[Data.Read]"}, (READERS,), {"roles": ("Data.Read",)}, True),
        ({"groups": "", "roles": "[Data.Read]"}, ("none",), {"roles": ("Data.Read",)}, True),
        ({"groups": "", "roles": "[Data.Read]"}, ("none",), {"roles": ("data.read",)}, False),
    ],
)
def test_callers_by_group_agent_and_role(
    fields: dict[str, str], groups: tuple[str, ...], options: dict[str, object], allowed: bool
) -> None:
    decision = decide(policy(rule("r", **fields)), operation(CHART), *groups, **options)

    assert isinstance(decision, Permit) is allowed


def test_a_denial_without_groups_is_for_everyone() -> None:
    found = policy(rule("r"), rule("no", "deny", groups=""))

    assert reason(decide(found, operation(CHART))) == Reason.RULE_DENIES


def test_actions_can_be_taken_out_again() -> None:
    everything = '["Microsoft.Storage/*"]'
    found = policy(rule("r", actions=everything, not_actions='["*/blobs/delete"]'))

    assert isinstance(decide(found, operation(CHART)), Permit)
    deleting = operation(access("clinic/charts/a", DELETE, Effect.DELETE))
    assert reason(decide(found, deleting)) == Reason.NO_RULE_ALLOWS


def test_a_condition_narrows_a_rule() -> None:
    found = policy(rule("r", when="\"hour < 18 && agent == 'triage-bot'\""))

    assert isinstance(decide(found, operation(CHART)), Permit)
    late = found.authorise(principal(), operation(CHART), request(), NOON + timedelta(hours=7))
    assert reason(late) == Reason.NO_RULE_ALLOWS


def test_a_condition_that_fails_denies_and_is_named() -> None:
    found = policy(rule("r"), rule("odd", when=f'"size * {2**62} > 0"'))

    decision = found.authorise(principal(), operation(CHART), request(body=b"123"), NOON)

    assert reason(decision) == Reason.RULE_ERROR
    assert isinstance(decision, Refuse)
    assert decision.rule == "odd"
    assert '"odd"' in decision.message


def test_a_condition_on_facts_of_the_wrong_type_denies() -> None:
    found = policy(rule("r"), rule("odd", when='"sas"'))

    asked = operation(CHART, facts={"sas": 1})

    assert reason(decide(found, asked)) == Reason.RULE_ERROR


def test_a_rule_with_a_broken_condition_does_not_concern_others() -> None:
    found = policy(
        rule("r"), rule("odd", when=f'"size * {2**62} > 0"', resources='["clinic/other/**"]')
    )

    decision = found.authorise(principal(), operation(CHART), request(body=b"123"), NOON)

    assert isinstance(decision, Permit)


@pytest.mark.parametrize(
    ("effect", "expected"),
    [(Effect.READ, Reason.FOREIGN_SOURCE), (Effect.WRITE, Reason.FOREIGN_TARGET)],
)
def test_a_foreign_resource_is_allowed_by_no_rule(effect: Effect, expected: Reason) -> None:
    found = policy(rule("all", resources='["**"]'))

    asked = operation(CHART, access("//evil.example/c/b", READ, effect))

    assert reason(decide(found, asked)) == expected


def test_dot_segments_are_allowed_by_no_rule_but_can_be_denied() -> None:
    climbing = operation(access("clinic/public/../charts/a"))
    deny = rule("no", "deny", resources='["clinic/public/**"]')

    assert reason(decide(policy(rule("r")), climbing)) == Reason.NO_RULE_ALLOWS
    assert reason(decide(policy(rule("r"), deny), climbing)) == Reason.RULE_DENIES


@pytest.mark.parametrize(
    ("where", "profile", "ephi"),
    [
        ("clinic", "safe-harbor", True),
        ("clinic/charts/a", "safe-harbor", True),
        ("clinic/public", "none", False),
        ("clinic/public/a/b", "none", False),
        ("clinic/research/a", "research", True),
        ("clinic/public/../charts", "safe-harbor", True),
        ("lab/anything", "none", False),
        ("//host/c/b", "none", False),
    ],
)
def test_masking_is_that_of_the_place(where: str, profile: str, ephi: bool) -> None:
    masking = policy().masking_of(resource(where))

    assert (masking.profile, masking.ephi) == (profile, ephi)


def test_outside_every_connection_nothing_is_masked() -> None:
    assert policy().masking_of(resource("//host/c/b")) == UNMASKED
    assert not UNMASKED.masks


def masking(decision: Decision) -> Masking:
    assert isinstance(decision, Permit)
    return decision.obligations.masking


def test_a_rule_masks_more_than_the_place_and_never_less() -> None:
    stricter = policy(rule("r", obligations="{masking: safe-harbor}"))
    weaker = policy(rule("r", obligations="{masking: secrets-only}"))

    assert masking(decide(stricter, operation(PUBLIC))).profile == "safe-harbor"
    assert masking(decide(stricter, operation(PUBLIC))).ephi is False
    assert masking(decide(weaker, operation(CHART))).profile == "safe-harbor"


def test_masking_is_the_strictest_over_everything_that_is_read() -> None:
    found = policy(rule("r"))

    both = masking(decide(found, operation(PUBLIC, CHART)))

    assert (both.profile, both.ephi) == ("safe-harbor", True)


def test_what_is_only_written_is_masked_as_its_place() -> None:
    found = policy(rule("r", actions='["*"]'))
    writing = access("clinic/charts/a", WRITE, Effect.WRITE)

    assert masking(decide(found, operation(writing))).profile == "safe-harbor"
    assert masking(decide(found, operation(writing, PUBLIC))).profile == "none"


def test_an_own_profile_carries_the_digest_of_its_definition() -> None:
    research = masking(decide(policy(rule("r")), operation(access("clinic/research/a"))))

    assert (research.rank, research.digest[:7]) == (25, "sha256:")
    assert masking(decide(policy(rule("r")), operation(CHART))).digest == ""


def test_free_text_is_accepted_only_if_every_ephi_read_is() -> None:
    accepting = rule("a", obligations="{free_text: accept}", resources='["clinic/charts/**"]')
    plain = rule("b", resources='["clinic/research/**", "clinic/public/**"]')
    found = policy(accepting, plain)
    research = access("clinic/research/a")

    def accepts(*accesses: object) -> bool:
        decision = decide(found, operation(*accesses))  # type: ignore[arg-type]
        assert isinstance(decision, Permit)
        return decision.obligations.accept_free_text

    assert accepts(CHART) is True
    assert accepts(CHART, PUBLIC) is True
    assert accepts(CHART, research) is False
    assert accepts(PUBLIC) is False


def test_only_the_rules_that_decide_can_accept_free_text() -> None:
    found = policy(
        rule("allow", obligations="{free_text: accept}"),
        rule("approve", "approve", obligations="{workflow: review}"),
    )

    decision = decide(found, operation(CHART))

    assert isinstance(decision, Ask)
    assert decision.obligations.accept_free_text is False


def test_messages_hold_nothing_from_the_request() -> None:
    decision = decide(policy(), operation(access("clinic/secret-container/patient-name")))

    assert isinstance(decision, Refuse)
    assert "secret-container" not in decision.message
    assert "patient-name" not in decision.message


def test_an_explanation_says_of_each_rule_why_it_does_not_apply() -> None:
    found = policy(
        rule("matched"),
        rule("action", actions=f'["{WRITE}"]'),
        rule("resource", resources='["clinic/public/**"]'),
        rule("caller", groups="[writers]"),
        rule("condition", when='"hour > 20"'),
        rule("error", when=f'"size * {2**62} > 0"'),
        rule("taken-out", not_actions='["*/read"]'),
    )

    explained = found.explain(principal(), operation(CHART), request(body=b"123"), NOON)

    assert [item.verdict for item in explained.considerations] == [
        Verdict.MATCHED,
        Verdict.ACTION,
        Verdict.RESOURCE,
        Verdict.CALLER,
        Verdict.CONDITION,
        Verdict.ERROR,
        Verdict.ACTION,
    ]
    assert explained.considerations[0].line == found.rules[0].line
    assert reason(explained.decision) == Reason.RULE_ERROR


def test_a_policy_is_a_value() -> None:
    found = policy(rule("r"))

    assert replace(found, digest="x").digest == "x"
    with pytest.raises(AttributeError):
        found.digest = "x"  # type: ignore[misc]
