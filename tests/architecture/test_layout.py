"""Where things stand and how long they may be, so that the tree stays readable."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODULES = sorted((ROOT / "gateway").rglob("*.py"))
UNIT_TESTS = sorted((ROOT / "tests" / "unit").rglob("test_*.py"))
OF_THE_ROOT = {
    "test_function_app.py": "function_app.py",
    "test_local_settings.py": "local.settings.example.json",
}
MAX_LINES = 400
MEDIAN_LINES = 150
FORBIDDEN_NAMES = {"utils", "helpers", "common", "shared", "core", "misc", "util", "helper"}
FORBIDDEN_SUFFIXES = ("Manager", "Handler", "Helper", "Service")
# One place may catch everything: the pipeline, which records it and answers without detail. The
# others keep foreign text out of the host's logs, each saying so where it does.
CATCH_ALL = {
    "gateway/pipeline.py",
    "gateway/ingress/functions.py",
    "gateway/ports/telemetry.py",  # a lost measurement is logged, and changes nothing else
    "gateway/policy/expression.py",  # the CEL library panics with a BaseException of its own
}


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def trees() -> Iterator[tuple[Path, ast.Module]]:
    for path in MODULES:
        yield path, ast.parse(path.read_text("utf-8"))


@pytest.mark.parametrize("test", UNIT_TESTS, ids=relative)
def test_a_unit_test_stands_where_its_module_stands(test: Path) -> None:
    place = test.relative_to(ROOT / "tests" / "unit")
    module = ROOT / "gateway" / place.with_name(place.name.removeprefix("test_"))
    if str(place) in OF_THE_ROOT:
        module = ROOT / OF_THE_ROOT[str(place)]

    assert module.exists() or module.with_suffix("").is_dir()


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_a_module_is_short_enough_to_read(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= MAX_LINES


def test_most_modules_fit_on_three_screens() -> None:
    sizes = sorted(len(path.read_text("utf-8").splitlines()) for path in MODULES)

    assert sizes[len(sizes) // 2] <= MEDIAN_LINES


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_a_module_is_named_for_what_it_holds(path: Path) -> None:
    assert not FORBIDDEN_NAMES & set(path.relative_to(ROOT).with_suffix("").parts)


def test_no_class_has_a_name_that_says_nothing() -> None:
    named = [
        f"{relative(path)}: {node.name}"
        for path, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef) and node.name.endswith(FORBIDDEN_SUFFIXES)
    ]

    assert named == []


def test_only_the_named_modules_catch_everything() -> None:
    found = {relative(path) for path, tree in trees() if any(map(catches_all, ast.walk(tree)))}

    assert found <= CATCH_ALL


def test_nothing_is_caught_and_dropped_without_a_name() -> None:
    """A bare `except:`, or `suppress(Exception)`, would hide an error from everybody."""
    dropped = [
        f"{relative(path)}: {ast.unparse(node)[:60]}"
        for path, tree in trees()
        for node in ast.walk(tree)
        if (isinstance(node, ast.ExceptHandler) and node.type is None) or suppresses_all(node)
    ]

    assert dropped == []


@pytest.mark.parametrize(
    ("code", "caught"),
    [
        ("try: f()\nexcept Exception: g()", True),
        ("try: f()\nexcept (ValueError, BaseException): g()", True),
        ("try: f()\nexcept BaseException:\n    g()\n    raise", False),
        ("try: f()\nexcept ValueError: g()", False),
    ],
)
def test_the_search_for_catch_alls_finds_them(code: str, caught: bool) -> None:
    assert any(map(catches_all, ast.walk(ast.parse(code)))) is caught


def catches_all(node: ast.AST) -> bool:
    """Catches everything and does not raise it again as it was."""
    if not isinstance(node, ast.ExceptHandler) or node.type is None:
        return False
    names = {name.id for name in ast.walk(node.type) if isinstance(name, ast.Name)}
    last = node.body[-1]
    reraised = isinstance(last, ast.Raise) and last.exc is None
    return bool(names & {"Exception", "BaseException"}) and not reraised


def suppresses_all(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call):
        return False
    called = (
        node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    )
    names = {getattr(argument, "id", "") for argument in node.args}
    return called == "suppress" and bool(names & {"Exception", "BaseException"})


def test_importing_the_functions_app_opens_nothing() -> None:
    """No client, no socket, no thread at import: the host indexes functions within two minutes."""
    code = (
        "import socket, sys, threading\n"
        "def refuse(*_, **__): raise SystemExit('a socket was opened')\n"
        "socket.socket.connect = refuse\n"
        "import function_app\n"
        "sys.exit(threading.active_count() - 1)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
