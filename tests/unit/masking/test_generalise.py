from datetime import date

import pytest

from gateway.masking.generalise import SPARSE, age, oldest_year, shown_year, year, zip3

TODAY = date(2026, 8, 3)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("1984-03-02", "1984"),
        ("1984-03-02T10:11:12.5+01:00", "1984"),
        ("March 2, 1984", "1984"),
        ("2 Mar 1984", "1984"),
        ("03/02/1984", "1984"),
        ("19840302", "1984"),
        ("198403021011", "1984"),
        ("19840302101112.123-0500", "1984"),
        ("1984", "1984"),
        ("03/02/84", ""),
        ("sometime", ""),
        ("1984 or 1985", ""),
        ("20840", ""),
    ],
)
def test_a_date_becomes_its_year(value: str, expected: str) -> None:
    assert year(value) == expected
    assert year(expected) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [("1984-03-02", "1984"), ("1937-12-31", "1937"), ("1936-01-01", ""), ("1936", ""), ("x", "")],
)
def test_a_birth_year_that_implies_an_age_of_ninety_is_not_shown(value: str, expected: str) -> None:
    assert shown_year(value, oldest_year(TODAY)) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("02139", "021"),
        ("02139-4307", "021"),
        ("021394307", "021"),
        ("03601", "000"),
        ("036", "000"),
        ("021", "021"),
        ("2139", ""),
        ("SW1A 1AA", ""),
    ],
)
def test_a_zip_code_keeps_three_digits_unless_few_people_live_there(
    value: str, expected: str
) -> None:
    assert zip3(value) == expected


def test_eighteen_areas_are_sparse() -> None:
    assert len(SPARSE) == 18


@pytest.mark.parametrize(
    ("value", "expected"),
    [("89", "89"), ("90", "90+"), ("104", "90+"), ("90+", "90+"), ("94 years", "90+ years")],
)
def test_an_age_over_eighty_nine_becomes_ninety_or_more(value: str, expected: str) -> None:
    assert age(value) == expected
    assert age(expected) == expected


@pytest.mark.parametrize(
    "value", ["John Smith", "45, SSN 517-64-9982", "sig=abc", "call 555-123-4567", "45 Elm Street"]
)
def test_what_is_no_age_is_not_shown_as_one(value: str) -> None:
    assert age(value) == ""


@pytest.mark.parametrize("value", ["45", "45 years", "3 mo", "6.5", "30-39", "adult", "90+"])
def test_an_age_stays(value: str) -> None:
    assert age(value) == value
