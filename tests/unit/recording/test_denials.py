"""Nobody fills immutable storage with denials, and no denial is lost from sight."""

import asyncio
import math
from collections import Counter
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import EvidenceUnavailable, GatewayError
from gateway.evidence.chain import extend, start
from gateway.evidence.schema import parse
from gateway.model.canonical import Json
from gateway.model.exchange import Receipt
from gateway.recording.denials import ONE_BY_ONE, BoundedDenials
from gateway.recording.later import SECONDS
from tests.fakes.asking import deletion
from tests.fakes.time import NOON, FakeClock
from tests.pipeline import world


class Noted:
    """`ports.Journal` that keeps records, and refuses counts where it is told to."""

    def __init__(self) -> None:
        self.records: list[Mapping[str, Json]] = []
        self.refuses_counts = False

    async def append(self, record: Mapping[str, Json]) -> Receipt:
        await asyncio.sleep(0)
        if self.refuses_counts and record["type"] == "counted":
            raise EvidenceUnavailable("the journal is told to fail")
        self.records.append(record)
        return Receipt("journal", len(self.records), 0, 1)


def denial(oid: str = "one", reason: str = "NoRuleAllows") -> dict[str, Json]:
    return {"type": "denied", "reason": reason, "actor": {"tid": "t", "oid": oid}}


def recorded(journal: Noted) -> Counter[str]:
    """Denials by principal, as the journal tells of them."""
    found: Counter[str] = Counter()
    for record in journal.records:
        part = record["actor"] if record["type"] == "denied" else record["principal"]
        assert isinstance(part, Mapping)
        counts = record.get("counts", {"": 1})
        assert isinstance(counts, Mapping)
        found[str(part["oid"])] += sum(map(int, counts.values()))  # type: ignore[arg-type]
    return found


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 200), st.integers(0, 90))))
def test_every_denial_is_on_record_one_by_one_or_in_a_count(
    bursts: list[tuple[str, int, int]],
) -> None:
    async def scenario() -> None:
        journal, clock = Noted(), FakeClock()
        denials = BoundedDenials(journal, clock, one_by_one=30)
        made: Counter[str] = Counter()
        for oid, number, seconds in bursts:
            for _ in range(number):
                await denials.append(denial(oid))
            made[oid] += number
            clock.advance(seconds)
        await denials.flush()
        assert recorded(journal) == +made

    asyncio.run(scenario())


async def test_a_flood_of_one_principal_leaves_few_records_and_hides_nobody_else() -> None:
    journal = Noted()
    denials = BoundedDenials(journal, FakeClock())
    for number in range(20_000):
        await denials.append(denial("flood", "RuleDenies" if number % 2 else "NoRuleAllows"))
        if number % 1000 == 0:
            await denials.append(denial("other"))
    await denials.flush()
    whole = [record for record in journal.records if record["type"] == "denied"]
    of_flood = [record for record in whole if record["actor"] == {"tid": "t", "oid": "flood"}]
    assert len(of_flood) == ONE_BY_ONE + math.floor(math.log2(20_000 / ONE_BY_ONE))
    assert len(whole) - len(of_flood) == 20
    (counted,) = [record for record in journal.records if record["type"] == "counted"]
    assert counted["principal"] == {"tid": "t", "oid": "flood"}
    counts = counted["counts"]
    assert isinstance(counts, Mapping)
    assert set(counts) == {"NoRuleAllows", "RuleDenies"}
    assert recorded(journal) == {"flood": 20_000, "other": 20}


async def test_what_is_counted_is_a_record_of_the_schema() -> None:
    journal = Noted()
    denials = BoundedDenials(journal, FakeClock())
    for _ in range(ONE_BY_ONE + 5):
        await denials.append(denial())
    await denials.flush()
    line, _ = extend(start("0" * 16, 0, NOON), journal.records[-1], NOON)
    assert parse(line[:-1])["type"] == "counted"
    await denials.flush()
    assert len(journal.records) == ONE_BY_ONE + 1


async def test_after_a_minute_denials_are_recorded_one_by_one_again() -> None:
    journal, clock = Noted(), FakeClock()
    denials = BoundedDenials(journal, clock)
    for _ in range(ONE_BY_ONE + 5):
        await denials.append(denial())
    assert len(journal.records) == ONE_BY_ONE
    clock.advance(60)
    await denials.append(denial())
    assert len(journal.records) == ONE_BY_ONE + 1


async def test_many_applications_or_sessions_do_not_widen_the_bound() -> None:
    journal = Noted()
    denials = BoundedDenials(journal, FakeClock())
    for number in range(ONE_BY_ONE + 20):
        actor: dict[str, Json] = {"tid": "t", "oid": "one", "azp": f"app-{number}"}
        await denials.append({**denial(), "actor": actor, "session": {"id": f"{number:032x}"}})
    assert len(journal.records) == ONE_BY_ONE


async def test_a_count_that_cannot_be_written_is_kept() -> None:
    journal = Noted()
    journal.refuses_counts = True
    denials = BoundedDenials(journal, FakeClock())
    for _ in range(ONE_BY_ONE + 5):
        await denials.append(denial())
    with pytest.raises(EvidenceUnavailable):
        await denials.flush()
    await denials.append(denial())
    journal.refuses_counts = False
    await denials.flush()
    assert recorded(journal) == {"one": ONE_BY_ONE + 6}


async def test_a_denial_that_cannot_be_recorded_is_not_counted_away() -> None:
    scene = world.World()
    scene.journal.failing.add("denied")
    with pytest.raises(EvidenceUnavailable):
        await scene.pipeline().handle(deletion())


async def test_an_agent_that_repeats_what_is_denied_fills_nothing() -> None:
    scene = world.World()
    pipeline = scene.pipeline()
    answers: list[tuple[str, str]] = []
    for _ in range(1_500):
        try:
            await pipeline.handle(world.DELETE)
        except GatewayError as error:
            answers.append((type(error).__name__, str(error.reason)))
    assert len(set(answers)) == 1
    assert len(answers) == 1_500
    assert len(scene.journal.records) == ONE_BY_ONE + math.floor(math.log2(1_500 / ONE_BY_ONE))
    assert len(scene.meter.counted) == 1_500


async def test_counts_are_written_within_a_minute_without_a_timer_of_the_host(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    journal = Noted()
    loop = asyncio.get_running_loop()
    waits: list[float] = []
    later = loop.call_later

    def soon(delay: float, *rest: object) -> asyncio.TimerHandle:
        waits.append(delay)
        return later(0, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(loop, "call_later", soon)
    denials = BoundedDenials(journal, FakeClock())
    for _ in range(ONE_BY_ONE + 5):
        await denials.append(denial())
    for _ in range(5):
        await asyncio.sleep(0)
    assert waits == [SECONDS]
    assert recorded(journal) == {"one": ONE_BY_ONE + 5}
