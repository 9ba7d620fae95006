"""`chaperone evidence sessions`, `reindex` and `show --indexed` as people and scripts meet them."""

import io
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console
from typer.testing import CliRunner, Result

from gateway import bootstrap
from gateway.cli.evidence import app
from gateway.cli.evidence_index import show_sessions
from gateway.errors import StoreError
from gateway.evidence.summary import Summary
from gateway.recording.index import Index
from gateway.recording.sequencer import Sequencer
from gateway.settings import Settings
from tests.builders.evidence import NOON, OBJECT, SESSION, finished
from tests.fakes.evidence import FakeEvidenceStore
from tests.fakes.projection import FakeProjections
from tests.fakes.store import FakeStateStore
from tests.fakes.time import FakeClock


class Operator:
    """An operator's tools over fakes, in place of those that settings name."""

    def __init__(self) -> None:
        self.store = FakeEvidenceStore()
        clock = FakeClock(NOON)
        state, self.table = FakeStateStore(clock), FakeProjections()
        self.sequencer = Sequencer(self.store, state, self.table, clock)
        self.tools = SimpleNamespace(
            store=self.store,
            sequencer=self.sequencer,
            index=Index(state, self.table, clock),
        )

    @asynccontextmanager
    async def enter(self, _: Settings) -> AsyncIterator[Any]:
        yield self.tools


@pytest.fixture
def operator(monkeypatch: pytest.MonkeyPatch) -> Operator:
    made = Operator()
    monkeypatch.setattr(bootstrap, "operator_tools", made.enter)
    for name, value in {
        "ENVIRONMENT": "development",
        "PUBLIC_URL": "https://gateway.example",
        "TENANTS": "7e0a4d00-0000-4000-8000-000000000001",
        "AUDIENCES": "a",
        "EVIDENCE_URL": "https://evidence.example",
        "STATE_URL": "https://state.example",
        "TABLE_URL": "https://table.example",
    }.items():
        monkeypatch.setenv(f"CHAPERONE_{name}", value)
    written = finished(2)
    made.store.blobs[written.name] = written.data
    return made


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


@pytest.mark.usefixtures("operator")
def test_after_a_reindex_sessions_are_listed() -> None:
    done = run("reindex")
    assert done.exit_code == 0, done.output
    assert "6 record(s)" in done.stdout
    listed = run("sessions")
    assert listed.exit_code == 0
    for text in (SESSION.id, "triage", "2026-08-03 12:00", "2: 2 allowed", "1 session(s)"):
        assert text in listed.stdout


@pytest.mark.usefixtures("operator")
def test_sessions_of_a_principal_as_json() -> None:
    run("reindex")
    content = json.loads(run("sessions", "--principal", OBJECT, "--json").stdout)
    (session,) = content["sessions"]
    assert session["session"] == SESSION.id
    assert session["who"]["sponsor"] == "alice@example.org"
    assert session["counts"]["result.answered"] == 2
    assert "through" not in session
    none = json.loads(run("sessions", "--principal", "nobody", "--json").stdout)
    assert none == {"sessions": [], "stopped": []}
    later = json.loads(run("sessions", "--since", "2026-08-04", "--json").stdout)
    assert later["sessions"] == []


def test_a_journal_that_is_not_all_there_is_named(operator: Operator) -> None:
    other = finished(1, "b" * 16)
    operator.store.blobs[other.name] = b"damaged\n"
    done = run("reindex")
    assert done.exit_code == 1
    assert f"{other.name}: byte 0: not JSON" in done.stderr
    listed = run("sessions")
    assert listed.exit_code == 0
    assert f"not all is here: {other.name}, byte 0: not JSON" in listed.stderr
    assert json.loads(run("sessions", "--json").stdout)["stopped"] == [
        {"journal": other.name, "offset": 0, "message": "not JSON"}
    ]


def test_show_indexed_reads_the_lines_that_the_index_points_to(operator: Operator) -> None:
    run("reindex")
    operator.store.calls.clear()
    shown = run("show", "--session", SESSION.id.upper(), "--indexed", "--json")
    assert shown.exit_code == 0, shown.output
    found = json.loads(shown.stdout)["exchanges"]
    assert [row["id"] for row in found] == [f"{number:032x}" for number in range(2)]
    assert [row["end"] for row in found] == ["answered", "answered"]
    assert {kind for kind, _ in operator.store.calls} == {"read"}
    assert run("show", "--session", "f" * 32, "--indexed").exit_code == 2


def test_an_index_that_does_not_fit_the_journals_is_not_believed(operator: Operator) -> None:
    run("reindex")
    name = finished(2).name
    operator.store.blobs[name] = b"x" + operator.store.blobs[name]
    for place, columns in list(operator.table.rows.items()):
        if place[2].startswith("r."):
            operator.table.rows[place] = {**columns, "offset": 0, "length": 40}
    result = run("show", "--session", SESSION.id, "--indexed")
    assert isinstance(result.exception, StoreError)


@pytest.mark.parametrize("extra", [("--last",), ("--session", "x", "somewhere")])
def test_indexed_goes_with_a_session_alone(extra: tuple[str, ...]) -> None:
    assert run("show", "--indexed", *extra).exit_code == 2


def test_what_is_stored_drives_no_terminal() -> None:
    out = io.StringIO()
    hostile = Summary("5" * 32, who={"name": "a\x1b[2J"}, last="not a moment")
    show_sessions(Console(file=out, width=80), [hostile])
    assert "\x1b" not in out.getvalue()
    assert "\\u{1b}" in out.getvalue()
