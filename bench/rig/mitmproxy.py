"""mitmproxy in an environment of its own, made from pinned and hashed packages on first use."""

import hashlib
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = ROOT / ".venv-mitmproxy"
REQUIREMENTS = ROOT / "requirements-mitmproxy.txt"
_STAMP = ENVIRONMENT / "chaperone-pins"
_SECONDS = 240


class Unavailable(Exception):
    """mitmproxy cannot be had here; `str()` says why."""


def executable() -> Path:
    """`mitmdump`, installed if it is not there or its pins have changed.

    Raises:
        Unavailable: it could not be installed.
    """
    program = ENVIRONMENT / "bin" / "mitmdump"
    wanted = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()
    if program.exists() and _STAMP.exists() and _STAMP.read_text("ascii") == wanted:
        return program
    pip = [str(ENVIRONMENT / "bin" / "python"), "-m", "pip", "--disable-pip-version-check"]
    for command in (
        [sys.executable, "-m", "venv", "--clear", str(ENVIRONMENT)],
        [*pip, "install", "--quiet", "--require-hashes", "-r", str(REQUIREMENTS)],
    ):
        try:
            done = subprocess.run(command, capture_output=True, timeout=_SECONDS, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise Unavailable(f"it could not be installed: {type(error).__name__}") from None
        if done.returncode != 0:
            raise Unavailable("it could not be installed from the package index")
    _STAMP.write_text(wanted, "ascii")
    return program


def command(program: Path, folder: Path, port: int, upstream: int) -> list[str]:
    """Run mitmdump as a reverse proxy with the field rules, and nothing for people to look at."""
    addon = Path(__file__).with_name("fields_addon.py")
    settings = (
        f"confdir={folder / 'mitmproxy'}",
        "http2=false",
        "flow_detail=0",
        "termlog_verbosity=error",
    )
    words = [str(program), "--mode", f"reverse:http://127.0.0.1:{upstream}", "-q"]
    words += ["--listen-host", "127.0.0.1", "--listen-port", str(port), "-s", str(addon)]
    return [*words, *(word for setting in settings for word in ("--set", setting))]


def version(program: Path) -> str:
    """What it says of itself."""
    python = program.with_name("python")
    words = [str(python), "-c", "from mitmproxy.version import VERSION; print(VERSION)"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=30, check=False)
    return done.stdout.strip()
