"""Questions to the index: sessions of a principal, exchanges of a session, accesses to a resource.

Answers are as old as the last projection, and no evidence: that is the journal they point to.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, timedelta
from typing import Final, TypeVar

from gateway.errors import NotFound, Unavailable
from gateway.evidence.exchanges import RECORDS, Exchange, Pointer, exchanges
from gateway.evidence.projection import (
    Row,
    day_partition,
    key_part,
    name_partition,
    principal_partition,
    resource_partition,
    session_partition,
)
from gateway.evidence.summary import SUMMARIES, Summary, joined
from gateway.ports import Clock, Projections, StateStore
from gateway.recording.cursors import Cursors, read_generations, summary_of

T = TypeVar("T")

_AT_ONCE: Final = 16
_ATTEMPTS: Final = 3
# The last character of a key that begins so, and then some.
_AFTER: Final = "~"


@dataclass(frozen=True, slots=True)
class Accessed:
    """One access to a resource, as asked for; its exchange says how it ended.

    Attributes:
        at: moment of the record.
        exchange: id of the exchange.
        session: id of the session, "" where none was known.
        oid: object id of the principal, "".
        decision: allowed, approved, denied or held.
    """

    at: str
    exchange: str
    session: str
    oid: str
    agent: str
    operation: str
    action: str
    effect: str
    decision: str
    rule: str
    resource: str
    record: Pointer


@dataclass(frozen=True, slots=True)
class Stopped:
    """A journal that could not be read on from an offset, and why: the index lacks the rest."""

    journal: str
    offset: int
    message: str


@dataclass(frozen=True, slots=True)
class Index:
    """The index in use."""

    state: StateStore
    table: Projections
    clock: Clock

    async def sessions(
        self, *, principal: str = "", since: date | None = None, limit: int = 100
    ) -> Sequence[Summary]:
        """Sessions with records since a UTC day, the latest first.

        Args:
            principal: object id, or "" for everybody's.
            since: first day; by default six days ago.
            limit: how many.

        Raises:
            Unavailable: there is no index yet.
            StoreError: it cannot be read.
        """
        start = since or (self._today() - timedelta(days=6))

        async def found(generation: int) -> Sequence[Summary]:
            last_day: dict[str, str] = {}
            async for row in self._links(generation, principal, start):
                last_day[str(row.columns.get("session", ""))] = str(row.columns.get("day", ""))
            latest: list[Summary] = []
            # Who was last seen on an earlier day is behind all of a later one.
            for day in sorted(set(last_day.values()), reverse=True):
                of_day = [name for name, last in last_day.items() if last == day]
                summaries = await self._summaries(generation, of_day)
                latest += sorted(summaries, key=lambda one: (one.last, one.session), reverse=True)
                if len(latest) >= limit:
                    break
            return latest[:limit]

        return await self._settled(found)

    async def session(self, session: str) -> Summary:
        """What one session adds up to.

        Raises:
            NotFound: there is no such session in the index.
            Unavailable: there is no index yet.
            StoreError: it cannot be read.
        """

        async def found(generation: int) -> Sequence[Summary]:
            return await self._summaries(generation, [session])

        for summary in await self._settled(found):
            return summary
        raise NotFound("there is no such session in the index")

    async def exchanges(self, session: str) -> Sequence[Exchange]:
        """The exchanges of a session, in order; empty where there is no such session.

        Raises:
            Unavailable: there is no index yet.
            StoreError: it cannot be read.
        """

        async def found(generation: int) -> Sequence[Exchange]:
            partition = session_partition(session)
            return exchanges(
                [
                    row
                    async for row in self.table.query(generation, partition, RECORDS)
                    if row.key.startswith(RECORDS)
                ]
            )

        return await self._settled(found)

    async def accesses(self, resource: str) -> Sequence[Accessed]:
        """Accesses to a resource in order of time.

        Args:
            resource: its name as records have it, or its keyed digest (`hmac-sha256:…`).

        Raises:
            Unavailable: there is no index yet.
            StoreError: it cannot be read.
        """

        async def found(generation: int) -> Sequence[Accessed]:
            digests = {key_part(resource): resource}
            async for row in self.table.query(generation, name_partition(resource)):
                digests[row.key] = str(row.columns.get("digest", ""))
            rows = [
                row
                for key in digests
                async for row in self.table.query(generation, resource_partition(key))
            ]
            rows.sort(key=lambda row: (str(row.columns.get("ts", "")), row.key))
            return [_accessed(row) for row in rows]

        return await self._settled(found)

    async def stopped(self) -> Sequence[Stopped]:
        """Journals of the last days that the projection could not read on, as it noted.

        Raises:
            Unavailable: there is no index yet.
            StoreError: it cannot be known.
        """

        async def found(generation: int) -> Sequence[Stopped]:
            today = self._today()
            days = [f"{today - timedelta(days=back):%Y/%m/%d}" for back in range(9)]
            faults = await Cursors(self.state, generation).faults(days)
            return [Stopped(name, cursor.offset, cursor.fault) for name, cursor in faults]

        return await self._settled(found)

    def _today(self) -> date:
        return self.clock.now().astimezone(UTC).date()

    async def _links(self, generation: int, principal: str, since: date) -> AsyncIterator[Row]:
        if principal:
            partition = principal_partition(principal.strip().lower())
            async for row in self.table.query(generation, partition, since.isoformat()):
                yield row
            return
        # A writer's clock may be ahead of ours.
        for number in range((self._today() - since).days + 2):
            day = (since + timedelta(days=number)).isoformat()
            async for row in self.table.query(generation, day_partition(day)):
                yield row

    async def _summaries(self, generation: int, sessions: Sequence[str]) -> list[Summary]:
        found: list[Summary] = []
        for start in range(0, len(sessions), _AT_ONCE):
            some = sessions[start : start + _AT_ONCE]
            parts = await asyncio.gather(*(self._parts(generation, name) for name in some))
            found += [joined(part) for part in parts if part]
        return found

    async def _parts(self, generation: int, session: str) -> list[Summary]:
        partition = session_partition(session)
        return [
            summary_of(row)
            async for row in self.table.query(generation, partition, SUMMARIES)
            if row.key.startswith(SUMMARIES)
        ]

    async def _settled(self, work: Callable[[int], Awaitable[T]]) -> T:
        """The work on one generation from beginning to end: a rebuild removes the one before."""
        for _ in range(_ATTEMPTS):
            generation = await self._generation()
            found = await work(generation)
            if generation == await self._generation():
                return found
        raise Unavailable("the index is being rebuilt", advice="try again in a minute")

    async def _generation(self) -> int:
        found, _ = await read_generations(self.state)
        if not found.current:
            raise Unavailable(
                "there is no index yet",
                advice="the timer `project` begins it within a minute; or run `chaperone evidence"
                " reindex`",
            )
        return found.current


def _accessed(row: Row) -> Accessed:
    text = {name: str(value) for name, value in row.columns.items()}
    return Accessed(
        at=text.get("ts", ""),
        exchange=text.get("id", ""),
        session=text.get("session", ""),
        oid=text.get("oid", ""),
        agent=text.get("agent", ""),
        operation=text.get("operation", ""),
        action=text.get("action", ""),
        effect=text.get("effect", ""),
        decision=text.get("decision", ""),
        rule=text.get("rule", ""),
        resource=text.get("resource", ""),
        record=Pointer(
            text.get("journal", ""),
            int(row.columns.get("offset", 0)),
            int(row.columns.get("length", 0)),
        ),
    )
