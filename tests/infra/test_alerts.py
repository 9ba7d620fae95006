"""Every alert and chart reads what something writes: a signal that is given, a filled table."""

import json
import re

import pytest

from gateway.model.signals import NAMES, Attribute, Outcome, Signal
from infra.alerts import QUERIES, SOURCES, Alert
from infra.workbook import serialised
from tests.infra.test_stacks import STACKS, of

SPARE = {
    Signal.DECISIONS,
    Signal.REQUEST_TIME,
    Signal.MASKING_TIME,
    Signal.APPEND_TIME,
    Signal.APPROVAL_AGE,
    Signal.JOURNAL_LAG,
    Signal.EVENTS,
}
"""Signals that somebody looks at, and nobody is called for each of."""


def signals(query: str) -> set[Signal]:
    return {Signal(name) for name in re.findall(r'Name == "([^"]+)"', query)}


def charts() -> list[str]:
    items = json.loads(serialised("/workspace"))["items"]
    return [item["content"]["query"] for item in items if item["type"] == 3]


@pytest.mark.parametrize("alert", QUERIES, ids=lambda alert: alert.key)
def test_an_alert_reads_one_table_that_has_a_source(alert: Alert) -> None:
    table = alert.query.split()[0]
    assert table in SOURCES
    assert bool(signals(alert.query)) == (table == "AppMetrics")


@pytest.mark.parametrize("stack", STACKS)
def test_every_source_is_in_the_stack_and_reports_to_the_workspace(stack: str) -> None:
    logged = {
        item.inputs["resourceUri"].removesuffix("/blobServices/default").rpartition("/")[2]
        for item in of(stack, "DiagnosticSetting")
    }
    for kind in SOURCES.values():
        (first, *_) = found = of(stack, kind)
        if kind == "Component":
            assert "workspace" in first.inputs["workspaceResourceId"]
        else:
            assert {item.name for item in found} <= logged, kind


def test_every_signal_is_called_for_or_looked_at() -> None:
    called = set().union(*(signals(alert.query) for alert in QUERIES))
    looked = set().union(*map(signals, charts()))
    assert called | looked == set(Signal)
    assert set(Signal) - called == SPARE - {Signal.DECISIONS}
    assert looked >= SPARE


@pytest.mark.parametrize("query", [*(alert.query for alert in QUERIES), *charts()])
def test_a_query_asks_for_attributes_that_its_signal_carries(query: str) -> None:
    asked = {Attribute(name) for name in re.findall(r"Properties\.(\w+)", query)}
    for signal in signals(query):
        assert asked <= NAMES.get(signal, frozenset())
    compared = re.findall(r'Properties\.effect\) == "(\w+)"', query)
    assert set(compared) <= set(Outcome)
