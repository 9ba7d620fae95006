"""Signatures against Microsoft's own signing policy, and against Azurite."""

import base64
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from azure.core.pipeline import PipelineContext, PipelineRequest
from azure.core.pipeline.transport import HttpRequest
from azure.storage.blob._shared.authentication import SharedKeyCredentialPolicy
from hypothesis import given
from hypothesis import strategies as st

from gateway.credentials.shared_key import parse_key, sign, string_to_sign
from gateway.model.message import Headers, UpstreamRequest

KEY = bytes(range(64))
ENCODED = base64.b64encode(KEY).decode()
MOMENT = datetime(2026, 8, 3, 12, 0, 0, tzinfo=UTC)

# What may stand in an x-ms-meta name, and the hyphens of the service's own headers.
NAMES = st.text(alphabet="abcxyzABC019_-", min_size=1, max_size=12)
VALUES = st.text(
    alphabet=st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=20
)
WORDS = st.text(alphabet="abcXYZ019-_.~", min_size=1, max_size=8)
SEGMENTS = st.lists(
    st.sampled_from(["a", "B", "%20", "%2F", "%C3%A9", "x.json", "~", "%25"]), max_size=4
)


def authorization_by_the_sdk(request: UpstreamRequest) -> str:
    http = HttpRequest(request.method, request.url)
    http.headers.update({name: value for name, value in request.headers if name != "authorization"})
    http.headers["Content-Length"] = str(len(request.body))
    context = PipelineContext(SimpleNamespace())  # type: ignore[arg-type]  # not aiohttp's
    policy: Any = SharedKeyCredentialPolicy
    policy("clinic", ENCODED).on_request(PipelineRequest(http, context))
    return str(http.headers["Authorization"])


STANDARD = st.sampled_from(
    [
        "content-encoding",
        "content-language",
        "content-md5",
        "content-type",
        "if-modified-since",
        "if-match",
        "if-none-match",
        "if-unmodified-since",
        "user-agent",
    ]
)


@st.composite
def requests(draw: st.DrawFn) -> UpstreamRequest:
    query = draw(
        st.dictionaries(
            WORDS.map(str.lower), st.sampled_from(["", "list", "a%2Fb", "x%20y", "%2B"]), max_size=4
        )
    )
    url = "https://clinic.blob.core.windows.net/" + "/".join(draw(SEGMENTS))
    if query:
        url += "?" + "&".join(f"{name}={value}" for name, value in query.items())
    metadata = draw(st.dictionaries(NAMES.map(str.lower), VALUES, max_size=8))
    standard = draw(st.dictionaries(STANDARD, VALUES))
    headers = [*((f"x-ms-meta-{name}", value) for name, value in metadata.items())]
    return UpstreamRequest(
        draw(st.sampled_from(["GET", "PUT", "HEAD", "DELETE", "POST"])),
        url,
        Headers.of([*headers, *standard.items()]),
        draw(st.binary(max_size=3)),
    )


@given(requests())
def test_signatures_equal_those_of_the_sdk(request: UpstreamRequest) -> None:
    signed = sign("clinic", KEY, request, MOMENT)
    assert signed.headers.get("authorization") == authorization_by_the_sdk(signed)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("x-ms-meta-a_b", "x-ms-meta-a1"),
        ("x-ms-meta-ab", "x-ms-meta-a-b"),
        ("x-ms-blobtype", "x-ms-blob-type"),
        ("x-ms-meta-a", "x-ms-meta-a-"),
        ("x-ms-source-if-match", "x-ms-source-if-matchx"),
    ],
)
def test_header_names_are_collated_as_the_service_does(first: str, second: str) -> None:
    for order in ((first, second), (second, first)):
        request = UpstreamRequest(
            "GET",
            "https://clinic.blob.core.windows.net/",
            Headers.of((name, "v") for name in order),
            b"",
        )
        signed = sign("clinic", KEY, request, MOMENT)
        assert signed.headers.get("authorization") == authorization_by_the_sdk(signed)


def test_the_string_to_sign_has_the_documented_lines() -> None:
    text = string_to_sign(
        "devaccount",
        "PUT",
        "http://127.0.0.1:10000/devaccount/c/b%20c?comp=block&BlockId=YQ%3D%3D&b=2&b=1&flag",
        Headers.of(
            [
                ("content-type", "text/plain"),
                ("range", "bytes=0-9"),
                ("x-ms-date", "now"),
                ("x-ms-version", "2025-11-05"),
            ]
        ),
        0,
    )
    assert text.split("\n") == [
        "PUT",
        *("", "", "", "", "text/plain", "", "", "", "", "", "bytes=0-9"),
        "x-ms-date:now",
        "x-ms-version:2025-11-05",
        "/devaccount/devaccount/c/b%20c",
        "b:1,2",
        "blockid:YQ==",
        "comp:block",
        "flag:",
    ]


def test_the_body_decides_the_length() -> None:
    def length_line(body: bytes) -> str:
        url = "https://clinic.blob.core.windows.net"
        text = string_to_sign("clinic", "PUT", url, Headers(), len(body))
        assert text.endswith("\n/clinic/")
        return text.split("\n")[3]

    assert (length_line(b""), length_line(b"abc")) == ("", "3")


def test_headers_that_stand_twice_are_joined_as_they_are_signed() -> None:
    headers = Headers.of([("x-ms-meta-a", " 1 "), ("X-Ms-Meta-A", "2")])
    request = UpstreamRequest("GET", "https://clinic.blob.core.windows.net/c", headers, b"")
    signed = sign("clinic", KEY, request, MOMENT)
    assert signed.headers.all("x-ms-meta-a") == ("1,2",)
    assert signed.headers.get("authorization") == authorization_by_the_sdk(signed)


def test_an_earlier_authorization_date_and_length_are_replaced() -> None:
    headers = Headers.of(
        [
            ("authorization", "SharedKey other:x"),
            ("date", "then"),
            ("x-ms-date", "then"),
            ("content-length", "99"),
            ("x-ms-version", "2021-12-02"),
        ]
    )
    request = UpstreamRequest("GET", "https://clinic.blob.core.windows.net/c", headers, b"")
    signed = sign("clinic", KEY, request, MOMENT)
    assert signed.headers.without("authorization").fields == (
        ("x-ms-version", "2021-12-02"),
        ("x-ms-date", "Mon, 03 Aug 2026 12:00:00 GMT"),
    )
    assert len(signed.headers.all("authorization")) == 1


def test_a_key_is_base64() -> None:
    assert parse_key(f" {ENCODED}\n") == KEY


@pytest.mark.parametrize("text", ["", " ", "no base64", "YQ", "é", "====", "Y Q=="])
def test_what_is_not_a_key_is_refused_without_showing_it(text: str) -> None:
    with pytest.raises(ValueError, match="not base64") as caught:
        parse_key(text)
    assert not text.strip() or text not in str(caught.value)
