"""What signs checkpoints: the vault's key through the real SDK, and the file of development."""

import base64
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from azure.keyvault.keys.aio import KeyClient
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from gateway.adapters.development_signer import UnsafeDevelopmentSigner, new_development_key
from gateway.adapters.signing_key import VaultSigner
from gateway.errors import Reason, Unavailable
from gateway.ports import Signer
from tests.builders.log import FakeSigner
from tests.fakes.secrets import FakeSecrets
from tests.fakes.time import FakeClock
from tests.standins.key_vault import KeyVaultStandIn, VaultCredential, key_vault

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket]

NAME = "chaperone-checkpoint"


@asynccontextmanager
async def signing(
    folder: Path,
) -> AsyncIterator[tuple[VaultSigner, KeyVaultStandIn, FakeClock]]:
    """The adapter over the SDK's client over the stand-in."""
    clock = FakeClock()
    async with key_vault(folder) as vault:
        vault.new_key(NAME)

        def client() -> KeyClient:
            return KeyClient(
                vault.url,
                VaultCredential(),
                verify_challenge_resource=False,
                connection_verify=str(vault.ca_file),
                retry_total=0,
            )

        signer = VaultSigner(client, NAME, clock)
        try:
            yield signer, vault, clock
        finally:
            await signer.close()


async def _good(signer: Signer) -> None:
    signed = await signer.sign(b"text")
    assert signed.key.verifies(b"text", signed.value)
    assert not signed.key.verifies(b"other", signed.value)
    assert signed.key == await signer.key()


async def test_each_signer_signs_what_its_public_key_verifies(tmp_path: Path) -> None:
    await _good(FakeSigner())
    await _good(UnsafeDevelopmentSigner(FakeSecrets({NAME: new_development_key()}), NAME))
    async with signing(tmp_path) as (signer, vault, _):
        await _good(signer)
        assert (await signer.key()).source == f"{vault.url}/keys/{NAME}/{1:032x}"
        assert vault.challenges >= 1


async def test_a_new_version_signs_within_five_minutes(tmp_path: Path) -> None:
    async with signing(tmp_path) as (signer, vault, clock):
        first = await signer.sign(b"text")
        vault.new_key(NAME)
        assert (await signer.sign(b"text")).key == first.key
        clock.advance(timedelta(minutes=5))
        second = await signer.sign(b"text")
        assert second.key.kid != first.key.kid
        assert second.key.verifies(b"text", second.value)


async def test_a_version_that_was_disabled_is_left_at_the_next_attempt(tmp_path: Path) -> None:
    async with signing(tmp_path) as (signer, vault, _):
        first = await signer.sign(b"text")
        vault.keys[NAME][0].enabled = False
        vault.new_key(NAME)
        with pytest.raises(Unavailable):
            await signer.sign(b"text")
        assert (await signer.sign(b"text")).key != first.key


@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500, 503])
async def test_an_outage_is_unavailable_and_what_the_vault_says_reaches_nobody(
    tmp_path: Path, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG, logger="gateway"):
        async with signing(tmp_path) as (signer, vault, _):
            await signer.key()
            vault.status = status
            with pytest.raises(Unavailable) as caught:
                await signer.sign(b"text")
            said = f"{caught.value}{caught.value.advice}{caught.value.details}"
            vault.status = 200
            await _good(signer)
    ours = "".join(one.getMessage() for one in caplog.records if one.name.startswith("gateway"))
    assert caught.value.reason is Reason.KEYS_UNAVAILABLE
    assert "vault says" not in said + ours


async def test_a_signature_that_does_not_verify_is_not_believed(tmp_path: Path) -> None:
    async with signing(tmp_path) as (signer, vault, _):
        vault.spoil = True
        with pytest.raises(Unavailable):
            await signer.sign(b"text")
        assert vault.signatures == 1


async def test_a_key_of_another_curve_or_none_is_refused(tmp_path: Path) -> None:
    async with signing(tmp_path) as (signer, vault, _):
        vault.new_key(NAME, ec.SECP384R1())
        with pytest.raises(Unavailable):
            await signer.key()
        vault.keys.clear()
        with pytest.raises(Unavailable):
            await signer.sign(b"text")
        assert vault.signatures == 0


def _der(key: ec.EllipticCurvePrivateKey) -> str:
    encoded = key.private_bytes(
        serialization.Encoding.DER,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return base64.b64encode(encoded).decode()


@pytest.mark.parametrize("value", ["", "!", "AAAA", _der(ec.generate_private_key(ec.SECP384R1()))])
async def test_a_file_without_a_p_256_key_is_refused(value: str) -> None:
    signer = UnsafeDevelopmentSigner(FakeSecrets({NAME: value}), NAME)
    with pytest.raises(Unavailable) as caught:
        await signer.sign(b"text")
    assert value not in str(caught.value) or not value
