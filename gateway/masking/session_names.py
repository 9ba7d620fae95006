"""Names that earlier answers of a session have shown in their fields, remembered as digests.

A note often names a patient whose record was read some requests before. What is remembered of a
name is a keyed digest of each of its words: whoever stores them stores no name, and without the
key no name can be tried against them.
"""

import hashlib
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field

DIGEST_BYTES = 12
MAX_DIGESTS = 20_000
"""Of one session; the oldest give way to newer ones."""
MAX_SEEN = 2_000
"""Of one payload."""
MIN_LENGTH = 3
MIN_KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class SessionNames:
    """What a session knows of names.

    Attributes:
        key: of the digests, 32 to 64 bytes, the session's own.
        digests: of the words of names seen before.
    """

    key: bytes = field(repr=False)
    digests: frozenset[bytes] = field(default=frozenset(), repr=False)

    def __post_init__(self) -> None:
        if not MIN_KEY_BYTES <= len(self.key) <= hashlib.blake2b.MAX_KEY_SIZE:
            raise ValueError("a session's key of names has 32 to 64 bytes")
        if len(self.digests) > MAX_DIGESTS:
            raise ValueError("a session remembers at most 20,000 words of names")

    def digest(self, word: str) -> bytes:
        """Of a word, whatever its case and accents' encoding."""
        plain = unicodedata.normalize("NFC", word).casefold().encode("utf-8", "replace")
        return hashlib.blake2b(
            plain, key=self.key, digest_size=DIGEST_BYTES, person=b"session-name"
        ).digest()

    def matches(self, words: Iterable[str]) -> frozenset[str]:
        """Those of `words` that were part of a name before."""
        if not self.digests:
            return frozenset()
        return frozenset(
            word for word in words if len(word) >= MIN_LENGTH and self.digest(word) in self.digests
        )

    def seen(self, words: Iterable[str]) -> frozenset[bytes]:
        """Digests to be remembered of the words of names in one payload, at most 2,000."""
        found: set[bytes] = set()
        for word in sorted(set(words)):
            if len(found) >= MAX_SEEN:
                break
            if len(word) >= MIN_LENGTH:
                found.add(self.digest(word))
        return frozenset(found)
