"""Tracked files hold nothing of the machine that they were written on."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# Assembled from parts, so that this file does not hold what it looks for.
HOSTS = ("pypi" + ".org", "python" + "hosted.org", "registry.npm" + "js.org", "npm" + "mirror")
MACHINE = re.compile(
    r"(?<![\w.])/(?:home|Users|root|work|mnt)/[\w.-]+|(?<![\w.])[A-Z]:\\\\?Users\\|\.pyenv/versions/3\.\d"
)
TEXT = {".py", ".md", ".txt", ".toml", ".yaml", ".yml", ".json", ".cfg", ".ini", ".sh", ""}


def tracked() -> list[Path]:
    try:
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split("\0")
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout")
    return [ROOT / name for name in listed if name and (ROOT / name).is_file()]


def texts() -> list[tuple[Path, str]]:
    found = []
    for path in tracked():
        if path.suffix in TEXT and "vectors" not in path.parts:
            try:
                found.append((path, path.read_text("utf-8")))
            except UnicodeDecodeError:
                continue
    return found


def test_no_file_names_a_package_registry() -> None:
    named = [
        f"{path.relative_to(ROOT)}: {host}"
        for path, text in texts()
        for host in HOSTS
        if host in text
    ]

    assert named == []


def test_no_file_names_a_place_on_somebodys_machine() -> None:
    named = [
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path, text in texts()
        for match in MACHINE.finditer(text)
    ]

    assert named == []


def test_nothing_generated_is_tracked() -> None:
    listed = [path.relative_to(ROOT).as_posix() for path in tracked()]
    generated = ("node_modules/", ".venv/", ".chaperone/", "__pycache__/", ".azurite/")

    assert [name for name in listed if any(part in name for part in generated)] == []


def test_no_secret_is_in_the_tree() -> None:
    """Keys are made at run time."""
    patterns = (
        "-----BEGIN " + "PRIVATE KEY",
        "-----BEGIN RSA " + "PRIVATE KEY",
        "-----BEGIN EC " + "PRIVATE KEY",
    )
    found = [
        f"{path.relative_to(ROOT)}: {pattern}"
        for path, text in texts()
        for pattern in patterns
        if pattern in text
    ]

    assert found == []
