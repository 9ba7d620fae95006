# ruff: noqa: RUF001
from datetime import date

import pytest

from gateway.masking.engine import Context, mask
from gateway.masking.recognition import folding

CONTEXT = Context("safe-harbor", "", True, True, None, "", date(2026, 12, 31))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SSN １２３-４５-６７８９", "SSN [ssn]"),
        ("SSN 123\u200b-45-6789", "SSN [ssn]"),
        ("123\u201045\u20106789", "[ssn]"),
        ("123\u201345\u20136789", "[ssn]"),
        ("SSN: 123\u00a045\u00a06789", "SSN: [ssn]"),
        ("call 555\u2011123\u20114567", "call [phone]"),
        ("\u202e٠١٢-٣٤-٥٦٧٨ x", "[ssn] x"),
        ("ssn%3D123-45-6789%26x%3D1", "ssn=[ssn]&x=1"),
    ],
)
def test_numbers_are_found_however_their_characters_are_written(text: str, expected: str) -> None:
    assert mask(text.encode(), "text/plain", "", CONTEXT).body.decode() == expected


@pytest.mark.parametrize(
    "text",
    ["Größe 12–14 cm", "температура 38,5", "体温３８度", "50%20 of 20%", "a\u200db", "€\u00a05,00"],
)
def test_text_in_which_nothing_is_found_keeps_its_characters(text: str) -> None:
    assert mask(text.encode(), "text/plain", "", CONTEXT).body.decode() == text


def test_a_name_is_known_with_and_without_accents_and_in_look_alike_letters() -> None:
    body = '{"name": "José García", "a": "jose garcia came", "b": "García", "c": "Gаrcia came"}'

    shown = mask(body.encode(), "application/json", "", CONTEXT).body.decode()

    assert "arc" not in shown
    assert "jose" not in shown


def test_words_of_one_script_stay_in_it() -> None:
    assert folding.folded("Новая Smith") == "Новая Smith"
    assert folding.folded("Ѕmith") == "Smith"
