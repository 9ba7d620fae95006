import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model.message import Headers
from gateway.upstream.ranges import MAX_MD5, Asked, answer, applies, asked

WHOLE = Headers(
    (
        ("content-type", "application/json"),
        ("etag", '"0x1~0123456789abcdef"'),
        ("last-modified", "Mon, 23 Nov 2026 03:10:00 GMT"),
        ("x-ms-meta-ward", "[name]"),
        ("x-ms-request-id", "1"),
    )
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("bytes=0-9", Asked(0, 9)),
        ("bytes=5-", Asked(5)),
        ("bytes=-5", Asked(suffix=5)),
        ("Bytes=7-7", Asked(7, 7)),
        (" bytes=0-33554431 ", Asked(0, 33554431)),
        ("bytes=-", None),
        ("bytes=9-0", None),
        ("bytes=0-1,4-5", None),
        ("bytes=a-b", None),
        ("bytes=٣-٤", None),
        ("items=0-9", None),
        ("bytes=0-9999999999999999999", None),
        ("", None),
    ],
)
def test_one_range_of_bytes_is_understood_and_anything_else_ignored(
    text: str, expected: Asked | None
) -> None:
    assert asked(Headers((("range", text),))) == expected


def test_the_services_own_header_goes_over_the_standard_one() -> None:
    headers = Headers((("range", "bytes=0-1"), ("x-ms-range", "bytes=5-6")))

    assert asked(headers) == Asked(5, 6)
    assert asked(Headers()) is None


@given(
    st.binary(max_size=40),
    st.integers(0, 60),
    st.none() | st.integers(0, 60),
    st.none() | st.integers(0, 60),
)
def test_a_range_is_what_slicing_would_give_or_nothing(
    body: bytes, first: int, last: int | None, suffix: int | None
) -> None:
    if suffix is not None:
        wanted, expected = Asked(suffix=suffix), body[-suffix:] if suffix else b""
    else:
        wanted = Asked(first, last)
        expected = body[first : None if last is None else last + 1]

    span = wanted.within(len(body))

    assert (body[slice(*span)] if span else b"") == expected
    assert (span is None) == (expected == b"")


def test_a_part_says_where_it_lies_in_the_masked_bytes() -> None:
    status, headers, body = answer(Headers(), WHOLE, b"abc", (4, 7), 9)

    assert (status, body) == (206, b"abc")
    assert headers.get("content-range") == "bytes 4-6/9"
    assert headers.get("etag") == WHOLE.get("etag")
    assert "content-md5" not in headers


@pytest.mark.parametrize(("size", "told"), [(3, True), (MAX_MD5, True), (MAX_MD5 + 1, False)])
def test_a_checksum_that_is_asked_for_is_that_of_the_masked_part(size: int, told: bool) -> None:
    body = bytes(size)
    wanted = Headers((("x-ms-range-get-content-md5", "True"),))
    _, headers, _ = answer(wanted, WHOLE, body, (0, size), size + 1)

    md5 = base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()
    assert headers.get("content-md5") == (md5 if told else None)


def test_a_range_beyond_the_end_is_the_services_error_with_the_masked_length() -> None:
    status, headers, body = answer(Headers(), WHOLE, b"", None, 9)

    assert status == 416
    assert dict(headers) == {
        "content-range": "bytes */9",
        "content-type": "application/xml",
        "x-ms-error-code": "InvalidRange",
        "x-ms-request-id": "1",
    }
    assert b"<Code>InvalidRange</Code>" in body


@pytest.mark.parametrize(
    ("condition", "etag", "expected"),
    [(None, '"a"', True), ('"a"', '"a"', True), ('"b"', '"a"', False), ('W/"a"', 'W/"a"', False)],
)
def test_if_range_is_compared_strongly(condition: str | None, etag: str, expected: bool) -> None:
    fields = (("if-range", condition),) if condition else ()

    assert applies(Headers(fields), etag) is expected
