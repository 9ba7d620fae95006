"""Surnames that stand by themselves, and what is called after somebody."""

import pytest

from tests.unit.masking.recognition.test_names import masked


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("Kowalczyk extubated; Gautreaux to floor", "[name] extubated; [name] to floor"),
        ("Assigned to Gautreaux, pending", "Assigned to [name], pending"),
        ("spoke with Kowalczyk about it", "spoke with [name] about it"),
        ("plan per Kowalczyk.", "plan per [name]."),
    ],
)
def test_a_surname_alone(text: str, after: str) -> None:
    assert masked(text) == after


@pytest.mark.parametrize(
    "text",
    [
        "negative Finkelstein. The Norton, a Penrose, Cobb angle 32",
        "Hawkins positive, Mohs scheduled, Lemierre was suspected",
        "better than Gautreaux? using Gautreaux.",
        "the Gautreaux score, Gautreaux criteria",
        "Care of Newborn; Pain to Knee; Stone in bladder; Ohio is a state",
        "Abbott recalled it, Stryker is the maker",
    ],
)
def test_what_is_called_after_somebody(text: str) -> None:
    assert masked(text) == text
