from hypothesis import given
from hypothesis import strategies as st

from gateway.masking.structure import HEADINGS, structure


def test_lines_list_marks_and_known_headings_stay() -> None:
    note = "Chief Complaint: cough\n\nPLAN:\n  1. rest\n- Jo Meyers\nSigned by Jo:\r\n"

    assert structure(note) == ("Chief Complaint: [text]\n\nPLAN:\n  1. [text]\n- [text]\n[text]\n")


@given(st.text(max_size=80))
def test_nothing_of_the_words_stays(text: str) -> None:
    left = structure(text).replace("[text]", " ").lower()
    for heading in sorted(HEADINGS, key=len, reverse=True):
        left = left.replace(heading, " ")

    assert not any(character.isalpha() for character in left)


@given(st.text(max_size=80))
def test_twice_is_once(text: str) -> None:
    assert structure(structure(text)) == structure(text)
