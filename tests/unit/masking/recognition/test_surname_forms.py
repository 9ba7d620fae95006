"""Surnames by how they are made."""

import pytest

from gateway.masking.recognition.surname_forms import formed
from tests.unit.masking.recognition.test_names import masked


@pytest.mark.parametrize(
    "low",
    [
        "wolniewicz",
        "tamazashvili",
        "hadjopoulos",
        "vasilescu",
        "gunnarsdottir",
        "ndhlovu",
        "szymanek",
        "zhelev",
        "oluwakemi",
        "venkateswaran",
    ],
)
def test_a_word_made_like_a_surname(low: str) -> None:
    assert formed(low)


@pytest.mark.parametrize(
    "low",
    [
        "lesson",
        "linen",
        "banyan",
        "rescue",
        "orchestra",
        "plasma",
        "physician",
        "russian",
        "albanian",
        "supernova",
        "casanova",
        "geneva",
        "moldova",
        "maelstrom",
        "kwashiorkor",
        "svelte",
        "mbq",
        "ndc",
        "vraylar",
        "ngenla",
        "tzield",
        "kcentra",
        "xgeva",
        "metformin",
        "epidermidis",
    ],
)
def test_a_word_that_is_none(low: str) -> None:
    assert not formed(low)


def test_such_a_word_counts_as_a_listed_surname_does() -> None:
    assert masked("seen by Zelmi Karaszwilowski today") == "seen by [name] today"
    assert masked("call ms ndhlovu back") == "call ms ndhlovu back"
    assert masked("pt lars ndhlovu came") == "pt [name] came"
