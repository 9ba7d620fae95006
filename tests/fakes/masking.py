"""Token keys, a cache of masked parts, and terms without an engine, in memory."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from gateway.errors import Denied, Reason, Unavailable
from gateway.masking.tokens import KEY_BYTES, TokenKey
from gateway.model.connection import WITHHELD_MARK, Masking
from gateway.model.digest import DigestKey
from gateway.model.operation import Resource
from gateway.model.representation import Cached, Content, MaskedKey, Terms
from gateway.upstream import validators


@dataclass
class FakeTokenKeys:
    """One key; `failure`, once set, is raised."""

    key: TokenKey = field(default_factory=lambda: TokenKey("1", bytes(range(KEY_BYTES))))
    failure: Exception | None = None
    asked: int = 0

    async def current(self) -> TokenKey:
        self.asked += 1
        if self.failure is not None:
            raise self.failure
        return self.key


@dataclass
class FakeTokenBudget:
    """Counts by owner; over `limit` it is TOKEN_LIMIT."""

    limit: int = 100
    taken: dict[str, int] = field(default_factory=dict)

    async def take(self, owner: str, number: int) -> None:
        if self.taken.get(owner, 0) + number > self.limit:
            raise Denied("too many", reason=Reason.TOKEN_LIMIT)
        self.taken[owner] = self.taken.get(owner, 0) + number


def no_token_key() -> Unavailable:
    return Unavailable("no token key", reason=Reason.CREDENTIAL_UNAVAILABLE)


@dataclass
class FakeMaskedCache:
    """Keeps everything until `forget`; each store makes an entry of its own.

    Attributes:
        unreadable: `find` answers and `read` does not, as with a broken entry.
    """

    entries: dict[MaskedKey, tuple[Cached, bytes]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    unreadable: bool = False
    _stored: int = 0

    async def find(self, key: MaskedKey) -> Cached | None:
        self.calls.append("find")
        found = self.entries.get(key)
        return found[0] if found else None

    async def read(self, key: MaskedKey, cached: Cached, start: int, stop: int) -> bytes | None:
        self.calls.append("read")
        found = self.entries.get(key)
        if found is None or found[0].reference != cached.reference or self.unreadable:
            return None
        return found[1][start:stop]

    async def store(self, key: MaskedKey, cached: Cached, body: bytes) -> None:
        self.calls.append("store")
        self._stored += 1
        self.entries[key] = replace(cached, reference=str(self._stored)), body

    async def sweep(self) -> int:
        self.calls.append("sweep")
        swept = len(self.entries)
        self.entries.clear()
        return swept


def terms(masking_of: Callable[[Resource], Masking]) -> Terms:
    """Terms that mask every value and no content; tags depend on masking and connection alone."""

    def value(masking: Masking, name: str, text: str) -> str:
        return WITHHELD_MARK

    def content(masking: Masking, body: bytes, kind: str, coding: str) -> Content:
        raise AssertionError("content is not masked here")

    return Terms(masking_of, validators.tag, value, content, DigestKey("1", b"k" * 32))
