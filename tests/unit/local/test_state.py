import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.errors import ConfigurationError
from gateway.local.state import published


def read(path: Path) -> dict[str, object]:
    found: dict[str, object] = json.loads(path.read_text())
    return found


def test_the_state_is_there_during_the_run_and_gone_after_it(tmp_path: Path) -> None:
    folder = tmp_path / ".chaperone"
    with published(folder, {"gateway": "https://one"}) as latest:
        assert latest == folder / "dev.json"
        assert read(latest) == {"gateway": "https://one"}

    assert not folder.exists()


def test_nobody_else_can_read_it(tmp_path: Path) -> None:
    with published(tmp_path / ".chaperone", {}) as latest:
        assert stat.S_IMODE(latest.stat().st_mode) == 0o600
        assert stat.S_IMODE(latest.parent.stat().st_mode) == 0o700


def other_run(folder: Path, pid: int, url: str) -> None:
    (folder / f"dev-{pid}.json").write_text(json.dumps({"gateway": url}))


def test_ending_one_run_puts_a_living_one_back(tmp_path: Path) -> None:
    with published(tmp_path, {"gateway": "https://mine"}) as latest:
        other_run(tmp_path, os.getppid(), "https://other")
        assert read(latest) == {"gateway": "https://mine"}

    assert read(latest) == {"gateway": "https://other"}


def test_files_of_dead_runs_are_dropped(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-S", "-c", ""]) as ended:
        ended.wait()
    with published(tmp_path, {}) as latest:
        other_run(tmp_path, ended.pid, "https://dead")

    assert not latest.exists()
    assert not (tmp_path / f"dev-{ended.pid}.json").exists()


def test_other_files_in_the_folder_stay(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "dev-words.json").write_text("{}")
    with published(tmp_path, {}):
        pass

    assert sorted(path.name for path in tmp_path.iterdir()) == ["dev-words.json", "notes.txt"]


def test_a_place_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with (
        pytest.raises(ConfigurationError, match="the state of this run cannot be written"),
        published(tmp_path / "file" / ".chaperone", {}),
    ):
        pass
