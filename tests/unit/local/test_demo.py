from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from gateway.local.demo import (
    Demo,
    check_recording,
    compare,
    flip_one_byte,
    journals,
    masked,
    rendered,
)
from gateway.local.demo_approvals import Deviation
from gateway.local.demo_steps import WORK
from tests.unit.local.test_dev import a_run

LONG = b"".join(b'{"seq":%d}\n' % number for number in range(200))


def recording(folder: Path) -> Path:
    day = folder / "journal" / "2026" / "11" / "23"
    day.mkdir(parents=True)
    (day / "a-1.ndjson").write_bytes(b'{"seq":0}\n')
    (day / "b-1.ndjson").write_bytes(LONG)
    return folder


def shown(report: dict[str, object]) -> str:
    console = Console(file=StringIO(), width=200, no_color=True)
    console.print(rendered([report]))
    return str(console.file.getvalue()).strip()  # type: ignore[attr-defined]  # a StringIO


def test_the_journals_are_found_in_order(tmp_path: Path) -> None:
    names = [path.name for path in journals(recording(tmp_path))]

    assert names == ["a-1.ndjson", "b-1.ndjson"]


def test_exactly_one_byte_is_changed_and_its_place_told(tmp_path: Path) -> None:
    journal, offset = flip_one_byte(recording(tmp_path))

    changed = journal.read_bytes()
    assert journal.name == "b-1.ndjson"
    assert len(changed) == len(LONG)
    differences = [
        at for at, pair in enumerate(zip(changed, LONG, strict=True)) if pair[0] != pair[1]
    ]
    assert differences == [offset]


def test_a_recording_without_the_steps_is_a_deviation(tmp_path: Path) -> None:
    with pytest.raises(Deviation, match="the recording lacks"):
        check_recording(recording(tmp_path))


def test_an_allowed_step_is_shown_with_what_came_of_it() -> None:
    report: dict[str, object] = {"step": "read [x]", "status": 200, "code": "", "text": "48 bytes"}

    assert shown(report).split() == ["allowed", "read", "[x]", "48", "bytes"]


def test_a_withheld_answer_is_not_called_refused() -> None:
    report: dict[str, object] = {"step": "s", "status": 403, "code": "ContentWithheld", "text": "t"}

    assert shown(report).startswith("withheld")


def test_a_step_that_waits_for_a_person_is_called_held() -> None:
    report: dict[str, object] = {"step": "s", "status": 403, "code": "ApprovalPending", "text": "t"}

    assert shown(report).startswith("held")


def test_what_was_masked_is_shown_by_field_with_totals_by_type() -> None:
    console = Console(file=StringIO(), width=100, no_color=True)
    fields = [("subject.display", "name", 7)] + [(f"f{n}", "id", 1) for n in range(13)]
    console.print(masked(fields))
    flat = " ".join(str(console.file.getvalue()).split())  # type: ignore[attr-defined]

    assert "subject.display name 7" in flat
    assert "2 more 2" in flat
    assert "all 13 id, 7 name 20" in flat


def test_a_refused_step_is_shown_with_code_and_reason() -> None:
    report: dict[str, object] = {"step": "s", "status": 403, "code": "PublicAccess", "text": "[t]"}

    assert shown(report).split() == ["refused", "s", "PublicAccess:", "[t]"]


def reports(**changed: str) -> list[dict[str, str]]:
    return [{"step": step, "code": changed.get(step, code)} for step, code in WORK.expected.items()]


def test_the_expected_steps_pass() -> None:
    compare(WORK, reports())


def test_a_step_that_is_refused_where_it_must_not_be_is_a_deviation() -> None:
    with pytest.raises(Deviation, match="“list the containers” ended with NoRuleAllows, not succ"):
        compare(WORK, reports(**{"list the containers": "NoRuleAllows"}))


def test_a_step_that_succeeds_where_it_must_not_is_a_deviation() -> None:
    with pytest.raises(Deviation, match="ended with success, not ContentWithheld"):
        compare(WORK, reports(**{"read a note in notes": ""}))


def test_a_step_that_was_not_done_is_a_deviation() -> None:
    with pytest.raises(Deviation, match="read a note in notes"):
        compare(WORK, reports()[:-1])


def line(path: str) -> str:
    return f'127.0.0.1 - - [23/Nov/2026:03:06:38 +0000] "GET /{path} HTTP/1.1" 200 -\n'


def demo(folder: Path) -> Demo:
    (folder / "output").write_text("Azurite Blob service is starting\n" + line("clinicdata/phi"))
    return Demo(a_run(folder), Console(file=StringIO()))


def test_requests_for_the_gateways_own_accounts_do_not_count(tmp_path: Path) -> None:
    shown = demo(tmp_path)
    with (tmp_path / "output").open("a") as log:
        log.write(line("chaperoneevidence/evidence/journal") + line("chaperonestate/x"))

    shown._nothing_reached(before=1)


@pytest.mark.parametrize("account", ["clinicdata", "researchdata", "foreigndata"])
def test_a_refused_request_that_reaches_storage_is_a_deviation(
    tmp_path: Path, account: str
) -> None:
    shown = demo(tmp_path)
    with (tmp_path / "output").open("a") as log:
        log.write(line(f"{account}/drop/bait.txt"))

    with pytest.raises(Deviation, match="1 of the refused requests reached storage"):
        shown._nothing_reached(before=1)
