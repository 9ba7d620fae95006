"""NCRONTAB schedules, as far as the app's timers need them.

Six fields: second, minute, hour, day, month, day of week (0 is Sunday); each `*`, a number, a
range, a list, and `/step`. Day and day of week must both fit, as in NCrontab.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.errors import ConfigurationError

_BOUNDS = ((0, 59), (0, 59), (0, 23), (1, 31), (1, 12), (0, 6))
_HORIZON = timedelta(days=8 * 366)  # 29 February on a given weekday comes at worst that late


@dataclass(frozen=True, slots=True)
class Schedule:
    """Admissible values per field."""

    fields: tuple[frozenset[int], ...]

    @classmethod
    def parse(cls, text: str) -> "Schedule":
        """A schedule from its text.

        Raises:
            ConfigurationError: not of the supported form.
        """
        parts = text.split()
        if len(parts) != len(_BOUNDS):
            raise ConfigurationError("a timer schedule has six fields: sec min hour day month dow")
        try:
            pairs = zip(parts, _BOUNDS, strict=True)
            return cls(tuple(_field(part, *bound) for part, bound in pairs))
        except ValueError:
            raise ConfigurationError(
                "a timer schedule holds something else than *, numbers, ranges, lists and steps"
            ) from None

    def after(self, moment: datetime) -> datetime:
        """The first due time after `moment`.

        Raises:
            ConfigurationError: there is none.
        """
        seconds, minutes, hours, days, months, weekdays = self.fields
        due = moment.replace(microsecond=0) + timedelta(seconds=1)
        end = moment + _HORIZON
        while due < end:
            weekday = (due.weekday() + 1) % 7
            if due.month not in months or due.day not in days or weekday not in weekdays:
                due = due.replace(hour=0, minute=0, second=0) + timedelta(days=1)
            elif due.hour not in hours:
                due = due.replace(minute=0, second=0) + timedelta(hours=1)
            elif due.minute not in minutes:
                due = due.replace(second=0) + timedelta(minutes=1)
            elif due.second not in seconds:
                due += timedelta(seconds=1)
            else:
                return due
        raise ConfigurationError("a timer schedule is never due")


def _field(text: str, low: int, high: int) -> frozenset[int]:
    values: set[int] = set()
    for item in text.split(","):
        span, _, step = item.partition("/")
        first, dash, last = span.partition("-")
        if span == "*":
            start, stop = low, high
        elif dash:
            start, stop = int(first), int(last)
        else:
            start, stop = int(first), high if step else int(first)
        if not low <= start <= stop <= high:
            raise ValueError("out of bounds")
        values.update(range(start, stop + 1, int(step or 1)))
    return frozenset(values)
