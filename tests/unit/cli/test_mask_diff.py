from hypothesis import given
from hypothesis import strategies as st

from gateway.cli.mask_diff import differences


def lines(before: bytes, after: bytes, *, colour: bool = False) -> list[str]:
    return list(differences(before, after, colour=colour))


def test_only_what_differs_is_shown() -> None:
    assert lines(b"a\nJo\nb", b"a\n[name]\nb") == ["- Jo", "+ [name]"]


def test_json_is_laid_out_first() -> None:
    assert lines(b'{"a":1,"b":"Jo"}', b'{"a":1,"b":"[name]"}') == [
        '-   "b": "Jo"',
        '+   "b": "[name]"',
    ]


def test_a_removed_line_is_one_line() -> None:
    assert lines(b"a\nb\nc", b"a\nc") == ["- b"]


def test_colour_marks_the_part_that_changed() -> None:
    old, new = lines(b"see Jo now", b"see [name] now", colour=True)

    assert old == "\x1b[31m- see \x1b[7mJo\x1b[0m\x1b[31m now\x1b[0m"
    assert new == "\x1b[32m+ see \x1b[7m[name]\x1b[0m\x1b[32m now\x1b[0m"


@given(st.binary(max_size=60), st.binary(max_size=60))
def test_a_document_cannot_drive_the_terminal(before: bytes, after: bytes) -> None:
    for line in lines(before, after):
        assert not any(ord(character) < 32 and character != "\t" for character in line[1:])


def test_many_lines_are_compared_in_a_moment() -> None:
    assert lines(b"a\n" * 50_000, b"b\n" * 49_999)[0] == "- a"
