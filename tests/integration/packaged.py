"""The deployment package, built once for all processes that share a test run."""

import fcntl
import os
import subprocess
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from infra.package import build_package


@dataclass(frozen=True)
class Built:
    """The archive, where it was unpacked, and the digest that the build gave."""

    archive: Path
    folder: Path
    digest: str


def build(factory: pytest.TempPathFactory) -> Built:
    """Build and unpack it, or wait for the process of this run that does."""
    own = factory.getbasetemp()
    # With xdist, each process has a folder of its own within the run's.
    place = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "package"
    place.mkdir(exist_ok=True)
    archive, folder, digest = place / "package.zip", place / "unpacked", place / "digest"
    with (place / "lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        if not digest.exists():
            built = _build(archive)
            with zipfile.ZipFile(archive) as package:
                package.extractall(folder)
            digest.write_text(built)
    return Built(archive, folder, digest.read_text())


def _build(archive: Path) -> str:
    try:
        return build_package(archive)
    except subprocess.CalledProcessError:
        if os.environ.get("CI"):
            raise
        pytest.skip("pinned packages cannot be fetched here")
