"""The import contracts of pyproject.toml hold, and would notice a breach."""

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
STAGES = (
    "authn",
    "operations",
    "policy",
    "guardrails",
    "approvals",
    "credentials",
    "upstream",
    "masking",
    "evidence",
)
IMPURE = {"azure", "aiohttp", "asyncio", "socket", "os", "logging", "random", "secrets", "uuid"}
CLOCKS = {"now", "utcnow", "today", "time", "time_ns", "monotonic", "perf_counter"}


def lint_imports(folder: Path) -> "subprocess.CompletedProcess[str]":
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def modules(package: str) -> list[Path]:
    return sorted((ROOT / "gateway" / package).rglob("*.py"))


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return names


def test_the_contracts_are_kept() -> None:
    done = lint_imports(ROOT)

    assert done.returncode == 0, done.stdout


def test_every_package_has_a_layer() -> None:
    """`exhaustive = true` does this too; here the message names the package."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]
    words = " ".join(contracts["contracts"][0]["layers"]).replace("|", " ").split()
    present = {
        path.stem
        for path in (ROOT / "gateway").iterdir()
        if path.suffix == ".py" or (path / "__init__.py").exists()
    }

    assert present - {"__init__"} <= set(words)


@pytest.mark.parametrize(
    ("module", "breach"),
    [
        ("policy/planted.py", "import os"),
        ("policy/planted.py", "from gateway.evidence import records"),
        ("model/planted.py", "from gateway import settings"),
        ("adapters/planted.py", "from gateway.adapters import system"),
        ("ingress/planted.py", "import gateway.settings"),
    ],
)
def test_a_planted_breach_is_reported(module: str, breach: str, tmp_path: Path) -> None:
    for path in (ROOT / "gateway").rglob("*.py"):
        copy = tmp_path / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(path.read_bytes())
    (tmp_path / "pyproject.toml").write_bytes((ROOT / "pyproject.toml").read_bytes())
    (tmp_path / "gateway" / module).write_text(f'"""Planted."""\n\n{breach}\n')

    done = lint_imports(tmp_path)

    assert done.returncode == 1
    assert "planted" in done.stdout


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_imports_no_input_or_output_and_no_other_stage(stage: str) -> None:
    others = {f"gateway.{other}" for other in STAGES if other != stage}
    if stage == "policy":
        others.remove("gateway.masking")  # a manifest defines masking profiles
    for path in modules(stage):
        names = imported(path)
        assert not {name.partition(".")[0] for name in names} & IMPURE, path
        assert not {".".join(name.split(".")[:2]) for name in names} & others, path


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_does_not_ask_for_the_time(stage: str) -> None:
    for path in modules(stage):
        asked = [
            node.lineno
            for node in ast.walk(ast.parse(path.read_text("utf-8")))
            if isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in CLOCKS
            and isinstance(node.func.value, ast.Name)
            and node.func.value.id in {"datetime", "date", "time"}
        ]
        assert asked == [], path


def test_only_the_settings_read_the_environment() -> None:
    """The local host passes an environment on to its children; nothing else looks at it."""
    readers = {
        path.relative_to(ROOT / "gateway").as_posix()
        for path in (ROOT / "gateway").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Attribute)
        and node.attr in {"environ", "getenv"}
        and isinstance(node.value, ast.Name)
        and node.value.id == "os"
    }

    assert {name for name in readers if not name.startswith(("local/", "cli/"))} <= {"settings.py"}


def test_functions_are_spoken_at_the_edge_only() -> None:
    speakers = {
        path.relative_to(ROOT / "gateway").parts[0]
        for path in (ROOT / "gateway").rglob("*.py")
        if "azure.functions" in imported(path)
    }

    assert speakers <= {"ingress", "local"}
