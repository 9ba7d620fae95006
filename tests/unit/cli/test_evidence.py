"""`chaperone evidence` as people and scripts meet it."""

import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from typer.testing import CliRunner, Result

from gateway.cli.evidence import app
from gateway.cli.evidence_source import Container, Folder, locate, stored
from gateway.cli.evidence_view import show_report, show_session
from gateway.errors import ConfigurationError, Forbidden
from gateway.evidence import records
from gateway.evidence.answers import answers
from gateway.evidence.verify import verify
from gateway.model.connection import Sensitivity
from tests.builders.evidence import (
    KEYS,
    MANIFEST,
    SESSION,
    Written,
    classified,
    finished,
    intent,
    prepared,
)
from tests.fakes.evidence import FakeEvidenceStore, Fault

CONNECTION_STRING = (
    "DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey=c2VjcmV0;"
    "BlobEndpoint=http://127.0.0.1:1/devstoreaccount1;"
)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def lay(folder: Path, *journals: Written) -> Path:
    """Write journals below `folder/evidence`, as a download would."""
    for written in journals:
        path = folder / "evidence" / written.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(written.data)
    return folder


def document(result: Result) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_a_consistent_folder_is_exit_0_and_says_unsigned(tmp_path: Path) -> None:
    result = run("verify", str(lay(tmp_path, finished())))

    assert result.exit_code == 0
    assert "consistent, unsigned" in result.stdout


def test_one_changed_byte_is_exit_1_and_located(tmp_path: Path) -> None:
    written = finished()
    lay(tmp_path, written)
    path = tmp_path / "evidence" / written.name
    path.write_bytes(written.data.replace(b'"rule":"readers"', b'"rule":"raiders"', 1))
    result = run("verify", str(tmp_path))

    assert result.exit_code == 1
    assert f"line 2, byte {len(written.lines[0])}: invalid" in result.stdout
    assert written.name in result.stdout
    assert "INVALID" in result.stdout


def test_a_journal_in_use_is_exit_3(tmp_path: Path) -> None:
    written = Written()
    written.add(intent())
    result = run("verify", "--json", str(lay(tmp_path, written)))
    report = document(result)

    assert result.exit_code == report["exit"] == 3
    assert report["verdict"] == "indeterminate"
    assert report["signed"] is False
    assert report["signature"] == "unsigned"
    assert report["counts"] == {"indeterminate": 1, "incomplete": 1}
    assert (report["journals"], report["records"]) == (1, 2)
    assert report["findings"][0] == {
        "journal": written.name,
        "line": 2,
        "offset": len(written.lines[0]),
        "kind": "indeterminate",
        "message": "an intent without outcome: its end is unknown",
    }


def test_a_part_of_the_container_can_be_verified_as_such(tmp_path: Path) -> None:
    second = Written(1, before=finished().before)
    second.close()
    lay(tmp_path, second)

    assert run("verify", str(tmp_path)).exit_code == 1
    assert run("verify", "--partial", str(tmp_path)).exit_code == 3


@pytest.mark.parametrize("below", ["", "evidence", "evidence/journal", "evidence/journal/2026/08"])
def test_any_folder_above_the_journals_will_do(tmp_path: Path, below: str) -> None:
    lay(tmp_path, finished())

    assert run("verify", str(tmp_path / below)).exit_code == 0


def test_a_single_journal_can_be_named(tmp_path: Path) -> None:
    written = finished()
    lay(tmp_path, written)

    assert run("verify", str(tmp_path / "evidence" / written.name)).exit_code == 0


def test_a_file_that_cannot_be_read_is_a_finding(tmp_path: Path) -> None:
    lay(tmp_path, finished())
    (tmp_path / "evidence" / "journal/2026/08/03" / f"{'f' * 16}-0.ndjson").mkdir()
    result = run("verify", str(tmp_path))

    assert result.exit_code == 3
    assert "whole journal: unreadable" in result.stdout


@pytest.mark.parametrize("command", ["verify", "show"])
def test_a_path_that_is_not_there_is_wrong_usage(tmp_path: Path, command: str) -> None:
    more = ["--last"] if command == "show" else []
    result = run(command, *more, str(tmp_path / "absent"))

    assert result.exit_code == 2
    assert "no such path" in result.stderr


def test_a_folder_without_journals_is_wrong_usage_and_never_consistent(tmp_path: Path) -> None:
    (tmp_path / "x.ndjson").write_bytes(b"{}\n")
    result = run("verify", str(tmp_path))

    assert result.exit_code == 2
    assert "no journal found" in result.stderr


@pytest.mark.integration
@pytest.mark.enable_socket
def test_a_container_that_does_not_answer_is_wrong_usage_and_no_verdict() -> None:
    result = run("verify", "evidence", "--connection-string", CONNECTION_STRING)

    assert result.exit_code == 2
    assert "INVALID" not in result.stdout
    assert "c2VjcmV0" not in result.stdout + result.stderr


def test_show_prints_the_three_answers(tmp_path: Path) -> None:
    written = finished(1)
    result = run("show", "--last", str(lay(tmp_path, written)))

    assert result.exit_code == 0
    for part in (SESSION.id, "triage", "alice@example.org", "read", "readers", MANIFEST, "200"):
        assert part in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 80


def test_show_as_json_is_one_document(tmp_path: Path) -> None:
    lay(tmp_path, finished(2))
    found = document(run("show", "--session", SESSION.label, "--json", str(tmp_path)))

    assert [row["end"] for row in found["exchanges"]] == ["answered", "answered"]
    assert found["exchanges"][0]["touched"][0]["resource"] == "clinic/records/jane-doe.txt"
    assert found["exchanges"][0]["who"]["sponsor"] == "alice@example.org"


