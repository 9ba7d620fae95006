import asyncio
from collections.abc import Mapping
from datetime import timedelta

import pytest
from joserfc.jwk import RSAKey

from gateway.errors import Reason, Unauthenticated, Unavailable
from gateway.refresh.keyring import KeyAges, KeyRing
from tests.fakes.identity import (
    AUTHORITY,
    FOREIGN_TENANT,
    TENANT,
    FakeKeyEndpoint,
    key_set,
    kid_of,
    signing_key,
)
from tests.fakes.time import FakeClock

AGES = KeyAges()
OLD, NEW = signing_key(0), signing_key(1)


class World:
    def __init__(self, *keys: RSAKey) -> None:
        self.clock = FakeClock()
        self.endpoint = FakeKeyEndpoint(*keys)
        self.ring = KeyRing(self.endpoint, self.clock, AUTHORITY)

    async def key(self, key: RSAKey = OLD, tenant: str = TENANT) -> RSAKey:
        return await self.ring.key(tenant, kid_of(key))

    async def knows(self, key: RSAKey) -> bool:
        try:
            return (await self.key(key)).kid == key.kid
        except Unauthenticated:
            return False

    async def unavailable(self, key: RSAKey = OLD) -> None:
        with pytest.raises(Unavailable) as caught:
            await self.key(key)
        assert caught.value.reason is Reason.KEYS_UNAVAILABLE


async def test_keys_are_read_once_and_then_answered_from_memory() -> None:
    world = World(OLD, NEW)
    for _ in range(5):
        assert (await world.key(OLD)).kid == OLD.kid
        assert (await world.key(NEW)).kid == NEW.kid
    assert world.endpoint.fetched == [TENANT]


async def test_each_tenant_has_its_own_keys() -> None:
    world = World(OLD)
    await world.key()
    world.endpoint.document = key_set(NEW)
    assert (await world.key(NEW, FOREIGN_TENANT)).kid == NEW.kid
    assert not await world.knows(NEW)


async def test_an_unknown_key_id_reads_the_set_again_so_that_rotation_works() -> None:
    world = World(OLD)
    await world.key()
    world.endpoint.document = key_set(OLD, NEW)
    world.clock.advance(AGES.retry)
    assert (await world.key(NEW)).kid == NEW.kid


async def test_an_unknown_key_id_is_unauthenticated() -> None:
    world = World(OLD)
    with pytest.raises(Unauthenticated) as caught:
        await world.key(NEW)
    assert caught.value.reason is Reason.TOKEN_INVALID


async def test_a_flood_of_unknown_key_ids_reads_at_most_once_in_thirty_seconds() -> None:
    world = World(OLD)
    await world.key()
    for second in range(120):
        for number in range(20):
            with pytest.raises(Unauthenticated):
                await world.ring.key(TENANT, f"unknown-{second}-{number}")
        world.clock.advance(1)
    assert len(world.endpoint.fetched) <= 1 + 120 // 30


async def test_concurrent_callers_share_one_read() -> None:
    world = World(OLD)
    world.endpoint.gate = asyncio.Event()
    callers = [asyncio.create_task(world.key()) for _ in range(50)]
    callers += [asyncio.create_task(world.key(NEW)) for _ in range(50)]
    await asyncio.sleep(0)
    world.endpoint.gate.set()
    answers = await asyncio.gather(*callers, return_exceptions=True)
    assert len(world.endpoint.fetched) == 1
    assert sum(isinstance(answer, RSAKey) for answer in answers) == 50
    assert sum(isinstance(answer, Unauthenticated) for answer in answers) == 50


async def test_a_withdrawn_key_stops_being_accepted_within_the_refresh_time() -> None:
    world = World(OLD, NEW)
    assert await world.knows(OLD)
    world.endpoint.document = key_set(NEW)
    world.clock.advance(AGES.refresh - timedelta(seconds=1))
    assert await world.knows(OLD)
    world.clock.advance(1)
    assert not await world.knows(OLD)
    assert await world.knows(NEW)


async def test_an_unchanged_key_stays_the_same_object_through_a_refresh() -> None:
    world = World(OLD)
    before = await world.key()
    world.clock.advance(AGES.refresh)
    assert await world.key() is before
    assert len(world.endpoint.fetched) == 2


