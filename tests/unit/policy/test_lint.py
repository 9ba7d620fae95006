from time import process_time

import pytest

from gateway.policy.compiler import compile_manifest
from gateway.policy.lint import Lint, Severity, lint
from gateway.policy.manifest import parse
from tests.fakes.manifest import HEAD, READ, WRITE, manifest, rule

USED = (
    rule("used", groups="[readers, writers]"),
    rule("also", groups="[reviewers]", resources='["clinic/public/**"]'),
)


def lints(data: bytes) -> list[Lint]:
    found = parse(data)
    return list(lint(found, compile_manifest(found)))


def ids(*rules: str, head: str = HEAD) -> dict[str, Severity]:
    data = manifest(*USED, *rules).decode().replace(HEAD, head).encode()
    return {item.id: item.severity for item in lints(data) if item.id != "loosened-area"}


def test_a_sound_manifest_has_only_its_loosened_areas_to_say() -> None:
    assert ids() == {}


def test_a_finding_names_rule_and_line() -> None:
    found = [item for item in lints(manifest(*USED, rule("r", actions='["x/y"]'))) if item.rule]

    assert {(item.id, item.rule) for item in found} == {
        ("unknown-action", "r"),
        ("never-matches", "r"),
    }
    assert {item.line for item in found} == {HEAD.count("\n") + 4}


def test_an_action_that_no_operation_needs_comes_with_the_nearest_one() -> None:
    data = manifest(*USED, rule("r", actions=f'["{READ}s", "{READ}"]'))

    messages = [item.message for item in lints(data) if item.id == "unknown-action"]

    assert messages == [f'no operation needs "{READ}s"; did you mean "{READ}"?']


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"actions": '["Microsoft.Sql/*"]'}, "none of its actions"),
        ({"resources": '["cl?nic*/x"]'}, "no connection"),
        ({"when": '"1 > 2"'}, "never true"),
        ({"actions": f'["{READ}"]', "not_actions": '["*"]'}, "all taken out"),
    ],
)
def test_a_rule_that_can_never_match_is_an_error_where_it_denies(
    fields: dict[str, str], why: str
) -> None:
    assert ids(rule("r", **fields))["never-matches"] is Severity.WARNING, why
    assert ids(rule("r", "deny", **fields))["never-matches"] is Severity.ERROR, why


def test_a_resource_on_no_connection_is_named() -> None:
    found = ids(rule("r", resources='["other*/x", "clinic/x"]'))

    assert found == {"unknown-connection": Severity.WARNING}


def test_a_condition_that_is_always_true_is_noticed() -> None:
    assert "constant-condition" in ids(rule("r", when='"1 < 2"'))
    assert "constant-condition" not in ids(rule("r", when='"hour < 2"'))


@pytest.mark.parametrize(
    ("denial", "shadowed"),
    [
        ({}, True),
        ({"groups": ""}, True),
        ({"groups": "[readers, writers]"}, True),
        ({"groups": "[writers]"}, False),
        ({"agents": "[triage-bot]"}, False),
        ({"roles": "[Data.Read]"}, False),
        ({"when": '"hour < 2"'}, False),
        ({"actions": '["*"]', "resources": '["**"]'}, True),
        ({"actions": '["*/read"]', "resources": '["clinic/**"]'}, True),
        ({"actions": f'["{WRITE}"]'}, False),
        ({"resources": '["clinic/public/**"]'}, False),
        ({"not_actions": f'["{READ}"]', "actions": '["*"]'}, False),
    ],
)
def test_a_rule_under_an_unconditional_denial_has_no_effect(
    denial: dict[str, str], shadowed: bool
) -> None:
    found = lints(
        manifest(
            rule("no", "deny", **denial),
            rule("r", resources='["clinic/charts/**"]'),
            rule("w", groups="[writers, reviewers]", actions=f'["{WRITE}"]'),
        )
    )

    assert ("r" in {item.rule for item in found if item.id == "shadowed"}) is shadowed


EPHI = HEAD.replace(
    "profile: none, ephi: false}\nworkflows", "profile: none, ephi: true}\nworkflows"
)


def test_showing_ephi_as_it_is_is_an_error() -> None:
    assert EPHI != HEAD
    reading = rule("r", resources='["lab/x/**"]')

    assert ids(reading, head=EPHI)["unmasked-ephi"] is Severity.ERROR
    assert "unmasked-ephi" not in ids(reading)


@pytest.mark.parametrize(
    "fields",
    [
        {"obligations": "{masking: secrets-only}"},
        {"actions": f'["{WRITE}"]'},
        {"effect": "deny"},
        {"resources": '["clinic/charts/**"]'},
    ],
)
def test_it_is_not_where_something_masks_or_nothing_is_shown(fields: dict[str, str]) -> None:
    reading = rule("r", **{"resources": '["lab/x/**"]', **fields})

    assert "unmasked-ephi" not in ids(reading, head=EPHI)


def test_an_unmasked_ephi_area_counts_by_itself() -> None:
    head = HEAD.replace(
        '"public/**", profile: none, ephi: false', '"raw/**", profile: none, ephi: true'
    )

    assert "unmasked-ephi" in ids(rule("r", resources='["clinic/raw/a"]'), head=head)
    assert "unmasked-ephi" in ids(rule("r", resources='["*/r*/**"]'), head=head)
    inside = lints(
        manifest(rule("r", resources='["clinic/research/**"]'))
        .decode()
        .replace(HEAD, head)
        .encode()
    )
    assert "unmasked-ephi" not in {item.id for item in inside}


