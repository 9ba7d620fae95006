import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.masking.kinds import Kind
from gateway.masking.recognition.openings import EXACT, LOW, SHAPE, openings, parsed
from gateway.masking.recognition.patterns import IDENTIFIERS
from gateway.masking.recognition.recogniser import Recogniser
from gateway.masking.recognition.secret_patterns import SECRETS
from gateway.masking.recognition.triggers import Triggers

ALL = (*SECRETS, *IDENTIFIERS)
TRIGGERS = Triggers(ALL)
AROUND = st.sampled_from(
    [b"", b" ", b"\n", b"x", b"7", b"_", b"-", b".", b"(", b"\xc3\xa9", b"Dr. ", b"MRN ", b" Rd"]
)


def assert_holds(text: bytes) -> None:
    """Every place where a recogniser matches is one where it may."""
    places = TRIGGERS.places(text)
    assert places == sorted(places)
    for number, item in enumerate(ALL):
        may = {
            start
            for first, other, last in places
            if other == number
            for start in range(first, last + 1)
        }
        matches = {start for start in range(len(text)) if item.grouped.match(text, start)}
        assert matches <= may, item.pattern


@pytest.mark.parametrize("item", ALL, ids=lambda item: f"{ALL.index(item)}-{item.kind}")
@settings(max_examples=12, deadline=None)
@given(data=st.data())
def test_no_match_is_missed_of_what_a_recogniser_looks_for(
    item: Recogniser, data: st.DataObject
) -> None:
    drawn = data.draw(st.from_regex(item.grouped))

    assert_holds(data.draw(AROUND) + drawn + data.draw(AROUND))


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.sampled_from(
                [
                    b"Patient", b"SSN", b"MRN", b"1", b"555", b"12", b"-", b"/", b" ", b".", b":",
                    b"Boston", b", ", b"MA", b"02139", b"May", b"www", b"com", b"@", b"=",
                    b"[name]",
                    b"Main", b"Street", b"weg ", b"masked-", b"dapi", b"\xd1\x8f", b"'s", b"\n",
                ]
            ),
            st.binary(max_size=3),
        ),
        max_size=14,
    )
)  # fmt: skip
def test_no_match_is_missed_in_texts_of_all_kinds(pieces: list[bytes]) -> None:
    assert_holds(b"".join(pieces))


def test_text_without_what_anything_begins_with_costs_no_recogniser() -> None:
    text = b"Blood pressure and weight are well, and there is nothing new to say of them."

    assert {place[1] for place in TRIGGERS.places(text)} == set()


def test_a_pattern_that_begins_like_any_word_wants_a_needle() -> None:
    pattern = "[a-z]+@x"

    with pytest.raises(ValueError, match="needle"):
        Triggers([Recogniser(Kind.ID, pattern)])
    triggers = Triggers([Recogniser(Kind.ID, pattern, needle="@x", lead="[a-z]{1,9}")])

    assert triggers.places(b"1 ab@y ab@x") == [(7, 0, 9)]


@pytest.mark.parametrize(
    ("pattern", "alphabet", "texts"),
    [
        (r"\b[0-9]{2}-[0-9]", SHAPE, {(b"00-0", True)}),
        (r"\b(?i:ab|a)c", LOW, {(b"abc", True), (b"ac", True)}),
        (r"\b(?i:a)B", SHAPE, {(b"aA", True), (b"AA", True)}),
        (r"(?:\b|_)x?y", EXACT, {(b"y", True), (b"xy", True), (b"_y", False), (b"_xy", False)}),
        (r"ab[^c]d", EXACT, {(b"ab", False)}),
        (r"\xc3\xa9[0-9]", SHAPE, {(b"\x80\x80" + b"0", False)}),
    ],
)
def test_openings_are_read_from_a_pattern(
    pattern: str, alphabet: bytes, texts: set[tuple[bytes, bool]]
) -> None:
    assert openings(parsed(pattern), alphabet) == texts


@pytest.mark.parametrize("item", [item for item in ALL if item.needle])
@settings(max_examples=12, deadline=None)
@given(data=st.data())
def test_a_needle_stands_in_every_match(item: Recogniser, data: st.DataObject) -> None:
    drawn = data.draw(st.from_regex(item.grouped))
    match = item.grouped.search(drawn)

    assert match
    assert re.search(item.needle.encode(), drawn[match.start() :])
