"""Numbers that nothing names."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.masking.engine import mask
from gateway.masking.fields.numbers import epoch_date, is_long_integer, is_measured, long_numbers
from gateway.masking.kinds import Kind
from tests.unit.masking.contexts import context


def shown(body: str) -> str:
    return mask(body.encode(), "application/json", "", context()).body.decode()


START = datetime(1970, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "long"),
    [
        (999_34_7125, True),
        (-999_34_7125, True),
        (12_345_678, False),
        (1_588_234_567_890, True),
        (8_910_120_000_003_204_511_7, True),
        (0, False),
        ("999347125", False),
    ],
)
def test_a_number_of_nine_digits_is_no_count(value: object, long: bool) -> None:
    assert is_long_integer(value) is long


@pytest.mark.parametrize("name", ["sizeInBytes", "total_count", "elapsed-ms", "Amount"])
def test_names_of_counts(name: str) -> None:
    assert is_measured(name)


@pytest.mark.parametrize("name", ["reference", "x7", "discounted", "", "count" * 100])
def test_other_names(name: str) -> None:
    assert not is_measured(name)


@given(st.dates(date(1974, 1, 1), date(2099, 12, 30)), st.sampled_from([1, 10**3, 10**6, 10**9]))
def test_counts_from_1970_are_dates(day: date, unit: int) -> None:
    moment = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    count = (moment - START) // timedelta(seconds=1) * unit
    expected = {day.isoformat(), ""}  # some are dates by their own digits too
    assert epoch_date(str(count)) in expected


@pytest.mark.parametrize("text", ["19800203", "20200229123000", "12", "", "99999999999", "1e12"])
def test_other_numbers_are_none(text: str) -> None:
    assert epoch_date(text) == ""


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (b"call about 412998877 today", ["412998877"]),
        (b"SNOMED code 386661006 and 44054006", []),
        (b"viral load 123456789 copies/mL", []),
        (b"ratio 1.123456789 or 123456789.5", []),
        (b"ID A123456789", []),
    ],
)
def test_long_numbers_in_text(text: bytes, found: list[str]) -> None:
    assert [text[start:end].decode() for start, end, _ in long_numbers(text)] == found


def test_eight_digits_are_a_date_or_nothing() -> None:
    text = b"seen 20240903, lot 20249903, dose 10000000, SNOMED 20241103, 20241103 copies"

    assert list(long_numbers(text)) == [(5, 13, Kind.DATE)]


@pytest.mark.parametrize(
    ("body", "gone"),
    [
        ('{"x7": 999347125}', "999347125"),
        ('{"x7": "999347125"}', "999347125"),
        ('{"x7": 1588234567890}', "1588234567890"),
        ('{"x7": [999347125, 5]}', "999347125"),
        ('{"birthDate": 318211200000}', "318211200000"),
    ],
)
def test_numbers_under_unknown_keys_are_not_shown(body: str, gone: str) -> None:
    assert gone not in shown(body)


@pytest.mark.parametrize("body", ['{"sizeBytes":123456789012}', '{"x7":5}', '{"x7":1.123456789}'])
def test_counts_stay(body: str) -> None:
    assert shown(body) == body
