"""Counts what is not journalled one by one: a flood of tokenless requests must not fill WORM."""

from collections.abc import Collection
from typing import Final

from gateway.errors import Reason
from gateway.evidence.acts import counted
from gateway.ports import Clock, Journal, Meter
from gateway.recording.later import Later

NAMES: Final = ("unauthenticated", "refused")
"""Counters that go on record unless others are named."""

OTHER: Final = "Other"
# Plain strings: members of the enumeration are none to a JSON encoder where they are keys.
_REASONS: Final = {reason.value: reason.value for reason in Reason}


class Counter:
    """`ports.Meter` that also puts some counters on record, one `counted` record each interval.

    Labels are reason codes; any other label counts as `Other`, so a record stays small whatever
    callers pass. It flushes itself within a minute; call `flush()` before the journal is closed.
    """

    def __init__(
        self,
        journal: Journal,
        clock: Clock,
        meter: Meter | None = None,
        names: Collection[str] = NAMES,
    ) -> None:
        """Counts from now on.

        Args:
            journal: takes the records.
            clock: the time.
            meter: also told of every count, if given.
            names: of the counters that go on record.
        """
        self._journal = journal
        self._clock = clock
        self._meter = meter
        self._counts: dict[str, dict[str, int]] = {name: {} for name in names}
        self._since = clock.now()
        self._later = Later(self.flush)

    def count(self, name: str, label: str = "") -> None:
        """Add one."""
        if (counts := self._counts.get(name)) is not None:
            key = _REASONS.get(label, OTHER)
            counts[key] = counts.get(key, 0) + 1
            self._later.ask()
        if self._meter is not None:
            self._meter.count(name, label)

    async def flush(self) -> None:
        """Record what was counted since the last time, if anything.

        Raises:
            EvidenceUnavailable: not recorded; the counts are kept for the next time. Should the
                record have landed all the same, they are then counted twice, never not at all.
        """
        since, until = self._since, self._clock.now()
        for name, counts in self._counts.items():
            if taken := dict(counts):
                await self._journal.append(counted(name, since, until, taken))
                # What was counted meanwhile stays.
                for label, number in taken.items():
                    counts[label] -= number
                self._counts[name] = {label: number for label, number in counts.items() if number}
        self._since = until
