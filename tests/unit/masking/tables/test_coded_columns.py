"""Displays beside codes in a table whose text is withheld."""

import csv
import io

import pytest

from gateway.masking.engine import mask
from gateway.masking.tables.coded_columns import display_columns
from tests.unit.masking.contexts import context

HEADER = "PATIENT,CODE,DESCRIPTION,REASONCODE,REASONDESCRIPTION"


def described(rows: list[str], header: str = HEADER) -> list[str]:
    body = "\n".join((header, *rows, "")).encode()
    done = mask(body, "text/csv", "", context()).body
    assert mask(done, "text/csv", "", context()).body == done
    return [row["DESCRIPTION"] for row in csv.DictReader(io.StringIO(done.decode()))]


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["code", "description"], {1: 0}),
        (["REASON_DESCRIPTION", "REASON_CODE"], {0: 1}),
        (["Code", "Display", "note"], {1: 0}),
        (["description", "note"], {}),
        (["zip", "description"], {}),
    ],
)
def test_a_display_stands_beside_its_code(names: list[str], found: dict[int, int]) -> None:
    assert display_columns(names) == found


def test_what_several_rows_of_several_patients_have_is_a_display() -> None:
    rows = [f"p{index},44054006,Diabetes mellitus type 2 (disorder),," for index in range(3)]

    assert described(rows) == ["Diabetes mellitus type 2 (disorder)"] * 3


@pytest.mark.parametrize(
    "rows",
    [
        # one patient's, too few, no code beside it, another text beside each
        [f"p1,{code},fell at home again,," for code in ("12.3", "12.3", "12.3")],
        ["p1,12.3,fell at home again,,", "p2,12.3,fell at home again,,"],
        [f"p{index},home,fell at home again,," for index in range(3)],
        [f"p{index},12.3,fell at home {index} times,," for index in range(3)],
        [f"p{index},,fell at home again,," for index in range(3)],
    ],
)
def test_a_note_beside_a_code_is_withheld(rows: list[str]) -> None:
    assert set(described(rows)) == {"[text]"}


@pytest.mark.parametrize(
    "note",
    [
        "Call John Smith today",
        "seen by Dr. Maria Gonzalez again",
        "call back at 555-123-4567 today",
        "came back on 3/14/2021 for a check",
    ],
)
def test_a_note_that_was_copied_to_several_patients_is_withheld(note: str) -> None:
    assert set(described([f"p{index},12.3,{note},," for index in range(5)])) == {"[text]"}


def test_nothing_is_a_display_where_no_column_says_whose_a_row_is() -> None:
    rows = ["12.3,fell at home again"] * 5

    assert set(described(rows, "CODE,DESCRIPTION")) == {"[text]"}


def test_a_name_of_the_table_is_masked_in_a_display_too() -> None:
    rows = [f"p{index},9.1,Zelmira came by herself,Zelmira" for index in range(3)]

    shown = described(rows, "PATIENT,CODE,DESCRIPTION,LAST_NAME")

    assert shown == ["[name] came by herself"] * 3
