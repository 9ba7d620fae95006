"""What a client chose stands in clear only where it leaves no room for a message."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.evidence import clear
from gateway.model.connection import Sensitivity
from gateway.model.message import Target
from gateway.model.operation import Resource
from tests.builders.evidence import KEYS, REQUEST_ID, connection

SECRET = "jane-doe-1961"
PLAIN = connection()
EPHI = connection(Sensitivity.EPHI)
DIGEST = "hmac-sha256:1:"


def test_a_guid_stands_in_clear_in_lower_case() -> None:
    assert clear.identifier("x", f" {REQUEST_ID.upper()} ", KEYS) == REQUEST_ID


@pytest.mark.parametrize("text", [SECRET, REQUEST_ID + "x", "{" + REQUEST_ID + "}", "0" * 32])
def test_any_other_identifier_is_a_keyed_digest(text: str) -> None:
    assert clear.identifier("x", text, KEYS) == KEYS.of("x", text.encode())


@pytest.mark.parametrize("text", [None, "", "  "])
def test_nothing_stays_nothing(text: str | None) -> None:
    assert clear.identifier("x", text, KEYS) == ""
    assert clear.purpose(text, KEYS) == ""


def test_purposes_are_words_of_a_fixed_vocabulary() -> None:
    assert clear.purpose("Treatment", KEYS) == "treatment"
    assert clear.purpose(SECRET, KEYS).startswith(DIGEST)


def test_methods_are_those_of_http() -> None:
    assert clear.method("GET", KEYS) == "GET"
    assert clear.method("JANEDOE", KEYS).startswith(DIGEST)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("10.0.0.7", "10.0.0.7"),
        ("10.0.0.7:5000", "10.0.0.7"),
        ("2001:DB8::1", "2001:db8::1"),
        ("[2001:db8::1]:443", "2001:db8::1"),
        ("fe80::1%jane-doe", ""),
        ("jane-doe", ""),
        ("10.0.0.7, 10.0.0.8", ""),
        ("", ""),
    ],
)
def test_only_an_address_is_recorded_as_address(text: str, address: str) -> None:
    assert clear.address(text) == address


def blob(*path: str, name: str = "clinic", version: str = "") -> Resource:
    return Resource(name, "clinic", path, version)


def test_names_of_a_plain_connection_stand_in_clear() -> None:
    item = blob("public", "a/b.txt")

    assert clear.resource(item, PLAIN, KEYS) == "clinic/public/a/b.txt"


def test_names_on_an_ephi_connection_stand_as_digest_below_the_container() -> None:
    item = blob("records", SECRET)

    assert clear.resource(item, EPHI, KEYS) == "clinic/records/" + KEYS.of("name", SECRET.encode())


def test_what_cannot_be_a_containers_name_is_no_container() -> None:
    item = blob("Jane Doe", "x")

    assert "Jane" not in clear.resource(item, EPHI, KEYS)


@pytest.mark.parametrize(("path", "text"), [((), "clinic"), (("records",), "clinic/records")])
def test_an_account_and_a_container_have_no_digest(path: tuple[str, ...], text: str) -> None:
    assert clear.resource(blob(*path), EPHI, KEYS) == text


def test_names_of_another_connection_are_treated_as_ephi() -> None:
    item = blob("records", SECRET, name="other")

    assert SECRET not in clear.resource(item, PLAIN, KEYS)


def test_a_foreign_resource_shows_its_host_and_nothing_else() -> None:
    item = Resource("", "evil.example", ("c", SECRET))
    text = clear.resource(item, PLAIN, KEYS)

    assert text.startswith("//evil.example/" + DIGEST)
    assert clear.resource(Resource("", "evil.example"), PLAIN, KEYS) == "//evil.example"
    assert clear.resource(Resource("", "Jane Doe"), PLAIN, KEYS).startswith("//" + DIGEST)


def test_a_version_stands_in_clear_only_as_a_timestamp() -> None:
    stamp = "2026-08-03T12:00:00.1234567Z"

    assert clear.resource(blob("c1", "b", version=stamp), PLAIN, KEYS).endswith("@" + stamp)
    assert "jane" not in clear.resource(blob("c1", "b", version="jane"), PLAIN, KEYS)


def test_the_resource_digest_tells_versions_and_names_apart() -> None:
    items = [blob("c", "b"), blob("c", "B"), blob("c", "b", version="1"), blob("cb")]

    assert len({clear.resource_digest(item, KEYS) for item in items}) == 4
    assert clear.resource_digest(items[0], KEYS) == KEYS.of("resource", b"clinic/c/b")


@pytest.mark.parametrize(
    ("target", "text"),
    [
        (Target("/", "comp=list"), "/?comp=list"),
        (Target("/records", "restype=container&comp=list"), "/records?restype=container&comp=list"),
        (Target("/records", "RESTYPE=Container"), "/records?restype=container"),
    ],
)
def test_protocol_words_of_a_target_stand_in_clear(target: Target, text: str) -> None:
    assert clear.target(target, EPHI, KEYS) == text


def test_query_values_are_digests_even_where_names_are_plain() -> None:
    target = Target("/c/b", f"prefix={SECRET}&{SECRET}=1&comp={SECRET}&&restype")
    text = clear.target(target, PLAIN, KEYS)

    assert SECRET not in text
    assert text.startswith(f"/c/b?prefix={DIGEST}")
    assert f"&comp={DIGEST}" in text
    assert text.endswith("&restype=")


def test_a_target_on_an_ephi_connection_shows_the_container_alone() -> None:
    assert clear.target(Target(f"/records/a/{SECRET}"), EPHI, KEYS) == "/records/" + KEYS.of(
        "name", f"a/{SECRET}".encode()
    )
    # A blob of the root container looks like a container.
    assert SECRET not in clear.target(Target(f"/{SECRET}"), EPHI, KEYS)


def test_a_target_without_connection_shows_nothing() -> None:
    assert clear.target(Target("/records/x"), None, KEYS).startswith("/" + DIGEST)


def test_a_target_on_a_plain_connection_stands_as_it_was_sent() -> None:
    assert clear.target(Target("/c/a%20b"), PLAIN, KEYS) == "/c/a%20b"


@given(st.text(alphabet=st.characters(), max_size=30))
def test_no_text_a_client_sends_makes_a_record_impossible(text: str) -> None:
    item = Resource("clinic", "clinic", ("records", text), text)
    for part in (
        clear.identifier("x", text, KEYS),
        clear.purpose(text, KEYS),
        clear.method(text, KEYS),
        clear.address(text),
        clear.resource(item, PLAIN, KEYS),
        clear.resource(item, EPHI, KEYS),
        clear.resource_digest(item, KEYS),
        clear.target(Target("/" + text, text), PLAIN, KEYS),
        clear.target(Target("/" + text, text), EPHI, KEYS),
    ):
        part.encode("utf-8")
