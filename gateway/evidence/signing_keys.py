"""Public keys of checkpoints, as JSON Web Keys (RFC 7517), and what is signed with them.

A key's `kid` is its RFC 7638 thumbprint, so nobody can publish another key under its name. The
`source` says which version of which vault's key it is, for who wants to ask the vault.
"""

import base64
import binascii
import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

_BYTES: Final = 32
_KEY_ID: Final = 4
MAX_SET_BYTES: Final = 256 * 1024


class KeyInvalid(Exception):
    """Not a set of public P-256 keys; says why, without quoting it."""


@dataclass(frozen=True)
class PublicKey:
    """A point on P-256.

    Attributes:
        x: 32 bytes, big endian.
        y: likewise.
        source: identifier of the key's version where it lies, "" where unknown; not trusted.

    Raises:
        KeyInvalid: not on the curve.
    """

    x: bytes
    y: bytes
    source: str = ""

    def __post_init__(self) -> None:
        _ = self._key

    @cached_property
    def _key(self) -> ec.EllipticCurvePublicKey:
        if len(self.x) != _BYTES or len(self.y) != _BYTES:
            raise KeyInvalid("a coordinate of P-256 has 32 bytes")
        x, y = int.from_bytes(self.x), int.from_bytes(self.y)
        try:
            return ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
        except ValueError:
            raise KeyInvalid("not a point on P-256") from None

    @cached_property
    def kid(self) -> str:
        """RFC 7638 thumbprint, base64url without padding."""
        members = {"crv": "P-256", "kty": "EC", "x": _text(self.x), "y": _text(self.y)}
        return _text(hashlib.sha256(orjson.dumps(members)).digest())

    @cached_property
    def key_id(self) -> bytes:
        """In signature lines: four bytes of the SHA-256 of the SubjectPublicKeyInfo."""
        encoded = self._key.public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return hashlib.sha256(encoded).digest()[:_KEY_ID]

    def verifies(self, text: bytes, signature: bytes) -> bool:
        """Whether this is an ECDSA signature (SHA-256, DER) of the text by this key."""
        try:
            self._key.verify(signature, text, ec.ECDSA(hashes.SHA256()))
        except (InvalidSignature, ValueError):
            return False
        return True

    @property
    def published(self) -> bytes:
        """A JWK Set with this key alone."""
        key = {
            "alg": "ES256",
            "crv": "P-256",
            "kid": self.kid,
            "kty": "EC",
            "use": "sig",
            "x": _text(self.x),
            "y": _text(self.y),
        }
        if self.source:
            key["source"] = self.source
        return orjson.dumps({"keys": [key]}, option=orjson.OPT_SORT_KEYS)


def read_keys(data: bytes) -> tuple[PublicKey, ...]:
    """The keys of a JWK Set; keys of other kinds in it are passed over.

    Raises:
        KeyInvalid: it is no JWK Set, or has no P-256 key.
    """
    if len(data) > MAX_SET_BYTES:
        raise KeyInvalid("a key set of more than 256 KiB")
    try:
        entries = orjson.loads(data)["keys"]
        found = [
            (PublicKey(_octets(entry["x"]), _octets(entry["y"]), str(entry.get("source", ""))))
            for entry in entries
            if entry["kty"] == "EC" and entry["crv"] == "P-256"
        ]
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError, binascii.Error):
        raise KeyInvalid("not a JSON Web Key Set") from None
    if not found:
        raise KeyInvalid("a key set without a P-256 key")
    return tuple(found)


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _octets(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
