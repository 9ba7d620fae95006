from dataclasses import replace
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import InvalidRequest, Reason
from gateway.model.operation import Resource
from gateway.upstream.sources import MAX_URL, Sources
from tests.unit.upstream.build import AZURE, AZURITE, GATEWAY, connection

PHI = connection("phi", AZURE)
LAB = connection("lab", AZURITE)
SOURCES = Sources({"phi": PHI, "lab": LAB}, GATEWAY)
DEVELOPMENT = Sources({"phi": PHI, "lab": LAB}, "https://127.0.0.1:8443")
SNAPSHOT = "2026-11-23T03:10:00.0000000Z"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (f"{GATEWAY}/c/phi/intake/a%20b", Resource("phi", "clinic", ("intake", "a b"))),
        (f"{GATEWAY}/c/lab/intake/a/b", Resource("lab", "clinicdata", ("intake", "a/b"))),
        ("HTTPS://Gateway.Example:443/c/phi/intake/a", Resource("phi", "clinic", ("intake", "a"))),
        (
            f"{GATEWAY}/c/phi/intake/a?snapshot={quote(SNAPSHOT)}",
            Resource("phi", "clinic", ("intake", "a"), SNAPSHOT),
        ),
        (
            f"{GATEWAY}/c/phi/intake/a?sv=2020&sig=x&versionid={SNAPSHOT}",
            Resource("phi", "clinic", ("intake", "a"), SNAPSHOT),
        ),
        (
            "https://clinic.blob.core.windows.net/intake/a",
            Resource("phi", "clinic", ("intake", "a")),
        ),
        (
            "http://127.0.0.1:10000/clinicdata/intake/a",
            Resource("lab", "clinicdata", ("intake", "a")),
        ),
        (f"{GATEWAY}/c/phi/$web/a", Resource("phi", "clinic", ("$web", "a"))),
        (f"{GATEWAY}/c/phi/%24root/a", Resource("phi", "clinic", ("$root", "a"))),
    ],
)
def test_a_source_behind_the_gateway_is_resolved(url: str, expected: Resource) -> None:
    assert SOURCES.resolve(url) == expected