def test_a_masking_that_the_place_exceeds_has_no_effect() -> None:
    weak = "{masking: secrets-only}"

    assert "masking-without-effect" in ids(
        rule("r", resources='["clinic/charts/**"]', obligations=weak)
    )
    assert "masking-without-effect" not in ids(
        rule("r", resources='["clinic/**"]', obligations=weak)
    )


def test_allowing_every_action_is_noticed() -> None:
    assert "wildcard-allow" in ids(rule("r", actions='["*"]'))
    assert "wildcard-allow" in ids(rule("r", actions='["*/read"]'))
    assert "wildcard-allow" not in ids(rule("r", "deny", actions='["*"]', groups="[writers]"))


SECOND = HEAD.replace(
    "workflows:",
    """\
  again:
    kind: blob
    upstream: https://clinicdata-secondary.blob.core.windows.net
    credential: {kind: managed-identity}
    masking: {profile: none, ephi: false}
workflows:""",
)


def test_one_account_behind_two_connections_with_different_masking_is_not_activated() -> None:
    assert ids(head=SECOND) == {"account-masked-twice": Severity.ERROR}


def test_without_ephi_it_is_noticed() -> None:
    head = SECOND.replace("profile: safe-harbor, ephi: true", "profile: safe-harbor, ephi: false")
    head = head.replace("profile: research, ephi: true", "profile: research, ephi: false")

    assert ids(head=head) == {"account-masked-twice": Severity.WARNING}


def test_an_emulated_account_is_the_same_one_by_name_and_by_address() -> None:
    head = HEAD.replace(
        "workflows:",
        """\
  again:
    kind: blob
    upstream: http://localhost:10000/labaccount
    credential: {kind: account-key, secret: lab-key}
    masking: {profile: safe-harbor, ephi: true}
workflows:""",
    )

    assert ids(head=head) == {"account-masked-twice": Severity.ERROR}


def test_the_same_account_name_on_two_emulators_is_two_accounts() -> None:
    head = HEAD.replace(
        "workflows:",
        """\
  again:
    kind: blob
    upstream: http://127.0.0.1:10009/labaccount
    credential: {kind: account-key, secret: lab-key}
    masking: {profile: safe-harbor, ephi: false}
workflows:""",
    )

    assert ids(head=head) == {}


def test_areas_that_loosen_an_ephi_connection_say_whether_ephi_lies_there() -> None:
    found = [item for item in lints(manifest(*USED)) if item.id == "loosened-area"]

    assert ["make sure" in item.message for item in found] == [True, False]
    assert [item.severity for item in found] == [Severity.WARNING] * 2
    assert [item.line for item in found] == [18, 19]


def test_an_agent_that_no_rule_lets_do_anything_is_noticed() -> None:
    found = lints(manifest(rule("r", agents="[triage-bot]")))

    assert ['agent "billing-bot"' in item.message for item in found if item.id == "idle-agent"] == [
        True
    ]


def test_a_group_that_nothing_uses_is_noticed() -> None:
    found = lints(manifest(rule("r")))
    in_condition = lints(manifest(rule("r", when="\"'writers' in groups\"")))

    assert [item.message for item in found if item.id == "unused-group"] == [
        'group "writers" is never used'
    ]
    assert "unused-group" not in {item.id for item in in_condition}


def test_reviewers_who_may_ask_are_noticed() -> None:
    asking = rule("r", "approve", groups="[readers, reviewers]", obligations="{workflow: review}")
    apart = rule("r", "approve", obligations="{workflow: review}")

    assert "self-review" in ids(asking)
    assert "self-review" not in ids(apart)


@pytest.mark.alone
def test_a_thousand_rules_are_linted_in_a_moment() -> None:
    rules = [
        rule(f"r{number}", ("deny", "allow")[number % 2], resources=f'["clinic/c{number}/**"]')
        for number in range(1000)
    ]
    started = process_time()
    lints(manifest(*USED, *rules))

    # Some 0.4 s; it was 30 times as long when every pair was compared action by action.
    assert process_time() - started < 5


@pytest.mark.parametrize(
    ("resource", "found"), [("ehr/Patient/1", True), ("ehr/Patient/**", False), ("ehr/**", False)]
)
def test_a_rule_that_keeps_one_fhir_resource_back_is_told_of_searches(
    resource: str, found: bool
) -> None:
    connection = """  ehr:
    kind: fhir
    upstream: https://ward-ehr.fhir.azurehealthcareapis.com
    credential: {kind: managed-identity, scope: https://x.example/.default}
    masking: {profile: safe-harbor, ephi: true}
workflows:"""
    action = "Microsoft.HealthcareApis/workspaces/fhirservices/resources/read"
    denial = rule("r", effect="deny", actions=f'["{action}"]', resources=f'["{resource}"]')
    named = ids(denial, head=HEAD.replace("workflows:", connection))

    assert ("single-resource" in named) is found


def test_giving_values_for_tokens_unasked_draws_a_warning() -> None:
    fields = {"actions": '["Chaperone/tokens/detokenize/action"]'}

    assert ids(rule("r", **fields)) == {"detokenize-unasked": Severity.WARNING}
    assert "detokenize-unasked" not in ids(rule("r", actions='["*"]'))
