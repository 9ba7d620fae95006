"""What Azure Monitor would receive: the real exporter against an ingestion endpoint of the test."""

import gzip
import json
import threading
import time
from collections.abc import Iterator, Sequence
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

from gateway.adapters.telemetry import OpenTelemetry, Pipes, azure_monitor
from gateway.model.signals import Attribute, Signal, Step
from gateway.ports.telemetry import Unfailing
from tests.fakes.time import NOON
from tests.unit.test_bootstrap import application

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket]

EXCHANGE = "4bf92f3577b34da6a3ce929d0e0e4736"
CANARY = "Jane-Doe-MRN-00123456"


class Stuck(SpanExporter):
    """An exporter whose endpoint never answers, until it is told to go on."""

    def __init__(self) -> None:
        self.may_go_on = threading.Event()

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        self.may_go_on.wait(30)
        return SpanExportResult.FAILURE


class Ingestion(ThreadingHTTPServer):
    """Stands in for the ingestion endpoint: takes `POST /v2.1/track`, keeps the envelopes."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Track)
        self.paths: list[str] = []
        self.envelopes: list[dict[str, Any]] = []


class Track(BaseHTTPRequestHandler):
    server: Ingestion

    def do_POST(self) -> None:
        data = self.rfile.read(int(self.headers["content-length"]))
        if self.headers.get("content-encoding") == "gzip":
            data = gzip.decompress(data)
        items = json.loads(data)
        self.server.paths.append(self.path)
        self.server.envelopes += items
        answer = {"itemsReceived": len(items), "itemsAccepted": len(items), "errors": []}
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Say nothing."""


@pytest.fixture
def ingestion(monkeypatch: pytest.MonkeyPatch) -> Iterator[Ingestion]:
    # As infra/app.py sets them.
    for name in ("STATSBEAT_DISABLED_ALL", "SDKSTATS_DISABLED", "CONTROLPLANE_DISABLED"):
        monkeypatch.setenv(f"APPLICATIONINSIGHTS_{name}", "true")
    monkeypatch.setenv("APPLICATIONINSIGHTS_OPENTELEMETRY_RESOURCE_METRIC_DISABLED", "true")
    server = Ingestion()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def test_metrics_and_spans_arrive_and_hold_words_of_the_vocabulary_alone(
    ingestion: Ingestion,
) -> None:
    endpoint = f"http://127.0.0.1:{ingestion.server_port}/"
    telemetry = azure_monitor(
        f"InstrumentationKey=00000000-0000-4000-8000-000000000000;IngestionEndpoint={endpoint}",
        identity=None,
        trace_percent=100,
    )
    denied = {Attribute.EFFECT: "deny", Attribute.RULE: CANARY, Attribute.REASON: "RuleDenies"}
    telemetry.add(Signal.DECISIONS, 1, denied)
    telemetry.measure(Signal.REQUEST_TIME, 12.5, {Attribute.STATUS: "2xx"})
    times = (NOON, NOON + timedelta(milliseconds=12))
    telemetry.span(Step.REQUEST, EXCHANGE, times, denied, failed=False)
    telemetry.span(Step.EXECUTE, EXCHANGE, times)
    telemetry.close()

    metrics = {
        item["data"]["baseData"]["metrics"][0]["name"]: item["data"]["baseData"]
        for item in ingestion.envelopes
        if item["data"]["baseType"] == "MetricData"
    }
    # The names and properties that alerts and the workbook ask for.
    assert set(metrics) == {"chaperone.decisions", "chaperone.request.duration"}
    decisions = metrics["chaperone.decisions"]
    assert decisions["metrics"][0]["value"] == 1
    assert decisions["properties"] == {"effect": "deny", "rule": "other", "reason": "RuleDenies"}
    requests = [item for item in ingestion.envelopes if item["data"]["baseType"] == "RequestData"]
    assert [item["data"]["baseData"]["name"] for item in requests] == ["request", "execute"]
    assert {item["tags"]["ai.operation.id"] for item in requests} == {EXCHANGE}
    first, second = requests
    assert second["tags"]["ai.operation.parentId"] == first["data"]["baseData"]["id"]
    assert {item["data"]["baseData"].get("url") for item in requests} == {None}
    everything = json.dumps(ingestion.envelopes)
    assert CANARY not in everything
    for name in ("ai.location.ip", "ai.user.userAgent", "ai.user.authUserId", "ai.session.id"):
        assert not any(name in item["tags"] for item in ingestion.envelopes)
    assert set(ingestion.paths) == {"/v2.1/track"}


async def test_the_gateway_is_composed_so_that_telemetry_cannot_fail(
    ingestion: Ingestion, tmp_path: Path
) -> None:
    text = (
        "InstrumentationKey=00000000-0000-4000-8000-000000000000;"
        f"IngestionEndpoint=http://127.0.0.1:{ingestion.server_port}/"
    )
    given = {"APPLICATIONINSIGHTS_CONNECTION_STRING": text}
    async with application(tmp_path, **given) as app:
        assert isinstance(app.telemetry, Unfailing)
        assert app.pipeline.telemetry is app.telemetry


def test_an_endpoint_that_never_answers_holds_up_nobody() -> None:
    exporter = Stuck()
    processor = BatchSpanProcessor(exporter, max_queue_size=64, max_export_batch_size=8)
    telemetry = OpenTelemetry(Pipes(InMemoryMetricReader(), processor))
    times = (NOON, NOON + timedelta(milliseconds=12))
    began = time.monotonic()
    for _ in range(2_000):
        telemetry.span(Step.REQUEST, EXCHANGE, times)
        telemetry.add(Signal.DECISIONS)
    took = time.monotonic() - began
    exporter.may_go_on.set()
    telemetry.close()
    # The endpoint waits for half a minute each time.
    assert took < 15
