"""How far each journal has been projected, and into which generation of the index.

Small blobs in the state store, moved by compare-and-swap. A generation is one complete set of
rows; a rebuild fills the next one beside the one in use. Cursors of two generations live in two
sets of blobs, by parity; a blob of an older generation counts as absent.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gateway.errors import NotFound, PreconditionFailed, StoreError
from gateway.evidence.chain import GENESIS
from gateway.evidence.following import Cursor
from gateway.evidence.projection import Row
from gateway.evidence.summary import Summary, from_row
from gateway.ports import StateStore

LEASE: Final = "projection/lease"
_GENERATIONS: Final = "projection/generations"
_ADVICE: Final = "rebuild the index with `chaperone evidence reindex`"

M = TypeVar("M", bound=BaseModel)


class Generations(BaseModel):
    """Which generation is read, and which one a rebuild fills; 0 for none."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    current: int = Field(ge=0)
    building: int = Field(default=0, ge=0)


class _Position(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    offset: int = Field(ge=0)
    seq: int = Field(ge=0)
    tip: str = Field(default=GENESIS, pattern=r"^[0-9a-f]{64}$")
    ts: str = ""
    closed: bool = False
    fault: str = ""


class _Day(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    generation: int = Field(ge=1)
    journals: dict[str, _Position]


class _Since(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    generation: int = Field(ge=1)
    day: str = Field(pattern=r"^\d{4}/\d{2}/\d{2}$")


@dataclass(slots=True)
class Day:
    """The cursors of the journals that were created on a day, yyyy/mm/dd."""

    day: str
    etag: str | None = None
    cursors: dict[str, Cursor] = field(default_factory=dict)


async def read_generations(state: StateStore) -> tuple[Generations, str | None]:
    """The generations and their ETag; without an index, none.

    Raises:
        StoreError: they cannot be read or understood.
    """
    found = await _read(state, _GENERATIONS, Generations)
    return (Generations(current=0), None) if found is None else found


async def swap_generations(state: StateStore, generations: Generations, etag: str | None) -> str:
    """Write them if nobody else has; the new ETag.

    Raises:
        PreconditionFailed: somebody else has.
        StoreUnavailable: unknown.
    """
    return await state.swap(_GENERATIONS, generations.model_dump_json().encode(), etag)


@dataclass(frozen=True, slots=True)
class Cursors:
    """The cursors of one generation of what is made from journals, `what`."""

    state: StateStore
    generation: int
    what: str = "projection"

    async def day(self, day: str) -> Day:
        """Those of a day.

        Raises:
            PreconditionFailed: a newer generation has taken their place.
            StoreError: they cannot be read or understood.
        """
        found = await _read(self.state, self._name(day), _Day)
        if found is None:
            return Day(day)
        stored, etag = found
        if not self._is_mine(stored.generation):
            return Day(day, etag)
        return Day(
            day,
            etag,
            {name: Cursor(**place.model_dump()) for name, place in stored.journals.items()},
        )

    async def move(self, day: Day, cursors: Mapping[str, Cursor]) -> None:
        """Set cursors of a day; the rows up to them are written.

        Raises:
            PreconditionFailed: somebody else has moved one.
            StoreUnavailable: unknown.
        """
        merged = {**day.cursors, **cursors}
        content = _Day(
            generation=self.generation,
            journals={name: _position(cursor) for name, cursor in merged.items()},
        )
        data = content.model_dump_json(exclude_defaults=True).encode()
        day.etag = await self.state.swap(self._name(day.day), data, day.etag)
        day.cursors = merged

    async def since(self) -> str:
        """The first day that is not over and done with, "" where none is known.

        Raises:
            StoreError: it cannot be read or understood.
        """
        found = await _read(self.state, self._name("since"), _Since)
        return found[0].day if found and self._is_mine(found[0].generation) else ""

    async def faults(self, days: Iterable[str]) -> Sequence[tuple[str, Cursor]]:
        """The journals of some days that could not be read on, as last noted.

        Raises:
            StoreError: they cannot be read or understood.
        """
        found = [await self.day(day) for day in days]
        return [
            (name, cursor) for day in found for name, cursor in day.cursors.items() if cursor.fault
        ]

    async def done_before(self, day: str) -> None:
        """No journal of an earlier day will be looked at again.

        Raises:
            PreconditionFailed: somebody else has said so.
            StoreError: unknown.
        """
        found = await _read(self.state, self._name("since"), _Since)
        if found:
            self._is_mine(found[0].generation)
        content = _Since(generation=self.generation, day=day)
        await self.state.swap(
            self._name("since"), content.model_dump_json().encode(), found[1] if found else None
        )

    def _is_mine(self, generation: int) -> bool:
        if generation > self.generation:
            raise PreconditionFailed("the index was rebuilt meanwhile")
        return generation == self.generation

    def _name(self, what: str) -> str:
        return f"{self.what}/{self.generation % 2}/{what}"


def summary_of(row: Row) -> Summary:
    """The summary in a row, which is a cursor too.

    Raises:
        StoreError: it cannot be understood.
    """
    try:
        return from_row(row)
    except (ValueError, TypeError):
        raise StoreError("a row of the index cannot be understood", advice=_ADVICE) from None


def _position(cursor: Cursor) -> _Position:
    return _Position(
        offset=cursor.offset,
        seq=cursor.seq,
        tip=cursor.tip,
        ts=cursor.ts,
        closed=cursor.closed,
        fault=cursor.fault,
    )


async def _read(state: StateStore, name: str, model: type[M]) -> tuple[M, str] | None:
    try:
        found = await state.get(name)
    except NotFound:
        return None
    try:
        return model.model_validate_json(found.data, strict=True), found.etag
    except ValidationError:
        raise StoreError(
            "what is stored of the projection's progress cannot be understood", advice=_ADVICE
        ) from None
