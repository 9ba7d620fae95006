"""OpenTelemetry to Azure Monitor, from one place and in one vocabulary.

Nothing is instrumented by itself: no HTTP client, no logging, no SDK. What leaves is what was
passed to `Telemetry` and let through by `gateway.model.signals.vetted`. The libraries are loaded by
`azure_monitor` alone, so a gateway without a connection string does not pay for them.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from gateway import __version__
from gateway.model.signals import NOTHING, Attribute, Attributes, Signal, Step, vetted

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential
    from opentelemetry.metrics import Meter as Instruments
    from opentelemetry.sdk.metrics.export import MetricReader
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import SpanProcessor

EXPORT_SECONDS: Final = 60
"""Between two exports of metrics; alerts look at five minutes."""

SERVICE: Final = "chaperone"
_ID: Final = re.compile(r"[0-9a-f]{32}")
_HISTOGRAMS: Final[Mapping[Signal, str]] = {
    Signal.MASKING_TIME: "ms",
    Signal.APPEND_TIME: "ms",
    Signal.REQUEST_TIME: "ms",
    Signal.APPROVAL_AGE: "s",
}
_GAUGES: Final[Mapping[Signal, str]] = {Signal.JOURNAL_LAG: "s"}


@dataclass(frozen=True, slots=True)
class Pipes:
    """Where measurements and spans go.

    Attributes:
        reader: collects metrics and exports them.
        processor: takes finished spans.
    """

    reader: "MetricReader"
    processor: "SpanProcessor"


class OpenTelemetry:
    """`ports.Telemetry` and `ports.Meter` over the OpenTelemetry SDK."""

    on: Final = True

    def __init__(self, pipes: Pipes, *, trace_percent: int = 100) -> None:
        """Make every instrument.

        Args:
            pipes: exporters, started.
            trace_percent: how many of a hundred exchanges are traced, the same ones everywhere.
        """
        from opentelemetry.sdk.metrics import MeterProvider  # noqa: PLC0415 - lazily, see above

        self._resource = _resource()
        self._metrics = MeterProvider([pipes.reader], self._resource)
        self._processor = pipes.processor
        self._percent = trace_percent
        meter = self._metrics.get_meter(SERVICE, __version__)
        self._instruments = {signal: _instrument(meter, signal) for signal in Signal}

    def count(self, name: str, label: str = "") -> None:
        """See `ports.Meter`."""
        self.add(Signal.EVENTS, 1, {Attribute.EVENT: name, Attribute.REASON: label})

    def add(self, signal: Signal, number: int = 1, attributes: Attributes = NOTHING) -> None:
        """See `ports.Telemetry`; counters alone."""
        if signal not in _HISTOGRAMS and signal not in _GAUGES:
            self._instruments[signal].add(number, vetted(signal, attributes))

    def measure(self, signal: Signal, value: float, attributes: Attributes = NOTHING) -> None:
        """See `ports.Telemetry`; histograms and gauges alone."""
        if signal in _HISTOGRAMS:
            self._instruments[signal].record(value, vetted(signal, attributes))
        elif signal in _GAUGES:
            self._instruments[signal].set(value, vetted(signal, attributes))

    def span(
        self,
        step: Step,
        exchange: str,
        times: tuple[datetime, datetime],
        attributes: Attributes = NOTHING,
        *,
        failed: bool = False,
    ) -> None:
        """See `ports.Telemetry`; the request's span is the parent of all others."""
        if self._is_traced(exchange):
            span = _span(step, exchange, times, vetted(step, attributes), self._resource, failed)
            self._processor.on_end(span)

    def _is_traced(self, exchange: str) -> bool:
        # Half of the id is the first span's, and one of zeros is none (W3C Trace Context §3.2.2).
        if not _ID.fullmatch(exchange) or not int(exchange[16:], 16):
            return False
        return int(exchange[:8], 16) % 100 < self._percent

    def close(self) -> None:
        """Export what waits, then stop; blocks for as long as the exporters take."""
        self._processor.shutdown()
        self._metrics.shutdown()


