from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.masking.date_shift import shifted


@pytest.mark.parametrize(
    ("value", "days", "moved"),
    [
        ("2020-02-28", 2, "2020-03-01"),
        ("2020-03-01T08:00:00.5+01:00", -1, "2020-02-29T08:00:00.5+01:00"),
        ("2020-03-01 08:00", -1, "2020-02-29 08:00"),
        ("20200301083000+0100", -1, "20200229083000+0100"),
        ("20200301", 1, "20200302"),
    ],
)
def test_the_notation_stays(value: str, days: int, moved: str) -> None:
    assert shifted(value, days) == moved


@pytest.mark.parametrize(
    "value", ["2020", "2020-03", "2020-02-30", "0001-01-01", "03/04/2020", "202003", "", "x"]
)
def test_what_is_no_whole_date_is_not_moved(value: str) -> None:
    assert shifted(value, -50) == ""


@given(st.dates(date(1, 3, 1), date(9999, 10, 1)), st.integers(-50, 50))
def test_every_date_moves_by_as_many_days(day: date, days: int) -> None:
    assert date.fromisoformat(shifted(day.isoformat(), days)) == day + timedelta(days=days)
