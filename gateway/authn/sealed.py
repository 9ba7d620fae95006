"""Cookie values that only this gateway can read or write: AES-256-GCM under a versioned key.

    v1.{key version}.{base64url(nonce ‖ ciphertext ‖ tag)}

Name, format and key version are authenticated, so that a value of one cookie is none of another.
"""

import base64
import binascii
import hmac
import re
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from gateway.errors import Unauthenticated
from gateway.model.digest import DigestKey

NONCE_BYTES = 12  # NIST SP 800-38D §8.2.2; random
MAX_SEALED_CHARS = 12 * 1024

_SEALED = re.compile(r"v1\.([0-9A-Za-z-]{1,64})\.([A-Za-z0-9_-]{38,})", re.ASCII)


def seal(purpose: str, data: bytes, key: DigestKey, nonce: bytes) -> str:
    """The sealed text; `nonce` is 12 random bytes, never used twice.

    Raises:
        ValueError: the nonce has another length, or the key version cannot stand in a cookie.
    """
    head = f"v1.{key.version}"
    if len(nonce) != NONCE_BYTES or not re.fullmatch(r"v1\.[0-9A-Za-z-]{1,64}", head, re.ASCII):
        raise ValueError("a nonce of 12 bytes and a plain key version are needed")
    sealed = nonce + AESGCM(_derived(key, purpose)).encrypt(nonce, data, _bound(purpose, head))
    return f"{head}.{_encoded(sealed)}"


def unseal(purpose: str, text: str, key: DigestKey) -> bytes:
    """What was sealed for the same purpose under the same version of the key.

    Raises:
        Unauthenticated: it was not, or was changed since.
    """
    match = _SEALED.fullmatch(text) if len(text) <= MAX_SEALED_CHARS else None
    if match is None or match[1] != key.version:
        raise _refused()
    try:
        raw = base64.urlsafe_b64decode(match[2] + "=" * (-len(match[2]) % 4))
        if _encoded(raw) != match[2]:  # the last letter's spare bits: one value, one text
            raise _refused()
        nonce, sealed = raw[:NONCE_BYTES], raw[NONCE_BYTES:]
        bound = _bound(purpose, f"v1.{key.version}")
        return AESGCM(_derived(key, purpose)).decrypt(nonce, sealed, bound)
    except (binascii.Error, ValueError, InvalidTag):
        raise _refused() from None


def form_token(key: DigestKey, session: str, ticket: str) -> str:
    """The anti-forgery token of one form: of this session, for this ticket, 64 hex digits."""
    message = b"\0".join(part.encode() for part in (session, ticket))
    return hmac.new(_derived(key, "form"), message, sha256).hexdigest()


def _derived(key: DigestKey, purpose: str) -> bytes:
    """A key for one purpose (RFC 5869): the secret itself encrypts nothing."""
    info = b"chaperone v1 " + purpose.encode()
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(key.key)


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _bound(purpose: str, head: str) -> bytes:
    return f"{head} {purpose}".encode()


def _refused() -> Unauthenticated:
    return Unauthenticated("the cookie is not one of this gateway's", advice="sign in again")
