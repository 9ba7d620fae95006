"""Wrong settings stop the start with their name, the reason and the fix."""

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from gateway import settings
from gateway.errors import ConfigurationError
from gateway.settings import Settings

EXAMPLE = Path(__file__).resolve().parents[2] / "local.settings.example.json"
ACCOUNT = (
    "/subscriptions/11111111-2222-4333-8444-555555555555/resourceGroups/rg"
    "/providers/Microsoft.Storage/storageAccounts/evidence"
)
IN_PRODUCTION = {
    "environment": "production",
    "public_url": "https://gateway.example",
    "authority": "https://login.microsoftonline.com",
    "evidence_url": "https://evidence.blob.core.windows.net",
    "evidence_resource_id": ACCOUNT,
    "state_url": "https://state.blob.core.windows.net",
    "table_url": "https://state.table.core.windows.net",
    "vault_url": "https://vault.vault.azure.net",
    "dev_storage_connection_string": None,
    "dev_evidence_connection_string": None,
    "dev_secrets_file": None,
    "dev_ca_file": None,
}

PRODUCTION = {
    "CHAPERONE_ENVIRONMENT": "production",
    "CHAPERONE_PUBLIC_URL": "https://gateway.example",
    "CHAPERONE_TENANTS": "7E0A4D00-0000-4000-8000-000000000001 ,"
    "7e0a4d00-0000-4000-8000-000000000002",
    "CHAPERONE_AUDIENCES": "api://Chaperone",
    "CHAPERONE_EVIDENCE_URL": "https://evidence.blob.core.windows.net/",
    "CHAPERONE_EVIDENCE_RESOURCE_ID": ACCOUNT,
    "CHAPERONE_STATE_URL": "https://host.blob.core.windows.net",
    "CHAPERONE_TABLE_URL": "https://host.table.core.windows.net",
    "CHAPERONE_VAULT_URL": "https://vault.vault.azure.net",
}


@pytest.fixture
def production(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name, value in PRODUCTION.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def test_lists_are_split_and_lowered_and_urls_lose_their_last_slash(
    production: pytest.MonkeyPatch,
) -> None:
    found = settings.load()
    assert found.tenants == (
        "7e0a4d00-0000-4000-8000-000000000001",
        "7e0a4d00-0000-4000-8000-000000000002",
    )
    assert found.audiences == ("api://chaperone",)
    assert found.evidence_url == "https://evidence.blob.core.windows.net"


def test_the_gateways_own_endpoints_are_all_named(production: pytest.MonkeyPatch) -> None:
    assert settings.load().own.endpoints == {
        "gateway.example",
        "evidence.blob.core.windows.net",
        "host.blob.core.windows.net",
        "host.table.core.windows.net",
        "vault.vault.azure.net",
        "login.microsoftonline.com",
    }


def test_a_production_gateway_keeps_its_identity_secret_and_tenants_to_itself(
    production: pytest.MonkeyPatch,
) -> None:
    own = settings.load().own

    assert own.client_id == ""
    assert own.secrets == {
        "chaperone-cache-key",
        "chaperone-checkpoint",
        "chaperone-cookie-key",
        "chaperone-decision-key",
        "chaperone-digest-key",
        "chaperone-held-key",
        "chaperone-token-key",
    }
    assert own.tenants == set(settings.load().tenants)
    production.setenv("CHAPERONE_IDENTITY_CLIENT_ID", "1111AAAA-0000-4000-8000-000000000001")
    assert settings.load().own.client_id == "1111aaaa-0000-4000-8000-000000000001"


def test_a_development_gateway_has_an_identity_only_where_one_is_set(
    production: pytest.MonkeyPatch,
) -> None:
    production.setenv("CHAPERONE_ENVIRONMENT", "development")

    assert settings.load().own.client_id is None
    production.setenv("CHAPERONE_IDENTITY_CLIENT_ID", "1111aaaa-0000-4000-8000-000000000001")
    assert settings.load().own.client_id == "1111aaaa-0000-4000-8000-000000000001"


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("DEV_STORAGE_CONNECTION_STRING", "UseDevelopmentStorage=true", "stand-in"),
        ("DEV_EVIDENCE_CONNECTION_STRING", "UseDevelopmentStorage=true", "stand-in"),
        ("DEV_SECRETS_FILE", "/tmp/secrets.json", "stand-in"),  # noqa: S108
        ("DEV_CA_FILE", "/tmp/ca.pem", "stand-in"),  # noqa: S108
        ("PUBLIC_URL", "http://gateway.example", "https"),
        ("VAULT_URL", "http://vault.example", "vault_url"),
        ("EVIDENCE_URL", "https://host.blob.core.windows.net", "account of its own"),
        ("ENVIRONMENT", "staging", "CHAPERONE_ENVIRONMENT"),
        ("EVIDENCE_RESOURCE_ID", "", "evidence_resource_id is required"),
        ("EVIDENCE_RESOURCE_ID", "/subscriptions/x", "CHAPERONE_EVIDENCE_RESOURCE_ID"),
        ("EVIDENCE_RESOURCE_ID", f"{ACCOUNT[:-8]}other", "not the account that evidence_url"),
        ("EVIDENCE_RETENTION_FLOOR_DAYS", "2191", "CHAPERONE_EVIDENCE_RETENTION_FLOOR_DAYS"),
        ("EVIDENCE_CONTAINER", "../evidence", "CHAPERONE_EVIDENCE_CONTAINER"),
        ("POLICY_MAX_AGE_SECONDS", "86401", "CHAPERONE_POLICY_MAX_AGE_SECONDS"),
        ("RESOURCE_MANAGER_URL", "http://management.azure.com", "resource_manager_url"),
        ("AUTHORITY", "login.microsoftonline.com", "CHAPERONE_AUTHORITY"),
        ("TENANTS", ",", "CHAPERONE_TENANTS"),
        ("TOKEN_LEEWAY_SECONDS", "1000", "CHAPERONE_TOKEN_LEEWAY_SECONDS"),
    ],
)
def test_production_refuses(
    production: pytest.MonkeyPatch, name: str, value: str, says: str
) -> None:
    production.setenv(f"CHAPERONE_{name}", value)
    with pytest.raises(ConfigurationError, match=says) as refused:
        settings.load()
    assert "local.settings.example.json" in refused.value.advice
    assert "AccountKey" not in str(refused.value)


