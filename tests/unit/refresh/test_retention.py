import asyncio
from dataclasses import dataclass, field
from datetime import timedelta

import orjson
import pytest

from gateway.errors import EvidenceUnavailable, GatewayError, Reason, StoreUnavailable, Unavailable
from gateway.evidence.retention import Retention
from gateway.model.digest import DigestKey
from gateway.refresh.retention import (
    BLOB,
    Container,
    ObservedRetention,
    RetentionWatch,
)
from gateway.refresh.unenforced import UnenforcedRetention
from tests.fakes.evidence import FakeJournal
from tests.fakes.store import FakeStateStore
from tests.fakes.time import FakeClock

GOOD = Retention("locked", 2557, "append", etag="1")
UNLOCKED = Retention("unlocked", 2557, "append", etag="1")
ACCOUNT = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/evidence"


@dataclass
class Policies:
    answer: Retention | Exception = GOOD
    asked: int = 0

    async def read(self) -> Retention:
        self.asked += 1
        await asyncio.sleep(0)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@dataclass
class Keys:
    """Two versions of one key."""

    keys: dict[str, bytes] = field(default_factory=lambda: {"1": b"a" * 32, "2": b"b" * 32})
    latest: str = "1"

    async def current(self) -> DigestKey:
        return await self.version(self.latest)

    async def version(self, version: str) -> DigestKey:
        if version not in self.keys:
            raise Unavailable("no such key", reason=Reason.CREDENTIAL_UNAVAILABLE)
        return DigestKey(version, self.keys[version])


