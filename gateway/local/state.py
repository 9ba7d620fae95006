"""Files that tell other commands about a running `chaperone dev`.

`.chaperone/dev.json` describes the gateway that was started last in a directory; each run has a
file of its own beside it, so that ending one puts the one before back. They hold the emulator's
keys: readable by their owner only, gone when the run ends.
"""

import contextlib
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import psutil

from gateway.errors import ConfigurationError

FOLDER = Path(".chaperone")
LATEST = "dev.json"


@contextlib.contextmanager
def published(folder: Path, facts: Mapping[str, object]) -> Iterator[Path]:
    """Write the state of this run for as long as the block lasts; the path of `dev.json`.

    Raises:
        ConfigurationError: the folder cannot be written.
    """
    own = folder / f"dev-{os.getpid()}.json"
    latest = folder / LATEST
    body = json.dumps(facts, indent=2) + "\n"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        _replace(own, body)
        _replace(latest, body)
    except OSError as error:
        raise ConfigurationError(
            f"the state of this run cannot be written: {error.strerror}",
            advice="start in a directory that you may write to",
        ) from error
    try:
        yield latest
    finally:
        own.unlink(missing_ok=True)
        _fall_back(folder, latest)


def _fall_back(folder: Path, latest: Path) -> None:
    """Leave in `dev.json` a run that lives, the youngest, or nothing; drop files of dead ones."""
    living: list[tuple[int, str]] = []
    for path in folder.glob("dev-*.json"):
        with contextlib.suppress(OSError, ValueError):
            if psutil.pid_exists(int(path.stem.removeprefix("dev-"))):
                living.append((path.stat().st_mtime_ns, path.read_text("utf-8")))
            else:
                path.unlink()
    with contextlib.suppress(OSError):
        if living:
            _replace(latest, max(living)[1])
        else:
            latest.unlink(missing_ok=True)
            folder.rmdir()


def _replace(path: Path, body: str) -> None:
    """Readers see the old file or the new one, whole."""
    partial = path.with_name(f"{path.name}.{os.getpid()}.part")
    partial.unlink(missing_ok=True)
    handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(body)
    partial.replace(path)