@pytest.mark.parametrize("options", [[], ["--last", "--session", "x"]])
def test_show_wants_exactly_one_session(tmp_path: Path, options: list[str]) -> None:
    assert run("show", *options, str(lay(tmp_path, finished()))).exit_code == 2


@pytest.mark.parametrize("options", [["--session", "absent"], ["--last"]])
def test_a_session_that_is_not_there_is_wrong_usage(tmp_path: Path, options: list[str]) -> None:
    written = Written()
    written.close()
    result = run("show", *options, str(lay(tmp_path, written)))

    assert result.exit_code == 2
    assert "no such session" in result.stderr


def test_download_copies_journals_that_verify_like_the_original(tmp_path: Path) -> None:
    source, target = tmp_path / "a", tmp_path / "b"
    lay(source, finished())
    result = run("download", str(source), str(target))

    assert result.exit_code == 0
    assert "1 journal(s) copied, 0 left out" in result.stdout
    assert run("verify", str(target)).exit_code == 0


def test_download_makes_no_path_of_a_name_that_is_not_a_journals(tmp_path: Path) -> None:
    lay(tmp_path / "a", finished())
    (tmp_path / "a/evidence/journal/2026/08/03/other.ndjson").write_bytes(b"x")
    result = run("download", str(tmp_path / "a"), str(tmp_path / "b"))

    assert result.exit_code == 1
    assert [path.name for path in (tmp_path / "b").rglob("other*")] == []


@pytest.mark.parametrize(
    ("place", "string"),
    [
        ("https://x.blob.core.windows.net/evidence", ""),
        ("http://127.0.0.1:1/x/evidence", CONNECTION_STRING),
        ("evidence", CONNECTION_STRING),
    ],
)
def test_a_container_is_named_by_url_or_by_name(place: str, string: str) -> None:
    source = locate(place, string)

    assert isinstance(source, Container)
    assert "c2VjcmV0" not in repr(source)


def test_a_plain_http_container_needs_a_connection_string() -> None:
    with pytest.raises(ConfigurationError, match="connection string"):
        locate("http://127.0.0.1:1/x/evidence", "")


def test_a_folder_wins_over_a_container_of_the_same_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "evidence").mkdir()
    monkeypatch.chdir(tmp_path)

    assert locate("evidence", CONNECTION_STRING) == Folder(Path("evidence"))


def test_without_a_place_the_settings_name_the_container(monkeypatch: pytest.MonkeyPatch) -> None:
    values = {
        "ENVIRONMENT": "development",
        "PUBLIC_URL": "https://localhost:1",
        "TENANTS": "7e0a4d00-0000-4000-8000-000000000001",
        "AUDIENCES": "a",
        "EVIDENCE_URL": "http://127.0.0.1:1/evidence",
        "STATE_URL": "http://127.0.0.1:1/state",
        "TABLE_URL": "http://127.0.0.1:2/state",
        "DEV_EVIDENCE_CONNECTION_STRING": CONNECTION_STRING,
    }
    for name, value in values.items():
        monkeypatch.setenv(f"CHAPERONE_{name}", value)

    assert locate(None, "") == Container("http://127.0.0.1:1/evidence/evidence", CONNECTION_STRING)


def test_without_a_place_and_settings_the_message_names_what_is_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("CHAPERONE_EVIDENCE_URL", raising=False)
    result = run("show", "--last")

    assert result.exit_code == 2
    assert "CHAPERONE_EVIDENCE_URL" in result.stderr


async def test_a_blob_that_cannot_be_read_does_not_stop_the_others() -> None:
    store = FakeEvidenceStore([Fault.FAIL], faulty=["read"])
    first, second = finished(1), finished(1, writer="f" * 16)
    for written in (first, second):
        store.blobs[written.name] = written.data

    assert [entry async for entry in stored(store, "journal/")] == [
        (first.name, None),
        second.entry(),
    ]


def wide() -> Written:
    """A session with long names, a denial and text that would drive a terminal."""
    written = Written()
    state = classified("1" * 32, names=Sensitivity.EPHI)
    fields = records.intent(prepared(state, approval="ticket-1"), KEYS)
    fields["rule"] = "\x1b[31mred " + "r" * 90
    written.add(fields)
    written.add(records.denied(classified("2" * 32), Forbidden("x"), KEYS))
    written.add(records.denied(classified("3" * 32).authenticated, Forbidden("x"), KEYS))
    return written


@pytest.mark.parametrize("width", [80, 200])
def test_a_session_is_readable_in_a_terminal_of_any_width(width: int) -> None:
    console = Console(width=width, record=True, force_terminal=True, file=io.StringIO())
    show_session(console, answers(wide().lines))
    text = console.export_text()

    assert "\x1b" not in text
    table = text[text.index("UTC") : text.index("m1 =")]
    assert max(map(len, table.splitlines())) <= width
    for word in ("indeterminate", "denied", "approved", "NoRuleAllows"):
        assert word in re.sub(r"\s", "", text)


def test_names_of_files_cannot_drive_a_terminal() -> None:
    console = Console(width=80, record=True, force_terminal=True, file=io.StringIO())
    show_report(console, verify([("journal/2026/08/03/\x1b]0;x.ndjson", b"x\n")]))

    assert "\x1b" not in console.export_text()
