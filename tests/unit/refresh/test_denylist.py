import asyncio
from datetime import timedelta

import pytest

from gateway.errors import Forbidden, Reason, Unavailable
from gateway.model.denial import FORMS
from gateway.ports import DenyEntry, DenyList
from gateway.refresh.denylist import KINDS, PolledDenyList
from tests.fakes.identity import AGENT, AGENT_OBJECT, FakeDenyTable, principal
from tests.fakes.time import FakeClock

SESSION = "0123456789abcdef0123456789abcdef"


class World:
    def __init__(self, *entries: DenyEntry, poll_seconds: int = 10) -> None:
        self.clock = FakeClock()
        self.table = FakeDenyTable(*entries)
        self.list: DenyList = PolledDenyList(self.table, self.clock, poll_seconds=poll_seconds)

    async def passes(self, **changes: object) -> bool:
        try:
            await self.list.check(principal(**changes), SESSION)
        except Forbidden as error:
            assert error.reason is Reason.PRINCIPAL_DENIED  # noqa: PT017
            return False
        return True

    async def unavailable(self) -> None:
        with pytest.raises(Unavailable) as caught:
            await self.list.check(principal(), SESSION)
        assert caught.value.reason is Reason.DENY_LIST_UNAVAILABLE


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("oid", AGENT_OBJECT),
        ("azp", AGENT),
        ("uti", "Xu1-token_ID"),
        ("uti", "xu1-token_id"),
        ("session", SESSION.upper()),
    ],
)
async def test_an_entry_of_each_kind_denies(kind: str, value: str) -> None:
    assert not await World(DenyEntry(kind, value)).passes()


@pytest.mark.parametrize(
    ("kind", "value"),
    [("oid", AGENT), ("azp", AGENT_OBJECT), ("uti", "other"), ("session", AGENT_OBJECT)],
)
async def test_an_entry_denies_its_own_kind_only(kind: str, value: str) -> None:
    assert await World(DenyEntry(kind, value)).passes()


async def test_a_token_without_an_id_is_not_denied_by_other_entries() -> None:
    assert await World(DenyEntry("uti", "x")).passes(token_id="")


def test_list_and_table_know_the_same_kinds() -> None:
    assert set(FORMS) == KINDS


async def test_the_table_is_read_on_first_use_and_then_at_most_once_a_poll() -> None:
    world = World()
    for _ in range(100):
        assert await world.passes()
        world.clock.advance(0.5)
    assert world.table.reads == 5


async def test_a_new_entry_takes_effect_at_the_next_poll() -> None:
    world = World()
    assert await world.passes()
    await world.table.add(DenyEntry("oid", AGENT_OBJECT))
    world.clock.advance(9.999)
    assert await world.passes()
    world.clock.advance(0.001)
    assert not await world.passes()


async def test_a_removed_entry_is_forgotten_at_the_next_poll() -> None:
    world = World(DenyEntry("oid", AGENT_OBJECT))
    assert not await world.passes()
    await world.table.remove("oid", AGENT_OBJECT)
    world.clock.advance(10)
    assert await world.passes()


async def test_a_list_that_cannot_be_read_serves_until_it_is_thirty_seconds_old() -> None:
    world = World(DenyEntry("azp", AGENT))
    assert not await world.passes()
    world.table.fails = True
    world.clock.advance(29.999)
    assert not await world.passes()
    assert await world.passes(application=AGENT_OBJECT)
    world.clock.advance(0.001)
    await world.unavailable()


async def test_nobody_is_let_in_before_the_table_was_read() -> None:
    world = World()
    world.table.fails = True
    await world.unavailable()


async def test_a_table_that_is_back_is_read_within_a_second() -> None:
    world = World()
    world.table.fails = True
    await world.unavailable()
    world.table.fails = False
    await world.unavailable()
    world.clock.advance(1)
    assert await world.passes()


@pytest.mark.parametrize("entry", [DenyEntry("upn", "x"), DenyEntry("", "x"), DenyEntry("oid", "")])
async def test_an_entry_that_cannot_be_understood_lets_nobody_in(entry: DenyEntry) -> None:
    await World(entry).unavailable()


async def test_concurrent_requests_share_one_read() -> None:
    world = World()
    world.table.gate = asyncio.Event()
    requests = [asyncio.create_task(world.passes()) for _ in range(50)]
    await asyncio.sleep(0)
    world.table.gate.set()
    assert all(await asyncio.gather(*requests))
    assert world.table.reads == 1


async def test_while_one_request_reads_the_others_use_what_is_known() -> None:
    world = World()
    assert await world.passes()
    world.clock.advance(10)
    world.table.gate = asyncio.Event()
    first = asyncio.create_task(world.passes())
    await asyncio.sleep(0)
    assert await asyncio.wait_for(world.passes(), 1)
    assert not first.done()
    world.table.gate.set()
    assert await first


async def test_a_slow_read_counts_from_its_beginning() -> None:
    """What was added while it was being read may be missing: its age is that of the question."""
    world = World()
    world.table.gate = asyncio.Event()
    first = asyncio.create_task(world.unavailable())
    await asyncio.sleep(0)
    world.clock.advance(30)
    world.table.gate.set()
    await first


async def test_requests_that_waited_for_a_slow_failure_do_not_repeat_it_one_by_one() -> None:
    world = World()
    world.table.fails = True
    world.table.gate = asyncio.Event()
    requests = [asyncio.create_task(world.unavailable()) for _ in range(10)]
    await asyncio.sleep(0)
    world.clock.advance(20)
    world.table.gate.set()
    await asyncio.gather(*requests)
    assert world.table.reads == 1


async def test_a_clock_set_back_makes_the_list_old_not_fresh() -> None:
    world = World()
    assert await world.passes()
    world.table.fails = True
    world.clock.advance(timedelta(hours=-1))
    await world.unavailable()
