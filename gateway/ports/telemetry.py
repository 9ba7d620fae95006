"""Counts, times and traces for operators; free of ePHI by construction."""

import logging
from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Final, ParamSpec, Protocol

from gateway.model.signals import NOTHING, Attributes, Signal, Step

_LOG = logging.getLogger(__name__)
_P = ParamSpec("_P")


def harmless(tell: Callable[_P, None]) -> Callable[_P, None]:
    """What tells telemetry something, so that it never raises; a kind of failure is logged once.

    A measurement that is lost is no reason to lose an outcome, an answer or an acknowledgement.
    """
    logged: set[str] = set()

    @wraps(tell)
    def told(*args: _P.args, **kwargs: _P.kwargs) -> None:
        try:
            tell(*args, **kwargs)
        except Exception as error:  # noqa: BLE001 - whatever a library of others may raise
            kind = type(error).__name__
            if kind not in logged:
                logged.add(kind)
                _LOG.error("telemetry is lost: %s", kind)

    return told


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


class Sink(Telemetry, Protocol):
    """Where telemetry and counts go together, until it is closed."""

    def count(self, name: str, label: str = "") -> None:
        """See `ports.Meter`."""
        ...

    def close(self) -> None:
        """Export what waits, then stop."""
        ...


class Unfailing:
    """`Telemetry` and `Meter` that keep their promise whatever the sink does: nothing is raised.

    That nothing waits is the sink's to see to: it queues in memory and exports in threads.
    """

    def __init__(self, sink: Sink) -> None:
        self._sink = sink

    @property
    def on(self) -> bool:
        """As the sink says."""
        return self._sink.on

    @harmless
    def add(self, signal: Signal, number: int = 1, attributes: Attributes = NOTHING) -> None:
        """See `Telemetry`."""
        self._sink.add(signal, number, attributes)

    @harmless
    def measure(self, signal: Signal, value: float, attributes: Attributes = NOTHING) -> None:
        """See `Telemetry`."""
        self._sink.measure(signal, value, attributes)

    @harmless
    def span(
        self,
        step: Step,
        exchange: str,
        times: tuple[datetime, datetime],
        attributes: Attributes = NOTHING,
        *,
        failed: bool = False,
    ) -> None:
        """See `Telemetry`."""
        self._sink.span(step, exchange, times, attributes, failed=failed)

    @harmless
    def count(self, name: str, label: str = "") -> None:
        """See `ports.Meter`."""
        self._sink.count(name, label)

    @harmless
    def close(self) -> None:
        """Export what waits, then stop."""
        self._sink.close()


SILENT: Final = Silent()
