"""Digests for records. A digest of raw content is always keyed: short values can be guessed."""

import hashlib
import hmac
from dataclasses import dataclass, field


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
        mac = hmac.new(self.key, purpose.encode() + b"\0", hashlib.sha256)
        mac.update(data)
        return f"hmac-sha256:{self.version}:{mac.hexdigest()}"


def sha256(data: bytes) -> str:
    """`sha256:{hex}`: for public bytes only (manifests, packages, journal lines)."""
    return "sha256:" + hashlib.sha256(data).hexdigest()
