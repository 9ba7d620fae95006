"""The checkpoint key in Azure Key Vault: asked to sign, never to give its private part.

https://learn.microsoft.com/rest/api/keyvault/keys/sign/sign. The library is loaded at the first
signature: requests do not need it.
"""

import asyncio
import hashlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from azure.core import exceptions
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from gateway.errors import Reason, Unavailable
from gateway.evidence.signing_keys import KeyInvalid, PublicKey
from gateway.ports import Clock, Signed

if TYPE_CHECKING:
    from azure.keyvault.keys.aio import KeyClient
    from azure.keyvault.keys.crypto.aio import CryptographyClient

_LOG = logging.getLogger(__name__)
_FAILURES: Final = (exceptions.AzureError, TimeoutError, OSError, ValueError, KeyInvalid)
_FRESH: Final = timedelta(minutes=5)
_SECONDS: Final = 15
_COORDINATE: Final = 32


@dataclass(frozen=True, slots=True)
class _Version:
    """A version of the key; its client shares the connections of the vault's."""

    client: "CryptographyClient"
    public: PublicKey
    known_at: datetime


class VaultSigner:
    """`ports.Signer` over one key; another version is noticed within five minutes.

    Args:
        client: makes the vault's client, at the first use.
        name: of the key.
        clock: decides freshness.
    """

    def __init__(self, client: "Callable[[], KeyClient]", name: str, clock: Clock) -> None:
        self._make = client
        self._name = name
        self._clock = clock
        self._client: KeyClient | None = None
        self._version: _Version | None = None

    async def key(self) -> PublicKey:
        """See `ports.Signer`."""
        return (await self._current()).public

    async def sign(self, text: bytes) -> Signed:
        """See `ports.Signer`; what the vault signed is verified before it is believed."""
        version = await self._current()
        try:
            async with asyncio.timeout(_SECONDS):
                raw = await self._signature(version, hashlib.sha256(text).digest())
            value = _der(raw)
        except _FAILURES as error:
            # A version that was disabled: the next attempt asks which one is in force.
            self._version = None
            raise self._refusal(error) from None
        if not version.public.verifies(text, value):
            raise self._refusal(KeyInvalid())
        return Signed(version.public, value)

    async def close(self) -> None:
        """Close the client, if there is one."""
        if self._client is not None:
            await self._client.close()

    async def _signature(self, version: _Version, digest: bytes) -> bytes:
        from azure.keyvault.keys.crypto import SignatureAlgorithm  # noqa: PLC0415

        return (await version.client.sign(SignatureAlgorithm.es256, digest)).signature

    async def _current(self) -> _Version:
        known, now = self._version, self._clock.now()
        if known is not None and now < known.known_at + _FRESH:
            return known
        try:
            async with asyncio.timeout(_SECONDS):
                described = await self._opened().get_key(self._name)
            found: Any = described.key
            if found is None or found.crv != "P-256" or not found.x or not found.y:
                raise KeyInvalid
            public = PublicKey(_padded(found.x), _padded(found.y), described.id or "")
        except _FAILURES as error:
            raise self._refusal(error) from None
        client = self._opened().get_cryptography_client(
            self._name, key_version=described.properties.version
        )
        self._version = _Version(client, public, now)
        return self._version

    def _opened(self) -> "KeyClient":
        if self._client is None:
            self._client = self._make()
        return self._client

    def _refusal(self, error: Exception) -> Unavailable:
        status = getattr(error, "status_code", None)
        _LOG.warning("key %r: %s, status %s", self._name, type(error).__name__, status)
        return Unavailable(
            "the key that signs checkpoints cannot be used",
            reason=Reason.KEYS_UNAVAILABLE,
            advice="check the vault and the gateway's right to sign with the key; its log names it",
        )


def _padded(coordinate: bytes) -> bytes:
    return coordinate.rjust(_COORDINATE, b"\0")


def _der(raw: bytes) -> bytes:
    """DER from r and s, one after the other (RFC 7518 section 3.4)."""
    if len(raw) != 2 * _COORDINATE:
        raise KeyInvalid("a signature of another length")
    r, s = raw[:_COORDINATE], raw[_COORDINATE:]
    return encode_dss_signature(int.from_bytes(r), int.from_bytes(s))
