"""One environment per Python on this machine, with the library that runs functions in Azure."""

import fcntl
import functools
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from infra.interpreter import interpreter

ROOT = Path(__file__).resolve().parents[2]
LINES = ("3.11", "3.12", "3.13")
PINS = (ROOT / "requirements.txt", ROOT / "requirements-worker.txt")
_INSTALL_SECONDS = 100


class NoEnvironmentError(Exception):
    """An environment cannot be made here; says why."""


@functools.cache
def environment(line: str) -> Path:
    """The interpreter of an environment with all pins, made if absent or made from other pins.

    Raises:
        NoEnvironmentError: no such Python, or nothing to install from.
    """
    base = interpreter(line)
    if not base:
        raise NoEnvironmentError(f"no Python {line} on this machine")
    folder = ROOT / f".venv-worker-{line}"
    python, stamp = folder / "bin" / "python", folder / "pins"
    pins = hashlib.sha256(b"".join(path.read_bytes() for path in PINS)).hexdigest()
    faults = []
    lock = Path(tempfile.gettempdir()) / f"chaperone-worker-{line}-{os.getuid()}.lock"
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)  # another test run may be at it, too
        if python.exists() and stamp.exists() and stamp.read_text() == pins:
            return python
        for plan in _plans(base, folder, python):
            fault = _make(plan, folder)
            if not fault:
                stamp.write_text(pins)
                return python
            faults.append(fault)
    raise NoEnvironmentError("; ".join(faults))


def drive(line: str, order: dict[str, Any], settings: dict[str, str]) -> dict[str, Any]:
    """Run the driver in the environment of a minor version with these app settings."""
    python = environment(line)
    inherited = {name: os.environ[name] for name in ("HOME", "LANG", "PATH") if name in os.environ}
    finished = subprocess.run(
        [str(python), "-I", str(ROOT / "tests" / "worker" / "driver.py")],
        input=json.dumps(order),
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={**inherited, **settings},
        timeout=60,
    )
    if finished.returncode:
        raise AssertionError(finished.stderr)
    outcome: dict[str, Any] = json.loads(finished.stdout)
    return {**outcome, "log": finished.stderr}


def _lock_file(line: str) -> Path:
    return Path(tempfile.gettempdir()) / f"chaperone-worker-{line}-{os.getuid()}.lock"


def _plans(base: str, folder: Path, python: Path) -> Iterator[Sequence[Sequence[str]]]:
    """Commands that make the environment: with uv where there is one, else with pip.

    The library asks for Python 3.13 and runs on 3.11 too, so its own pins are not asked about it.
    """
    pins, worker = (str(path) for path in PINS)
    options = ["--quiet", "--no-deps", "--require-hashes"]
    uv = _uv()
    if uv:
        install = [*uv, "pip", "install", "--python", str(python), *options]
        yield (
            [*uv, "venv", "--quiet", "--python", base, "--no-python-downloads", str(folder)],
            [*install, "-r", pins],
            [*install, "--python-version", LINES[-1], "-r", worker],
        )
    install = [str(python), "-m", "pip", "install", "--only-binary=:all:", *options]
    yield (
        [base, "-m", "venv", str(folder)],
        [*install, "-r", pins],
        [*install, "--ignore-requires-python", "-r", worker],
    )


def _uv() -> Sequence[str]:
    local = ROOT / ".venv-uv" / "bin" / "uv"
    for command in ([shutil.which("uv") or str(local)], [sys.executable, "-m", "uv"]):
        try:
            subprocess.run([*command, "--version"], capture_output=True, check=True)
        except (OSError, subprocess.CalledProcessError):
            continue
        return command
    return []


def _make(plan: Sequence[Sequence[str]], folder: Path) -> str:
    """Run a plan; what went wrong, or ""."""
    shutil.rmtree(folder, ignore_errors=True)
    for command in plan:
        try:
            subprocess.run(
                command, capture_output=True, text=True, check=True, timeout=_INSTALL_SECONDS
            )
        except subprocess.CalledProcessError as error:
            last = (error.stderr or error.stdout or "").strip().splitlines()[-1:]
            return f"{' '.join(command[:3])}: {' '.join(last)}"
        except (OSError, subprocess.TimeoutExpired) as error:
            return f"{' '.join(command[:3])}: {type(error).__name__}"
    return ""
