import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.policy.patterns import ActionPattern, ResourcePattern, climbs, segments_of, wildcard

letters = st.text(alphabet="ab", max_size=6)
segment = st.text(alphabet="ab*", min_size=1, max_size=3).filter(lambda text: "**" not in text)
patterns = st.lists(segment | st.just("**"), min_size=1, max_size=5).map("/".join)
paths = st.lists(st.text(alphabet="ab", max_size=3), min_size=1, max_size=6).map(tuple)


def as_regex(pattern: str) -> re.Pattern[str]:
    """The meaning of a pattern, said another way: each segment is followed by a slash."""
    text = ""
    for part in pattern.split("/"):
        if part == "**":
            text += "(?:[^/]*/)*"
        else:
            text += re.escape(part).replace(r"\*", "[^/]*") + "/"
    return re.compile(text)


@given(st.text(alphabet="ab*", max_size=8), letters)
def test_a_wildcard_is_anything(pattern: str, text: str) -> None:
    expected = re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), text)

    assert wildcard(pattern.split("*"), text) == bool(expected)


@given(patterns, paths)
def test_a_resource_pattern_means_what_its_expression_means(
    pattern: str, path: tuple[str, ...]
) -> None:
    expected = as_regex(pattern).fullmatch("".join(f"{part}/" for part in path))

    assert ResourcePattern.of(pattern).matches(path) == bool(expected)


@given(patterns, patterns, paths)
def test_covering_never_claims_too_much(one: str, other: str, path: tuple[str, ...]) -> None:
    wide, narrow = ResourcePattern.of(one), ResourcePattern.of(other)

    if wide.covers(narrow) and narrow.matches(path):
        assert wide.matches(path)


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        ("clinic/public/**", "clinic/public", True),
        ("clinic/public/**", "clinic/public/a/b", True),
        ("clinic/public/**", "clinic/publicity", False),
        ("clinic/public/**", "clinic", False),
        ("clinic/*", "clinic/a", True),
        ("clinic/*", "clinic/a/b", False),
        ("clinic/*", "clinic", False),
        ("clinic/**", "clinic", True),
        ("**", "anything/at/all", True),
        ("clinic/img-*.png", "clinic/img-1.png", True),
        ("clinic/**/x", "clinic/x", True),
        ("clinic/**/x", "clinic/a/b/x", True),
        ("clinic/Public/**", "clinic/public/x", False),
    ],
)
def test_resource_patterns_by_example(pattern: str, path: str, matches: bool) -> None:
    assert ResourcePattern.of(pattern).matches(tuple(path.split("/"))) is matches


@pytest.mark.parametrize(
    ("pattern", "matches"),
    [
        ("Microsoft.Storage/*/read", True),
        ("microsoft.storage/STORAGEACCOUNTS/blobServices/containers/blobs/read", True),
        ("*", True),
        ("*/read", True),
        ("Microsoft.Storage/storageAccounts/read", False),
        ("*/write", False),
    ],
)
def test_action_wildcards_are_those_of_role_definitions(pattern: str, matches: bool) -> None:
    action = "microsoft.storage/storageaccounts/blobservices/containers/blobs/read"

    assert ActionPattern.of(pattern).matches(action) is matches


def test_a_pattern_made_to_be_slow_is_not() -> None:
    pattern = ResourcePattern.of("/".join(["**", "a"] * 200))

    assert not pattern.matches(("a",) * 2000 + ("b",))


def test_slashes_in_a_blob_name_separate_segments() -> None:
    assert segments_of("clinic", ("public", "a/b")) == ("clinic", "public", "a", "b")
    assert segments_of("clinic", ()) == ("clinic",)


@pytest.mark.parametrize("name", ["..", "a/../b", ".", "a\\..\\b"])
def test_dot_segments_are_seen(name: str) -> None:
    assert climbs(segments_of("clinic", ("public", name)))
    assert not climbs(segments_of("clinic", ("public", "a..b/.hidden")))