@pytest.mark.parametrize(
    ("url", "authority"),
    [
        ("https://evil.blob.core.windows.net/c/b?sig=x", "evil.blob.core.windows.net"),
        ("https://clinic-secondary.blob.core.windows.net", "clinic-secondary.blob.core.windows.net"),  # noqa: E501
        ("https://clinic.blob.core.windows.net:8443/c/b", "clinic.blob.core.windows.net:8443"),
        ("http://clinic.blob.core.windows.net/c/b", "clinic.blob.core.windows.net"),
        ("http://clinic.blob.core.windows.net:443/c/b", "clinic.blob.core.windows.net:443"),
        ("https://clinic.blob.core.windows.net.evil.se", "clinic.blob.core.windows.net.evil.se"),
        ("https://xn--clinc-n4a.blob.core.windows.net/c/b", "xn--clinc-n4a.blob.core.windows.net"),
        ("http://127.0.0.1:10000/clinicdata-secondary/c/b", "127.0.0.1:10000"),
        ("http://127.0.0.1:10000/clinicdatax/c/b", "127.0.0.1:10000"),
        ("http://127.0.0.1:10000/CLINICDATA/c/b", "127.0.0.1:10000"),
        ("http://127.0.0.1:10000/other/c/b", "127.0.0.1:10000"),
        ("http://127.1:10000/clinicdata/c/b", "127.1:10000"),
        ("http://2130706433:10000/clinicdata/c/b", "2130706433:10000"),
        ("http://0x7f000001:10000/clinicdata/c/b", "0x7f000001:10000"),
        ("http://[::ffff:127.0.0.1]:10000/clinicdata/c/b", "[::ffff:127.0.0.1]:10000"),
        (f"{GATEWAY}/health", "gateway.example"),
        (f"{GATEWAY}/C/phi/intake/a", "gateway.example"),
        (f"{GATEWAY}:8443/c/phi/intake/a", "gateway.example:8443"),
        ("http://gateway.example/c/phi/intake/a", "gateway.example"),
        ("https://evil.example", "evil.example"),
    ],
)  # fmt: skip
def test_a_source_elsewhere_is_foreign_and_never_a_connection(url: str, authority: str) -> None:
    found = SOURCES.resolve(url)

    assert found.connection == ""
    assert found.authority == authority
    with pytest.raises(InvalidRequest):
        SOURCES.upstream_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "ftp://clinic.blob.core.windows.net/c/b",
        "file:///etc/passwd",
        "//clinic.blob.core.windows.net/c/b",
        "/c/phi/intake/a",
        "https:/clinic.blob.core.windows.net/c/b",
        "https://",
        "https:///c/b",
        "https://user@clinic.blob.core.windows.net/c/b",
        "https://clinic.blob.core.windows.net@evil.example/c/b",
        "https://evil.example\\@clinic.blob.core.windows.net/c/b",
        "https://clinic.blob.core.windows.net./c/b",
        "https://.clinic.blob.core.windows.net/c/b",
        "https://clinic.blob.core.windows.net:/c/b",
        "https://clinic.blob.core.windows.net:0443/c/b",
        "https://clinic.blob.core.windows.net:443x/c/b",
        "https://clinic%2eblob.core.windows.net/c/b",
        "https://clinic.blob.core.windows.net/c/b#fragment",
        "https://clinic.blob.core.windows.net/c/b?versionid=1#x",
        "https://cliniç.blob.core.windows.net/c/b",
        " https://clinic.blob.core.windows.net/c/b",
        "https://clinic.blob.core.windows.net/c/b\r\nx: y",
        "https://clinic.blob.core.windows.net\t/c/b",
        "https://clinic.blob.core.windows.net/" + "b" * MAX_URL,
        f"{GATEWAY}/c/unknown/intake/a",
        f"{GATEWAY}/c/PHI/intake/a",
        f"{GATEWAY}/c/%70hi/intake/a",
        f"{GATEWAY}/c/phi",
        f"{GATEWAY}/c/phi/",
        f"{GATEWAY}/c/phi/intake",
        f"{GATEWAY}/c/phi/intake/",
        f"{GATEWAY}/c/phi/intake/a/",
        f"{GATEWAY}/c/phi//intake/a",
        f"{GATEWAY}/c/phi/intake//a",
        f"{GATEWAY}/c/phi/intake%2Fa/b",
        f"{GATEWAY}/c/phi/intake/../public/a",
        f"{GATEWAY}/c/phi/intake/%2e%2e/public/a",
        f"{GATEWAY}/c/phi/intake/%252e%252e/a",
        f"{GATEWAY}/c/phi/intake/a.",
        f"{GATEWAY}/c/phi/intake/a%5Cb",
        f"{GATEWAY}/c/phi/intake/a%00b",
        f"{GATEWAY}/c/phi/intake/a%FFb",
        f"{GATEWAY}/c/phi/INTAKE/a",
        f"{GATEWAY}/c/phi/in--take/a",
        f"{GATEWAY}/c/phi/ab/c",
        f"{GATEWAY}/c/phi/{'a' * 64}/b",
        f"{GATEWAY}/c/phi/$other/a",
        f"{GATEWAY}/c/phi/intake/a?snapshot=1&snapshot=2",
        f"{GATEWAY}/c/phi/intake/a?snapshot=1&versionid=2",
        f"{GATEWAY}/c/phi/intake/a?snapshot=",
        f"{GATEWAY}/c/phi/intake/a?snapshot=a%26b",
        f"{GATEWAY}/c/phi/intake/a?snapshot=a+b",
        f"{GATEWAY}/c/phi/intake/a?x=%FF",
        "https://evil.example/a/../b",
    ],
)
def test_a_source_with_more_than_one_reading_is_refused(url: str) -> None:
    for ask in (SOURCES.resolve, SOURCES.upstream_url):
        with pytest.raises(InvalidRequest) as caught:
            ask(url)
        assert caught.value.reason is Reason.TARGET_INVALID
        assert "clinic" not in str(caught.value)


