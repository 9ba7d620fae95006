"""Names of fields in text as word processors write it: other apostrophes, quotation marks, signs.

The signs are several bytes in UTF-8, none of which belongs to a word.
"""

# ruff: noqa: RUF001 - such signs are what is tested

import json

import pytest

from gateway.masking.engine import mask
from tests.unit.masking.contexts import context

NAMES = ("Zebulon", "O'Brien-Muñoz", "Müller", "Øksnevad", "D'Ambrosio")
TEXTS = (
    "Zebulon’s wife called",
    "ZEBULON’S wife called",
    "Zebulonʼs wife called",
    "Zebulon´s wife called",
    "He said “Zebulon” twice",
    "He said ‘Zebulon’ twice",
    "He said «Zebulon» twice",
    "Zebulon… and so on",
    "•Zebulon\u2028came",
    "Zebulon™ came",
    "Zebulon² came",
    "Zebulon\U0001f600 came",
    "Zebulon\ufffd came",
    "Munoz’s results",
    "Muñoz’s results",
    "Seen O’Brien today",
    "Seen OʼBrien today",
    "Seen OBRIEN today",
    "Seen Obrien today",
    "file zebulon_obrien.pdf",
    "Seen Dambrosio today",
    "Seen D’Ambrosio’s son",
    "Mueller’s results",
    "MUELLER came",
    "Oksnevad came",
    "Oeksnevad came",
)


@pytest.mark.parametrize("text", TEXTS)
def test_a_name_is_found_beside_signs_beyond_ascii(text: str) -> None:
    body = json.dumps({"people": [{"lastName": name} for name in NAMES], "note": text})

    shown = json.loads(mask(body.encode(), "application/json", "", context(accept=True)).body)

    low = shown["note"].lower()
    parts = ("zebulon", "muñoz", "munoz", "brien", "ambrosio", "mueller", "ksnevad")
    assert [part for part in parts if part in low] == []
    assert "[name]" in low


def test_signs_of_a_text_stay_as_they_are() -> None:
    body = {"lastName": "Zebulon", "note": "“Zebulon’s” pulse: 37 °C… 5 µg² – done ™"}

    shown = mask(json.dumps(body).encode(), "application/json", "", context(accept=True)).body

    assert json.loads(shown)["note"] == "“[name]” pulse: 37 °C… 5 µg² – done ™"
