"""Denials on record: one by one at first, then counted, so that nobody fills immutable storage.

Anybody with a token of an accepted tenant can have the gateway deny as often as they like, and what
is recorded stays for years. The first of each minute are recorded as they are, then each time that
their number has doubled; what lies between is counted by reason, for its principal. A count is
written within a minute, so a process that is killed loses the counts of that time and no more
than half of a number.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, TypeAlias

from gateway.evidence.acts import counted
from gateway.model.canonical import Json
from gateway.ports import Clock, Journal
from gateway.recording.later import Later

ONE_BY_ONE: Final = 600
"""Denials of one principal that one instance records as they are, each minute."""
WINDOW: Final = timedelta(minutes=1)
NAME: Final = "denied"

_Owner: TypeAlias = tuple[str, str]


@dataclass(slots=True)
class _Window:
    """How many denials a principal has had since."""

    since: datetime
    number: int = 0


@dataclass(slots=True)
class _Pending:
    """What was counted and is not on record yet."""

    since: datetime
    counts: Counter[str] = field(default_factory=Counter)


class BoundedDenials:
    """`ports.Denials` over the journal.

    Args:
        journal: where they go on record.
        clock: whose minutes count.
        one_by_one: of one principal in a minute.
    """

    def __init__(self, journal: Journal, clock: Clock, *, one_by_one: int = ONE_BY_ONE) -> None:
        self._one_by_one = one_by_one
        self._journal = journal
        self._clock = clock
        self._windows: dict[_Owner, _Window] = {}
        self._pending: dict[_Owner, _Pending] = {}
        self._swept = clock.now()
        self._later = Later(self.flush)

    async def append(self, denial: Mapping[str, Json]) -> None:
        """See `ports.Denials`."""
        owner, now = _owner(denial), self._clock.now()
        if self._is_each(self._count(owner, now)):
            await self._journal.append(denial)
            return
        pending = self._pending.setdefault(owner, _Pending(now))
        pending.counts[str(denial["reason"])] += 1
        self._later.ask()

    async def flush(self) -> None:
        """Record what was counted.

        Raises:
            EvidenceUnavailable: not all is recorded; what is left is kept for the next time. Should
                a record have landed all the same, it is counted twice, never not at all.
        """
        for owner in list(self._pending):
            pending = self._pending.pop(owner)
            try:
                await self._journal.append(
                    counted(NAME, pending.since, self._clock.now(), pending.counts, owner)
                )
            except BaseException:
                self._keep(owner, pending)
                raise

    def _keep(self, owner: _Owner, pending: _Pending) -> None:
        newer = self._pending.get(owner)
        if newer is not None:
            pending.counts.update(newer.counts)
        self._pending[owner] = pending
        self._later.ask()

    def _count(self, owner: _Owner, now: datetime) -> int:
        """The number of this denial in its window."""
        if abs(now - self._swept) >= WINDOW:
            self._windows = {key: at for key, at in self._windows.items() if _is_open(at, now)}
            self._swept = now
        window = self._windows.get(owner)
        if window is None or not _is_open(window, now):
            window = self._windows[owner] = _Window(now)
        window.number += 1
        return window.number

    def _is_each(self, number: int) -> bool:
        """Whether the denial of this number in a minute is recorded as it is."""
        times, rest = divmod(number, self._one_by_one)
        return number <= self._one_by_one or (rest == 0 and times & (times - 1) == 0)


def _owner(denial: Mapping[str, Json]) -> _Owner:
    """Whose denial it is: not by application or session, of which one person may have many."""
    actor = denial.get("actor")
    if not isinstance(actor, Mapping):
        return "", ""
    return str(actor["tid"]), str(actor["oid"])


def _is_open(window: _Window, now: datetime) -> bool:
    return timedelta() <= now - window.since < WINDOW
