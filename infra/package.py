"""The deployment package: what is zipped, and the digest that stands in the evidence.

A package holds the code and `.python_packages` with every dependency as the lock file pins it, so
that nothing is resolved or built in Azure. Entries are sorted and carry no time, so that the same
sources and pins give the same bytes.
"""

import hashlib
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from gateway.adapters.package import package_digest

ROOT: Final = Path(__file__).resolve().parents[1]
SITE_PACKAGES: Final = ".python_packages/lib/site-packages"
PYTHON_VERSION: Final = "3.13"
# What Flex Consumption runs: glibc 2.27 and later, x86-64.
PLATFORM: Final = "manylinux_2_28_x86_64"
_FILES = ("function_app.py", "host.json", "requirements.txt")
_EPOCH = (1980, 1, 1, 0, 0, 0)


def build_package(target: Path, *, root: Path = ROOT) -> str:
    """Write the package to `target` and return the digest that the gateway will report.

    Raises:
        subprocess.CalledProcessError: a pinned package could not be fetched or has another hash.
    """
    with tempfile.TemporaryDirectory(prefix="chaperone-package-") as place:
        stage = Path(place)
        for name in _FILES:
            shutil.copyfile(root / name, stage / name)
        shutil.copytree(
            root / "gateway",
            stage / "gateway",
            ignore=shutil.ignore_patterns("__pycache__", "local", "cli"),
        )
        _install(root / "requirements.txt", stage / SITE_PACKAGES)
        _zip(stage, target)
        return package_digest(stage)


def source_digest(root: Path = ROOT) -> str:
    """Changes whenever the package would: `sha256:{hex}` over sources and pins."""
    digest = hashlib.sha256()
    for path in sorted([*(root / name for name in _FILES), *_sources(root)]):
        digest.update(f"{path.relative_to(root).as_posix()}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return f"sha256:{digest.hexdigest()}"


def _sources(root: Path) -> Iterator[Path]:
    for path in (root / "gateway").rglob("*"):
        parts = path.relative_to(root / "gateway").parts
        if path.is_file() and "__pycache__" not in parts and parts[0] not in {"local", "cli"}:
            yield path


def _install(pins: Path, target: Path) -> None:
    subprocess.run(  # noqa: S603 - arguments of our own
        [
            *_pip(),
            "install",
            "--quiet",
            "--require-hashes",
            "--no-deps",
            "--only-binary=:all:",
            f"--python-version={PYTHON_VERSION}",
            f"--platform={PLATFORM}",
            f"--target={target}",
            f"--requirement={pins}",
        ],
        check=True,
    )


def _pip() -> list[str]:
    return [sys.executable, "-m", "pip"]


def _zip(stage: Path, target: Path) -> None:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(stage.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                entry = zipfile.ZipInfo(path.relative_to(stage).as_posix(), _EPOCH)
                entry.compress_type = zipfile.ZIP_DEFLATED
                entry.external_attr = 0o644 << 16
                archive.writestr(entry, path.read_bytes())
