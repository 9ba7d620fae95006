from datetime import UTC, datetime

import pytest

from gateway.errors import ConfigurationError
from gateway.local.schedule import Schedule

START = datetime(2026, 11, 1, 12, 0, 0, 500, tzinfo=UTC)  # a Sunday


@pytest.mark.parametrize(
    ("text", "due"),
    [
        ("* * * * * *", datetime(2026, 11, 1, 12, 0, 1, tzinfo=UTC)),
        ("0 * * * * *", datetime(2026, 11, 1, 12, 1, tzinfo=UTC)),
        ("0 */10 * * * *", datetime(2026, 11, 1, 12, 10, tzinfo=UTC)),
        ("30 5,20 * * * *", datetime(2026, 11, 1, 12, 5, 30, tzinfo=UTC)),
        ("0 0 9-17/4 * * *", datetime(2026, 11, 1, 13, 0, tzinfo=UTC)),
        ("0 0 0 * * 1-5", datetime(2026, 11, 2, 0, 0, tzinfo=UTC)),
        ("0 30 2 1 1 *", datetime(2027, 1, 1, 2, 30, tzinfo=UTC)),
        ("0 0 6/12 * * *", datetime(2026, 11, 1, 18, 0, tzinfo=UTC)),
        ("0 0 0 29 2 *", datetime(2028, 2, 29, tzinfo=UTC)),
        ("10 0 12 1 11 0", datetime(2026, 11, 1, 12, 0, 10, tzinfo=UTC)),
    ],
)
def test_a_schedule_is_next_due_at(text: str, due: datetime) -> None:
    assert Schedule.parse(text).after(START) == due


@pytest.mark.parametrize(
    "text",
    [
        "",
        "* * * * *",
        "60 * * * * *",
        "* * 24 * * *",
        "* * * 0 * *",
        "* * * * 13 *",
        "* * * * * 7",
        "a * * * * *",
        "5-1 * * * * *",
        "*/0 * * * * *",
        "*/x * * * * *",
        "1, * * * * *",
        "-1 * * * * *",
    ],
)
def test_what_is_no_schedule_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError):
        Schedule.parse(text)


def test_a_day_that_never_comes_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="never due"):
        Schedule.parse("0 0 0 31 2 *").after(START)