def test_a_source_that_fits_two_connections_is_refused() -> None:
    twin = Sources({"phi": PHI, "open": replace(PHI, name="open")}, GATEWAY)

    with pytest.raises(InvalidRequest, match="more than one connection"):
        twin.resolve("https://clinic.blob.core.windows.net/intake/a")
    assert twin.resolve(f"{GATEWAY}/c/open/intake/a").connection == "open"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (f"{GATEWAY}/c/phi/intake/a%20b%2Bc", "https://clinic.blob.core.windows.net/intake/a%20b%2Bc"),
        (f"{GATEWAY}/c/lab/intake/a/b", "http://127.0.0.1:10000/clinicdata/intake/a/b"),
        (
            f"{GATEWAY}/c/phi/intake/a?sig=secret&snapshot={SNAPSHOT}&comp=tags",
            f"https://clinic.blob.core.windows.net/intake/a?snapshot={SNAPSHOT}",
        ),
        (
            f"{GATEWAY}/c/phi/intake/a?VersionId={quote(SNAPSHOT)}",
            f"https://clinic.blob.core.windows.net/intake/a?versionid={SNAPSHOT}",
        ),
    ],
)  # fmt: skip
def test_the_upstream_url_holds_the_blob_and_its_version_only(url: str, expected: str) -> None:
    assert SOURCES.upstream_url(url) == expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://clinic.blob.core.windows.net", f"{GATEWAY}/c/phi"),
        ("https://clinic.blob.core.windows.net/", f"{GATEWAY}/c/phi"),
        ("https://clinic.blob.core.windows.net/intake", f"{GATEWAY}/c/phi/intake"),
        (
            f"https://clinic.blob.core.windows.net/intake/a%20b?snapshot={SNAPSHOT}&sig=x",
            f"{GATEWAY}/c/phi/intake/a%20b?snapshot={SNAPSHOT}",
        ),
        ("https://evil.blob.core.windows.net/intake/a", None),
        ("https://clinic.blob.core.windows.net/intake/a.", None),
        ("not a url", None),
        ("http://127.0.0.1:10000/clinicdata/a", None),
    ],
)
def test_an_upstream_url_becomes_the_gateways_or_nothing(url: str, expected: str | None) -> None:
    assert SOURCES.gateway_url(url, PHI) == expected


def test_a_path_style_endpoint_is_recognised_by_its_account() -> None:
    assert SOURCES.gateway_url("http://127.0.0.1:10000/clinicdata", LAB) == f"{GATEWAY}/c/lab"
    assert SOURCES.gateway_url("http://127.0.0.1:10000/other/a", LAB) is None


def test_a_gateway_with_a_port_recognises_its_own_urls() -> None:
    found = DEVELOPMENT.resolve("https://127.0.0.1:8443/c/lab/intake/a")

    assert found == Resource("lab", "clinicdata", ("intake", "a"))


def test_a_gateway_on_an_ipv6_address_recognises_its_own_urls() -> None:
    sources = Sources({"phi": PHI}, "https://[::1]:8443")

    assert sources.resolve("https://[::1]:8443/c/phi/intake/a").connection == "phi"


NAMES = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="/\\%"),
    min_size=1,
    max_size=20,
).filter(lambda name: not name.endswith("."))


@given(st.lists(NAMES, min_size=1, max_size=4), st.sampled_from(["phi", "lab"]))
def test_every_ordinary_name_goes_through_and_comes_back(name: list[str], via: str) -> None:
    path = "/".join(quote(part, safe="~") for part in name)
    url = f"{GATEWAY}/c/{via}/intake/{path}"
    upstream = SOURCES.upstream_url(url)

    assert SOURCES.resolve(url) == SOURCES.resolve(upstream)
    assert SOURCES.resolve(url).path == ("intake", "/".join(name))
    back = SOURCES.gateway_url(upstream, {"phi": PHI, "lab": LAB}[via])
    assert back is not None
    assert SOURCES.resolve(back) == SOURCES.resolve(url)


WORDS = """
    https:// http:// gateway.example clinic.blob.core.windows.net 127.0.0.1:10000 /c/phi/
    /clinicdata/ /intake/ a @ \\ # ? %2f .. . :443 snapshot=1 & evil.example % // ; %00 [ ]
"""
PIECES = st.one_of(st.sampled_from([*WORDS.split(), "\t", "é"]), st.text(max_size=4))


@given(st.lists(PIECES, max_size=9).map("".join))
def test_whatever_resolves_lies_at_the_connections_own_endpoint(url: str) -> None:
    try:
        found = SOURCES.resolve(url)
    except InvalidRequest:
        return
    if not found.connection:
        return
    home = {"phi": PHI, "lab": LAB}[found.connection].endpoint
    container, name = found.path
    expected = f"{home.origin}{home.base_path}/{quote(container)}/{quote(name)}"
    assert SOURCES.upstream_url(url).partition("?")[0] == expected
