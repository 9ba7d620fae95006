"""Telemetry as it would leave: the real adapter over OpenTelemetry's exporters in memory."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from gateway.adapters.telemetry import OpenTelemetry, Pipes
from gateway.model.signals import Signal


@dataclass
class Heard:
    """The adapter, and all that came out of it."""

    trace_percent: int = 100
    reader: InMemoryMetricReader = field(default_factory=InMemoryMetricReader)
    exporter: InMemorySpanExporter = field(default_factory=InMemorySpanExporter)

    def __post_init__(self) -> None:
        pipes = Pipes(self.reader, SimpleSpanProcessor(self.exporter))
        self.telemetry = OpenTelemetry(pipes, trace_percent=self.trace_percent)

    @property
    def spans(self) -> tuple[ReadableSpan, ...]:
        return self.exporter.get_finished_spans()

    def of(self, signal: Signal) -> list[tuple[dict[str, Any], Any]]:
        """Attributes and value (a histogram's count) of each series."""
        return [(labels, value) for name, labels, value in self._series() if name == signal]

    def everything(self) -> str:
        """All names, attributes, resources and spans as one text."""
        spans = "\n".join(span.to_json() for span in self.spans)
        data = self.reader.get_metrics_data()
        return spans + (data.to_json() if data else "") + json.dumps(list(self._series()))

    def attributes(self) -> set[tuple[str, str]]:
        """Every name and value that any metric or span carries."""
        found = {pair for _, labels, _ in self._series() for pair in labels.items()}
        return found | {
            (name, str(value))
            for span in self.spans
            for name, value in (span.attributes or {}).items()
        }

    def _series(self) -> Iterator[tuple[str, dict[str, Any], Any]]:
        data = self.reader.get_metrics_data()
        for resource in data.resource_metrics if data else ():
            for scope in resource.scope_metrics:
                for metric in scope.metrics:
                    for point in metric.data.data_points:
                        value = getattr(point, "value", None)
                        count = getattr(point, "count", None) if value is None else value
                        yield metric.name, dict(point.attributes or {}), count


class Broken:
    """A sink of which every call fails, as a library under it may."""

    on: Final = True

    def __init__(self) -> None:
        self.calls: list[str] = []

    def _fail(self, name: str) -> None:
        self.calls.append(name)
        raise RuntimeError("the exporter is broken")

    def count(self, name: str, label: str = "") -> None:
        self._fail("count")

    def add(self, *_: object, **__: object) -> None:
        self._fail("add")

    def measure(self, *_: object, **__: object) -> None:
        self._fail("measure")

    def span(self, *_: object, **__: object) -> None:
        self._fail("span")

    def close(self) -> None:
        self._fail("close")
