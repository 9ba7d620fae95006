"""Lines out of pieces are the lines of the whole, wherever it was cut."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.evidence import lines as module
from gateway.evidence.lines import Lines


@given(
    st.lists(st.sampled_from([b"", b"a", b"bb", b"{}", b"\r"]), max_size=12).map(b"\n".join),
    st.lists(st.integers(0, 40), max_size=12),
)
def test_pieces_give_the_lines_of_the_whole(data: bytes, cuts: list[int]) -> None:
    places = sorted({0, len(data), *(min(cut, len(data)) for cut in cuts)})
    lines, found = Lines(), list[bytes]()
    for start, end in pairwise(places):
        found += lines.feed(data[start:end])
    *whole, rest = data.split(b"\n")

    assert found == whole
    assert (lines.size, lines.rest) == (len(data), len(rest))
    if whole:
        end = len(data) - len(rest) - 1
        assert data[lines.start : end] == whole[-1]
        assert lines.start == end - len(whole[-1])


def test_of_an_endless_line_no_more_than_its_beginning_is_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "_KEPT", 10)
    lines = Lines()
    for _ in range(100):
        assert lines.feed(b"123456") == []
    assert lines.rest == 600
    assert lines.feed(b"7\nnext\n") == [b"1234561234", b"next"]
    assert (lines.start, lines.rest, lines.size) == (602, 0, 607)
