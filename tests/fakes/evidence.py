"""An evidence store that enforces the documented rules and fails on command, and a journal.

Rules: create once, append only at the stated position, at most 50,000 blocks of at most 4 MiB,
nothing changed or deleted (Azure: immutable storage with protected append writes).
"""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from enum import Enum, auto

from gateway.errors import (
    AlreadyExists,
    EvidenceUnavailable,
    NotFound,
    PreconditionFailed,
    StoreUnavailable,
)
from gateway.evidence.chain import extend, start
from gateway.evidence.schema import RecordInvalid, parse
from gateway.model.canonical import Json
from gateway.model.exchange import Receipt
from gateway.ports import StoredBlob
from tests.fakes.time import NOON

MAX_BLOCK = 4 * 1024 * 1024
MAX_BLOCKS = 50_000


class Fault(Enum):
    """What happens to one call."""

    NONE = auto()
    FAIL = auto()  # nothing is written; StoreUnavailable
    LOST = auto()  # written, and the answer is lost: StoreUnavailable
    LATE = auto()  # StoreUnavailable now; written when `land_late` is called, if it still can be
    SLOW = auto()  # written, after other tasks have had many turns
    RETRIED = auto()  # written, the client library sends again by itself and reports that refusal


class FakeEvidenceStore:
    """`ports.EvidenceStore` in memory.

    `faults` are used up in order, one for each call of any kind (or of the kinds in `faulty`);
    `on_call` runs before each call and may change the store, as another process would.
    """

    def __init__(
        self,
        faults: Iterable[Fault] = (),
        faulty: Iterable[str] = ("create", "append", "read", "put", "list"),
    ) -> None:
        self.blobs: dict[str, bytes] = {}
        self.blocks: Counter[str] = Counter()
        self.calls: list[tuple[str, str]] = []
        self.faults = deque(faults)
        self.faulty = set(faulty)
        self.on_call: Callable[[str, str], Awaitable[None] | None] | None = None
        self._late: list[tuple[str, bytes, int]] = []

    async def create(self, name: str) -> None:
        fault = await self._call("create", name)
        if fault is Fault.FAIL or fault is Fault.LATE:
            raise StoreUnavailable("injected")
        if name in self.blobs:
            raise AlreadyExists("the name is taken")
        self.blobs[name] = b""
        self._answer(fault, AlreadyExists("the name is taken"))

    async def append(self, name: str, data: bytes, position: int) -> int:
        fault = await self._call("append", name)
        if fault is Fault.LATE:
            self._late.append((name, data, position))
        if fault is Fault.FAIL or fault is Fault.LATE:
            raise StoreUnavailable("injected")
        length = self._append(name, data, position)
        self._answer(fault, PreconditionFailed("the blob has another length"))
        return length

    async def put(self, name: str, data: bytes) -> None:
        fault = await self._call("put", name)
        if fault is Fault.FAIL or fault is Fault.LATE:
            raise StoreUnavailable("injected")
        if name in self.blobs:
            raise AlreadyExists("the name is taken")
        self.blobs[name] = data
        self._answer(fault, AlreadyExists("the name is taken"))

    async def read(self, name: str, offset: int = 0, length: int | None = None) -> bytes:
        if await self._call("read", name) in {Fault.FAIL, Fault.LOST, Fault.LATE}:
            raise StoreUnavailable("injected")
        if name not in self.blobs:
            raise NotFound("no such blob")
        end = None if length is None else offset + length
        return self.blobs[name][offset:end]

    def land_late(self) -> int:
        """Let appends that were under way arrive; how many of them were still accepted."""
        landed = 0
        for name, data, position in self._late:
            try:
                self._append(name, data, position)
            except (PreconditionFailed, NotFound):
                continue
            landed += 1
        self._late.clear()
        return landed

    def journals(self) -> list[tuple[str, bytes]]:
        """Names and contents below `journal/`."""
        return [(name, data) for name, data in self.blobs.items() if name.startswith("journal/")]

    def _append(self, name: str, data: bytes, position: int) -> int:
        if name not in self.blobs:
            raise NotFound("no such blob")
        if len(self.blobs[name]) != position:
            raise PreconditionFailed("the blob has another length")
        if not data or len(data) > MAX_BLOCK or self.blocks[name] >= MAX_BLOCKS:
            raise StoreUnavailable("a block is empty or too large, or there are too many")
        self.blocks[name] += 1
        self.blobs[name] += data
        return len(self.blobs[name])

    async def _call(self, kind: str, name: str) -> Fault:
        self.calls.append((kind, name))
        if self.on_call is not None and (waiting := self.on_call(kind, name)) is not None:
            await waiting
        await asyncio.sleep(0)
        fault = self.faults.popleft() if self.faults and kind in self.faulty else Fault.NONE
        if fault is Fault.SLOW:
            for _ in range(50):
                await asyncio.sleep(0)
        return fault

    @staticmethod
    def _answer(fault: Fault, refusal: Exception) -> None:
        if fault is Fault.LOST:
            raise StoreUnavailable("injected")
        if fault is Fault.RETRIED:
            raise refusal

    # Last, since it hides the builtin from annotations below it.
    async def list(self, prefix: str) -> AsyncIterator[StoredBlob]:
        if await self._call("list", prefix) in {Fault.FAIL, Fault.LOST, Fault.LATE}:
            raise StoreUnavailable("injected")
        for name in sorted(self.blobs):
            if name.startswith(prefix):
                yield StoredBlob(name, len(self.blobs[name]))


class FakeJournal:
    """`ports.Journal` that keeps records in a list; `refuse` decides which are refused."""

    def __init__(
        self, refuse: Callable[[Mapping[str, Json]], Exception | None] | None = None
    ) -> None:
        self.records: list[dict[str, Json]] = []
        self.refuse = refuse

    async def append(self, record: Mapping[str, Json]) -> Receipt:
        await asyncio.sleep(0)
        if self.refuse is not None and (error := self.refuse(record)) is not None:
            raise error
        # What the real journal would refuse must not pass here.
        line, _ = extend(start("0" * 16, 0, NOON), record, NOON)
        try:
            parse(line[:-1])
        except RecordInvalid as error:
            raise EvidenceUnavailable(f"the record does not fit the schema: {error}") from error
        self.records.append(dict(record))
        seq = len(self.records)
        return Receipt("journal/2026/08/03/00000000000000ff-0.ndjson", seq, seq * 100, 100)

    def types(self) -> list[str]:
        """Types of the records so far."""
        return [str(record["type"]) for record in self.records]


class FakeMeter:
    """`ports.Meter` with its counts in the open."""

    def __init__(self) -> None:
        self.counts: Counter[tuple[str, str]] = Counter()

    def count(self, name: str, label: str = "") -> None:
        self.counts[name, label] += 1