class World:
    """What instances of one gateway share."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.state = FakeStateStore(self.clock)
        self.journal = FakeJournal()
        self.policies = Policies()
        self.keys = Keys()

    def instance(self, container: str = "evidence", resource: str = ACCOUNT) -> RetentionWatch:
        return RetentionWatch(
            policies=self.policies,
            state=self.state,
            journal=self.journal,
            keys=self.keys,
            clock=self.clock,
            container=Container(resource, container),
        )


async def refused(watch: RetentionWatch) -> str:
    with pytest.raises(Unavailable) as caught:
        await watch.require()
    assert caught.value.reason is Reason.POLICY_NOT_LOCKED
    assert caught.value.advice
    return str(caught.value)


async def settled(watch: RetentionWatch) -> None:
    """Pass once, and let a look behind that end."""
    await watch.require()
    for _ in range(50):
        await asyncio.sleep(0)


async def test_a_locked_policy_lets_requests_pass_and_is_on_record_once() -> None:
    world = World()
    watch = world.instance()
    for _ in range(5):
        await watch.require()

    assert world.policies.asked == 1
    assert world.journal.types() == ["policy"]
    assert world.journal.records[0]["state"] == "locked"
    assert world.journal.records[0]["resource"] == ACCOUNT


@pytest.mark.parametrize(
    "retention",
    [
        UNLOCKED,
        Retention("none", 0, "none"),
        Retention("unknown", 9999, "append"),
        Retention("locked", 2191, "append"),
        Retention("locked", 2557, "none"),
    ],
)
async def test_everything_else_is_refused_and_on_record(retention: Retention) -> None:
    world = World()
    world.policies.answer = retention
    assert "evidence container" in await refused(world.instance())
    assert world.journal.records[0]["state"] == retention.state


async def test_requests_at_once_share_one_look() -> None:
    world = World()
    watch = world.instance()
    await asyncio.gather(*(watch.require() for _ in range(20)))
    assert world.policies.asked == 1


async def test_what_cannot_be_known_is_refused_and_asked_for_again_soon() -> None:
    world = World()
    world.policies.answer = StoreUnavailable("no answer")
    watch = world.instance()
    await refused(watch)
    await refused(watch)
    assert world.policies.asked == 1

    world.policies.answer = GOOD
    world.clock.advance(11)
    await watch.require()


async def test_locking_the_policy_takes_effect_without_a_restart() -> None:
    world = World()
    world.policies.answer = UNLOCKED
    watch = world.instance()
    await refused(watch)
    world.policies.answer = GOOD
    world.clock.advance(11)
    await refused(watch)  # starts the look
    for _ in range(50):
        await asyncio.sleep(0)
    await watch.require()


async def test_a_cold_start_goes_on_with_what_another_instance_saw_and_then_asks() -> None:
    world = World()
    await world.instance().require()
    world.clock.advance(timedelta(hours=3))
    second = world.instance()
    world.policies.answer = StoreUnavailable("Resource Manager is down")
    await second.require()
    assert world.policies.asked == 1

    await settled(second)
    assert world.policies.asked == 2
    world.clock.advance(timedelta(hours=1))
    assert "cannot be read" in await refused(second)


async def test_a_result_is_refreshed_behind_requests_and_refused_when_too_old() -> None:
    world = World()
    watch = world.instance()
    await watch.require()
    world.policies.answer = StoreUnavailable("Resource Manager is down")
    world.clock.advance(timedelta(minutes=10))
    await settled(watch)
    assert world.policies.asked == 2

    world.clock.advance(timedelta(hours=3, minutes=50))
    await refused(watch)


async def test_instances_share_looks() -> None:
    world = World()
    first, second = world.instance(), world.instance()
    await first.require()
    await settled(second)
    await settled(second)
    asked = world.policies.asked
    world.clock.advance(timedelta(minutes=11))
    await first.check()
    await settled(second)
    assert world.policies.asked == asked + 1


async def test_a_policy_that_changes_is_on_record_again_and_an_old_one_once_a_day() -> None:
    world = World()
    watch = world.instance()
    await watch.check()
    await watch.check()
    assert len(world.journal.records) == 1

    world.policies.answer = Retention("locked", 3000, "append", etag="2")
    await watch.check()
    world.clock.advance(timedelta(hours=25))
    await watch.check()
    assert [record["days"] for record in world.journal.records] == [2557, 3000, 3000]


async def test_what_cannot_be_recorded_counts_for_nothing() -> None:
    world = World()
    world.journal.refuse = lambda _: EvidenceUnavailable("no journal")
    await refused(world.instance())
    assert BLOB not in world.state.blobs


@pytest.mark.parametrize("forge", ["content", "mac", "place", "json", "version", "naive"])
async def test_who_writes_the_state_store_cannot_forge_a_result(forge: str) -> None:
    world = World()
    world.policies.answer = UNLOCKED
    await refused(world.instance())
    stored = orjson.loads(world.state.blobs[BLOB].data)
    good = stored["content"].replace('"unlocked"', '"locked"')
    elsewhere = World()
    await elsewhere.instance("evidence", ACCOUNT + "2").require()
    forged: object = {
        "content": {**stored, "content": good},
        "mac": {"content": good, "mac": f"hmac-sha256:1:{'0' * 64}"},
        "place": orjson.loads(elsewhere.state.blobs[BLOB].data),
        "json": [],
        "version": {"content": good, "mac": f"hmac-sha256:../secrets/other:{'0' * 64}"},
        "naive": {"content": "{}", "mac": Keys().keys and f"hmac-sha256:2:{'0' * 64}"},
    }[forge]
    world.state.blobs[BLOB].data = orjson.dumps(forged)
    world.policies.answer = StoreUnavailable("Resource Manager is down")

    assert "cannot be read" in await refused(world.instance())


async def test_an_older_result_does_not_replace_a_newer_one() -> None:
    world = World()
    watch = world.instance()
    await watch.require()
    old = world.state.blobs[BLOB].data
    world.clock.advance(timedelta(minutes=11))
    world.policies.answer = UNLOCKED
    with pytest.raises(GatewayError):
        await watch.check()
    world.state.blobs[BLOB].data = old
    world.policies.answer = StoreUnavailable("Resource Manager is down")
    world.clock.advance(11)
    await refused(watch)
    for _ in range(50):
        await asyncio.sleep(0)
    assert "not locked" in await refused(watch)


async def test_a_result_under_a_key_that_was_replaced_is_still_good() -> None:
    world = World()
    await world.instance().require()
    world.keys.latest = "2"
    world.policies.answer = StoreUnavailable("Resource Manager is down")
    await world.instance().require()


async def test_a_result_of_the_future_is_none() -> None:
    world = World()
    await world.instance().require()
    world.clock.advance(timedelta(hours=-1))
    world.policies.answer = StoreUnavailable("Resource Manager is down")
    await refused(world.instance())


async def test_a_state_store_that_fails_makes_a_start_slower_and_no_more() -> None:
    world = World()
    world.state.fail_next()
    world.state.fail_next()
    await world.instance().require()
    assert world.journal.types() == ["policy"]


async def test_development_is_not_kept_from_serving_but_its_policy_is_recorded() -> None:
    await UnenforcedRetention().require()
    await UnenforcedRetention().check()
    world = World()
    world.policies.answer = UNLOCKED
    observed = ObservedRetention(world.instance())
    await observed.require()
    await observed.check()
    assert world.journal.types() == ["policy"]
    world.policies.answer = StoreUnavailable("Resource Manager is down")
    with pytest.raises(StoreUnavailable):
        await observed.check()


async def test_close_ends_a_look_that_is_under_way() -> None:
    world = World()
    watch = world.instance()
    waiting = asyncio.create_task(watch.require())
    await asyncio.sleep(0)
    await watch.close()
    with pytest.raises((asyncio.CancelledError, Unavailable)):
        await waiting
