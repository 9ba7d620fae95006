import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.upstream import percent


@pytest.mark.parametrize(
    ("path", "parts"),
    [
        ("/", ("",)),
        ("/intake", ("intake",)),
        ("/intake/a%20b/c", ("intake", "a b", "c")),
        ("/intake/a//b", ("intake", "a", "", "b")),
        ("/intake/a%2Fb", ("intake", "a", "b")),
        ("/intake/j%C3%BCrgen@home", ("intake", "jürgen@home")),
        ("/intake/100%25", ("intake", "100%")),
        ("/intake/..hidden", ("intake", "..hidden")),
    ],
)
def test_a_path_with_one_reading_is_split_into_its_names(path: str, parts: tuple[str, ...]) -> None:
    assert percent.segments(path) == parts


@pytest.mark.parametrize(
    "path",
    [
        "",
        "intake",
        "/a b",
        "/a\\b",
        "/a%5Cb",
        "/a%00b",
        "/a%0Db",
        "/a%C2%85b",
        "/a/../b",
        "/a/%2e%2e/b",
        "/a/%2E./b",
        "/a/x%2F..%2Fb",
        "/a/.",
        "/a/name.",
        "/a/name./b",
        "/a/%252e%252e/b",
        "/a/%2500",
        "/a/%zz",
        "/a/%",
        "/a/%FF",
        "/a/ü",
        "/a?b",
        "/a#b",
        "/a%2Fb/c",
        '/a/"b"',
        "/a\x00",
    ],
)
def test_a_path_with_more_than_one_reading_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match=r"path|codec|slash"):
        percent.segments(path)


@pytest.mark.parametrize("query", ["", "comp=list&prefix=a%2Fb", "marker=2!76!x==", "a=%C3%BC"])
def test_a_query_of_query_characters_passes(query: str) -> None:
    percent.check_query(query)


@pytest.mark.parametrize("query", ["a b", "a#b", "a=%0d%0a", "a=%00", "a=%", "a=ü", "a=%FF", 'a="'])
def test_a_query_that_would_end_elsewhere_is_refused(query: str) -> None:
    with pytest.raises(ValueError, match=r"query|codec"):
        percent.check_query(query)


NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1)


@given(st.lists(NAMES, min_size=1).map(tuple))
def test_an_encoded_path_reads_back_or_is_refused(parts: tuple[str, ...]) -> None:
    path = percent.encode(parts)
    try:
        read = percent.segments(path)
    except ValueError:
        return
    assert "/".join(read) == "/".join(parts)
