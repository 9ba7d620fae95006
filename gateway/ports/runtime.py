"""The process itself: time, chance, counters."""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """The time."""

    def now(self) -> datetime:
        """The current moment, timezone aware, UTC."""
        ...


class Entropy(Protocol):
    """Randomness of cryptographic quality."""

    def hex(self, size: int) -> str:
        """`size` random bytes as hex digits."""
        ...


class Meter(Protocol):
    """Counters for operators, without request data."""

    def count(self, name: str, label: str = "") -> None:
        """Add one to a counter; `label` is a reason code or another fixed word."""
        ...
