from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import InvalidRequest
from gateway.operations.blob.spec import Level
from gateway.operations.blob.target import MAX_LENGTH, place


def test_a_path_names_an_account_a_container_or_a_blob() -> None:
    assert place("/", "").path == ()
    assert place("/phi", "container").path == ("phi",)
    assert place("/phi/a/b", "").path == ("phi", "a/b")


def test_a_single_segment_is_a_blob_of_the_root_container() -> None:
    found = place("/notes.txt", "")
    assert (found.level, found.path) == (Level.BLOB, ("$root", "notes.txt"))


@pytest.mark.parametrize("path", ["", "phi", "//", "//a", "/phi/", "/phi?x", "/phi#x", "/phi/ä"])
def test_a_path_that_names_nothing_certain_is_refused(path: str) -> None:
    for restype in ("", "container"):
        with pytest.raises(InvalidRequest):
            place(path, restype)


def test_a_path_over_the_bound_is_refused() -> None:
    with pytest.raises(InvalidRequest):
        place("/phi/" + "%61" * MAX_LENGTH, "")


@given(st.text(min_size=1, max_size=50))
def test_an_encoded_name_is_that_name_or_refused(name: str) -> None:
    try:
        found = place("/phi/" + quote(name, safe="", errors="surrogatepass"), "")
    except InvalidRequest:
        return
    assert found.path == ("phi", name)


@given(st.lists(st.sampled_from(["a", "%61", "/", "%2F", ".", "%2e", "%25", "\\", "%5c", "phi"])))
def test_no_path_gets_a_dot_segment_a_backslash_or_an_escape_through(parts: list[str]) -> None:
    try:
        found = place("/" + "".join(parts), "")
    except InvalidRequest:
        return
    for segment in "/".join(found.path).split("/"):
        assert not segment.endswith(".")
        assert "\\" not in segment
        assert "%2" not in segment.lower()
