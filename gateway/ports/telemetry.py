"""Counts, times and traces for operators; free of ePHI by construction."""

from datetime import datetime
from typing import Final, Protocol

from gateway.model.signals import NOTHING, Attributes, Signal, Step


class Telemetry(Protocol):
    """Where measurements go; never fails and never waits.

    The trace id of a span is the exchange's id, which is random, 32 hex digits, and the same on
    both sides of a queue: a held request's message is its ticket's id, and that is the exchange's.
    So no hop carries a `traceparent` of its own that somebody could fill, and neither an agent's
    nor an upstream's is ever taken over.
    """

    @property
    def on(self) -> bool:
        """Whether anybody listens: false spares the work of finding values."""
        ...

    def add(self, signal: Signal, number: int = 1, attributes: Attributes = NOTHING) -> None:
        """Count events."""
        ...

    def measure(self, signal: Signal, value: float, attributes: Attributes = NOTHING) -> None:
        """Put a value into a histogram, or set a gauge, in the unit of the signal."""
        ...

    def span(
        self,
        step: Step,
        exchange: str,
        times: tuple[datetime, datetime],
        attributes: Attributes = NOTHING,
        *,
        failed: bool = False,
    ) -> None:
        """One finished piece of work.

        Args:
            step: which.
            exchange: id of the exchange or ticket; anything else is dropped.
            times: beginning and end, timezone aware.
            attributes: of the vocabulary.
            failed: it did not do what it was for.
        """
        ...


class Silent:
    """`Telemetry` that nobody listens to: no connection string, or a command of an operator."""

    on: Final = False

    def add(self, signal: Signal, number: int = 1, attributes: Attributes = NOTHING) -> None:
        """Nothing."""

    def measure(self, signal: Signal, value: float, attributes: Attributes = NOTHING) -> None:
        """Nothing."""

    def span(
        self,
        step: Step,
        exchange: str,
        times: tuple[datetime, datetime],
        attributes: Attributes = NOTHING,
        *,
        failed: bool = False,
    ) -> None:
        """Nothing."""


SILENT: Final = Silent()
