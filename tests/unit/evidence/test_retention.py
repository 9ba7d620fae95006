import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.evidence.chain import extend, start
from gateway.evidence.retention import FLOOR_DAYS, Retention, Update, fault, policy
from gateway.evidence.schema import parse
from tests.builders.evidence import NOON, WRITER


@given(
    st.sampled_from(["locked", "unlocked", "none", "unknown"]),
    st.integers(0, 146_000),
    st.sampled_from(["none", "append", "all", "unknown"]),
    st.integers(0, 5000),
)
def test_only_a_locked_policy_that_lasts_and_lets_append_is_enough(
    state: str, days: int, appends: str, floor: int
) -> None:
    retention = Retention(state, days, appends)  # type: ignore[arg-type]
    good = state == "locked" and days >= max(floor, 2192) and appends in {"append", "all"}
    assert (fault(retention, floor) == "") is good


def test_the_floor_is_six_years_with_their_leap_days() -> None:
    assert FLOOR_DAYS >= 6 * 365.25
    assert fault(Retention("locked", FLOOR_DAYS - 1, "append"), 1)


@pytest.mark.parametrize("updates", [(), (Update("lock", "2026", 2557, "o", "t", "a\ud800"),) * 30])
def test_the_observed_retention_policy_is_a_record(updates: tuple[Update, ...]) -> None:
    seen = Retention("locked", 2557, "append", etag="1", updates=updates)
    line, _ = extend(start(WRITER, 0, NOON), policy("evidence", seen, "/subscriptions/x"), NOON)
    record = parse(line[:-1])

    assert record["type"] == "policy"
    assert (record["state"], record["days"], record["legal_hold"]) == ("locked", 2557, False)
    assert record["resource"] == "/subscriptions/x"
    assert len(record.get("updates", [])) == min(len(updates), 20)
