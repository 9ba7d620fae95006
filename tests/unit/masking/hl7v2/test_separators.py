import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.masking.hl7v2.separators import Separators

USUAL = Separators()
CHARACTERS = st.characters(min_codepoint=33, max_codepoint=126)


@given(st.lists(CHARACTERS, min_size=5, max_size=5, unique=True), st.text(max_size=20))
def test_what_is_escaped_reads_as_it_was(characters: list[str], text: str) -> None:
    separators = Separators.of("MSH" + "".join(characters))
    if separators is None:
        return
    plain = text.replace("\r", "")
    written = separators.escaped(plain)

    assert separators.plain(written) == plain
    assert not set(written) & (set(characters) - {separators.escape})
    joined = f"a{separators.component}b{separators.repetition}c{separators.subcomponent}d"
    assert "".join(separators.split(joined)[::2]) == "abcd"


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        ("a\\T\\b", "a&b"),
        ("\\X4A616E65\\", "Jane"),
        ("a\\.br\\b", "a\nb"),
        ("a\\.sp2\\b", "a\nb"),
        ("J\\H\\ane\\N\\", "Jane"),
        ("J\\Z9\\ane", "Jane"),
        ("\\C2842\\x", "x"),
        ("D:\\scans\\x", "D:\\scans\\x"),
        ("\\Zebulon\\", "\\Zebulon\\"),
        ("\\XZZ\\", "\\XZZ\\"),
        ("\\.not formatting\\", "\\.not formatting\\"),
        ("a\\", "a\\"),
    ],
)
def test_sequences_stand_for_what_readers_see(value: str, plain: str) -> None:
    assert USUAL.plain(value) == plain


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("J\\H\\ane", "J\\H\\ane"),
        ("a\\Z9\\b", "ab"),
        ("a\\\\b", "ab"),
        ("D:\\scans\\x", "D:\\scans\\x"),
        ("plain", "plain"),
    ],
)
def test_what_nobody_has_looked_into_is_left_out(value: str, shown: str) -> None:
    assert USUAL.unmasked(value, USUAL.plain(value)) == shown


@pytest.mark.parametrize(
    "header", ["MSH", "MSH|^~\\", "MSH|^^\\&", "MSHa^~\\&", "MSH|^~\\&x", "MSH[^~\\&"]
)
def test_separators_that_cannot_be_told_apart_are_none(header: str) -> None:
    assert (Separators.of(header) is None) is (header != "MSH|^~\\&x")
