from datetime import timedelta

import pytest

from gateway.refresh.age import within
from tests.fakes.time import NOON

MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("age", "expected"),
    [(timedelta(0), True), (timedelta(seconds=59), True), (MINUTE, False), (-MINUTE, False)],
)
def test_a_moment_is_within_a_limit_from_now_back(age: timedelta, expected: bool) -> None:
    assert within(NOON - age, MINUTE, NOON) is expected


def test_a_moment_that_never_was_is_within_no_limit() -> None:
    assert not within(None, MINUTE, NOON)
