"""The soak, short in every run and long where it is asked for, and what it counts as a fault."""

import pytest

from tests.soak.growth import quarters
from tests.soak.load import Unexplained
from tests.soak.soak import (
    MIB,
    NOISE,
    Growth,
    Options,
    Outcome,
    is_interrupted,
    slope,
    soak,
    table,
)

CROWD = [pytest.mark.integration, pytest.mark.enable_socket]


@pytest.mark.parametrize(
    "options",
    [
        pytest.param(
            Options(processes=3, seconds=30, workers=6, kill_every=8, ask_every=2),
            marks=[*CROWD, pytest.mark.timeout(300)],
            id="short",
        ),
        pytest.param(
            Options(), marks=[*CROWD, pytest.mark.soak, pytest.mark.timeout(1800)], id="long"
        ),
    ],
)
def test_killed_instances_lose_nothing_and_do_nothing_twice(options: Options) -> None:
    outcome = soak(options)

    assert outcome.faults == [], table(outcome)
    assert outcome.killed >= options.least_killed == 2
    assert outcome.acknowledged >= 100
    assert outcome.decided >= 1
    assert 1 <= outcome.carried_out <= outcome.decided + outcome.failed


def test_growth_is_the_slope_of_resident_size_over_requests() -> None:
    assert slope([(500, 10.0), (1000, 20.0), (1500, 30.0)]) == pytest.approx(0.02)
    assert slope([(500, 10.0), (500, 20.0)]) == 0


def test_quarters_show_whether_growth_goes_on() -> None:
    looks = [(float(number), float(min(number, 4))) for number in range(8)]
    assert quarters(looks) == [0.5, 2.5, 4, 4]
    assert quarters(looks[:1]) == [0]


@pytest.mark.parametrize(
    ("requests", "grown", "bounded"),
    [
        (100_000, 20 * MIB + NOISE, True),
        (100_000, 20 * MIB + NOISE + 1, False),
        (1000, NOISE, True),
        (1000, NOISE + MIB, False),
        (1000, -MIB, True),
    ],
)
def test_memory_may_grow_in_proportion_to_requests(
    requests: int, grown: float, bounded: bool
) -> None:
    growth = Growth(1, requests, grown)
    assert growth.bounded is bounded
    assert (Outcome(growth=[growth]).faults == []) is bounded


def test_everything_that_went_wrong_is_a_fault() -> None:
    outcome = Outcome(
        lost=["e1"],
        missing=["b1"],
        repeated=["hold-1"],
        findings=["gap"],
        unexpected={"PUT 500": 1},
    )
    assert len(outcome.faults) == 5
    assert table(outcome).count("FAULT") == 5


INTENT = {"type": "intent"}
INTERRUPTED = {"type": "outcome", "result": "interrupted"}


@pytest.mark.parametrize(
    ("answer", "records", "known"),
    [
        ("PUT 403 UpstreamInterrupted", [INTENT, INTERRUPTED], True),
        ("PUT 403 UpstreamInterrupted", [INTENT], False),
        ("PUT 403 UpstreamInterrupted", [INTENT, INTERRUPTED, INTERRUPTED], False),
        ("PUT 403 UpstreamInterrupted", [INTENT, {"type": "outcome", "result": "answered"}], False),
        ("PUT 403 UpstreamInterrupted", [], False),
        ("PUT 403 OutcomeUnrecorded", [INTENT, INTERRUPTED], False),
        ("GET 403 NoRuleAllows", [{"type": "denied"}], False),
    ],
)
def test_an_answer_that_the_end_is_unknown_is_explained_by_evidence_alone(
    answer: str, records: list[dict[str, str]], known: bool
) -> None:
    item = Unexplained(answer, "e1", "https://gateway", 1, 1, "")
    assert is_interrupted(item, records) is known


def test_changes_that_end_unknown_are_rare() -> None:
    assert Outcome(acknowledged=10_000, interrupted=50).faults == []
    assert len(Outcome(acknowledged=10_000, interrupted=51).faults) == 1
