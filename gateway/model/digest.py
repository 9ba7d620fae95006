"""Digests for records. A digest of raw content is always keyed: short values can be guessed."""

import hashlib
import hmac
from dataclasses import dataclass, field

_SMALL = 4096
"""Bytes up to which one call of OpenSSL beats an object of Python's, copying included."""


@dataclass(frozen=True, slots=True)
class DigestKey:
    """A versioned HMAC-SHA-256 key (32 bytes or more); the version stands in every digest."""

    version: str
    key: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.key) < hashlib.sha256().digest_size:
            raise ValueError("a digest key has at least 32 bytes")

    def of(self, purpose: str, data: bytes) -> str:
        """`hmac-sha256:{version}:{hex}` over purpose NUL data, so that purposes never collide."""
        if "\0" in purpose:
            raise ValueError("a purpose is a plain word")
        prefix = purpose.encode() + b"\0"
        if len(data) <= _SMALL:
            return (
                f"hmac-sha256:{self.version}:{hmac.digest(self.key, prefix + data, 'sha256').hex()}"
            )
        mac = hmac.new(self.key, prefix, hashlib.sha256)
        mac.update(data)  # not copied
        return f"hmac-sha256:{self.version}:{mac.hexdigest()}"


def sha256(data: bytes) -> str:
    """`sha256:{hex}`: for public bytes only (manifests, packages, journal lines)."""
    return "sha256:" + hashlib.sha256(data).hexdigest()
