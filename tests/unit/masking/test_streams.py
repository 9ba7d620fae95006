import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import Withheld
from gateway.masking import streams
from gateway.masking.streams import LineStream, WholeStream


@given(st.lists(st.binary(max_size=12)), st.sampled_from([b"\n", b"\r", b"\r\n"]))
def test_lines_are_the_same_however_they_come(pieces: list[bytes], end: bytes) -> None:
    whole = b"".join(pieces)
    stream = LineStream(lambda lines: [b"<" + line + b">" for line in lines], end)

    done = b"".join([*map(stream.feed, pieces), stream.flush()])

    lines = whole.split(end)
    last = b"<" + lines[-1] + b">" if lines[-1] else b""
    assert done == end.join([b"<" + line + b">" for line in lines[:-1]] + [last])


def uppers(lines: list[bytes]) -> list[bytes]:
    return [line.upper() for line in lines]


def test_lines_go_out_as_soon_as_they_end() -> None:
    stream = LineStream(uppers)

    assert stream.feed(b"a\nb") == b"A\n"
    assert stream.feed(b"c") == b""
    assert stream.flush() == b"BC"


def test_a_whole_is_masked_at_its_end() -> None:
    stream = WholeStream(bytes.upper)

    assert stream.feed(b"a") == b""
    assert stream.feed(b"b") == b""
    assert stream.flush() == b"AB"


def test_sizes_are_bounded() -> None:
    line = LineStream(uppers)
    with pytest.raises(Withheld):
        line.feed(b"x" * (streams.MAX_LINE + 1))
    whole = WholeStream(bytes.upper)
    with pytest.raises(Withheld):
        whole.feed(bytes(streams.MAX_BYTES + 1))
