from datetime import UTC, datetime, timedelta, timezone

import pytest

from gateway.operations import facts as operation_facts
from gateway.policy.facts import (
    COMMON,
    EXTRA,
    MAX_INTEGER,
    MAX_LIST,
    MEANING,
    FactsInvalid,
    gather,
    shared,
)
from tests.fakes.manifest import READ
from tests.unit.policy.build import NOON, access, operation, principal, request

TABLE = {**EXTRA, **COMMON}


def test_the_table_agrees_with_what_operations_produce() -> None:
    ours = {name: kind for name, kind in TABLE.items() if name in operation_facts()}

    assert ours == dict(operation_facts())
    assert set(EXTRA) <= set(operation_facts())


def test_every_common_fact_is_explained() -> None:
    assert set(MEANING) == set(COMMON)


def test_facts_that_a_request_lacks_are_empty_and_not_absent() -> None:
    facts = gather(TABLE, {}, access("clinic"))

    assert set(facts) == set(TABLE)
    assert facts["copy_source"] == ""
    assert facts["size"] == 0
    assert facts["sas"] is False
    assert facts["groups"] == []


def test_facts_are_those_of_the_access_that_is_judged() -> None:
    source = access("clinic/charts/a/b.json")
    base = shared(principal(), ("bot", frozenset({"readers"})), operation(source), request(), NOON)

    facts = gather(TABLE, {**base, "container": "other", "effect": "write"}, source)

    assert (facts["connection"], facts["container"], facts["blob"]) == (
        "clinic",
        "charts",
        "a/b.json",
    )
    assert facts["effect"] == "read"
    assert facts["action"] == READ.lower()


def test_time_is_utc_whatever_the_clock_says() -> None:
    moment = datetime(2026, 8, 3, 1, 30, tzinfo=timezone(timedelta(hours=3)))
    base = shared(principal(), ("bot", frozenset()), operation(access("c")), request(), moment)

    assert moment.astimezone(UTC).day == 2
    assert (base["hour"], base["weekday"]) == (22, 6)


def test_an_operation_cannot_pass_facts_off_as_the_gateways_own() -> None:
    forged = operation(access("clinic"), facts={"agent": "admin", "hour": 3, "method": "PUT"})

    base = shared(principal(), ("bot", frozenset()), forged, request("GET", b"abc"), NOON)

    assert base["agent"] == "bot"
    assert base["hour"] == 12
    assert base["method"] == "GET"
    assert base["size"] == 3
    assert base["client_address"] == "192.0.2.1"


@pytest.mark.parametrize(
    "wrong",
    [
        {"size": "5"},
        {"size": True},
        {"sas": 1},
        {"copy_source": 5},
        {"groups": "readers"},
        {"groups": ["x"] * (MAX_LIST + 1)},
        {"size": MAX_INTEGER + 1},
    ],
)
def test_a_fact_of_the_wrong_type_or_size_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(FactsInvalid):
        gather(TABLE, wrong, access("clinic"))
