import logging
from datetime import timedelta

import pytest

from gateway.model.signals import Signal, Step
from gateway.ports import Meter, Telemetry
from gateway.ports.telemetry import Unfailing
from tests.fakes.telemetry import Broken, Heard
from tests.fakes.time import NOON

EXCHANGE = "4bf92f3577b34da6a3ce929d0e0e4736"
TIMES = (NOON, NOON + timedelta(milliseconds=5))


def tell_everything(telemetry: Telemetry, meter: Meter) -> None:
    for signal in Signal:
        telemetry.add(signal)
        telemetry.measure(signal, 1.0)
    for step in Step:
        telemetry.span(step, EXCHANGE, TIMES, failed=True)
    meter.count("refused", "TokenMissing")


def test_what_the_sink_raises_ends_here_and_is_logged_once_without_its_text(
    caplog: pytest.LogCaptureFixture,
) -> None:
    sink = Broken()
    telemetry = Unfailing(sink)
    with caplog.at_level(logging.INFO):
        tell_everything(telemetry, telemetry)
        tell_everything(telemetry, telemetry)
        telemetry.close()
    assert set(sink.calls) == {"add", "measure", "span", "count", "close"}
    assert "the exporter is broken" not in caplog.text
    messages = [record.getMessage() for record in caplog.records]
    assert set(messages) <= {"telemetry is lost: RuntimeError"}
    assert len(messages) <= 5


def test_what_the_sink_takes_arrives() -> None:
    heard, plain = Heard(), Heard()
    telemetry = Unfailing(heard.telemetry)
    assert telemetry.on
    tell_everything(telemetry, telemetry)
    tell_everything(plain.telemetry, plain.telemetry)
    for signal in Signal:
        assert heard.of(signal) == plain.of(signal)
    assert [span.name for span in heard.spans] == [span.name for span in plain.spans]
