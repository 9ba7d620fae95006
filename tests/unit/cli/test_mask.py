import base64
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from gateway.cli.main import app

JSON = "application/json"
PATIENT = (
    '{"resourceType":"Patient","id":"p1","birthDate":"1980-02-03","name":[{"family":"Meyers"}]}'
)


def run(*arguments: str, stdin: str | bytes = "") -> Result:
    return CliRunner().invoke(app, ["mask", *arguments], input=stdin)


def test_standard_input_to_standard_output() -> None:
    done = run("--content-type", JSON, stdin='{"ssn":"517-64-9982","status":"done"}')

    assert (done.exit_code, done.stdout) == (0, '{"ssn":"[ssn]","status":"done"}')
    assert done.stderr == ""


def test_files_have_the_type_that_their_ending_says(tmp_path: Path) -> None:
    one, two = tmp_path / "a.json", tmp_path / "b.csv"
    one.write_text('{"ssn":"517-64-9982"}', "utf-8")
    two.write_text("name,x\nJo Meyers,1\n", "utf-8")
    done = run(str(one), str(two))

    assert done.stdout == '{"ssn":"[ssn]"}name,x\n[name],1\n'
    assert run(str(tmp_path / "a.json"), "--content-type", "text/csv").exit_code == 3


def test_a_document_that_is_withheld_leaves_nothing_on_standard_output() -> None:
    done = run("--content-type", JSON, stdin="{")

    assert (done.exit_code, done.stdout) == (3, "")
    assert "not well-formed JSON" in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--content-type", JSON, "--profile", "safeharbor"),
        ("--content-type", JSON, "--profile", "pseudonymous"),
        ("--content-type", JSON, "--today", "2026-01-01"),
        ("--content-type", JSON, "--free-text", "maybe"),
        ("no-such-file.json",),
    ],
)
def test_wrong_usage_is_2_and_says_what_to_do(arguments: tuple[str, ...]) -> None:
    done = run(*arguments, stdin="{}")

    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr


def test_plain_text_is_masked_and_notes_in_records_are_withheld_unless_said_otherwise() -> None:
    text = "Dr. Meyers saw 517-64-9982"
    note = json.dumps({"note": text})

    assert run("--content-type", "text/plain", stdin=text).stdout == "[name] saw [ssn]"
    assert run("--content-type", JSON, stdin=note).stdout == '{"note":"[text]"}'
    accepted = run("--content-type", JSON, "--free-text", "accept", stdin=note)
    assert accepted.stdout == '{"note":"[name] saw [ssn]"}'
    withheld = run("--content-type", "text/plain", "--free-text", "withhold", stdin=text)
    assert (withheld.exit_code, withheld.stdout) == (3, "")


def test_each_line_is_a_document_and_a_withheld_one_is_an_empty_line() -> None:
    lines = f'{PATIENT}\nnot json\n{{"ssn":"517-64-9982"}}\r\n{{"a":1}}'
    done = run("--lines", "--content-type", JSON, stdin=lines)
    first, second, third, last = done.stdout.rstrip("\n").split("\n")

    assert done.exit_code == 3
    assert json.loads(first)["name"] == [{"family": "[name]"}]
    assert (second, third, last) == ("", '{"ssn":"[ssn]"}', '{"a":1}')
    assert "line 2" in done.stderr
    assert "1 of 4 lines withheld" in done.stderr


def test_lines_of_text_are_texts_of_their_own() -> None:
    done = run("--lines", "--content-type", "text/plain", stdin="Dr. Vosharkel\n\nVosharkel\n")

    assert done.stdout == "[name]\n\nVosharkel\n"


def test_somebody_who_waits_for_a_line_is_answered_at_once(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "gateway.cli.main", "mask", "--lines", "--content-type", JSON]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin
        assert process.stdout
        for number in range(3):
            process.stdin.write(b'{"ssn":"517-64-9982","n":%d}\n' % number)
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["n"] == number
        process.stdin.close()
        assert process.wait(20) == 0


def test_a_reader_that_leaves_is_no_error(tmp_path: Path) -> None:
    file = tmp_path / "many.ndjson"
    file.write_text('{"ssn":"517-64-9982"}\n' * 20_000, "utf-8")
    command = f"{sys.executable} -m gateway.cli.main mask --lines {file} | head -1"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, '{"ssn":"[ssn]"}\n', "")


def test_a_profile_of_ones_own_comes_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "own.yaml"
    file.write_text(
        "extends: safe-harbor\nrank: 41\nfields:\n  - {path: Patient.birthDate, do: drop}\n"
    )
    done = run("--profile-file", str(file), "--content-type", JSON, stdin=PATIENT)

    assert "birthDate" not in json.loads(done.stdout)
    assert "name" in json.loads(done.stdout)


