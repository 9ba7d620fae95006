"""Counts go on record once for each interval, and none is lost."""

from datetime import timedelta

import pytest

from gateway.errors import EvidenceUnavailable, Reason
from gateway.recording.counter import Counter
from tests.builders.evidence import NOON
from tests.fakes.evidence import FakeJournal, FakeMeter
from tests.fakes.time import FakeClock


async def test_an_interval_without_counts_leaves_no_record() -> None:
    journal = FakeJournal()
    await Counter(journal, FakeClock()).flush()

    assert journal.records == []


async def test_counts_are_recorded_by_reason_with_their_interval() -> None:
    journal, clock = FakeJournal(), FakeClock()
    counter = Counter(journal, clock)
    counter.count("refused", Reason.TOKEN_MISSING)
    counter.count("refused", Reason.TOKEN_MISSING)
    counter.count("unauthenticated", Reason.TOKEN_EXPIRED)
    clock.advance(timedelta(minutes=1))
    await counter.flush()

    assert {str(record["name"]): record["counts"] for record in journal.records} == {
        "refused": {"TokenMissing": 2},
        "unauthenticated": {"TokenExpired": 1},
    }
    assert {(record["since"], record["until"]) for record in journal.records} == {
        ("2026-08-03T12:00:00.000000Z", "2026-08-03T12:01:00.000000Z")
    }


async def test_each_interval_begins_where_the_last_ended() -> None:
    journal, clock = FakeJournal(), FakeClock(NOON)
    counter = Counter(journal, clock)
    clock.advance(60)
    await counter.flush()
    clock.advance(60)
    counter.count("refused", Reason.TOKEN_MISSING)
    await counter.flush()
    await counter.flush()

    assert [record["since"] for record in journal.records] == ["2026-08-03T12:01:00.000000Z"]


async def test_labels_that_are_no_reason_codes_count_together() -> None:
    journal = FakeJournal()
    counter = Counter(journal, FakeClock())
    for number in range(1000):
        counter.count("refused", f"patient {number}")
    await counter.flush()

    assert journal.records[0]["counts"] == {"Other": 1000}


async def test_other_counters_are_not_recorded_and_a_second_meter_hears_all() -> None:
    journal, meter = FakeJournal(), FakeMeter()
    counter = Counter(journal, FakeClock(), meter)
    counter.count("answered", "200")
    counter.count("refused", Reason.TOKEN_MISSING)
    await counter.flush()

    assert [record["name"] for record in journal.records] == ["refused"]
    assert meter.counts == {("answered", "200"): 1, ("refused", "TokenMissing"): 1}


async def test_counts_survive_a_journal_that_cannot_be_written() -> None:
    journal = FakeJournal(refuse=lambda _: EvidenceUnavailable("down"))
    counter = Counter(journal, FakeClock())
    counter.count("refused", Reason.TOKEN_MISSING)
    with pytest.raises(EvidenceUnavailable):
        await counter.flush()
    counter.count("refused", Reason.TOKEN_MISSING)
    journal.refuse = None
    await counter.flush()

    assert journal.records[0]["counts"] == {"TokenMissing": 2}


async def test_what_is_counted_during_a_flush_waits_for_the_next() -> None:
    journal = FakeJournal()
    counter = Counter(journal, FakeClock())
    counter.count("refused", Reason.TOKEN_MISSING)

    def meanwhile(_: object) -> None:
        counter.count("refused", Reason.TOKEN_MISSING)
        counter.count("refused", Reason.TOKEN_EXPIRED)

    journal.refuse = meanwhile
    await counter.flush()
    journal.refuse = None
    await counter.flush()

    assert [record["counts"] for record in journal.records] == [
        {"TokenMissing": 1},
        {"TokenMissing": 1, "TokenExpired": 1},
    ]
