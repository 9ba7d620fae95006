"""`ports.Projections` in memory; `failures` and `crash_after` break it off on command."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from gateway.errors import NotFound, PreconditionFailed, StoreUnavailable
from gateway.evidence.projection import Row
from gateway.ports import StoredRow

Key = tuple[int, str, str]


@dataclass
class FakeProjections:
    """Rows by (generation, partition, key).

    `failures` are raised by the next calls, first in first out. With `crash_after` set, that many
    more rows are written, and then every write fails until it is None again.
    """

    rows: dict[Key, Mapping[str, str | int]] = field(default_factory=dict)
    etags: dict[Key, str] = field(default_factory=dict)
    failures: list[Exception] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    crash_after: int | None = None
    exists: bool = False
    _counter: int = 0

    async def prepare(self) -> None:
        self._called("prepare")
        self.exists = True

    async def write(self, generation: int, rows: Sequence[Row]) -> None:
        self._called("write")
        for row in rows:
            self._put(generation, row)

    async def get(self, generation: int, partition: str, key: str) -> StoredRow:
        self._called("get")
        place = (generation, partition, key)
        if place not in self.rows:
            raise NotFound("no such row")
        return StoredRow(Row(partition, key, self.rows[place]), self.etags[place])

    async def swap(self, generation: int, row: Row, etag: str | None) -> str:
        self._called("swap")
        if self.etags.get((generation, row.partition, row.key)) != etag:
            raise PreconditionFailed("somebody else was first")
        return self._put(generation, row)

    async def query(self, generation: int, partition: str, since: str = "") -> AsyncIterator[Row]:
        self._called("query")
        keys = sorted(key for one, two, key in self.rows if (one, two) == (generation, partition))
        for key in keys:
            if key >= since:
                yield Row(partition, key, self.rows[generation, partition, key])

    async def drop_before(self, generation: int) -> int:
        self._called("drop_before")
        gone = [place for place in self.rows if place[0] < generation]
        for place in gone:
            del self.rows[place], self.etags[place]
        return len(gone)

    def of(self, generation: int) -> dict[tuple[str, str], dict[str, str | int]]:
        """The rows of a generation."""
        return {
            (partition, key): dict(columns)
            for (number, partition, key), columns in self.rows.items()
            if number == generation
        }

    def _put(self, generation: int, row: Row) -> str:
        if self.crash_after is not None:
            if self.crash_after == 0:
                raise StoreUnavailable("the process was killed here")
            self.crash_after -= 1
        self._counter += 1
        place = (generation, row.partition, row.key)
        self.rows[place] = MappingProxyType(dict(row.columns))
        self.etags[place] = f"etag-{self._counter}"
        return self.etags[place]

    def _called(self, name: str) -> None:
        self.calls.append(name)
        if self.failures:
            raise self.failures.pop(0)
        if not self.exists and name != "prepare":
            raise NotFound("there is no table")
