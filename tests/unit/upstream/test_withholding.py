import pytest

from gateway.model.message import Headers
from gateway.upstream.withholding import headers, media_type

SHOWN = Headers(
    (
        ("content-type", "application/json"),
        ("content-encoding", "gzip"),
        ("last-modified", "Mon, 23 Nov 2026 03:10:00 GMT"),
        ("x-ms-lease-state", "available"),
    )
)
HIDDEN = Headers(
    (
        ("content-disposition", "attachment; filename=jane"),
        ("content-language", "jane"),
        ("content-encoding", "jane"),
        ("cache-control", "jane"),
        ("content-range", "bytes 0-1/4711"),
        ("accept-ranges", "bytes"),
        ("x-ms-blob-content-length", "4711"),
        ("x-ms-blob-content-md5", "x"),
        ("x-ms-copy-progress", "1/4711"),
        ("x-ms-copy-status-description", "jane"),
        ("x-ms-or-policy_rule", "complete"),
        ("x-ms-structured-body", "XSM/1.0"),
    )
)


def test_states_are_shown_and_what_tells_of_the_content_is_not() -> None:
    assert headers(Headers(SHOWN.fields + HIDDEN.fields), upper, own_digests=True) == SHOWN


def upper(name: str, value: str) -> str:
    """A mask that shows which name and value it was given."""
    return f"{name}={value}".upper()


def test_metadata_names_stay_and_values_are_masked_by_name() -> None:
    shown = headers(Headers((("x-ms-meta-patient", "Jane Doe"),)), upper, own_digests=False)

    assert shown.fields == (("x-ms-meta-patient", "PATIENT=JANE DOE"),)


@pytest.mark.parametrize("masked", ["J\u00e4ne", "a\r\nset-cookie: b"])
def test_a_masked_value_that_no_header_can_carry_is_marked(masked: str) -> None:
    fields = Headers((("x-ms-meta-patient", "Jane Doe"),))

    shown = headers(fields, lambda _, __: masked, own_digests=False)
    assert shown.fields == (("x-ms-meta-patient", "[withheld]"),)


@pytest.mark.parametrize("name", ["content-md5", "x-ms-content-crc64"])
def test_checksums_pass_only_where_they_are_of_what_the_agent_sent(name: str) -> None:
    fields = Headers(((name, "x"),))

    assert headers(fields, upper, own_digests=True) == fields
    assert headers(fields, upper, own_digests=False).fields == ()


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("text/plain", "text/plain"),
        ("text/csv; charset=utf-8", "text/csv; charset=utf-8"),
        ('text/csv;charset="utf-8"', 'text/csv;charset="utf-8"'),
        ("application/fhir+json", "application/fhir+json"),
        ("text/plain; name=jane", "application/octet-stream"),
        ("jane doe", "application/octet-stream"),
        ("patient/jane", "application/octet-stream"),
        ("", "application/octet-stream"),
    ],
)
def test_a_media_type_says_nothing_but_the_type(value: str, shown: str) -> None:
    assert media_type(value) == shown
