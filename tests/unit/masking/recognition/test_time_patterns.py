"""Dates in the spellings that people use, ages over 89, and numbers that look like either."""

from dataclasses import replace
from datetime import date

import pytest

from gateway.masking.engine import mask
from tests.unit.masking.contexts import context


def masked(text: str, *, profile: str = "safe-harbor", today: date = date(2026, 8, 3)) -> str:
    told = replace(context(profile, accept=True), today=today)
    return mask(text.encode(), "text/plain", "", told).body.decode()


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("DOB 1960-01-02, DOB: 1960/1/2", "DOB 1960, DOB: 1960"),
        ("born 1960-01 in", "born 1960 in"),
        ("admitted 05JAN2015 0930", "admitted 2015"),
        ("admitted on 5-Jan-2015", "admitted on 2015"),
        ("labs of Jan-05-2015", "labs of 2015"),
        ("cast off 3/Mar/2024", "cast off 2024"),
        ("the 3rd of March, '24", "the [date]"),
        ("inpatient May 20-22, 2021", "inpatient 2021"),
        ("away from June 3rd to 5th", "away from [date]"),
        ("seen 07/12/2012 20:00 by", "seen 2012 by"),
        ("on 9/1/2022 at 10:11 PM by", "on 2022 by"),
        ("week of November 2", "week of [date]"),
        ("relapse Christmas 2016", "relapse 2016"),
        ("until New Year's Eve 2021.", "until 2021."),
        ("well since Labor Day", "well since [date]"),
        ("fell last Thanksgiving", "fell [date]"),
        ("came last Friday", "came [date]"),
        ("Admit 9/7. Stable", "Admit [date]. Stable"),
        ("LMP 3/4", "LMP [date]"),
        ("hold it after 7/5?", "hold it after [date]?"),
        ("from 3/15 on", "from [date] on"),
        ("COPD, adm 7/2. Stable", "COPD, adm [date]. Stable"),
        ("drawn 6/12, pending", "drawn [date], pending"),
        ("back Thurs 8/23", "back Thurs [date]"),
        ("on Tuesday the 6th, early", "on Tuesday the [date], early"),
        ("cultures of 8/18 at 0430 grew", "cultures of [date] grew"),
        ("last dialysis 1/8 1330", "last dialysis [date]"),
        ("well from 10/2 to 10/13", "well from [date]"),
        ("missed 11/2 and 11/3.", "missed [date]."),
        ("sutures out 7/19", "sutures out [date]"),
        ("last seen on 03/21/2023?", "last seen on 2023?"),
        ("last given insulin 9/13, well", "last given insulin [date], well"),
        ("signed 6/8/24 and moved 7/11", "signed [date] and moved [date]"),
        ("called yesterday 6/17, no answer", "called yesterday [date], no answer"),
    ],
)
def test_a_date_in_any_spelling(text: str, after: str) -> None:
    assert masked(text) == after


@pytest.mark.parametrize(
    "text",
    [
        "Christmas disease is factor IX deficiency",
        "what to eat at Thanksgiving",
        "strength from 3/5 to 4/5, pain after 8/10",
        "half a tablet, then 1/2 after 3 hours",
        "reduced by 1/3.",
        "on Mondays and by Friday",
        "last week, last month, last summer, in 2021",
        "two days ago",
        "pain 3/10 at 1400, last pain 7/10",
        "pain from 4/10 to 7/10, Apgar 8/9 at 0412",
        "missed 2/3 doses, next 1/2 tablet, given 1/2 tab",
        "called 2/3 times, signed 1/2 forms, ordered 4/5 doses",
        "nodes 3/14 positive, 5/28 fractions, session 3/12",
    ],
)
def test_what_is_no_date(text: str) -> None:
    assert masked(text) == text


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("a 92F with CHF", "a 90+F with CHF"),
        ("our 91F pt", "our 90+F pt"),
        ("94M, admitted", "90+M, admitted"),
        ("at her 95th birthday", "at her 90+th birthday"),
        ("Temp 98 F, then 99F", "Temp 98 F, then 99F"),
        ("walked 95 m with help", "walked 95 m with help"),
        ("a 82F with CHF", "a 82F with CHF"),
        ("died at home at 97.", "died at home at 90+."),
        ("died at 97 Fahrenheit Court", "died at [address]"),
    ],
)
def test_an_age_over_89_and_a_temperature(text: str, after: str) -> None:
    assert masked(text) == after


def test_a_year_that_tells_of_an_age_over_89_goes_with_its_date() -> None:
    text = "DOB 03/04/1936, born in 1937, DOB 5/6/1938"

    assert masked(text) == "DOB [date], born in 1937, DOB 1938"
    # Read once, and masked by the day it is asked on.
    assert masked(text, today=date(2027, 1, 1)) == "DOB [date], born in [date], DOB 1938"
    assert masked(text, today=date(2025, 1, 1)) == "DOB 1936, born in 1937, DOB 1938"
    assert masked(text, profile="limited-data-set") == text
