import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.masking.recognition import name_context, place_context, small_names
from gateway.masking.recognition.backwards import backwards, lead

SOURCES = [
    r"(?i:\b(?:lives|born) (?:in|near) (?:the |rural )?)\Z",
    r"(?:, ?|\()\Z",
    r"(?i:[0-9]{1,3} ?[mf]\.?,? \(?)\Z",
    r"\b(?i:care\b[^.;\n]{0,4}\b(?:at|to)|@|visit(?:ed|s)?|consult\w*) (?:the |a )?\Z",
]
USED = [
    *(name_context.NAMED, name_context.PERSON, small_names._WHO),
    *(place_context.VISIT, place_context.AT, place_context.LIVES),
    *(place_context.FROM, place_context.CITY),
]


@pytest.mark.parametrize("source", SOURCES)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_the_mirror_image_matches_where_a_search_does(source: str, data: st.DataObject) -> None:
    pattern = re.compile(source)
    drawn = st.one_of(st.from_regex(pattern), st.text("abcdefilnrstv 19.,(\n@ANTI", max_size=20))
    text = data.draw(st.sampled_from(["", "x", "He ", "-"])) + data.draw(drawn)

    assert bool(backwards(source).match(text[::-1])) == bool(pattern.search(text))


@pytest.mark.parametrize("mirrored", USED)
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_patterns_of_names_and_places_are_the_mirror_images_of_their_own(
    mirrored: re.Pattern[str], data: st.DataObject
) -> None:
    plain = re.compile(backwards(mirrored.pattern + r"\Z").pattern + r"\Z")
    text = data.draw(st.one_of(st.from_regex(plain), st.text(max_size=12)))

    assert bool(mirrored.match(text[::-1])) == bool(plain.search(text))


def test_what_leads_up_to_a_needle_is_read_backwards_in_bytes() -> None:
    pattern, most = lead(r"[A-Za-z\xc3]{1,9}(?:weg|str\.)")

    assert most == 9 + 4
    assert pattern.match("Grüner Eichweg".encode()[::-1])
    assert not pattern.match(b"Eichwege"[::-1])


@pytest.mark.parametrize("source", ["abc", r"a|b\Z", r"(?=a)b\Z", r"(?s:a)\Z", r"[^\S]\Z"])
def test_a_pattern_without_a_mirror_image_is_refused(source: str) -> None:
    with pytest.raises((ValueError, KeyError)):
        backwards(source)
