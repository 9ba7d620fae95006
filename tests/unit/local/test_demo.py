from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from gateway.local.demo import Deviation, check_recording, flip_one_byte, journals, rendered

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


def test_a_refused_step_is_shown_with_code_and_reason() -> None:
    report: dict[str, object] = {"step": "s", "status": 403, "code": "PublicAccess", "text": "[t]"}

    assert shown(report).split() == ["refused", "s", "PublicAccess:", "[t]"]
