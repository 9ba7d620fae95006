from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import GatewayError, InvalidRequest
from gateway.operations.fhir.query import parse
from gateway.operations.fhir.search import parse as parse_search

TEXT = st.text(st.characters(exclude_categories=("Cc", "Cs")), min_size=1, max_size=30)


@given(st.lists(st.tuples(TEXT, TEXT), max_size=10))
def test_pairs_survive_encoding_in_order(pairs: list[tuple[str, str]]) -> None:
    raw = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in pairs)

    assert parse(raw) == tuple(pairs)


def test_a_plus_is_a_space() -> None:
    assert parse("name=a+b%2Bc") == (("name", "a b+c"),)


@given(st.text(max_size=60))
def test_anything_is_parsed_or_refused(raw: str) -> None:
    try:
        parse_search(parse(f"{raw}=Quartermaine"))
    except GatewayError as error:
        assert "Quartermaine" not in f"{error}{error.advice}{error.details}"  # noqa: PT017


def test_an_empty_value_is_refused() -> None:
    with pytest.raises(InvalidRequest):
        parse("name=")
