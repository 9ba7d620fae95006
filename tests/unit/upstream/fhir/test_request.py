import json
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import InvalidRequest
from gateway.model.message import Headers, Request, Target, UpstreamRequest
from gateway.upstream.fhir import build
from tests.unit.operations.fhir.build import CONNECTION, ask

VALUE = st.text(st.characters(exclude_categories=("Cc", "Cs")), min_size=1, max_size=30)


def sent(
    method: str, target: str, *headers: tuple[str, str], masks: bool = False, body: bytes = b""
) -> UpstreamRequest:
    path, _, query = target.partition("?")
    operation = ask(method, target, body or None, *headers)
    assert operation.fhir is not None
    request = Request(method, "ehr", Target(path, query), Headers(headers), body, "", "https://g")
    return build(CONNECTION, request, operation.fhir, {}, masks=masks)


def test_the_url_is_composed_anew() -> None:
    up = sent("GET", "/Patient?gender=m%61le&_format=json&_count=5")

    assert up.url == f"{CONNECTION.endpoint.origin}/Patient?gender=male&_count=5"
    assert up.headers.get("accept") == "application/fhir+json"
    assert up.headers.get("prefer") == "handling=strict"
    assert "authorization" not in up.headers


@given(VALUE)
def test_any_value_arrives_as_it_was_judged(value: str) -> None:
    encoded = "".join(f"%{byte:02x}" for byte in value.encode())
    operation = ask("GET", f"/Patient?name={encoded}")
    assert operation.fhir is not None
    request = Request("GET", "ehr", Target("/Patient"), Headers(), b"", "", "https://g")
    up = build(CONNECTION, request, operation.fhir, {}, masks=False)

    assert parse_qsl(up.url.partition("?")[2]) == [("name", value)]


def test_an_opened_token_is_escaped_for_fhir() -> None:
    operation = ask("GET", "/Patient?identifier=[mrn:1:abc],x")
    assert operation.fhir is not None
    request = Request("GET", "ehr", Target("/Patient"), Headers(), b"", "", "https://g")
    up = build(CONNECTION, request, operation.fhir, {"[mrn:1:abc]": "a,b|c$d\\"}, masks=True)

    assert parse_qsl(up.url.partition("?")[2]) == [("identifier", "a\\,b\\|c\\$d\\\\,x")]


def test_a_masked_read_is_unconditional() -> None:
    plain = sent("GET", "/Patient/1", ("if-none-match", 'W/"1"'))
    masked = sent("GET", "/Patient/1", ("if-none-match", 'W/"1"'), masks=True)

    assert plain.headers.get("if-none-match") == 'W/"1"'
    assert "if-none-match" not in masked.headers


@pytest.mark.parametrize("value", ["*", '"1"', 'W/"1", W/"2"', 'W/"a b"'])
def test_if_match_holds_one_version(value: str) -> None:
    with pytest.raises(InvalidRequest):
        sent("DELETE", "/Patient/1", ("if-match", value))


def test_a_read_has_no_if_match() -> None:
    with pytest.raises(InvalidRequest):
        sent("GET", "/Patient/1", ("if-match", 'W/"1"'))


def test_preferences_are_those_of_the_gateway() -> None:
    body = json.dumps({"resourceType": "Patient"}).encode()
    asked = ("prefer", "handling=lenient, return=minimal, respond-async")
    up = sent("POST", "/Patient", asked, ("if-none-exist", "identifier=1"), body=body)

    assert up.headers.get("prefer") == "handling=strict, return=minimal"
    assert up.headers.get("if-none-exist") == "identifier=1"
    assert up.body == body
