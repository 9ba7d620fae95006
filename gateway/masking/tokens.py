"""Tokens: deterministic within their scope, reversible by who holds the key.

AES-SIV (RFC 5297) with tenant, scope, type and key version as associated data: equal values have
equal tokens within one scope, and a token says nothing without the key. Keyed hashes and date
shifts have keys of their own, derived from that key by HKDF (RFC 5869), one label for each use.
"""

import base64
import hmac
import re
from dataclasses import dataclass, field
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from gateway.errors import InvalidRequest
from gateway.masking.kinds import Kind

KEY_BYTES = 64
"""AES-256-SIV takes two keys of 32 bytes."""
_VERSION = re.compile(r"[A-Za-z0-9]{1,40}\Z")
_TOKEN = re.compile(r"\[([a-z-]+):([A-Za-z0-9]{1,8}):([a-z2-7]{26,})\]\Z")
_ID_TOKEN = re.compile(r"tk-([A-Za-z0-9]{1,4})-([a-z2-7]{26,60})\Z")
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\Z")
_MAX_ID = 19  # longer ids would make a token of more than the 64 characters that a FHIR id has
_UUID_KIND = "uuid"
_HASH_LABEL = b"chaperone-keyed-hash-1"
_NUMBER_LABEL = b"chaperone-payload-number-1"
_SHIFT_LABEL = b"chaperone-date-shift-1"
MAX_SHIFT = 50
"""Days that a date is moved at most, in either direction."""


@dataclass(frozen=True, slots=True)
class TokenKey:
    """A versioned AES-SIV key of 64 bytes; the version's first characters stand in every token."""

    version: str
    key: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.key) != KEY_BYTES:
            raise ValueError("a token key has 64 bytes")
        if not _VERSION.match(self.version):
            raise ValueError("a token key's version is 1 to 40 letters and digits")


class Tokeniser:
    """Makes and opens the tokens of one scope."""

    def __init__(self, key: TokenKey, scope: str) -> None:
        self._key = key
        self._scope = scope.encode()
        self._cipher = AESSIV(key.key)

    def token(self, kind: Kind, value: str) -> str:
        """The token of a value: `[type:version:base32]`."""
        sealed = self._cipher.encrypt(value.encode(), self._associated(kind))
        return f"[{kind}:{self._key.version[:8]}:{_encode(sealed)}]"

    def id_token(self, value: str) -> str:
        """The token of an id, itself a FHIR id: at most 64 letters, digits and dashes.

        An id that is too long to be sealed in that room gets a keyed hash, which nobody opens.
        """
        version = self._key.version[:4]
        if _UUID.match(value):
            sealed = self._cipher.encrypt(
                bytes.fromhex(value.replace("-", "")), self._associated(_UUID_KIND)
            )
            return f"tk-{version}-{_encode(sealed)}"
        data = value.encode()
        if data and len(data) <= _MAX_ID:
            sealed = self._cipher.encrypt(data, self._associated(Kind.ID))
            return f"tk-{version}-{_encode(sealed)}"
        return self.id_hash(value)

    def keyed_hash(self, kind: Kind, value: str) -> str:
        """`[type#version:base32]`: equal for equal values, and opened by nobody."""
        digest = self._digest(_HASH_LABEL, kind, value)
        return f"[{kind}#{self._key.version[:8]}:{_encode(digest)}]"

    def id_hash(self, value: str) -> str:
        """The keyed hash of an id, itself a FHIR id."""
        return f"th-{self._key.version[:4]}-{_encode(self._digest(_HASH_LABEL, Kind.ID, value))}"

    def shift(self, patient: str) -> int:
        """Days by which the dates of one patient are moved: 1 to 50, forward or back."""
        number = int.from_bytes(self._digest(_SHIFT_LABEL, Kind.DATE, patient)[:8]) % (
            2 * MAX_SHIFT
        )
        return number - MAX_SHIFT if number < MAX_SHIFT else number - MAX_SHIFT + 1

    def _digest(self, label: bytes, kind: Kind, value: str) -> bytes:
        text = b"\0".join([*self._associated(kind), value.encode()])
        return hmac.digest(_derived(self._key, label), text, "sha256")

    def value(self, token: str) -> str:
        """What a token stands for.

        Raises:
            InvalidRequest: not a token, or one of another scope, type or key.
        """
        if match := _TOKEN.match(token):
            return self._open(match[3], match[1]).decode()
        if match := _ID_TOKEN.match(token):
            try:
                return self._open(match[2], Kind.ID).decode()
            except InvalidRequest:
                digits = self._open(match[2], _UUID_KIND).hex()
            return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
        raise InvalidRequest("This is not a token that can be opened.")

    def _open(self, text: str, kind: str) -> bytes:
        try:
            sealed = base64.b32decode(text.upper() + "=" * (-len(text) % 8))
            return self._cipher.decrypt(sealed, self._associated(kind))
        except (InvalidTag, ValueError) as error:
            raise InvalidRequest("The token was not made in this scope with this key.") from error

    def _associated(self, kind: str) -> list[bytes]:
        return [b"chaperone-token-1", self._scope, kind.encode(), self._key.version.encode()]


@lru_cache(maxsize=64)
def numbering_salt(secret: bytes) -> bytes:
    """What keys the numbered ids of payloads, from a secret of 32 bytes or more; see `Context`."""
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=_NUMBER_LABEL).derive(secret)


@lru_cache(maxsize=64)
def _derived(key: TokenKey, label: bytes) -> bytes:
    """A key for one use; a few per key version, so they are kept."""
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=label).derive(key.key)


def version_in(token: str) -> str | None:
    """The beginning of the key version that a token names, None for what can never be opened."""
    if match := _TOKEN.match(token):
        return match[2]
    match = _ID_TOKEN.match(token)
    return match[1] if match else None


def _encode(sealed: bytes) -> str:
    return base64.b32encode(sealed).decode().rstrip("=").lower()
