"""The deployment package: what is zipped, and the digest that stands in the evidence.

A package holds the code and `.python_packages` with every dependency as the lock file pins it, so
that nothing is resolved or built in Azure. Entries are sorted and carry no time, and what
installers note about themselves is left out: the same sources and pins give the same bytes.

Beside each source lies its byte code, without which every cold start compiles some two thousand
modules: a package is mounted read-only, so that Python cannot keep what it compiled.
"""

import hashlib
import importlib.util
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from gateway.adapters.package import package_digest
from infra.interpreter import interpreter

ROOT: Final = Path(__file__).resolve().parents[1]
SITE_PACKAGES: Final = ".python_packages/lib/site-packages"
PYTHON_VERSION: Final = "3.13"
# What Flex Consumption runs: glibc 2.28 and later, x86-64.
GLIBC: Final = 28
_OLDEST_GLIBC: Final = 5
_FILES = ("function_app.py", "host.json", "requirements.txt")
_EPOCH = (1980, 1, 1, 0, 0, 0)
# What an installer notes of itself in *.dist-info.
_NOTES = frozenset({"INSTALLER", "RECORD", "REQUESTED", "direct_url.json", "uv_cache.json"})


class NoInstallerError(Exception):
    """Neither uv nor a pip that can install for the target is here; says what to do."""


class NoCompilerError(Exception):
    """No Python of the target's version is here; says what to do."""


def build_package(target: Path, *, root: Path = ROOT) -> str:
    """Write the package to `target` and return the digest that the gateway will report.

    Raises:
        NoInstallerError: nothing here can install for the target.
        NoCompilerError: nothing here can compile for the target.
        subprocess.CalledProcessError: a pinned package could not be fetched, has another hash, or
            cannot be compiled.
    """
    python = _compiler()
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
        _compile(stage, python)
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
    uv = _uv()
    command = [*uv, *_for_uv()] if uv else [sys.executable, *_for_pip()]
    subprocess.run(  # noqa: S603 - arguments of our own
        [
            *command,
            "--quiet",
            "--require-hashes",
            "--no-deps",
            "--only-binary=:all:",
            f"--python-version={PYTHON_VERSION}",
            f"--target={target}",
            f"--requirement={pins}",
        ],
        check=True,
    )
    # Commands, which name the interpreter that installed them, and uv's lock.
    shutil.rmtree(target / "bin", ignore_errors=True)
    (target / ".lock").unlink(missing_ok=True)
    for place in target.glob("*.dist-info"):
        for name in _NOTES:
            (place / name).unlink(missing_ok=True)


def _compiler() -> str:
    python = interpreter(PYTHON_VERSION)
    if not python:
        raise NoCompilerError(
            f"a package needs Python {PYTHON_VERSION} to compile for it: install it, on the PATH"
        )
    return python


def _compile(stage: Path, python: str) -> None:
    """Byte code that Python takes without a look at its source (PEP 552, unchecked hash).

    In one process, without the builder's settings of Python and over what an installer compiled, so
    that the same sources give the same bytes with the same Python. Another minor version's
    interpreter looks for files of its own name and reads the sources.
    """
    mode = ["-qq", "--invalidation-mode=unchecked-hash", "-s", str(stage)]
    subprocess.run(  # noqa: S603 - arguments of our own
        [python, "-I", "-m", "compileall", "-f", *mode, str(stage)], check=True
    )


def _uv() -> list[str]:
    """The command of uv, [] where it is not here; scripts/bootstrap puts one into `.venv-uv`."""
    local = [str(ROOT / ".venv-uv" / place / "uv") for place in ("bin", "target/bin")]
    for command in (["uv"], [sys.executable, "-m", "uv"], *([path] for path in local)):
        try:
            subprocess.run([*command, "--version"], capture_output=True, check=True)  # noqa: S603
        except (OSError, subprocess.CalledProcessError):
            continue
        return command
    return []


def _for_uv() -> list[str]:
    # Deleting notes must not reach into uv's cache.
    platform = f"--python-platform=x86_64-manylinux_2_{GLIBC}"
    return ["pip", "install", "--no-config", "--link-mode=copy", platform]


def _for_pip() -> list[str]:
    """Pip's words for the same.

    Pip evaluates markers for the Python that runs it, whatever it installs for, and takes no wheel
    for an older glibc than one that is named.
    """
    running = f"{sys.version_info.major}.{sys.version_info.minor}"
    if running != PYTHON_VERSION or not importlib.util.find_spec("pip"):
        raise NoInstallerError(
            f"a package needs uv, or pip on Python {PYTHON_VERSION}: run `make setup` first"
        )
    versions = range(GLIBC, _OLDEST_GLIBC - 1, -1)
    # Byte code is made afterwards, the same whoever installs.
    options = ["-m", "pip", "install", "--no-compile"]
    return [*options, *(f"--platform=manylinux_2_{n}_x86_64" for n in versions)]


def _zip(stage: Path, target: Path) -> None:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(stage.rglob("*")):
            if path.is_file():
                entry = zipfile.ZipInfo(path.relative_to(stage).as_posix(), _EPOCH)
                entry.compress_type = zipfile.ZIP_DEFLATED
                # Rights as Unix has them, without which the platform cannot read its files.
                entry.create_system = 3
                entry.external_attr = 0o644 << 16
                archive.writestr(entry, path.read_bytes())
