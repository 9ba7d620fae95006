"""The deployment package: what is in it, and that nothing but sources and pins decides it."""

import _imp
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from gateway.adapters.package import package_digest
from infra.interpreter import interpreter
from infra.package import PYTHON_VERSION, ROOT, _uv, build_package, source_digest
from tests.integration.packaged import Built

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket, pytest.mark.timeout(300)]

# Of byte code, the same in every release of Python 3.13 (PEP 3147).
MAGIC = (3571).to_bytes(2, "little") + b"\r\n"
OTHER = f"{sys.version_info.major}.{sys.version_info.minor}"
BUILD = """
import pathlib, sys
import infra.package as package
package._uv = package._uv if sys.argv[2:] != ["pip"] else lambda: []
print(package.build_package(pathlib.Path(sys.argv[1])))
"""


def pip() -> str:
    """A Python whose pip can build where uv has built first, "" where there is none."""
    python = interpreter(PYTHON_VERSION) if _uv() else ""
    if not python:
        return ""
    probe = subprocess.run([python, "-m", "pip", "--version"], capture_output=True, check=False)
    return "" if probe.returncode else python


def test_the_same_sources_and_pins_give_the_same_bytes(built: Built, tmp_path: Path) -> None:
    """Whoever installs: uv has built, pip does now where it can, otherwise uv once more."""
    again = tmp_path / "again.zip"
    python = pip()
    if python:
        command = [python, "-c", BUILD, str(again), "pip"]
        digest = subprocess.check_output(command, cwd=ROOT, text=True, timeout=280).strip()
    else:
        digest = build_package(again)
    assert digest == built.digest
    assert again.read_bytes() == built.archive.read_bytes()


def test_the_package_holds_what_runs_and_nothing_of_the_machine(built: Built) -> None:
    with zipfile.ZipFile(built.archive) as package:
        names = package.namelist()
        infos = package.infolist()
        texts = (".py", ".pyc", ".txt")
        contents = {name: package.read(name) for name in names if name.endswith(texts)}
    assert names == sorted(names, key=lambda name: name.split("/"))
    assert {info.date_time for info in infos} == {(1980, 1, 1, 0, 0, 0)}
    top = {name.partition("/")[0] for name in names}
    assert top == {
        ".python_packages",
        "function_app.py",
        "__pycache__",
        "gateway",
        "host.json",
        "requirements.txt",
    }
    assert not [name for name in names if name.startswith(("gateway/local/", "gateway/cli/"))]
    assert not [name for name in names if "/bin/" in name]
    for path in (str(ROOT), sys.prefix, str(built.folder.parent)):
        assert not [name for name, data in contents.items() if path.encode() in data]
    binaries = [name for name in names if name.endswith(".so")]
    assert binaries
    assert not [
        name for name in binaries if "cpython-" in name and "cpython-313-x86_64-linux" not in name
    ]


def test_every_source_has_its_byte_code_which_python_takes_unseen(built: Built) -> None:
    version = PYTHON_VERSION.replace(".", "")
    sources = set(built.folder.rglob("*.py"))
    for path in sources:
        compiled = path.parent / "__pycache__" / f"{path.stem}.cpython-{version}.pyc"
        head = compiled.read_bytes()[:16]
        magic, flags, digest = head[:4], head[4:8], head[8:]
        assert magic == MAGIC
        # PEP 552: made from the hash of the source, and not compared with it at an import.
        assert flags == (1).to_bytes(4, "little")
        key = int.from_bytes(magic, "little")
        assert digest == _imp.source_hash(key, path.read_bytes()), path
    assert len(list(built.folder.rglob("*.pyc"))) == len(sources)


@pytest.mark.skipif(OTHER == PYTHON_VERSION, reason="needs another Python than the package's")
def test_another_python_reads_the_sources(built: Built) -> None:
    code = f"import sys; sys.path.insert(0, {str(built.folder)!r}); import gateway.errors as found"
    report = "print(found.__file__, found.__cached__)"
    command = [sys.executable, "-I", "-S", "-B", "-c", f"{code}; {report}"]
    source, cached = subprocess.check_output(command, text=True).split()
    assert source == str(built.folder / "gateway" / "errors.py")
    assert not Path(cached).exists()


@pytest.mark.skipif(OTHER == PYTHON_VERSION, reason="the package's Python is here at any rate")
def test_without_the_packages_python_nothing_is_built_and_it_says_what_to_do(
    tmp_path: Path,
) -> None:
    target = tmp_path / "package.zip"
    done = subprocess.run(
        [sys.executable, "-c", BUILD, str(target)],
        cwd=ROOT,
        env={"PATH": str(tmp_path), "PYENV_ROOT": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    last = done.stderr.splitlines()[-1]
    assert f"NoCompilerError: a package needs Python {PYTHON_VERSION}" in last
    assert "install it" in last
    assert not target.exists()


def test_the_digest_covers_byte_code_which_runs_in_place_of_its_source(
    built: Built, tmp_path: Path
) -> None:
    for name in ("__pycache__", "gateway", "function_app.py", "host.json", "requirements.txt"):
        source = built.folder / name
        copy = shutil.copytree if source.is_dir() else shutil.copyfile
        copy(source, tmp_path / name)
    assert package_digest(tmp_path) == built.digest
    one = next((tmp_path / "gateway" / "__pycache__").glob("pipeline.*.pyc"))
    one.write_bytes(one.read_bytes() + b"\0")
    assert package_digest(tmp_path) != built.digest


def test_every_module_that_runs_is_covered_by_the_source_digest(tmp_path: Path) -> None:
    before = source_digest()
    for name in ("function_app.py", "host.json", "requirements.txt"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    for path in (ROOT / "gateway").rglob("*.py"):
        copy = tmp_path / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(path.read_bytes())
    (tmp_path / "gateway" / "errors.py").write_text("changed")
    assert source_digest(tmp_path) != before
