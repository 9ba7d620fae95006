from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import GatewayError, InvalidRequest
from gateway.model.sas import SAS_PARAMETERS
from gateway.operations.blob.query import MAX_LENGTH, parse


def test_names_are_read_without_regard_to_case_and_decoded() -> None:
    assert parse("RESTYPE=Container&c%4fmp=LIST").values == {"restype": "container", "comp": "list"}


def test_values_keep_their_case_and_their_plus_signs() -> None:
    assert parse("marker=A+b%2B==").get("marker") == "A+b+=="


def test_an_empty_query_has_no_parameters() -> None:
    assert parse("").values == {}
    assert parse("").get("comp") == ""
    assert parse("").version == ""


@pytest.mark.parametrize("name", sorted(SAS_PARAMETERS))
def test_a_sas_parameter_is_told_apart(name: str) -> None:
    query = parse(f"{name.upper()}=x&comp=tags")
    assert query.sas
    assert query.values == {"comp": "tags"}


@pytest.mark.parametrize(
    "raw",
    [
        "a=1&a=2",
        "a=1&A=2",
        "sig=1&SIG=2",
        "a",
        "=a",
        "&",
        "a=1&",
        "a=1;b=2",
        "a=%",
        "a=%zz",
        "a=%FF",
        "a b=1",
        "a=b c",
        "a=ä",
        "a=[1]",
        "a%2Bb=1",
        "a_b=1",
        "a=" + "b" * MAX_LENGTH,
        "&".join(f"a{number}=1" for number in range(65)),
        "timeout=-1",
        "maxresults=1e3",
        "versionid=",
        "where=",
        "showonly=all",
    ],
)
def test_a_query_with_two_readings_is_refused(raw: str) -> None:
    with pytest.raises(InvalidRequest):
        parse(raw)


@given(st.dictionaries(st.from_regex(r"[a-z][a-z-]{0,9}x", fullmatch=True), st.text(min_size=1)))
def test_what_is_encoded_comes_back(values: dict[str, str]) -> None:
    raw = "&".join(f"{name}={quote(value, safe='')}" for name, value in values.items())
    try:
        query = parse(raw)
    except InvalidRequest:
        assert any(not value.isprintable() for value in values.values())
    else:
        assert query.values == values


@given(st.text())
def test_any_text_is_a_query_or_an_invalid_request(raw: str) -> None:
    try:
        assert isinstance(parse(raw).values, dict)
    except GatewayError as error:
        assert isinstance(error, InvalidRequest)  # noqa: PT017
