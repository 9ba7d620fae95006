import re
import time

from hypothesis import given
from hypothesis import strategies as st

from gateway.masking.fhir.elements import PLAIN_DATE
from gateway.masking.fhir.reader import (
    LINKS,
    OFTEN,
    Kept,
    Leaves,
    Numeral,
    Reader,
    link_form,
)
from gateway.masking.fhir.references import References
from gateway.masking.json.walk import JsonWalk
from gateway.masking.marks import is_mark
from gateway.masking.payload import Payload
from tests.unit.masking.contexts import context

STRINGS = [3, 9, 13]
VALUES = st.text(st.characters(exclude_characters='"\\', exclude_categories=["Cc", "Cs"]))
NUMBERS = ["0", "-7", "1.50", "1e5", "01", "1.", "99999999", "999999999", "", "true", "1,2", "1 "]


def text(first: str, number: str, second: str, fixed: str = "fixed") -> str:
    return f'{{"a":"{first}","b":{number},"c":"{fixed}","d":"{second}"}}'


PIECES = text("x", "1", "y").split('"')


def taken(found: tuple[Leaves, bool] | None) -> Leaves | None:
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
    assert reader(fast=True).leaves(text("x", "-1.5", "y")) == (("x", "fixed", "y", "-1.5"), False)


def is_due(made: Reader) -> bool:
    return made.is_due


def test_a_shape_that_comes_often_is_due_once() -> None:
    made = reader()
    assert made.leaves(text("x", "1", "y")) is None

    for _ in range(3 * OFTEN):
        made.leaves_of(PIECES)

    assert is_due(made)
    made.hasten()
    assert not is_due(made)
    for _ in range(3 * OFTEN):
        made.leaves_of(PIECES)
    assert not is_due(made)


def test_forms_that_are_mostly_not_kept_are_given_up() -> None:
    made = Reader(PIECES, STRINGS, frozenset({9}), [], {0: Kept.DATE})
    made.hasten()
    assert made.leaves(text("2024-02-03", "1", "y")) == (("2024-02-03", "fixed", "y"), True)
    assert made.leaves(text("2024", "1", "y")) is None

    for _ in range(OFTEN):
        assert not is_due(made)
        made.leaves_of(text("2024", "1", "y").split('"'))

    assert is_due(made)
    made.hasten()
    assert made.leaves(text("2024", "1", "y")) == (("2024", "fixed", "y"), False)
    assert not is_due(made)


@given(st.one_of(VALUES, st.from_regex(PLAIN_DATE)))
def test_the_form_of_a_date_is_that_of_plain_dates(value: str) -> None:
    assert bool(re.fullmatch(Kept.DATE, value)) == bool(PLAIN_DATE.match(value))


@given(
    st.one_of(
        VALUES,
        st.sampled_from(["[name]", "masked-5f2a9c01-3", "tk-1-" + "a" * 26, "th-1-" + "a" * 26]),
    )
)
def test_what_is_fresh_is_something_and_no_mark(value: str) -> None:
    if re.fullmatch(Kept.FRESH, value):
        assert value
        assert not is_mark(value)


@given(
    st.one_of(
        *(
            st.from_regex(form, fullmatch=True)
            for form in (
                "[A-Z][a-z]+/[a-z0-9.-]+",
                "urn:[a-z]+:[a-z0-9.-]+",
                "urn:[a-z]+:[A-Za-z]+/[a-z0-9.-]+",
                "Patient/masked-[0-9a-f]{8}-1",
                "urn:uuid:tk-1-[a-z2-7]{26}",
            )
        )
    ),
    st.sampled_from(["", "x", "/", ":", "#"]),
)
def test_a_link_is_masked_as_the_reference_that_it_is(reference: str, more: str) -> None:
    value = reference + more
    form = link_form(value)
    if form is None:
        return
    sign = LINKS[form]
    first, second = Payload(context(), b"x"), Payload(context(), b"x")
    head, _, target = value.rpartition(sign)
    assert re.fullmatch(form, value)

    done = References(first, JsonWalk.kept_id).target(value, "path")  # type: ignore[arg-type]

    assert done == f"{head}{sign}{second.numbers[target]}"
    assert first.patients == ({target} if head == "Patient" else set())
    assert first.counts == {"id": 1}


def test_a_text_of_another_shape_is_refused_in_linear_time() -> None:
    made = reader(fast=True)
    begin = time.process_time()

    assert made.leaves(text("x" * 1_000_000, "1" * 1_000_000, "y" * 1_000_000)) is None

    assert time.process_time() - begin < 1
