"""A signing key from the development secrets file, in place of a key in a vault."""

import base64
import binascii
import logging

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from gateway.errors import Reason, Unavailable
from gateway.evidence.signing_keys import PublicKey
from gateway.ports import Secrets, Signed

_LOG = logging.getLogger(__name__)
_COORDINATE = 32


def new_development_key() -> str:
    """A new key for the secrets file: PKCS #8, DER, base64."""
    encoded = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.DER,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return base64.b64encode(encoded).decode()


class UnsafeDevelopmentSigner:
    """`ports.Signer` with a private key in this process, which could sign anything with it.

    Settings refuse the file that it comes from in production.
    """

    def __init__(self, secrets: Secrets, name: str) -> None:
        self._secrets = secrets
        self._name = name
        _LOG.warning("checkpoints are signed with a key from a file: for development only")

    async def key(self) -> PublicKey:
        """See `ports.Signer`."""
        return _public(await self._private())

    async def sign(self, text: bytes) -> Signed:
        """See `ports.Signer`."""
        key = await self._private()
        return Signed(_public(key), key.sign(text, ec.ECDSA(hashes.SHA256())))

    async def _private(self) -> ec.EllipticCurvePrivateKey:
        text = (await self._secrets.get(self._name)).value
        try:
            key = serialization.load_der_private_key(base64.b64decode(text, validate=True), None)
        except (binascii.Error, ValueError, TypeError):
            raise _refusal() from None
        if not isinstance(key, ec.EllipticCurvePrivateKey) or key.curve.name != "secp256r1":
            raise _refusal()
        return key


def _public(key: ec.EllipticCurvePrivateKey) -> PublicKey:
    numbers = key.public_key().public_numbers()
    x, y = numbers.x.to_bytes(_COORDINATE), numbers.y.to_bytes(_COORDINATE)
    return PublicKey(x, y, "development")


def _refusal() -> Unavailable:
    return Unavailable(
        "the development key that signs checkpoints is no P-256 key",
        reason=Reason.KEYS_UNAVAILABLE,
        advice="give the secrets file PKCS #8 in DER, base64 encoded, under its name",
    )
