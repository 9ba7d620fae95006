"""Tickets, deposits, queues, keys and cards in memory, with the rules of the services behind them.

`failures` of each are raised by the next calls, first in first out; `LOST` means that the call
took effect and its answer did not arrive.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from gateway.approvals.ticket import Ticket, TicketState, due
from gateway.errors import (
    AlreadyExists,
    NotFound,
    PreconditionFailed,
    StoreUnavailable,
    Unavailable,
)
from gateway.model.digest import DigestKey
from gateway.ports import Mark, StoredTicket, Versioned

Fault = Literal["fail", "lost"]


@dataclass
class _Faulty:
    """`faults` by method; `on_call` runs before each and may change things, as others would."""

    faults: dict[str, deque[Fault]] = field(default_factory=dict)
    on_call: Callable[[str], Awaitable[None] | None] | None = None
    calls: list[str] = field(default_factory=list)
    _number: int = 0

    def fail(self, method: str, *faults: Fault) -> None:
        """The next calls of a method fail so."""
        self.faults.setdefault(method, deque()).extend(faults or ("fail",))

    async def _before(self, method: str) -> Fault | None:
        self.calls.append(method)
        if self.on_call is not None and (waiting := self.on_call(method)) is not None:
            await waiting
        await asyncio.sleep(0)
        queue = self.faults.get(method)
        fault = queue.popleft() if queue else None
        if fault == "fail":
            raise StoreUnavailable("injected")
        return fault

    def _after(self, fault: Fault | None) -> None:
        if fault == "lost":
            raise StoreUnavailable("injected")

    def _etag(self) -> str:
        self._number += 1
        return f"etag-{self._number}"


@dataclass
class FakeTickets(_Faulty):
    """`ports.Tickets`."""

    rows: dict[str, StoredTicket] = field(default_factory=dict)
    marks: dict[tuple[str, str], Mark] = field(default_factory=dict)

    async def get(self, ticket_id: str) -> StoredTicket:
        await self._before("get")
        if ticket_id not in self.rows:
            raise NotFound("no such ticket")
        return self.rows[ticket_id]

    async def swap(self, ticket: Ticket, etag: str | None) -> str:
        fault = await self._before("swap")
        found = self.rows.get(ticket.id)
        if (found.etag if found else None) != etag:
            raise PreconditionFailed("somebody else was first")
        new = self._etag()
        self.rows[ticket.id] = StoredTicket(ticket, new)
        self._after(fault)
        return new

    async def due(self, now: datetime, limit: int = 500, start: str = "") -> Sequence[StoredTicket]:
        await self._before("due")
        found = [row for _, row in sorted(self.rows.items()) if due(row.ticket) <= now]
        return sorted(found, key=lambda row: row.ticket.id < start)[:limit]

    async def pending(self, limit: int = 500) -> Sequence[StoredTicket]:
        await self._before("pending")
        waiting = [row for row in self.rows.values() if row.ticket.state is TicketState.PENDING]
        return waiting[:limit]

    async def remove(self, ticket_id: str) -> None:
        await self._before("remove")
        self.rows.pop(ticket_id, None)

    async def mark(self, kind: Literal["request", "agent"], key: str) -> Mark:
        await self._before("mark")
        if (kind, key) not in self.marks:
            raise NotFound("no such mark")
        return self.marks[kind, key]

    async def set_mark(
        self, kind: Literal["request", "agent"], key: str, text: str, etag: str | None
    ) -> None:
        fault = await self._before("set_mark")
        found = self.marks.get((kind, key))
        if (found.etag if found else None) != etag:
            raise PreconditionFailed("somebody else was first")
        self.marks[kind, key] = Mark(text, self._etag())
        self._after(fault)

    def only(self) -> Ticket:
        """The one ticket there is."""
        (row,) = self.rows.values()
        return row.ticket


@dataclass
class FakeDeposit(_Faulty):
    """`ports.Deposit`."""

    blobs: dict[str, Versioned] = field(default_factory=dict)

    async def put(self, name: str, data: bytes) -> None:
        fault = await self._before("put")
        if name in self.blobs:
            raise AlreadyExists("the name is taken")
        self.blobs[name] = Versioned(data, self._etag())
        self._after(fault)

    async def get(self, name: str) -> Versioned:
        await self._before("get")
        if name not in self.blobs:
            raise NotFound("no such bytes")
        return self.blobs[name]

    async def remove(self, name: str, etag: str) -> None:
        fault = await self._before("remove")
        if name not in self.blobs:
            raise NotFound("no such bytes")
        if self.blobs[name].etag != etag:
            raise PreconditionFailed("other bytes")
        del self.blobs[name]
        self._after(fault)


@dataclass
class FakeQueue(_Faulty):
    """`ports.Queue`."""

    messages: list[str] = field(default_factory=list)

    async def send(self, text: str) -> None:
        fault = await self._before("send")
        self.messages.append(text)
        self._after(fault)


@dataclass
class FakeSealingKeys:
    """`ports.SealingKeys`: `rotate()` makes a new version, the old ones still open."""

    name: bytes = b"s"
    number: int = 1
    failure: Exception | None = None

    def rotate(self) -> None:
        self.number += 1

    async def current(self) -> DigestKey:
        return await self.version(str(self.number))

    async def version(self, version: str) -> DigestKey:
        await asyncio.sleep(0)
        if self.failure is not None:
            raise self.failure
        if version not in map(str, range(1, self.number + 1)):
            raise Unavailable("no such version")
        return DigestKey(version, self.name * 31 + version.encode()[:1])


@dataclass
class FakeCards:
    """`ports.Cards`."""

    posted: list[tuple[str, bytes, str]] = field(default_factory=list)
    failure: Exception | None = None

    async def post(self, ticket_id: str, card: bytes, webhook_secret: str) -> None:
        if self.failure is not None:
            raise self.failure
        self.posted.append((ticket_id, card, webhook_secret))
