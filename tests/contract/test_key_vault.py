"""Secrets through the real SDK over TLS with challenge authentication: a stand-in and Lowkey Vault.

Lowkey Vault is a Java program; its test runs where CHAPERONE_LOWKEY_VAULT_JAR names its
jar, which its releases or Maven Central have (com.github.nagyesta.lowkey-vault:lowkey-vault-app).
"""

import logging
import os
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, Self

import pytest
from azure.core.credentials import AccessToken
from azure.keyvault.secrets.aio import SecretClient

from gateway.adapters.key_vault import VaultSecrets
from gateway.errors import Reason, Unavailable
from tests.fakes.time import FakeClock
from tests.standins.key_vault import KeyVaultStandIn, StoredSecret, VaultCredential, key_vault

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket]

VALUE = "s3cret-value"
ROTATED = "an0ther-value"
LOWKEY_SECONDS = 60


@asynccontextmanager
async def reading(
    folder: Path,
) -> AsyncIterator[tuple[VaultSecrets, KeyVaultStandIn, FakeClock]]:
    """The adapter over the SDK's client over the stand-in, with a clock that the test moves."""
    clock = FakeClock()
    async with key_vault(folder) as vault:
        vault.rotate("clinic-key", VALUE)
        async with SecretClient(
            vault.url,
            VaultCredential(),
            verify_challenge_resource=False,
            connection_verify=str(vault.ca_file),
            retry_total=0,
        ) as client:
            yield VaultSecrets(client, clock), vault, clock


async def test_a_rotation_is_noticed_within_five_minutes_and_the_old_version_stays_readable(
    tmp_path: Path,
) -> None:
    async with reading(tmp_path) as (store, vault, clock):
        first = await store.get("clinic-key")
        vault.rotate("clinic-key", ROTATED)
        assert await store.get("clinic-key") == first
        clock.advance(timedelta(minutes=5))
        second = await store.get("clinic-key")

        assert (second.value, second.version) == (ROTATED, "2")
        assert (await store.get("clinic-key", first.version)).value == VALUE
        assert vault.challenges >= 1


async def test_an_outage_is_survived_by_what_was_read_and_by_nothing_else(tmp_path: Path) -> None:
    async with reading(tmp_path) as (store, vault, clock):
        vault.rotate("other", "x")
        await store.get("clinic-key")
        vault.status = 503
        clock.advance(timedelta(minutes=30))
        assert (await store.get("clinic-key")).value == VALUE
        with pytest.raises(Unavailable):
            await store.get("other")
        with pytest.raises(Unavailable):
            await store.get("clinic-key", "1")
        clock.advance(timedelta(minutes=31))
        with pytest.raises(Unavailable):
            await store.get("clinic-key")


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 429, 500, 503])
async def test_what_the_vault_says_of_its_failure_reaches_nobody(
    tmp_path: Path, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG, logger="gateway"):
        async with reading(tmp_path) as (store, vault, _):
            vault.status = status
            with pytest.raises(Unavailable) as caught:
                await store.get("clinic-key")
            said = f"{caught.value}{caught.value.advice}{caught.value.details}"
    ours = "".join(
        record.getMessage() for record in caplog.records if record.name.startswith("gateway")
    )
    assert caught.value.reason is Reason.CREDENTIAL_UNAVAILABLE
    for text in ("the vault says", "Simulated", vault.url, VALUE):
        assert text not in said
        assert text not in ours


async def test_a_secret_that_is_disabled_is_forgotten_at_the_next_look(tmp_path: Path) -> None:
    async with reading(tmp_path) as (store, vault, clock):
        await store.get("clinic-key")
        vault.secrets["clinic-key"] = StoredSecret(VALUE, attributes={"enabled": False})
        clock.advance(timedelta(minutes=5))
        for _ in range(2):
            with pytest.raises(Unavailable):
                await store.get("clinic-key")


class AnyToken:
    """Lowkey Vault takes whatever is sent as a bearer token."""

    async def get_token(self, *_: str, **__: Any) -> AccessToken:
        return AccessToken(secrets.token_hex(16), int(time.time()) + 3600)

    async def close(self) -> None:
        pass

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        pass


@pytest.fixture
def lowkey() -> Iterator[str]:
    """Lowkey Vault on loopback, or a skip that says what is missing."""
    java, jar = shutil.which("java"), os.environ.get("CHAPERONE_LOWKEY_VAULT_JAR", "")
    if java is None:
        pytest.skip("Lowkey Vault needs Java, and there is none")
    if not Path(jar).is_file():
        pytest.skip(
            "no jar of Lowkey Vault: take lowkey-vault-app-VERSION.jar from the releases of"
            " github.com/nagyesta/lowkey-vault, or by `mvn dependency:copy"
            " -Dartifact=com.github.nagyesta.lowkey-vault:lowkey-vault-app:VERSION`, and name its"
            " path in CHAPERONE_LOWKEY_VAULT_JAR"
        )
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [java, "-jar", jar, f"--server.port={port}", "--LOWKEY_VAULT_NAMES=-"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + LOWKEY_SECONDS
        while time.monotonic() < deadline:
            assert process.poll() is None, "Lowkey Vault has ended"
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.2)
        yield f"https://localhost:{port}"
    finally:
        process.terminate()
        process.wait(10)


async def test_lowkey_vault_gives_versions_as_the_stand_in_does(lowkey: str) -> None:
    clock = FakeClock()
    async with SecretClient(
        lowkey,
        AnyToken(),
        verify_challenge_resource=False,
        # Its certificate is made for itself; loopback only.
        connection_verify=False,
    ) as client:
        first = await client.set_secret("clinic-key", VALUE)
        store = VaultSecrets(client, clock)
        assert (await store.get("clinic-key")).value == VALUE
        await client.set_secret("clinic-key", ROTATED)
        clock.advance(timedelta(minutes=5))
        assert (await store.get("clinic-key")).value == ROTATED
        assert (await store.get("clinic-key", str(first.properties.version))).value == VALUE
        with pytest.raises(Unavailable):
            await store.get("absent")