def azure_monitor(
    connection_string: str, *, identity: str | None, trace_percent: int
) -> OpenTelemetry:
    """Telemetry to Application Insights; loads the libraries.

    Args:
        connection_string: of the Application Insights component.
        identity: client id of the managed identity that signs in to it, "" for the only one there
            is; None where the component takes the key in the string.
        trace_percent: see `OpenTelemetry`.

    Raises:
        ValueError: the connection string is none.
    """
    from azure.monitor.opentelemetry.exporter import (  # noqa: PLC0415 - lazily, see above
        AzureMonitorMetricExporter,
        AzureMonitorTraceExporter,
    )
    from opentelemetry.sdk.metrics.export import (  # noqa: PLC0415
        PeriodicExportingMetricReader,
    )
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

    given: dict[str, Any] = {
        "connection_string": connection_string,
        "credential": _credential(identity),
        # What could not be sent is lost rather than left on an instance's disk.
        "disable_offline_storage": True,
    }
    reader = PeriodicExportingMetricReader(
        AzureMonitorMetricExporter(**given), export_interval_millis=EXPORT_SECONDS * 1000
    )
    # The exporter takes its resource from a provider; no span is ever started with this one.
    provider = TracerProvider(resource=_resource(), shutdown_on_exit=False)
    exporter = AzureMonitorTraceExporter(tracer_provider=provider, **given)
    return OpenTelemetry(Pipes(reader, BatchSpanProcessor(exporter)), trace_percent=trace_percent)


def _credential(identity: str | None) -> "TokenCredential | None":
    if identity is None:
        return None
    from azure.identity import ManagedIdentityCredential  # noqa: PLC0415

    return ManagedIdentityCredential(client_id=identity or None)


def _resource() -> "Resource":
    """The service's name and version; not what the environment says, which may be anything."""
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415

    return Resource({"service.name": SERVICE, "service.version": __version__})


def _instrument(meter: "Instruments", signal: Signal) -> Any:
    """A counter, histogram or gauge of the signal's name."""
    if signal in _HISTOGRAMS:
        return meter.create_histogram(signal.value, _HISTOGRAMS[signal])
    if signal in _GAUGES:
        return meter.create_gauge(signal.value, _GAUGES[signal])
    return meter.create_counter(signal.value, "1")


def _span(  # noqa: PLR0913, PLR0917 - what a span is made of
    step: Step,
    exchange: str,
    times: tuple[datetime, datetime],
    attributes: Mapping[str, str],
    resource: "Resource",
    failed: bool,  # noqa: FBT001
) -> Any:
    """A finished span, made as a whole: no context is kept between beginning and end."""
    from opentelemetry.sdk.trace import ReadableSpan  # noqa: PLC0415
    from opentelemetry.sdk.trace.id_generator import RandomIdGenerator  # noqa: PLC0415
    from opentelemetry.trace import (  # noqa: PLC0415
        SpanContext,
        SpanKind,
        Status,
        StatusCode,
        TraceFlags,
    )

    trace, first = int(exchange, 16), int(exchange[16:], 16)
    sampled = TraceFlags(TraceFlags.SAMPLED)
    kinds = {
        Step.REQUEST: SpanKind.SERVER,
        Step.UPSTREAM: SpanKind.CLIENT,
        Step.NOTIFY: SpanKind.CONSUMER,
        Step.EXECUTE: SpanKind.CONSUMER,
    }
    root = step is Step.REQUEST
    own = first if root else RandomIdGenerator().generate_span_id()
    return ReadableSpan(
        step.value,
        SpanContext(trace, own, is_remote=False, trace_flags=sampled),
        None if root else SpanContext(trace, first, is_remote=True, trace_flags=sampled),
        resource,
        attributes,
        kind=kinds[step],
        status=Status(StatusCode.ERROR if failed else StatusCode.OK),
        start_time=_nanoseconds(times[0]),
        end_time=_nanoseconds(times[1]),
    )


def _nanoseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1_000_000) * 1000
