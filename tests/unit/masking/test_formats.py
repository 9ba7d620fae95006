import time

import pytest

from gateway.errors import Reason, Withheld
from gateway.masking.formats import Format, format_of, transcoded


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
        ("text/plain", b'{"a":\n1}\n', Format.JSON),
        ("text/plain", b'{"a":1}\n \n\t{"a":2}', Format.NDJSON),
        ("text/plain", b"MSH|^~\\&|A", Format.HL7V2),
        ("text/csv", b"a,b\n1,2\n", Format.CSV),
        ("text/tab-separated-values", b"a\tb\n", Format.TSV),
        ("x-application/hl7-v2+er7", b"MSH|^~\\&|A", Format.HL7V2),
        ("text/plain", b"[]", Format.JSON),
        ("application/xml", b"<a/>", Format.XML),
        ("text/xml", b"<a/>", Format.XML),
        ("application/fhir+xml", b"<a/>", Format.XML),
        ("application/hl7-cda+xml", b"<a/>", Format.XML),
        ("application/atom+xml", b"<a/>", Format.XML),
        ("application/vnd.a+json", b"{}", Format.JSON),
        ("text/plain", b"<?xml version='1.0'?><a/>", Format.XML),
        ("text/plain", b"<Patient xmlns='x'>", Format.XML),
        ("text/plain", b"<html><body>Jane", Format.HTML),
        ("text/html", b"Jane", Format.HTML),
        ("text/html", b'{"a":1}', Format.JSON),
        ("application/json", b"<a/>", Format.XML),
        ("application/xml", b'{"a":1}', Format.JSON),
        ("application/octet-stream", b'{"a":1}', Format.JSON),
        ("application/octet-stream", b"<a/>", Format.XML),
        ("", b"MSH|^~\\&|A", Format.HL7V2),
        ("application/pdf", b'{"a":1}\n{"a":2}', Format.NDJSON),
        ("multipart/mixed; boundary=x", b"--x", Format.MULTIPART),
    ],
)
def test_a_format_follows_the_type_and_the_look_of_the_bytes(
    content_type: str, body: bytes, expected: Format
) -> None:
    assert format_of(content_type, body) is expected


@pytest.mark.parametrize("body", [b"{" + b"\n" * 500_000 + b"{}", b"{\n" + b" " * 500_000 + b"{}"])
def test_white_space_takes_linear_time(body: bytes) -> None:
    begin = time.process_time()

    assert format_of("application/json", body) in {Format.JSON, Format.NDJSON}

    assert time.process_time() - begin < 1


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("", b"Jane"),
        ("application/octet-stream", b"Jane"),
        ("image/png", b"\x89PNG"),
        ("application/pdf", b"%PDF"),
        ("image/svg+xml", b"<svg/>"),
        ("image/png", b'{"a":1}'),
        ("application/xml; charset=iso-8859-1", b"<a/>"),
        ("multipart/alternative; boundary=x", b"--x"),
        ("text/plain; charset=utf-16", b"\xff\xfeJ\x00"),
        ("text/plain; charset=iso-8859-1", b"J\xe4ne"),
        ("text/plain", b"J\xe4ne"),
        ("text/plain", b"\x89PNG\r\n\x1a\n"),
        ("text/plain", b"Jane\x00Doe"),
        ("text/csv", b'{"name":"Jane"}'),
        ("text/csv", b"MSH|^~\\&|A"),
        ("x-application/hl7-v2+er7", b"Jane"),
    ],
)
def test_what_cannot_be_masked_or_lies_is_withheld(content_type: str, body: bytes) -> None:
    with pytest.raises(Withheld) as caught:
        format_of(content_type, body)

    assert caught.value.reason is Reason.CONTENT_WITHHELD
    assert "Jane" not in str(caught.value)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf16_is_read_where_it_says_so(encoding: str) -> None:
    assert transcoded("\ufeffé".encode(encoding)) == "é".encode()
    assert transcoded("a".encode(encoding)) == "a".encode(encoding)


@pytest.mark.parametrize(
    "body", [b"\xff\xfe\x00", b"\xff\xfe\x00\x00a\x00\x00\x00", b"\xff\xfe\x00\xd8"]
)
def test_what_is_no_utf16_is_withheld(body: bytes) -> None:
    with pytest.raises(Withheld):
        transcoded(body)
