"""Names in small letters."""

import pytest

from gateway.masking.recognition.small_names import small_names


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("pt lars eriksson w/ a rash", ["lars eriksson"]),
        ("Pt: maria needs a refill", ["maria"]),
        ("patient sunita deshpande, 29 yo", ["sunita deshpande"]),
        ("what for cellulitis in pt named grace long, 68 yo", ["grace long"]),
        ("a man named ignatius with gout", ["ignatius"]),
        ("a woman named jean-luc beaumont, 44", ["jean-luc beaumont"]),
        ("patient stable, 45 yo", []),
        ("pt will need a scan", []),
        ("pt may long for home", []),
        ("patient morbidly obese, 45 yo", []),
        ("a patient named above", []),
        ("the drug named in the study", []),
        ("dept lars", []),
        ("pt presents with chest pain", []),
    ],
)
def test_who_is_named(text: str, found: list[str]) -> None:
    assert [text[start:end] for start, end in small_names(text)] == found
