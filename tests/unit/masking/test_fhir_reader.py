import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.masking.fhir_reader import OFTEN, Numeral, Reader

STRINGS = [3, 9, 13]
VALUES = st.text(st.characters(exclude_characters='"\\', exclude_categories=["Cc", "Cs"]))
NUMBERS = ["0", "-7", "1.50", "1e5", "01", "1.", "99999999", "999999999", "", "true", "1,2", "1 "]


def text(first: str, number: str, second: str, fixed: str = "fixed") -> str:
    return f'{{"a":"{first}","b":{number},"c":"{fixed}","d":"{second}"}}'


PIECES = text("x", "1", "y").split('"')


def taken(found: tuple[list[str], bool] | None) -> list[str] | None:
    return found and found[0]


def reader(*, small: bool = False, fast: bool = False) -> Reader:
    made = Reader(PIECES, STRINGS, frozenset({9}), [Numeral(6, ":", ",", small=small)])
    if fast:
        made.hasten()
    return made


@given(VALUES, st.sampled_from(NUMBERS), VALUES, st.sampled_from(["fixed", "other"]), st.booleans())
def test_the_regular_expression_takes_what_the_pieces_give(
    first: str, number: str, second: str, fixed: str, small: bool
) -> None:
    body = text(first, number, second, fixed)

    assert taken(reader(small=small, fast=True).leaves(body)) == reader(small=small).leaves_of(
        body.split('"')
    )


def test_leaves_are_strings_in_order_and_then_numbers() -> None:
    assert reader(fast=True).leaves(text("x", "-1.5", "y")) == (["x", "fixed", "y", "-1.5"], False)


@pytest.mark.parametrize("value", ["a\nb", "\t", "\x00", "\x1f"])
def test_control_characters_are_in_no_leaf(value: str) -> None:
    assert reader(fast=True).leaves(text(value, "1", "y")) is None


def test_a_shape_that_comes_often_is_due_once() -> None:
    made = reader()
    assert made.leaves(text("x", "1", "y")) is None

    for _ in range(3 * OFTEN):
        made.leaves_of(PIECES)

    assert made.is_due
    made.hasten()
    assert not made.is_due


def test_a_text_of_another_shape_is_refused_in_linear_time() -> None:
    made = reader(fast=True)
    begin = time.process_time()

    assert made.leaves(text("x" * 1_000_000, "1" * 1_000_000, "y" * 1_000_000)) is None

    assert time.process_time() - begin < 1