@pytest.mark.parametrize("name", ["PUBLIC_URL", "EVIDENCE_URL", "AUDIENCES"])
def test_a_missing_setting_is_named(production: pytest.MonkeyPatch, name: str) -> None:
    production.delenv(f"CHAPERONE_{name}")
    with pytest.raises(ConfigurationError, match=f"CHAPERONE_{name}"):
        settings.load()


def test_given_variables_go_over_the_environment(production: pytest.MonkeyPatch) -> None:
    found = settings.load({"CHAPERONE_PUBLIC_URL": "https://other.example"})
    assert found.public_url == "https://other.example"


@pytest.mark.parametrize("value", ["production", "development"])
def test_the_environment_alone_can_be_asked(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("CHAPERONE_ENVIRONMENT", value)
    assert settings.environment() == value


def test_an_unnamed_environment_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CHAPERONE_ENVIRONMENT", raising=False)
    with pytest.raises(ConfigurationError, match="CHAPERONE_ENVIRONMENT"):
        settings.environment()


def example(**changes: object) -> Settings:
    given: dict[str, Any] = json.loads(EXAMPLE.read_text("utf-8"))["Values"]
    values = {
        name.removeprefix("CHAPERONE_").lower(): value
        for name, value in given.items()
        if name.startswith("CHAPERONE_")
    }
    return Settings.model_validate(values | changes)


def test_reviewers_sign_in_to_nothing_until_an_application_is_named() -> None:
    assert example().signin_client_id == ""


def test_the_sign_in_application_is_a_guid_in_lower_case() -> None:
    given = "516E1000-0000-4000-8000-00000000000A"
    assert example(signin_client_id=given).signin_client_id == given.lower()
    with pytest.raises(ValidationError, match="signin_client_id"):
        example(signin_client_id="reviewers")


@pytest.mark.parametrize("context", ["c0", "c100", "C1", "mfa", "c1 "])
def test_an_authentication_context_is_c1_to_c99(context: str) -> None:
    with pytest.raises(ValidationError, match="signin_auth_context"):
        example(signin_auth_context=context)
    assert example(signin_auth_context="c25").signin_auth_context == "c25"


def test_production_insists_on_a_second_factor() -> None:
    assert example(signin_require_mfa=False).signin_require_mfa is False
    with pytest.raises(ValidationError, match="signin_require_mfa"):
        example(**IN_PRODUCTION, signin_require_mfa=False)


def test_telemetry_is_what_the_functions_host_was_given(production: pytest.MonkeyPatch) -> None:
    production.setenv("APPLICATIONINSIGHTS_CONNECTION_STRING", "InstrumentationKey=a-secret")
    production.setenv("APPLICATIONINSIGHTS_AUTHENTICATION_STRING", "Authorization=AAD")
    config = settings.load()
    assert config.telemetry_connection_string is not None
    assert config.telemetry_authentication == "Authorization=AAD"
    assert "a-secret" not in repr(config)


WRONG: dict[str, tuple[str, ...]] = {
    "environment": ("", "staging"),
    "public_url": ("", "gateway.example", "https://gateway.example/way", "https://[x"),
    "tenants": (",", "contoso.example"),
    "audiences": (",",),
    "authority": ("login.microsoftonline.com", "http://login.microsoftonline.com"),
    "evidence_url": ("", "evidence", "https://evidence.example?sig=x"),
    "evidence_container": ("Evidence", "../x"),
    "evidence_resource_id": ("/subscriptions/x",),
    "resource_manager_url": ("management.azure.com",),
    "state_url": ("", "state", PRODUCTION["CHAPERONE_EVIDENCE_URL"]),
    "state_container": ("a--b",),
    "table_url": ("", "table"),
    "queue_url": ("queue", "http://host.queue.core.windows.net"),
    "vault_url": ("vault", "http://vault.vault.azure.net"),
    "identity_client_id": ("chaperone",),
    "signin_client_id": ("reviewers",),
    "signin_auth_context": ("c0",),
    "signin_require_mfa": ("perhaps", "false"),
    "telemetry_authentication": ("Authorization=Basic",),
    **dict.fromkeys(("deny_table", "index_table", "ticket_table"), ("a-b", "1")),
    **dict.fromkeys(("held_container", "results_container", "masked_container"), ("A", "a/b")),
    **{
        name: ("a/b", "x" * 128)
        for name in (*sorted(Settings.model_fields), "checkpoint_key")
        if name.endswith("_secret") or name == "checkpoint_key"
    },
    **{
        name: ("many", "-1", "1e99")
        for name, field in Settings.model_fields.items()
        if field.annotation is int
    },
}
ANYTHING = {
    "telemetry_connection_string",
    "dev_storage_connection_string",
    "dev_evidence_connection_string",
    "dev_secrets_file",
    "dev_ca_file",
}
"""Read by a library when the start goes on, or refused in production whatever they hold."""


def test_every_setting_has_a_value_that_is_wrong() -> None:
    assert set(WRONG) | ANYTHING == set(Settings.model_fields)
    assert not set(WRONG) & ANYTHING


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in WRONG.items() for value in values]
)
def test_a_wrong_value_stops_the_start_with_name_reason_and_fix(
    production: pytest.MonkeyPatch, name: str, value: str
) -> None:
    field = Settings.model_fields[name]
    variable = str(field.validation_alias or f"CHAPERONE_{name.upper()}")
    production.setenv(variable, value)
    with pytest.raises(ConfigurationError) as refused:
        settings.load()
    # A rule over two settings may be broken by either, and names one of them.
    if name == "state_url" and value == PRODUCTION["CHAPERONE_EVIDENCE_URL"]:
        variable, field = "CHAPERONE_EVIDENCE_URL", Settings.model_fields["evidence_url"]
    said = str(refused.value)
    assert said.startswith(f"{variable}: ")
    assert said.endswith(f" ({field.description})")
    assert len(said) > len(f"{variable}: ({field.description})") + 10, "no reason"
    assert "Value error" not in said
    assert refused.value.advice


@pytest.mark.parametrize(
    "name", [name for name, field in Settings.model_fields.items() if field.is_required()]
)
def test_every_required_setting_is_missed_by_its_name(
    production: pytest.MonkeyPatch, name: str
) -> None:
    production.delenv(f"CHAPERONE_{name.upper()}")
    with pytest.raises(ConfigurationError, match=f"^CHAPERONE_{name.upper()}: Field required"):
        settings.load()


def test_a_name_that_is_written_wrong_stops_a_production_gateway(
    production: pytest.MonkeyPatch,
) -> None:
    production.setenv("CHAPERONE_TOKEN", "an operator's own")
    production.setenv("CHAPERONE_DENY_POL_SECONDS", "5")
    with pytest.raises(ConfigurationError) as refused:
        settings.load()
    assert str(refused.value).startswith("CHAPERONE_DENY_POL_SECONDS: there is no such setting")
    assert "CHAPERONE_DENY_POLL_SECONDS" in str(refused.value)
    assert refused.value.advice
    production.setenv("CHAPERONE_ENVIRONMENT", "development")
    assert settings.load().deny_poll_seconds == 10