def test_every_fault_of_a_profile_has_its_line(tmp_path: Path) -> None:
    file = tmp_path / "own.yaml"
    file.write_text("extends: safe-harbor\nrank: 41\ntexts: drop\noperators: {nmae: drop}\n")
    done = run("--profile-file", str(file), "--content-type", JSON, stdin=PATIENT)

    assert (done.exit_code, done.stdout) == (2, "")
    assert "3:1: profiles.own.texts" in done.stderr
    assert "4:" in done.stderr


def test_tokens_need_a_key_that_nobody_else_can_read(tmp_path: Path) -> None:
    asked = ("--profile", "pseudonymous", "--content-type", JSON)
    body = '{"ssn":"517-64-9982"}'
    written: list[str] = []
    file = tmp_path / "key"
    for text in (
        base64.b64encode(bytes(range(64))).decode(),
        bytes(range(64)).hex(),
    ):
        file.write_text(text + "\n")
        file.chmod(0o600)
        written.append(run(*asked, "--key-file", str(file), stdin=body).stdout)
    assert written[0] == written[1]
    assert written[0].startswith('{"ssn":"[ssn:1:')
    assert run(*asked, "--key-file", str(file), "--scope", "b", stdin=body).stdout != written[0]

    file.chmod(0o644)
    loose = run(*asked, "--key-file", str(file), stdin=body)
    assert (loose.exit_code, loose.stdout) == (2, "")
    assert "chmod 600" in loose.stderr


@pytest.mark.parametrize("text", ["", "short", "00" * 63, "zz" * 64])
def test_what_is_no_key_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "key"
    file.write_text(text)
    file.chmod(0o600)
    done = run("--content-type", JSON, "--key-file", str(file), stdin="{}")

    assert (done.exit_code, done.stdout) == (2, "")
    assert text not in done.stderr or not text


def test_the_report_names_types_paths_and_paragraphs_and_no_value(tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    run("--content-type", JSON, "--report", str(file), stdin=PATIENT)
    told = json.loads(file.read_text("utf-8"))

    assert {"path": "name.family", "type": "name", "paragraph": "A", "count": 1} in told["paths"]
    assert {"type": "date", "paragraph": "C", "count": 1} in told["counts"]
    assert told["identifiers"] == "45 CFR 164.514(b)(2)(i)"
    assert told["engine_version"]
    assert "Meyers" not in file.read_text("utf-8")
    shown = run("--content-type", JSON, "--report", "-", stdin=PATIENT)
    assert "A  name" in shown.stderr
    assert "Meyers" not in shown.stderr


def test_the_difference_shows_values_and_stands_in_place_of_the_result() -> None:
    done = run("--content-type", JSON, "--diff", stdin=PATIENT)

    assert '-       "family": "Meyers"' in done.stdout
    assert '+       "family": "[name]"' in done.stdout
    assert "\x1b" not in done.stdout


def test_an_empty_input_is_an_empty_output() -> None:
    done = run("--content-type", JSON)

    assert (done.exit_code, done.stdout) == (0, "")


def test_it_needs_no_gateway_settings(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "gateway.cli.main", "mask", "--content-type", JSON],
        input=b'{"ssn":"517-64-9982"}',
        capture_output=True,
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(Path(__file__).parents[3])},
        check=False,
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, b'{"ssn":"[ssn]"}', b"")


def test_a_small_document_loads_neither_azure_nor_the_policy() -> None:
    code = (
        "import sys; from gateway.cli import mask; "
        "print([name for name in sys.modules if name.startswith(('azure', 'aiohttp', 'yaml',"
        " 'gateway.policy', 'gateway.adapters', 'gateway.bootstrap'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "[]\n"


def test_xml_lines_are_answered_with_one_line_each() -> None:
    lines = "<a><name>Zyxqvort</name></a>\n<broken\n<a><mrn>77123</mrn></a>"
    done = run("--lines", "--content-type", "application/xml", stdin=lines)
    first, second, third = done.stdout.rstrip("\n").split("\n")

    assert done.exit_code == 3
    assert first.endswith("<a><name>[name]</name></a>")
    assert (second, third.endswith("<a><mrn>[mrn]</mrn></a>")) == ("", True)


def test_a_report_that_cannot_be_written_is_said_and_is_no_success(tmp_path: Path) -> None:
    place = str(tmp_path / "missing" / "report.json")
    done = run("--content-type", JSON, "--report", place, stdin="{}")

    assert done.exit_code == 2
    assert "failed" in done.stderr


@pytest.mark.parametrize("closed", ["<&-", ">&-", "> /dev/full"])
def test_streams_that_are_closed_or_full_are_said_without_a_trace(closed: str) -> None:
    program = "from gateway.cli.main import run; run()"
    command = f"'{sys.executable}' -c '{program}' mask --content-type {JSON} {closed}"
    done = subprocess.run(
        ["/bin/sh", "-c", command],
        input="{}" if closed != "<&-" else None,
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[3],
        timeout=60,
        check=False,
    )

    assert done.returncode == 2
    assert "Traceback" not in done.stderr
