"""Where things are kept: evidence, state, projections, the journal."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from gateway.model.canonical import Json
from gateway.model.exchange import Receipt

if TYPE_CHECKING:
    from gateway.evidence.projection import Row
    from gateway.evidence.retention import Retention


@dataclass(frozen=True, slots=True)
class StoredBlob:
    """A blob's name and size in bytes."""

    name: str
    size: int


class EvidenceStore(Protocol):
    """Append-only storage under a locked retention policy: add and read, never change.

    Timeouts and unknown failures are `StoreUnavailable`: the write may have landed, and the
    caller finds out by reading.
    """

    async def create(self, name: str) -> None:
        """Create an empty append blob.

        Raises:
            AlreadyExists: the name is taken (also after a lost answer to the caller's own call).
            StoreUnavailable: unknown.
        """
        ...

    async def append(self, name: str, data: bytes, position: int) -> int:
        """Append exactly at `position`; the new length, durable on return.

        Raises:
            PreconditionFailed: the blob is not `position` bytes long.
            NotFound: no such blob.
            StoreUnavailable: unknown.
        """
        ...

    async def put(self, name: str, data: bytes) -> None:
        """Write a whole immutable blob once.

        Raises:
            AlreadyExists: the name is taken; the content there may differ.
            StoreUnavailable: unknown.
        """
        ...

    async def read(self, name: str, offset: int = 0, length: int | None = None) -> bytes:
        """Bytes from `offset`; fewer than `length` at the end, b"" at or past it.

        Raises:
            NotFound: no such blob.
            StoreUnavailable: cannot be read.
        """
        ...

    def list(self, prefix: str) -> AsyncIterator[StoredBlob]:
        """Blobs below `prefix` in name order.

        Raises:
            StoreUnavailable: cannot be listed.
        """
        ...


class RetentionPolicies(Protocol):
    """What Azure says of the retention policy of the evidence container."""

    async def read(self) -> Retention:
        """The policy as it is now.

        Raises:
            StoreUnavailable: it cannot be read or understood.
        """
        ...


class RetentionGuard(Protocol):
    """Keeps the gateway from serving where its records would not be safe."""

    async def require(self) -> None:
        """Pass, or refuse.

        Raises:
            Unavailable: POLICY_NOT_LOCKED.
        """
        ...

    async def check(self) -> None:
        """Look again, on a timer.

        Raises:
            GatewayError: it could not be done, or the policy is not good.
        """
        ...


@dataclass(frozen=True, slots=True)
class Versioned:
    """Content with the ETag it had when read."""

    data: bytes
    etag: str


class StateStore(Protocol):
    """Small mutable blobs in the host account: pointers, leases. Never the truth."""

    async def get(self, name: str) -> Versioned:
        """Content and ETag.

        Raises:
            NotFound: no such blob.
            StoreUnavailable: cannot be read.
        """
        ...

    async def swap(self, name: str, data: bytes, etag: str | None) -> str:
        """Write if the ETag still holds (None: if absent); the new ETag.

        Raises:
            PreconditionFailed: somebody else was first.
            StoreUnavailable: unknown.
        """
        ...

    async def forget(self, prefix: str, before: datetime) -> int:
        """Delete the blobs below `prefix` that were last written earlier; how many.

        Raises:
            StoreUnavailable: some may be left.
        """
        ...

    async def lease(self, name: str, seconds: int) -> str | None:
        """A lease id for `seconds` (15 to 60), or None where another holder has it.

        Raises:
            StoreUnavailable: unknown.
        """
        ...

    async def release(self, name: str, lease: str) -> None:
        """Give a lease back; one that has run out is no error.

        Raises:
            StoreUnavailable: unknown.
        """
        ...


@dataclass(frozen=True, slots=True)
class StoredRow:
    """A row with the ETag that it had when read."""

    row: Row
    etag: str


class Projections(Protocol):
    """The index: rows that can all be made again from the journals, by generation."""

    async def prepare(self) -> None:
        """Make the table where it is missing.

        Raises:
            StoreError: it is not there, and cannot be made.
        """
        ...

    async def write(self, generation: int, rows: Sequence[Row]) -> None:
        """Insert each row, or replace the one that has its key; of rows with one key, the last.

        Raises:
            StoreError: any of them may or may not have been written.
        """
        ...

    async def get(self, generation: int, partition: str, key: str) -> StoredRow:
        """One row.

        Raises:
            NotFound: there is none.
            StoreError: it cannot be read.
        """
        ...

    async def swap(self, generation: int, row: Row, etag: str | None) -> str:
        """Write a row if the ETag still holds (None: if absent); the new ETag.

        Raises:
            PreconditionFailed: somebody else was first.
            StoreError: it may or may not have been written.
        """
        ...

    def query(self, generation: int, partition: str, since: str = "") -> AsyncIterator[Row]:
        """The rows of a partition in the order of their keys, from the key `since` on.

        Raises:
            StoreError: they cannot be read.
        """
        ...

    async def drop_before(self, generation: int) -> int:
        """Remove the rows of earlier generations; how many there were.

        Raises:
            StoreError: some may be left.
        """
        ...


class Journal(Protocol):
    """This process's journal."""

    async def append(self, record: Mapping[str, Json]) -> Receipt:
        """Make the record durable; `v, writer, seq, ts, prev` are the journal's to add.

        Raises:
            EvidenceUnavailable: it is not, or cannot be known to be, durable.
        """
        ...


class Denials(Protocol):
    """Denials of callers who are known, in this process's journal."""

    async def append(self, denial: Mapping[str, Json]) -> None:
        """Put a `denied` record on record, or count it where its principal has had too many.

        Raises:
            EvidenceUnavailable: it is not, or cannot be known to be, durable.
        """
        ...
