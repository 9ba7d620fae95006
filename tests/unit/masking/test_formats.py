import pytest

from gateway.errors import Reason, Withheld
from gateway.masking.formats import Format, format_of


@pytest.mark.parametrize(
    ("content_type", "body", "expected"),
    [
        ("application/json", b"{}", Format.JSON),
        ("Application/FHIR+JSON; charset=UTF-8", b"{}", Format.JSON),
        ("application/fhir+ndjson", b"{}\n{}", Format.NDJSON),
        ("text/plain; charset=utf-8", b"Jane came", Format.TEXT),
        ('text/plain; charset="utf-8"', b"[see above] Jane", Format.TEXT),
        ("text/plain", b' {"name": "Jane"} ', Format.JSON),
        ("text/plain", b'[{"name": "Jane"}]', Format.JSON),
        ("text/plain", b'{"a":1}\n{"a":2}\n', Format.NDJSON),
        ("text/plain", b"MSH|^~\\&|A", Format.HL7V2),
        ("text/csv", b"a,b\n1,2\n", Format.CSV),
        ("text/tab-separated-values", b"a\tb\n", Format.TSV),
        ("x-application/hl7-v2+er7", b"MSH|^~\\&|A", Format.HL7V2),
        ("text/plain", b"[]", Format.JSON),
    ],
)
def test_a_format_follows_the_type_and_the_look_of_the_bytes(
    content_type: str, body: bytes, expected: Format
) -> None:
    assert format_of(content_type, body) is expected


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("", b"Jane"),
        ("application/octet-stream", b"Jane"),
        ("image/png", b"\x89PNG"),
        ("application/pdf", b"%PDF"),
        ("application/xml", b"<a/>"),
        ("text/html", b"<p>Jane</p>"),
        ("text/plain; charset=utf-16", b"\xff\xfeJ\x00"),
        ("text/plain; charset=iso-8859-1", b"J\xe4ne"),
        ("text/plain", b"J\xe4ne"),
        ("text/plain", b"\x89PNG\r\n\x1a\n"),
        ("text/plain", b"Jane\x00Doe"),
        ("text/plain", b"<?xml version='1.0'?><a/>"),
        ("text/plain", b"<html><body>Jane"),
        ("text/csv", b'{"name":"Jane"}'),
        ("text/csv", b"MSH|^~\\&|A"),
        ("x-application/hl7-v2+er7", b"Jane"),
        ("multipart/mixed; boundary=x", b"--x"),
    ],
)
def test_what_cannot_be_masked_or_lies_is_withheld(content_type: str, body: bytes) -> None:
    with pytest.raises(Withheld) as caught:
        format_of(content_type, body)

    assert caught.value.reason is Reason.CONTENT_WITHHELD
    assert "Jane" not in str(caught.value)
