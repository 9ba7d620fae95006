"""The same cases on the fake, the development file and Key Vault's own client over TLS."""

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from azure.keyvault.secrets.aio import SecretClient

from gateway.adapters.development_secrets import UnsafeDevelopmentSecrets
from gateway.adapters.key_vault import VaultSecrets
from gateway.errors import Reason, Unavailable
from gateway.ports import Secrets
from tests.fakes.secrets import FakeSecrets
from tests.fakes.time import FakeClock
from tests.standins.key_vault import KeyVaultStandIn, StoredSecret, VaultCredential, key_vault

VALUES = {"clinic-key": "s3cret-value", "other": "x"}


@dataclass
class Subject:
    """A store, and how to put a new version of a secret into it."""

    secrets: Secrets
    change: Callable[[str, str], None]


@pytest.fixture(
    params=[
        "fake",
        "file",
        pytest.param("key vault", marks=[pytest.mark.integration, pytest.mark.enable_socket]),
    ]
)
async def subject(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Subject]:
    if request.param == "fake":
        fake = FakeSecrets(VALUES)
        yield Subject(fake, fake.set)
    elif request.param == "file":
        yield in_file(tmp_path / "secrets.json")
    else:
        async with key_vault(tmp_path) as vault:
            clock = FakeClock()
            async with SecretClient(
                vault.url,
                VaultCredential(),
                verify_challenge_resource=False,
                connection_verify=str(vault.ca_file),
            ) as client:
                yield in_vault(vault, client, clock)


def in_file(path: Path) -> Subject:
    contents: dict[str, object] = dict(VALUES)
    path.write_text(json.dumps(contents))
    path.chmod(0o600)

    def change(name: str, value: str) -> None:
        contents[name] = {"value": value, "version": "2"}
        path.write_text(json.dumps(contents))

    return Subject(UnsafeDevelopmentSecrets(path), change)


def in_vault(vault: KeyVaultStandIn, client: SecretClient, clock: FakeClock) -> Subject:
    vault.secrets = {name: StoredSecret(value) for name, value in VALUES.items()}

    def change(name: str, value: str) -> None:
        vault.secrets[name] = StoredSecret(value, version="2")
        clock.advance(301)  # what was read is no longer fresh

    return Subject(VaultSecrets(client, clock), change)


async def test_a_secret_has_its_value_and_a_version(subject: Subject) -> None:
    secret = await subject.secrets.get("clinic-key")
    assert secret.value == "s3cret-value"
    assert secret.version


async def test_a_new_version_takes_the_place_of_the_old(subject: Subject) -> None:
    old = await subject.secrets.get("clinic-key")
    subject.change("clinic-key", "rotated")
    new = await subject.secrets.get("clinic-key")
    assert new.value == "rotated"
    assert new.version != old.version


async def test_an_absent_secret_is_unavailable_and_says_so_without_its_name(
    subject: Subject,
) -> None:
    with pytest.raises(Unavailable) as caught:
        await subject.secrets.get("absent-name")
    assert caught.value.reason is Reason.CREDENTIAL_UNAVAILABLE
    assert "absent-name" not in f"{caught.value}{caught.value.advice}{caught.value.details}"


async def test_no_repr_shows_a_value(subject: Subject) -> None:
    secret = await subject.secrets.get("clinic-key")
    assert "s3cret-value" not in repr(secret)
    assert "s3cret-value" not in repr(subject.secrets)
