"""The doctor at a running gateway, and at rights as a deployment would have them."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from azure.core.credentials import AccessToken
from azure.identity import CredentialUnavailableError
from azure.keyvault.secrets.aio import SecretClient
from azure.storage.blob.aio import ContainerClient

from gateway.adapters import rights_probe
from gateway.adapters.rights_probe import Right, rights
from gateway.adapters.system import SystemClock
from gateway.cli.diagnosis import (
    State,
    evidence_rights,
    state_rights,
    upstream_rights,
    vault_rights,
)
from gateway.cli.doctor_outside import exposed, outside
from gateway.cli.doctor_rights import upstream
from gateway.settings import Settings
from infra.roles import EVIDENCE_WRITER
from tests.conftest import FreshContainer
from tests.integration.stack import Stack
from tests.standins.guarded import Guarded
from tests.standins.key_vault import KeyVaultStandIn, VaultCredential, key_vault
from tests.standins.worm_proxy import worm_proxy

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket]

ROOT = Path(__file__).resolve().parents[2]
ACCOUNT = "chaperoneevidence"
BLOBS = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs"


def doctor(stack: Stack, folder: Path, **settings: str) -> tuple[int, dict[str, Any]]:
    values = {**stack.deployment.environment, **settings}
    done = subprocess.run(
        [sys.executable, "-m", "gateway.cli.main", "doctor", "--json"],
        env={**os.environ, **values, "PYTHONPATH": str(ROOT)},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return done.returncode, json.loads(done.stdout)


def states(document: dict[str, Any]) -> dict[str, str]:
    return {found["check"]: found["state"] for found in document["findings"]}


def test_a_development_gateway_is_in_order_and_called_what_it_is(
    stack: Stack, tmp_path: Path
) -> None:
    azurite = stack.running.azurite
    # Straight to the emulator, which refuses nothing.
    status, document = doctor(
        stack,
        tmp_path,
        CHAPERONE_EVIDENCE_URL=azurite.account_url(ACCOUNT),
        CHAPERONE_DEV_EVIDENCE_CONNECTION_STRING=azurite.connection_string(ACCOUNT),
    )
    found = states(document)
    assert status == 0, document
    assert found["TLS"] == found["readyz"] == found["challenge"] == found["HSTS"] == "ok"
    assert found["evidence policy"] == found["settings"] == "development only"
    assert found["evidence: delete"] == "development only"
    assert found["key chaperone-token-key"] == "ok"
    assert found["state: read"] == found["state: delete"] == "ok"
    assert found["vault: rights"] == found["vault from here"] == "development only"


def test_what_is_wrong_is_named_with_what_to_do(stack: Stack, tmp_path: Path) -> None:
    status, document = doctor(
        stack,
        tmp_path,
        CHAPERONE_EVIDENCE_CONTAINER="no-such-container",
        CHAPERONE_TOKEN_KEY_SECRET="absent-key",
        CHAPERONE_AUDIENCES="api://another",
    )
    wrong = {found["check"]: found for found in document["findings"] if found["state"] == "failed"}
    assert status == 1
    assert {"evidence store", "active manifest", "key absent-key", "challenge"} <= wrong.keys()
    assert all(found["fix"] for found in wrong.values()), wrong


def test_settings_that_cannot_be_read_are_the_finding(stack: Stack, tmp_path: Path) -> None:
    status, document = doctor(stack, tmp_path, CHAPERONE_PUBLIC_URL="gateway")
    assert status == 1
    assert "CHAPERONE_PUBLIC_URL" in document["findings"][0]["says"]


async def test_a_certificate_that_nobody_vouches_for_is_the_finding(stack: Stack) -> None:
    found = await outside(stack.running.url, SystemClock())
    assert [(one.check, one.state) for one in found] == [("TLS", State.FAILED)]
    assert "certificate" in found[0].says


async def test_an_address_without_a_gateway_is_the_finding() -> None:
    found = await outside("https://127.0.0.1:9", SystemClock())
    assert [one.state for one in found] == [State.FAILED]
    assert [one.state for one in await outside("http://127.0.0.1", SystemClock())] == [State.FAILED]


async def test_evidence_that_is_refused_to_strangers_is_told(stack: Stack) -> None:
    environment = stack.deployment.environment
    container = environment["CHAPERONE_EVIDENCE_CONTAINER"]
    url = environment["CHAPERONE_EVIDENCE_URL"]
    found = await exposed("evidence", url, container, emulator=False)
    assert (found.state, "refused" in found.says) == (State.OK, True)
    nowhere = await exposed("state", "http://127.0.0.1:9/x", container, emulator=False)
    assert (nowhere.check, nowhere.state) == ("state from here", State.OK)


@pytest.mark.parametrize(
    ("granted", "wrong"),
    [
        (EVIDENCE_WRITER.data_actions, set()),
        (("*",), {"delete", "change metadata", "change properties"}),
        ((f"{BLOBS}/read",), {"add"}),
        ((*EVIDENCE_WRITER.data_actions, f"{BLOBS}/delete"), {"delete"}),
        ((), {"read", "add"}),
    ],
)
async def test_rights_too_many_and_too_few_are_found_and_nothing_is_touched(
    azurite: Guarded, fresh_container: FreshContainer, granted: tuple[str, ...], wrong: set[str]
) -> None:
    container = await fresh_container(ACCOUNT)
    await container.upload_blob("e", b"x")
    name = container.container_name
    async with (
        worm_proxy(azurite.direct(ACCOUNT), granted, container=name) as proxy,
        ContainerClient.from_connection_string(proxy.connection_string, name) as through,
    ):
        found = evidence_rights(await rights(through), emulator=False)
    failed = {one.check.removeprefix("evidence: ") for one in found if one.state is State.FAILED}
    assert failed == wrong
    assert [blob.name async for blob in container.list_blobs()] == ["e"]


async def test_a_container_that_is_not_there_says_nothing_about_rights(azurite: Guarded) -> None:
    async with ContainerClient.from_connection_string(
        azurite.direct(ACCOUNT), "no-such-container"
    ) as container:
        found = await rights(container)
    assert {right for name, (right, _) in found.items() if name != "read"} == {Right.UNKNOWN}


@pytest.mark.parametrize(
    ("granted", "wrong"), [((), 0), ((f"{BLOBS}/read",), 1), (EVIDENCE_WRITER.data_actions, 2)]
)
async def test_an_identity_for_upstreams_has_no_right_on_evidence(
    azurite: Guarded, fresh_container: FreshContainer, granted: tuple[str, ...], wrong: int
) -> None:
    container = await fresh_container(ACCOUNT)
    name = container.container_name
    async with (
        worm_proxy(azurite.direct(ACCOUNT), granted, container=name) as proxy,
        ContainerClient.from_connection_string(proxy.connection_string, name) as through,
    ):
        found = upstream_rights("2b8e1c90", await rights(through))
    failed = [one for one in found if one.state is State.FAILED]
    assert len(failed) == wrong
    assert all(one.check.startswith("upstream 2b8e1c90: ") and one.fix for one in failed)


async def test_the_state_container_needs_every_right(
    azurite: Guarded, fresh_container: FreshContainer
) -> None:
    name = (await fresh_container(ACCOUNT)).container_name
    async with ContainerClient.from_connection_string(azurite.direct(ACCOUNT), name) as direct:
        assert {one.state for one in state_rights(await rights(direct))} == {State.OK}
    async with (
        worm_proxy(azurite.direct(ACCOUNT), (f"{BLOBS}/read",), container=name) as proxy,
        ContainerClient.from_connection_string(proxy.connection_string, name) as through,
    ):
        found = state_rights(await rights(through))
    failed = {one.check for one in found if one.state is State.FAILED and one.fix}
    assert failed == {one.check for one in found} - {"state: read"}


ALL = frozenset({"get", "list", "delete"})


@pytest.mark.parametrize(
    ("refused", "wrong"),
    [
        (ALL, set()),
        (ALL - {"list"}, {"vault: list secrets"}),
        (ALL - {"get"}, {"vault: read any secret"}),
        (ALL - {"delete"}, {"vault: delete a secret"}),
    ],
)
async def test_rights_on_secrets_of_others_are_found_and_none_is_touched(
    tmp_path: Path, refused: frozenset[str], wrong: set[str]
) -> None:
    async with key_vault(tmp_path) as vault, secrets_of(vault) as client:
        vault.rotate("chaperone-digest-key", "x")
        vault.refuses = refused
        found = vault_rights(await rights_probe.vault_rights(client))
        assert set(vault.secrets) == {"chaperone-digest-key"}
    assert {one.check for one in found if one.state is State.FAILED and one.fix} == wrong
    assert len(found) == 3


async def test_a_vault_behind_a_firewall_says_nothing_about_rights(tmp_path: Path) -> None:
    async with key_vault(tmp_path) as vault, secrets_of(vault) as client:
        vault.firewall = True
        found = await rights_probe.vault_rights(client)
    assert set(found.values()) == {(Right.UNKNOWN, "ForbiddenByConnection")}


class NoIdentity(VaultCredential):
    """An identity that the app was not given."""

    async def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        raise CredentialUnavailableError("no such identity")


def test_an_identity_that_the_app_does_not_have_is_named(stack: Stack) -> None:
    asyncio.run(_no_identity(settings_of(stack)))


async def _no_identity(config: Settings) -> None:
    (found,) = await upstream(config, "2b8e1c90", lambda _: NoIdentity())
    assert found.state is State.FAILED
    assert found.check == "upstream 2b8e1c90: token"
    assert "client_id" in found.fix


def settings_of(stack: Stack) -> Settings:
    given = stack.deployment.environment
    values = {name.removeprefix("CHAPERONE_").lower(): value for name, value in given.items()}
    return Settings.model_validate(values)


def secrets_of(vault: KeyVaultStandIn) -> SecretClient:
    return SecretClient(
        vault.url,
        VaultCredential(),
        verify_challenge_resource=False,
        connection_verify=str(vault.ca_file),
        retry_total=0,
    )
