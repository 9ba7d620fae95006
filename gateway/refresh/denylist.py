"""What this instance knows of the deny table: polled on use, never older than it may be."""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.errors import Forbidden, Reason, StoreError, Unavailable
from gateway.model.principal import Principal
from gateway.ports import Clock, DenyEntry, DenyTable
from gateway.refresh.age import within

KINDS = frozenset({"oid", "azp", "uti", "session"})
_RETRY = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class _Snapshot:
    """The table as it was at `read_at`, the moment before reading began."""

    entries: frozenset[tuple[str, str]]
    read_at: datetime


class PolledDenyList:
    """Refuses denied principals, clients, tokens and sessions.

    An entry takes effect within `max_age_seconds` on every instance: an instance that cannot
    read the table for so long refuses everybody.
    """

    def __init__(
        self, table: DenyTable, clock: Clock, *, poll_seconds: int = 10, max_age_seconds: int = 30
    ) -> None:
        self._table = table
        self._clock = clock
        self._poll = timedelta(seconds=poll_seconds)
        self._max_age = timedelta(seconds=max_age_seconds)
        self._lock = asyncio.Lock()
        self._snapshot: _Snapshot | None = None
        self._attempted_at: datetime | None = None

    async def check(self, principal: Principal, session: str) -> None:
        """Pass, or refuse.

        Raises:
            Forbidden: an entry names the principal, its client, its token or its session.
            Unavailable: DENY_LIST_UNAVAILABLE: the list is too old and cannot be read.
        """
        snapshot = await self._current()
        identifiers = {
            ("oid", principal.object_id.lower()),
            ("azp", principal.application.lower()),
            ("uti", principal.token_id.lower()),
            ("session", session.lower()),
        }
        if not snapshot.entries.isdisjoint(identifiers):
            raise Forbidden(
                "an operator has denied this principal, client, token or session",
                reason=Reason.PRINCIPAL_DENIED,
                advice="ask the gateway's operators",
            )

    async def _current(self) -> _Snapshot:
        now = self._clock.now()
        usable = self._usable(now)
        # While one request reads, the others go on with what is known, as long as it may be used.
        if usable is not None and (self._lock.locked() or not self._due(now)):
            return usable
        async with self._lock:
            if self._due(self._clock.now()):
                await self._read()
        usable = self._usable(self._clock.now())
        if usable is None:
            raise Unavailable(
                "the deny list cannot be read, so nobody is let in",
                reason=Reason.DENY_LIST_UNAVAILABLE,
                advice="try again in a minute; operators: check the deny table and its access",
            )
        return usable

    def _usable(self, now: datetime) -> _Snapshot | None:
        snapshot = self._snapshot
        return snapshot if snapshot and within(snapshot.read_at, self._max_age, now) else None

    def _due(self, now: datetime) -> bool:
        if self._snapshot is not None and within(self._snapshot.read_at, self._poll, now):
            return False
        return not within(self._attempted_at, _RETRY, now)

    async def _read(self) -> None:
        started = self._clock.now()
        # An older snapshot serves until its age ends; `_current` refuses after that.
        with suppress(StoreError):
            self._snapshot = _Snapshot(_index(await self._table.entries()), started)
        # Counted from the end: those who waited for a slow answer must not repeat it one by one.
        self._attempted_at = self._clock.now()


def _index(entries: Iterable[DenyEntry]) -> frozenset[tuple[str, str]]:
    known = frozenset((entry.kind, entry.value.lower()) for entry in entries)
    if any(kind not in KINDS or not value for kind, value in known):
        # Somebody meant to deny something that this version cannot recognise.
        raise StoreError("the deny table holds an entry that cannot be understood")
    return known
