"""A StateStore in memory, with the blob service's lease rules; `fail_next` injects outages."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from gateway.errors import NotFound, PreconditionFailed, StoreUnavailable
from gateway.ports import Clock, Versioned


@dataclass
class _Blob:
    data: bytes
    etag: str
    lease: str = ""
    leased_until: datetime | None = None
    written: datetime | None = None


@dataclass
class FakeStateStore:
    """`failures` are raised by the next calls, first in first out."""

    clock: Clock
    blobs: dict[str, _Blob] = field(default_factory=dict)
    failures: list[Exception] = field(default_factory=list)
    calls: list[tuple[str, str]] = field(default_factory=list)
    _counter: int = 0

    def fail_next(self, error: Exception | None = None) -> None:
        """The next call fails."""
        self.failures.append(error or StoreUnavailable("the state store does not answer"))

    async def get(self, name: str) -> Versioned:
        self._called("get", name)
        if name not in self.blobs:
            raise NotFound("no such blob")
        blob = self.blobs[name]
        return Versioned(blob.data, blob.etag)

    async def swap(self, name: str, data: bytes, etag: str | None) -> str:
        self._called("swap", name)
        blob = self.blobs.get(name)
        if (blob.etag if blob else None) != etag or (blob and self._held(blob)):
            raise PreconditionFailed("somebody else was first")
        new = self._next("etag")
        self.blobs[name] = _Blob(data, new, written=self.clock.now())
        return new

    async def forget(self, prefix: str, before: datetime) -> int:
        self._called("forget", prefix)
        gone = [
            name
            for name, blob in self.blobs.items()
            if name.startswith(prefix) and blob.written is not None and blob.written < before
        ]
        for name in gone:
            del self.blobs[name]
        return len(gone)

    async def lease(self, name: str, seconds: int) -> str | None:
        if not 15 <= seconds <= 60:
            raise ValueError("a blob lease lasts 15 to 60 seconds")
        self._called("lease", name)
        blob = self.blobs.setdefault(name, _Blob(b"", self._next("etag")))
        if self._held(blob):
            return None
        blob.lease = self._next("lease")
        blob.leased_until = self.clock.now() + timedelta(seconds=seconds)
        return blob.lease

    async def release(self, name: str, lease: str) -> None:
        self._called("release", name)
        blob = self.blobs.get(name)
        if blob and blob.lease == lease:
            blob.lease, blob.leased_until = "", None

    def _held(self, blob: _Blob) -> bool:
        return blob.leased_until is not None and blob.leased_until > self.clock.now()

    def _next(self, kind: str) -> str:
        self._counter += 1
        return f"{kind}-{self._counter}"

    def _called(self, call: str, name: str) -> None:
        self.calls.append((call, name))
        if self.failures:
            raise self.failures.pop(0)
