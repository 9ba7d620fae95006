from datetime import timedelta

import pytest

from gateway.errors import Reason
from gateway.model.connection import CredentialKind, Sensitivity
from gateway.model.own import Own
from gateway.policy.compiler import check_own, compile_manifest
from gateway.policy.faults import ManifestInvalid
from gateway.policy.manifest import parse
from tests.fakes.manifest import HEAD, REVIEWERS, TRIAGE, manifest, rule

GUID = "11111111-2222-3333-4444-555555555555"


def with_credential(credential: str) -> bytes:
    return HEAD.replace("{kind: account-key, secret: clinic-key}", credential).encode()


def test_names_are_resolved() -> None:
    found = compile_manifest(parse(manifest(rule("r"))))

    assert found.agents[TRIAGE].name == "triage-bot"
    assert found.agents[TRIAGE].sponsor_object_id == "2b8e1c90-77aa-4a0c-8f4e-3d1f5b6c7d82"
    assert found.workflows["review"].reviewers == {REVIEWERS}
    assert (
        found.workflows["review"].expires_minutes,
        found.workflows["board"].expires_minutes,
    ) == (
        30,
        60,
    )
    assert found.workflows["review"].lifetime == timedelta(minutes=30)
    assert found.groups[REVIEWERS] == "reviewers"
    assert found.connections["clinic"].names is Sensitivity.PLAIN
    assert found.connections["clinic"].max_response_bytes == 100 * 1024 * 1024
    assert found.connections["lab"].endpoint.base_path == "/labaccount"


def test_a_workflow_may_wait_for_seconds() -> None:
    text = manifest(rule("r")).replace(b"expires_minutes: 30", b"expires_seconds: 5")

    assert compile_manifest(parse(text)).workflows["review"].lifetime == timedelta(seconds=5)


@pytest.mark.parametrize(
    ("text", "kind", "parts"),
    [
        (
            "{kind: account-key, secret: k}",
            CredentialKind.ACCOUNT_KEY,
            {"secret": "k", "scope": ""},
        ),
        (
            "{kind: managed-identity}",
            CredentialKind.MANAGED_IDENTITY,
            {"client_id": "", "scope": "https://storage.azure.com/.default"},
        ),
        (
            f"{{kind: managed-identity, client_id: {GUID}, scope: api://x/.default}}",
            CredentialKind.MANAGED_IDENTITY,
            {"client_id": GUID, "scope": "api://x/.default"},
        ),
        (
            f"{{kind: service-principal, tenant: {GUID}, client_id: {GUID}, secret: s}}",
            CredentialKind.SERVICE_PRINCIPAL,
            {"client_id": GUID, "tenant": GUID, "secret": "s"},
        ),
    ],
)
def test_each_kind_of_credential(text: str, kind: CredentialKind, parts: dict[str, str]) -> None:
    found = compile_manifest(parse(with_credential(text))).connections["clinic"].credential

    assert found.kind is kind
    assert {name: getattr(found, name) for name in parts} == parts


def test_conditions_are_compiled_over_the_facts_that_are_given() -> None:
    extra = {"novel": str}
    data = manifest(rule("r", when="\"novel == 'x'\""))

    assert compile_manifest(parse(data, extra), extra).rules[0].condition is not None
    with pytest.raises(ManifestInvalid, match="unknown fact"):
        parse(data)
    with pytest.raises(ManifestInvalid, match="unknown fact"):
        compile_manifest(parse(data, extra))


def test_profiles_may_extend_profiles_in_any_order() -> None:
    head = HEAD.replace(
        "{research: {extends: limited-data-set, rank: 25}}",
        "{a: {extends: b, rank: 28}, b: {extends: research, rank: 26},"
        " research: {rank: 25}, top: {rank: 45}}",
    ).replace('"research/**", profile: research', '"research/**", profile: a')

    area = compile_manifest(parse(head.encode())).connections["clinic"].areas[1]

    assert (area.masking.profile, area.masking.rank) == ("a", 28)


def test_a_changed_base_changes_the_digest_of_what_extends_it() -> None:
    def digest(rank: int) -> str:
        head = HEAD.replace(
            "{research: {extends: limited-data-set, rank: 25}}",
            f"{{base: {{rank: {rank}}}, research: {{extends: base, rank: 25}}}}",
        )
        found = compile_manifest(parse(head.encode()))
        return found.connections["clinic"].areas[1].masking.digest

    assert digest(21) != digest(22)
    assert digest(21) == digest(21)


def test_the_gateways_own_account_is_refused_as_upstream() -> None:
    found = parse(manifest())

    check_own(found, Own(frozenset({"evidence1.blob.core.windows.net"})))
    with pytest.raises(ManifestInvalid) as caught:
        check_own(
            found,
            Own(frozenset({"clinicdata.table.core.windows.net", "127.0.0.1:10000/labaccount"})),
        )

    assert caught.value.reason is Reason.GATEWAY_RESOURCE
    assert [fault.path for fault in caught.value.faults] == [
        "connections.clinic.upstream",
        "connections.lab.upstream",
    ]


MINE = "11111111-0000-4000-8000-000000000001"
MANAGED = "credential: {kind: managed-identity}"
NAMED = f"credential: {{kind: managed-identity, client_id: {MINE}}}"


@pytest.mark.parametrize(
    ("credential", "own", "refused"),
    [
        (MANAGED, Own(client_id=""), True),
        (MANAGED, Own(client_id=MINE), True),
        (MANAGED, Own(), False),
        (NAMED, Own(client_id=MINE), True),
        (NAMED, Own(client_id=""), False),
        (
            "credential: {kind: account-key, secret: Own-Key}",
            Own(secrets=frozenset({"own-key"})),
            True,
        ),
        (
            "credential: {kind: account-key, secret: a-key}",
            Own(secrets=frozenset({"own-key"})),
            False,
        ),
    ],
)
def test_an_upstream_is_not_opened_with_the_gateways_own_identity_or_secret(
    credential: str, own: Own, refused: bool
) -> None:
    text = HEAD.replace("credential: {kind: account-key, secret: clinic-key}", credential)
    found = parse(text.encode())
    if not refused:
        check_own(found, own)
        return

    with pytest.raises(ManifestInvalid, match="own identity or secret") as caught:
        check_own(found, own)

    assert caught.value.reason is Reason.GATEWAY_RESOURCE
    assert [fault.path for fault in caught.value.faults] == ["connections.clinic.credential"]


ONE, TWO = frozenset({"t1"}), frozenset({"t1", "t2"})


def test_where_several_tenants_are_accepted_every_agent_says_whose_it_is() -> None:
    homeless = parse(manifest())
    tenant = "tenant: 7E0A4D00-0000-4000-8000-000000000001\n    sponsor:"
    settled = parse(HEAD.replace("sponsor:", tenant).encode())

    check_own(homeless, Own(tenants=ONE))
    check_own(settled, Own(tenants=TWO))
    with pytest.raises(ManifestInvalid, match="several tenants") as caught:
        check_own(homeless, Own(tenants=TWO))

    assert [fault.path for fault in caught.value.faults] == [
        "agents.triage-bot",
        "agents.billing-bot",
    ]
    agents = compile_manifest(settled).agents.values()
    assert {agent.tenant for agent in agents} == {"7e0a4d00-0000-4000-8000-000000000001"}
