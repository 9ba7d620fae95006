"""Everything that gets installed is pinned by version and hash, and says so without a network."""

import re
import runpy
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
PYPROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
PINS: dict[str, Any] = runpy.run_path(str(ROOT / "scripts" / "pins"))
FILES = sorted(ROOT.glob("requirements*.txt"))
COMPILED = sorted(PINS["FILES"])
PIN = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)==([^ ;\\]+)")


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def pins(text: str) -> dict[str, str]:
    """Name to its whole entry, continuation lines joined."""
    entries = text.replace("\\\n", " ").splitlines()
    return {normal(match[1]): entry for entry in entries if (match := PIN.match(entry))}


def direct(name: str) -> list[str]:
    found: list[str] = PINS["requirements"](PYPROJECT, name)
    return [normal(re.split(r"[\[<>=!~; ]", entry, maxsplit=1)[0]) for entry in found]


def test_the_files_are_in_step_with_pyproject() -> None:
    command = [sys.executable, "scripts/pins", "--check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", COMPILED)
def test_every_direct_requirement_is_pinned(name: str) -> None:
    assert set(direct(name)) <= set(pins((ROOT / name).read_text("utf-8")))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_line_is_a_pin_with_hashes(path: Path) -> None:
    entries = path.read_text("utf-8").replace("\\\n", " ").splitlines()
    pinned = [entry for entry in entries if entry.strip() and not entry.lstrip().startswith("#")]

    assert pinned
    for entry in pinned:
        assert PIN.match(entry), entry
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", entry), entry


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_no_file_names_an_index_or_an_address(path: Path) -> None:
    text = path.read_text("utf-8")

    assert "://" not in text
    assert not re.search(r"--(extra-)?index-url|--find-links|--trusted-host", text)


def test_the_deployed_set_is_a_part_of_the_development_set_with_the_same_versions() -> None:
    """What is tested is what runs."""
    deployed = pins((ROOT / "requirements.txt").read_text("utf-8"))
    development = pins((ROOT / "requirements-dev.txt").read_text("utf-8"))

    assert {name: PIN.match(entry)[2] for name, entry in deployed.items()} == {  # type: ignore[index]
        name: PIN.match(development[name])[2]  # type: ignore[index]
        for name in deployed
    }


def test_nothing_for_development_is_deployed() -> None:
    deployed = pins((ROOT / "requirements.txt").read_text("utf-8"))

    assert not {"pytest", "mypy", "ruff", "hypothesis", "faker", "uvicorn"} & set(deployed)


def test_the_check_notices_a_changed_dependency() -> None:
    changed = {**PYPROJECT, "project": {**PYPROJECT["project"], "dependencies": ["aiohttp<3"]}}

    assert PINS["digest"](changed, "requirements.txt") != PINS["stored"]("requirements.txt")
    assert PINS["digest"](changed, "requirements-dev.txt") != PINS["stored"]("requirements-dev.txt")


def test_node_packages_are_locked_with_integrity_and_without_addresses() -> None:
    text = (ROOT / "package-lock.json").read_text("utf-8")

    assert '"integrity": "sha512-' in text
    assert '"resolved"' not in text
