"""A clock that stands still until told, and randomness that repeats."""

import hashlib
from datetime import UTC, datetime, timedelta

NOON = datetime(2026, 8, 3, 12, 0, 0, tzinfo=UTC)


class FakeClock:
    """`ports.Clock` whose hands are moved by the test."""

    def __init__(self, now: datetime = NOON) -> None:
        self._now = now

    def now(self) -> datetime:
        return self._now

    def set(self, now: datetime) -> None:
        self._now = now

    def advance(self, by: timedelta | float) -> datetime:
        """Move on by a timedelta or seconds; the new time."""
        self._now += by if isinstance(by, timedelta) else timedelta(seconds=by)
        return self._now


class FakeEntropy:
    """`ports.Entropy` that gives the same sequence for the same seed."""

    def __init__(self, seed: str = "chaperone") -> None:
        self._seed = seed
        self._calls = 0

    def hex(self, size: int) -> str:
        self._calls += 1
        return hashlib.shake_256(f"{self._seed}:{self._calls}".encode()).hexdigest(size)
