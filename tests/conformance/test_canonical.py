"""Canonical bytes equal those of the rfc8785 package for everything that a record may hold."""

from datetime import UTC, datetime

import orjson
import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.model.canonical import MAX_INTEGER, Json, canonical, encoded

KEYS = st.text(alphabet=st.characters(max_codepoint=127), max_size=12)
STRINGS = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=20)
LEAVES = st.none() | st.booleans() | st.integers(-MAX_INTEGER, MAX_INTEGER) | STRINGS
VALUES: st.SearchStrategy[Json] = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=6),
    max_leaves=25,
)


@given(VALUES)
@settings(max_examples=500, deadline=None)
def test_canonical_bytes_are_those_of_rfc_8785(value: Json) -> None:
    assert canonical(value) == rfc8785.dumps(value)


@given(VALUES)
@settings(max_examples=200, deadline=None)
def test_values_without_floats_are_encoded_alike_without_a_look_at_each(value: Json) -> None:
    assert encoded(value) == canonical(value)


@pytest.mark.parametrize(
    "value",
    [2**53, -(2**53), "\ud800", {"\u00e9": 1}, {1: 1}, {"a": {1, 2}}, b"bytes", datetime.now(UTC)],
)
def test_what_has_no_canonical_form_is_not_encoded_either(value: Json) -> None:
    with pytest.raises(ValueError, match=r".+"):
        encoded(value)


@given(VALUES)
@settings(max_examples=200, deadline=None)
def test_canonical_bytes_survive_a_round_trip(value: Json) -> None:
    assert canonical(orjson.loads(canonical(value))) == canonical(value)


@given(st.dictionaries(KEYS, LEAVES, min_size=2, max_size=6))
def test_the_order_of_keys_does_not_matter(value: dict[str, Json]) -> None:
    assert canonical(dict(reversed(value.items()))) == canonical(value)


@pytest.mark.parametrize(
    "value",
    [
        1.0,
        -0.0,
        float("nan"),
        2**53,
        -(2**53),
        "\ud800",
        {"\u00e9": 1},
        {1: 1},
        {"a": {1, 2}},
        b"bytes",
        object(),
    ],
)
def test_what_the_two_could_write_differently_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r"record|canonical"):
        canonical(value)  # type: ignore[arg-type]


def test_nesting_is_bounded() -> None:
    value: Json = []
    for _ in range(32):
        value = [value]
    canonical(value)
    with pytest.raises(ValueError, match="nested"):
        canonical([value])
