"""Secrets that nobody has seen, with Azure's client against a stand-in of Resource Manager."""

import base64
from typing import Any

import pytest
from azure.mgmt.keyvault import KeyVaultManagementClient

from infra.dynamic.generated_secret import _SecretProvider
from tests.infra.dynamic.handed import handed
from tests.standins.arm_transport import Azure, Credential


@pytest.fixture
def azure() -> Azure:
    return Azure()


@pytest.fixture
def provider(azure: Azure) -> _SecretProvider:
    def secrets(subscription: str) -> Any:
        return KeyVaultManagementClient(Credential(), subscription, transport=azure).secrets

    return _SecretProvider(secrets)


def props(name: str = "chaperone-digest-key") -> dict[str, Any]:
    return handed(
        subscription="00000000-0000-4000-8000-000000000000",
        resource_group="rg-stmarys",
        vault="stmarysvault",
        name=name,
        size=32,
        purpose="HMAC of records",
    )


def test_it_is_random_and_written_and_nothing_of_it_is_kept(
    azure: Azure, provider: _SecretProvider
) -> None:
    made = provider.create(props())
    other = provider.create(props("chaperone-token-key"))
    values = [secret["properties"]["value"] for secret in azure.secrets.values()]
    assert [len(base64.b64decode(value, validate=True)) for value in values] == [32, 32]
    assert values[0] != values[1]
    assert azure.secrets["chaperone-digest-key"]["properties"]["contentType"] == "HMAC of records"
    for value in values:
        assert value not in repr((made.outs, other.outs))


def test_one_that_is_there_is_left_alone(azure: Azure, provider: _SecretProvider) -> None:
    provider.create(props())
    before = dict(azure.secrets)
    provider.create(props())
    assert azure.secrets == before
    assert azure.asked.count("PUT chaperone-digest-key") == 1


def test_another_name_is_another_secret_and_none_is_deleted(
    azure: Azure, provider: _SecretProvider
) -> None:
    provider.create(props())
    assert provider.diff("", props(), props()).changes is False
    assert provider.diff("", props(), props("other")).replaces == ["name"]
    provider.delete("", props())
    assert list(azure.secrets) == ["chaperone-digest-key"]
