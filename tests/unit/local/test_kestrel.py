import pytest

from gateway.local import kestrel

HOST = ["gateway.example:7071"]


@pytest.mark.parametrize(
    ("target", "path", "shown"),
    [
        (b"/", "/", "/"),
        (b"/c/clinic?comp=list", "/c/clinic", "/c/clinic?comp=list"),
        (b"/c/clinic/a%20b?x=%2f%20", "/c/clinic/a b", "/c/clinic/a%20b?x=%2f%20"),
        (b"/c/clinic/a%2Fb", "/c/clinic/a%2Fb", "/c/clinic/a%2Fb"),
        (b"/c/clinic/a%2520b", "/c/clinic/a%20b", "/c/clinic/a%20b"),
        (b"/c/clinic/../x", "/c/x", "/c/x"),
        (b"/c/clinic/%2e%2e/x", "/c/x", "/c/x"),
        (b"//c//x", "//c//x", "//c//x"),
        (b"/a?", "/a", "/a?"),
        (b"/a??b", "/a", "/a??b"),
        (b"/a?b#c", "/a", "/a?b%23c"),
        (b"/a#b", "/a#b", "/a%23b"),
        (b"/a?%00", "/a", "/a?%00"),
        (b"/%FF", "/%FF", "/%FF"),
    ],
)
def test_a_target_is_shown_as_the_host_shows_it(target: bytes, path: str, shown: str) -> None:
    received = kestrel.receive(target, HOST)
    assert received.raw == target.decode()
    assert received.path == path
    assert received.url == f"https://{HOST[0]}{shown}"
    assert received.query == target.decode().partition("?")[2]


@pytest.mark.parametrize(
    "target",
    [
        b"",
        b"*",
        b"c/x",
        b"https://other/c/x",
        b"gateway:443",
        b"/%00",
        b"/\xc3\xa9",
        b"/a\0",
        b"/?\0",
    ],
)
def test_a_target_in_another_form_is_a_bad_request(target: bytes) -> None:
    with pytest.raises(kestrel.BadRequest):
        kestrel.receive(target, HOST)


@pytest.mark.parametrize(
    "hosts",
    [[], ["a", "a"], [""], ["a b"], ["a/b"], ["user@a"], ["a:x"], ["a:123456"], ["[::1"], ["a,b"]],
)
def test_a_missing_doubled_or_malformed_host_is_a_bad_request(hosts: list[str]) -> None:
    with pytest.raises(kestrel.BadRequest):
        kestrel.receive(b"/", hosts)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:7071", "[::1]:7071", "a-b.example"])
def test_a_valid_host_stands_in_the_url(host: str) -> None:
    assert kestrel.receive(b"/", [host]).url == f"https://{host}/"


@pytest.mark.parametrize(
    ("template", "path", "values"),
    [
        ("c/{connection}/{*path}", "/c/clinic/box/name", ("clinic", "box/name")),
        ("c/{connection}/{*path}", "/C/Clinic/Box", ("Clinic", "Box")),
        ("c/{connection}/{*path}", "/c/clinic/a//b/", ("clinic", "a//b/")),
        ("c/{connection}/{*path}", "/c/clinic//a", ("clinic", "/a")),
        ("c/{connection}/{*path}", "/c/clinic/", ("clinic", "")),
        ("c/{connection}/{*path}", "/c/clinic", ("clinic", "")),
        ("c/{connection}/{**path}", "/c/clinic/a", ("clinic", "a")),
        ("c/{connection}/{*path}", "/c//a", None),
        ("c/{connection}/{*path}", "/c", None),
        ("c/{connection}/{*path}", "//c/clinic", None),
        ("c/{connection}/{*path}", "/d/clinic", None),
        ("healthz", "/healthz", ()),
        ("healthz", "/HEALTHZ/", ()),
        ("healthz", "/healthz/x", None),
        ("healthz", "/healthz//", None),
        ("healthz", "/", None),
    ],
)
def test_routes_match_as_aspnet_matches_them(
    template: str, path: str, values: tuple[str, ...] | None
) -> None:
    matched = kestrel.match(template, path)
    assert (None if matched is None else tuple(matched.values())) == values
