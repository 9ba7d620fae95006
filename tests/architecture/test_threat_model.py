"""Every threat on the page names tests that exist, or says that none covers it."""

import ast
import re
from functools import cache
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).resolve().parents[2]
PAGE: Final = ROOT / "docs" / "threat-model.md"
PROMISES: Final = ROOT / "docs" / "promises.md"
NUMBER_OF_PROMISES: Final = 9
STRIDE: Final = set("STRIDE")
FLOWS: Final = 10
UNCOVERED: Final = "not covered"


def flows(text: str) -> dict[str, list[tuple[str, str, str]]]:
    """(letter, threat, tests) of each row by the heading of its flow."""
    found: dict[str, list[tuple[str, str, str]]] = {}
    for section in re.split(r"^## (?=\d)", text, flags=re.MULTILINE)[1:]:
        title, _, body = section.partition("\n")
        rows = [line.strip("|").split("|") for line in body.splitlines() if line.startswith("| ")]
        assert all(len(row) == 4 for row in rows), title
        cells = [[cell.strip() for cell in row] for row in rows]
        found[title] = [(row[0], row[1], row[3]) for row in cells if row[0]]
    return found


@cache
def defined_in(path: str) -> frozenset[str]:
    file = ROOT / path
    if not file.is_file():
        return frozenset()
    tree = ast.parse(file.read_text("utf-8"))
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, functions))


def absent(named: str) -> list[str]:
    """What a last column names and is not there; a column that names nothing is absent itself."""
    if named == UNCOVERED:
        return []
    names = named.split()
    if not names:
        return ["neither a test nor the words"]
    return [name for name in names if not exists(name)]


def exists(name: str) -> bool:
    match = re.fullmatch(r"`(tests/[\w/]+\.py)::(test_\w+)`", name)
    return match is not None and match[2] in defined_in(match[1])


@pytest.mark.parametrize(
    ("flow", "threat", "named"),
    [
        (flow, threat, named)
        for flow, rows in flows(PAGE.read_text("utf-8")).items()
        for _, threat, named in rows
    ],
)
def test_a_threat_names_its_tests_or_says_that_there_are_none(
    flow: str, threat: str, named: str
) -> None:
    assert absent(named) == [], f"{flow}: {threat}"


def test_every_promise_names_its_tests_or_says_that_there_are_none() -> None:
    sections = re.split(r"^## (?=\d)", PROMISES.read_text("utf-8"), flags=re.MULTILINE)[1:]
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for section in sections
        for line in section.splitlines()
        if line.startswith("| ") and not line.startswith("| what it says")
    ]

    assert len(sections) == NUMBER_OF_PROMISES
    assert len(rows) >= len(sections)
    assert {row[0]: absent(row[1]) for row in rows if absent(row[1])} == {}


def test_every_flow_is_looked_at_in_each_of_the_six_ways() -> None:
    found = flows(PAGE.read_text("utf-8"))

    assert len(found) == FLOWS
    assert {title: {row[0] for row in rows} for title, rows in found.items()} == dict.fromkeys(
        found, STRIDE
    )


@pytest.mark.parametrize(
    "named",
    [
        "",
        "covered",
        "`tests/unit/authn/test_token.py::test_that_nobody_has_written`",
        "`tests/unit/authn/test_nothing.py::test_alg_none_is_refused`",
        "tests/unit/authn/test_token.py::test_alg_none_is_refused",
    ],
)
def test_what_is_no_test_is_noticed(named: str) -> None:
    assert absent(named) != []
