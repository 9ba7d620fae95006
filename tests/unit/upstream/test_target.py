from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from gateway.errors import InvalidRequest, Reason
from gateway.model.connection import Endpoint
from gateway.model.message import Target
from gateway.upstream.target import MAX_TARGET, build_url
from tests.unit.upstream.build import AZURE, AZURITE

IPV6 = Endpoint("http", "::1", 10000, "/clinicdata", "clinicdata")
ENDPOINTS = st.sampled_from([AZURE, AZURITE, IPV6])
# What attacks on URL parsers are made of, beside any text at all.
WORDS = """
    / // \\ @ : %2f %2e .. . % %00 %0d%0a # ? a http://evil.example evil.example [::1] %252e ; & %5c
"""
PIECES = st.one_of(st.sampled_from([*WORDS.split(), " ", "\t", "é"]), st.text(max_size=6))
TEXTS = st.lists(PIECES, max_size=8).map("".join)


@pytest.mark.parametrize(
    ("endpoint", "target", "url"),
    [
        (
            AZURE,
            Target("/intake/a%20b", "comp=tags"),
            "https://clinic.blob.core.windows.net/intake/a%20b?comp=tags",
        ),
        (AZURE, Target("/", "comp=list"), "https://clinic.blob.core.windows.net/?comp=list"),
        (AZURITE, Target("/intake"), "http://127.0.0.1:10000/clinicdata/intake"),
        (IPV6, Target("/c/b%2Fd"), "http://[::1]:10000/clinicdata/c/b%2Fd"),
        (
            AZURE,
            Target("/c/a@evil.example"),
            "https://clinic.blob.core.windows.net/c/a@evil.example",
        ),
    ],
)
def test_the_url_is_the_endpoint_and_the_target_as_it_was_judged(
    endpoint: Endpoint, target: Target, url: str
) -> None:
    assert build_url(endpoint, target) == url


@pytest.mark.parametrize(
    "target",
    [
        Target("@evil.example/"),
        Target(".evil.example/"),
        Target("//evil.example/a"),
        Target("/%2Fevil.example/a"),
        Target("/\\evil.example/a"),
        Target("/c/%2e%2e/%2e%2e/other"),
        Target("/c/b", "a=b#c"),
        Target("/c/b", "a=%0d%0aHost:x"),
        Target("/c/" + "b" * MAX_TARGET),
    ],
)
def test_a_target_with_more_than_one_reading_is_refused(target: Target) -> None:
    with pytest.raises(InvalidRequest) as caught:
        build_url(AZURE, target)
    assert caught.value.reason is Reason.TARGET_INVALID
    assert "evil" not in str(caught.value) + caught.value.advice


@pytest.mark.parametrize(
    ("query", "sent"),
    [
        ("COMP=Tags", "comp=tags"),
        ("%63omp=%54ags&ResType=Container", "comp=tags&restype=container"),
        ("Snapshot=2026-01-01T00%3A00%3A00.0000000Z", "snapshot=2026-01-01T00%3A00%3A00.0000000Z"),
        ("startfrom=A%20b&Prefix=Notes%2F&include=", "startFrom=A%20b&prefix=Notes%2F&include="),
        ("%26a=b", "%26a=b"),
    ],
)
def test_parameters_reach_the_upstream_in_the_one_spelling_that_was_judged(
    query: str, sent: str
) -> None:
    assert build_url(AZURE, Target("/c", query)).partition("?")[2] == sent


def named(pair: str) -> tuple[str, str, str]:
    """A parameter as it is judged: its name decoded, without regard to case."""
    name, equals, value = pair.partition("=")
    return unquote(name).lower(), equals, value


@given(ENDPOINTS, st.one_of(TEXTS, TEXTS.map("/".__add__)), TEXTS)
def test_no_target_leads_to_another_authority(endpoint: Endpoint, path: str, query: str) -> None:
    try:
        url = build_url(endpoint, Target(path, query))
    except InvalidRequest:
        return
    standard, client = urlsplit(url), URL(url, encoded=True)
    assert standard.hostname == client.host == endpoint.host
    assert (standard.scheme, client.scheme) == (endpoint.scheme, endpoint.scheme)
    assert client.port == endpoint.port
    assert (standard.port or client.port) == endpoint.port
    assert standard.username is client.user is None
    assert standard.path == client.raw_path == endpoint.base_path + path
    assert standard.query == client.raw_query_string
    assert [named(pair) for pair in standard.query.split("&")] == [
        named(pair) for pair in query.split("&")
    ]
    assert ".." not in client.path.split("/")
    assert url.isascii()
    assert str(client) == url
