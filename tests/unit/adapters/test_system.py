from datetime import UTC, timedelta

from gateway.adapters.system import SystemClock, SystemEntropy


def test_the_clock_gives_aware_moments_that_do_not_run_back() -> None:
    clock = SystemClock()
    first, second = clock.now(), clock.now()
    assert first.tzinfo is UTC
    assert timedelta(0) <= second - first < timedelta(seconds=5)


def test_randomness_has_the_asked_size_and_does_not_repeat() -> None:
    entropy = SystemEntropy()
    values = {entropy.hex(16) for _ in range(100)}
    assert len(values) == 100
    assert {len(value) for value in values} == {32}
    assert all(set(value) <= set("0123456789abcdef") for value in values)
