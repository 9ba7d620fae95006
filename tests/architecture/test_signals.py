"""Every signal that is declared is given, listened for in a test, and described."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from gateway.model.signals import NAMES, Attribute, Signal

ROOT = Path(__file__).resolve().parents[2]
DECLARED = ROOT / "gateway" / "model" / "signals.py"
GIVING = {"add", "measure"}


@cache
def calls(folder: str) -> tuple[ast.Call, ...]:
    files = [path for path in (ROOT / folder).rglob("*.py") if path != DECLARED]
    trees = (ast.parse(path.read_text("utf-8")) for path in files)
    return tuple(node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call))


def named(call: ast.Call, methods: set[str]) -> Iterator[str]:
    """The member of `Signal` that is the first argument of a call of one of some methods."""
    match call:
        case ast.Call(
            func=ast.Attribute(attr=method),
            args=[ast.Attribute(value=ast.Name(id="Signal"), attr=name), *_],
        ) if method in methods:
            yield name


def given_in(folder: str, methods: set[str]) -> set[Signal]:
    return {Signal[name] for call in calls(folder) for name in named(call, methods)}


def test_every_declared_signal_is_given_somewhere() -> None:
    # The adapter gives this one, for whatever is counted through `ports.Meter`.
    assert given_in("gateway", GIVING) == set(Signal)


def test_every_signal_is_listened_for_in_a_test() -> None:
    assert given_in("tests", {"of"}) == set(Signal)


def test_what_looks_for_a_call_does_not_find_a_mere_name() -> None:
    tree = ast.parse("telemetry.add(Signal.DECISIONS)\nprint(Signal.EVENTS)\nadd(Signal.EVENTS)")
    found = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    assert [name for call in found for name in named(call, GIVING)] == ["DECISIONS"]


@pytest.mark.parametrize("signal", Signal, ids=str)
def test_the_page_on_telemetry_describes_every_signal_and_its_attributes(signal: Signal) -> None:
    text = (ROOT / "docs" / "telemetry.md").read_text("utf-8")
    rows = re.findall(r"^\| (`chaperone\..*?) \| .*? \|(.*)\|$", text, re.MULTILINE)
    described: dict[str, set[str]] = {}
    for names, attributes in rows:
        first, *more = re.findall(r"`([^`]+)`", names)
        words = set(re.findall(r"`([a-z_]+)`", attributes)) & set(Attribute)
        for name in (first, *(first.rpartition(".")[0] + other for other in more)):
            described[name] = words
    assert described[signal] == set(NAMES.get(signal, ()))
    assert set(described) == set(Signal)