async def test_another_key_under_the_same_id_is_another_object() -> None:
    world = World(OLD)
    before = await world.key()
    impostor = {**NEW.as_dict(private=False), "kid": kid_of(OLD)}
    world.endpoint.document = {"keys": [impostor]}
    world.clock.advance(AGES.refresh)
    after = await world.key()
    assert after is not before
    assert after.kid == before.kid


async def test_keys_survive_an_outage_of_the_endpoint_up_to_their_maximum_age() -> None:
    world = World(OLD)
    await world.key()
    world.endpoint.fails = True
    for _ in range(23):
        world.clock.advance(timedelta(hours=1))
        assert await world.knows(OLD)
    world.clock.advance(timedelta(hours=1))
    await world.unavailable()


async def test_an_outage_is_asked_about_at_most_once_in_thirty_seconds() -> None:
    world = World(OLD)
    await world.key()
    world.endpoint.fails = True
    world.clock.advance(AGES.refresh)
    for _ in range(60):
        assert await world.knows(OLD)
        world.clock.advance(1)
    assert len(world.endpoint.fetched) == 1 + 2


async def test_a_recovered_endpoint_is_believed_again() -> None:
    world = World(OLD)
    await world.key()
    world.endpoint.fails = True
    world.clock.advance(AGES.refresh)
    assert await world.knows(OLD)
    world.endpoint.fails = False
    world.endpoint.document = key_set(NEW)
    world.clock.advance(AGES.retry)
    assert not await world.knows(OLD)


async def test_an_unknown_key_id_in_an_outage_is_unavailable_not_a_verdict() -> None:
    world = World(OLD)
    await world.key()
    world.endpoint.fails = True
    world.clock.advance(AGES.retry)
    await world.unavailable(NEW)


async def test_no_keys_at_all_are_unavailable_and_asked_for_again_soon() -> None:
    world = World(OLD)
    world.endpoint.fails = True
    await world.unavailable()
    await world.unavailable()
    assert len(world.endpoint.fetched) == 1
    world.endpoint.fails = False
    world.clock.advance(AGES.cold_retry)
    assert await world.knows(OLD)


@pytest.mark.parametrize("document", [{}, {"keys": []}, {"keys": [{"kty": "oct"}]}])
async def test_a_useless_key_set_does_not_replace_a_good_one(
    document: Mapping[str, object],
) -> None:
    world = World(OLD)
    await world.key()
    world.endpoint.document = document
    world.clock.advance(AGES.refresh)
    assert await world.knows(OLD)


async def test_while_one_request_refreshes_the_others_go_on_with_the_old_keys() -> None:
    world = World(OLD)
    await world.key()
    world.clock.advance(AGES.refresh)
    world.endpoint.gate = asyncio.Event()
    first = asyncio.create_task(world.key())
    await asyncio.sleep(0)
    assert (await asyncio.wait_for(world.key(), 1)).kid == OLD.kid
    assert not first.done()
    world.endpoint.gate.set()
    assert (await first).kid == OLD.kid


async def test_callers_that_waited_for_a_slow_failure_do_not_repeat_it_one_by_one() -> None:
    world = World(OLD)
    world.endpoint.fails = True
    world.endpoint.gate = asyncio.Event()
    callers = [asyncio.create_task(world.key()) for _ in range(10)]
    await asyncio.sleep(0)
    world.clock.advance(60)
    world.endpoint.gate.set()
    answers = await asyncio.gather(*callers, return_exceptions=True)
    assert all(isinstance(answer, Unavailable) for answer in answers)
    assert len(world.endpoint.fetched) == 1


async def test_a_cancelled_read_leaves_the_way_free_for_the_next() -> None:
    world = World(OLD)
    world.endpoint.gate = asyncio.Event()
    first = asyncio.create_task(world.key())
    await asyncio.sleep(0)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    world.endpoint.gate = None
    assert await world.knows(OLD)


async def test_a_clock_set_back_makes_keys_old_not_fresh() -> None:
    world = World(OLD)
    await world.key()
    world.endpoint.fails = True
    world.clock.advance(timedelta(days=-2))
    await world.unavailable()
