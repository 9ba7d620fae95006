"""Sessions nobody else can name, and digests that find a repetition."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from gateway.evidence.identity import body_digest, request_digest, session
from gateway.model.digest import DigestKey
from gateway.model.exchange import Authenticated, Received
from gateway.model.message import Headers, Request, Target, Timings
from gateway.model.principal import Principal
from tests.builders.evidence import KEYS, NOON, REQUEST_ID, SESSION, principal, request


def test_without_a_label_a_session_is_a_utc_day() -> None:
    evening = datetime(2026, 8, 3, 23, 0, tzinfo=timezone(timedelta(hours=-2)))

    assert session(principal(), None, NOON, KEYS).label == "2026-08-03"
    assert session(principal(), "", evening, KEYS).label == "2026-08-04"
    assert session(principal(), " ", NOON, KEYS) == session(principal(), None, NOON, KEYS)


def test_the_same_caller_with_the_same_label_is_in_the_same_session_on_another_day() -> None:
    later = NOON + timedelta(days=3)

    assert session(principal(), "visit", NOON, KEYS) == session(principal(), "visit", later, KEYS)


@pytest.mark.parametrize("field", ["tenant", "object_id", "application"])
def test_another_caller_with_the_same_label_is_in_another_session(field: str) -> None:
    other = replace(principal(), **{field: "9" * 8})  # type: ignore[arg-type]

    assert session(principal(), "visit", NOON, KEYS).id != session(other, "visit", NOON, KEYS).id


def test_a_label_that_reads_like_a_day_is_not_that_day() -> None:
    day = session(principal(), None, NOON, KEYS)

    assert session(principal(), day.label, NOON, KEYS).id != day.id


def test_a_label_is_recorded_in_clear_only_as_a_guid() -> None:
    assert session(principal(), REQUEST_ID.upper(), NOON, KEYS).label == REQUEST_ID
    assert "jane" not in session(principal(), "jane doe", NOON, KEYS).label


def test_the_id_is_32_hex_digits_of_a_keyed_digest() -> None:
    found = session(principal(), "visit", NOON, KEYS).id
    rekeyed = session(principal(), "visit", NOON, DigestKey("2", b"z" * 32)).id

    assert len(found) == 32
    assert int(found, 16) >= 0
    assert found != rekeyed


BASE = request(method="PUT", target=Target("/c/b"), body=b"data")
HEADERS = Headers.of([("x-ms-version", "2025-01-05"), ("content-type", "text/plain")])


def digest(
    headers: Headers = HEADERS,
    asked: Request = BASE,
    who: Principal | None = None,
    connection: str = "clinic",
    keys: DigestKey = KEYS,
) -> str:
    received = Received("0" * 32, asked, Timings(NOON))
    caller = who or principal()
    state = Authenticated(received, caller, SESSION, body_digest(asked, keys))
    return request_digest(state, connection, headers, keys)


@pytest.mark.parametrize(
    "name",
    [
        "authorization",
        "date",
        "x-ms-date",
        "x-ms-client-request-id",
        "traceparent",
        "user-agent",
        "x-forwarded-for",
        "x-arr-log-id",
    ],
)
def test_a_repetition_has_the_same_digest(name: str) -> None:
    repeated = Headers.of([*HEADERS, (name, "something else")])

    assert digest(repeated) == digest()


def test_the_order_of_headers_does_not_matter() -> None:
    assert digest(Headers(HEADERS.fields[::-1])) == digest()


def test_every_part_of_the_request_counts() -> None:
    other = replace(principal(), object_id="other")
    digests = {
        digest(),
        digest(HEADERS.replacing("x-ms-version", "2024-01-01")),
        digest(Headers.of([*HEADERS, ("if-match", '"1"')])),
        digest(who=other),
        digest(connection="other"),
        digest(asked=replace(BASE, method="POST")),
        digest(asked=replace(BASE, body=b"Data")),
        digest(asked=replace(BASE, body=b"")),
        digest(asked=replace(BASE, target=Target("/c/B"))),
        digest(asked=replace(BASE, target=Target("/c/b", "comp=x"))),
    }

    assert len(digests) == 10


def test_the_digest_is_keyed() -> None:
    other = digest(keys=DigestKey("1", b"z" * 32))

    assert digest().startswith("hmac-sha256:1:")
    assert other != digest()
    assert NOON.tzinfo is UTC


def test_an_empty_body_has_no_digest() -> None:
    assert body_digest(replace(BASE, body=b""), KEYS) == ""
    assert body_digest(BASE, KEYS) == KEYS.of("body", b"data")
