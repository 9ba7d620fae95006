import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.trace import SpanKind

from gateway.model.signals import Attribute, Signal, Step
from gateway.ports import SILENT, Meter, Telemetry
from tests.fakes.telemetry import Heard
from tests.fakes.time import NOON

ROOT = Path(__file__).resolve().parents[3]
EXCHANGE = "4bf92f3577b34da6a3ce929d0e0e4736"
TIMES = (NOON, NOON + timedelta(milliseconds=5))
CANARY = "Jane-Doe-MRN-00123456"


def test_it_is_the_port_and_the_meter() -> None:
    telemetry: Telemetry = Heard().telemetry
    meter: Meter = Heard().telemetry
    meter.count("refused", "TokenMissing")
    assert telemetry.on
    assert not SILENT.on


def test_counts_values_and_gauges_come_out_under_their_names() -> None:
    heard = Heard()
    told = {Attribute.EFFECT: "deny", Attribute.RULE: "no-deletes", Attribute.REASON: "RuleDenies"}
    heard.telemetry.add(Signal.DECISIONS, 1, told)
    heard.telemetry.add(Signal.DECISIONS, 2, told)
    heard.telemetry.measure(Signal.MASKING_TIME, 1.5, {Attribute.FORMAT: "json"})
    heard.telemetry.measure(Signal.JOURNAL_LAG, 7)
    heard.telemetry.count("approvals", "Poison")

    assert heard.of(Signal.DECISIONS) == [
        ({"effect": "deny", "rule": "no-deletes", "reason": "RuleDenies"}, 3)
    ]
    assert heard.of(Signal.MASKING_TIME) == [({"format": "json"}, 1)]
    assert heard.of(Signal.JOURNAL_LAG) == [({}, 7)]
    assert heard.of(Signal.EVENTS) == [({"event": "approvals", "reason": "Poison"}, 1)]


@pytest.mark.parametrize("signal", list(Signal))
def test_every_signal_takes_a_count_or_a_value_and_never_fails(signal: Signal) -> None:
    heard = Heard()
    heard.telemetry.add(signal)
    heard.telemetry.measure(signal, 1.0)
    assert len(heard.of(signal)) == 1


@given(st.dictionaries(st.sampled_from(list(Attribute)), st.text()))
def test_nothing_but_words_of_the_vocabulary_leaves(attributes: dict[Attribute, str]) -> None:
    heard = Heard()
    hostile = {name: f"{CANARY}{value}" for name, value in attributes.items()}
    for signal in Signal:
        heard.telemetry.add(signal, 1, hostile)
        heard.telemetry.measure(signal, 1, hostile)
    for step in Step:
        heard.telemetry.span(step, EXCHANGE, TIMES, hostile, failed=True)
    heard.telemetry.count(CANARY, CANARY)
    assert CANARY not in heard.everything()
    assert {value for _, value in heard.attributes()} <= {"other"}


def test_all_steps_of_an_exchange_are_one_trace_and_the_request_is_their_parent() -> None:
    heard = Heard()
    heard.telemetry.span(Step.UPSTREAM, EXCHANGE, TIMES)
    heard.telemetry.span(Step.REQUEST, EXCHANGE, TIMES, failed=True)
    # Another process, after a queue, knows nothing but the ticket's id.
    later = Heard()
    later.telemetry.span(Step.EXECUTE, EXCHANGE, TIMES)

    upstream, request = heard.spans
    (execute,) = later.spans
    assert request.parent is None
    assert request.context is not None
    for span in (upstream, execute):
        assert span.context is not None
        assert span.parent is not None
        assert f"{span.context.trace_id:032x}" == EXCHANGE
        assert span.parent.span_id == request.context.span_id
    assert (request.kind, execute.kind) == (SpanKind.SERVER, SpanKind.CONSUMER)
    assert not request.status.is_ok
    assert (request.end_time or 0) - (request.start_time or 0) == 5_000_000


@pytest.mark.parametrize(
    "exchange", ["", CANARY, EXCHANGE.upper(), EXCHANGE + "\n", "0" * 32, EXCHANGE[:16] + "0" * 16]
)
def test_what_is_no_exchange_is_not_traced(exchange: str) -> None:
    heard = Heard()
    heard.telemetry.span(Step.EXECUTE, exchange, TIMES)
    assert heard.spans == ()


def test_the_same_share_of_exchanges_is_traced_everywhere() -> None:
    some, others = Heard(trace_percent=25), Heard(trace_percent=25)
    ids = [f"{number * 2654435761 % 2**32:08x}{number:024x}" for number in range(1, 401)]
    for exchange in ids:
        some.telemetry.span(Step.REQUEST, exchange, TIMES)
        others.telemetry.span(Step.EXECUTE, exchange, TIMES)
    traces = [
        {span.context.trace_id for span in heard.spans if span.context} for heard in (some, others)
    ]
    assert traces[0] == traces[1]
    assert 60 < len(traces[0]) < 140
    none = Heard(trace_percent=0)
    none.telemetry.span(Step.REQUEST, EXCHANGE, TIMES)
    assert none.spans == ()


def test_the_resource_is_the_service_and_nothing_from_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", f"patient={CANARY}")
    monkeypatch.setenv("OTEL_SERVICE_NAME", CANARY)
    heard = Heard()
    heard.telemetry.add(Signal.PACKAGE_CHANGED)
    heard.telemetry.span(Step.REQUEST, EXCHANGE, TIMES)
    assert CANARY not in heard.everything()


def test_the_libraries_are_not_loaded_without_a_connection_string() -> None:
    code = (
        "import sys, function_app\n"
        "print([name for name in sys.modules if name.partition('.')[0] == 'opentelemetry'"
        " or name.startswith(('azure.monitor', 'psutil', 'msrest'))])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_the_host_reports_no_request_of_its_own() -> None:
    """Its request telemetry would hold paths: the category is off, and nothing is collected."""
    settings = json.loads((ROOT / "host.json").read_text("utf-8"))
    logging = settings["logging"]
    levels = logging["logLevel"]
    insights = logging["applicationInsights"]
    assert "telemetryMode" not in settings, "OpenTelemetry in the host exports requests with paths"
    assert levels["Host.Results"] == "None"
    assert levels["default"] == levels["Function"] == "Warning"
    assert levels["Microsoft.AspNetCore"] == "Error"
    assert insights["enableDependencyTracking"] is False
    assert set(insights["httpAutoCollectionOptions"].values()) == {False}
