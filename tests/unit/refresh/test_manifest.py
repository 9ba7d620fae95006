import asyncio
from dataclasses import dataclass

import pytest

from gateway.errors import Reason, StoreUnavailable, Unavailable
from gateway.model.digest import sha256
from gateway.model.own import Own
from gateway.model.signals import Signal
from gateway.policy.active import ORDER, POINTER, blob_name
from gateway.recording.activation import Stores, activate, rollback
from gateway.refresh.manifest import ManifestWatch
from tests.fakes.evidence import FakeEvidenceStore, Fault
from tests.fakes.manifest import StoredJournal, manifest, rule
from tests.fakes.store import FakeStateStore
from tests.fakes.telemetry import Heard
from tests.fakes.time import FakeClock
from tests.unit.recording.test_activation import PERSON

FIRST = manifest(rule("one"))
SECOND = manifest(rule("two"))
POLL, MAX_AGE = 10, 60
OWN = Own(
    frozenset({"evidence1.blob.core.windows.net"}),
    "11111111-0000-4000-8000-000000000001",
    frozenset({"own-key"}),
    frozenset({"t1"}),
)


@dataclass
class World:
    clock: FakeClock
    evidence: FakeEvidenceStore
    state: FakeStateStore
    stores: Stores
    watch: ManifestWatch

    async def digest(self) -> str:
        found = (await self.watch.current()).digest
        await settle()
        return found

    def looks(self) -> int:
        return sum(1 for call in self.state.calls if call == ("get", POINTER))


async def settle() -> None:
    for _ in range(50):
        await asyncio.sleep(0)


@pytest.fixture
async def world() -> World:
    clock = FakeClock()
    evidence, state = FakeEvidenceStore(), FakeStateStore(clock)
    stores = Stores(evidence, state, StoredJournal(evidence, clock), Own())
    watch = ManifestWatch(
        evidence,
        state,
        clock,
        own=OWN,
        poll_seconds=POLL,
        max_age_seconds=MAX_AGE,
    )
    await activate(stores, PERSON, FIRST)
    state.calls.clear()
    return World(clock, evidence, state, stores, watch)


async def test_the_active_manifest_is_served(world: World) -> None:
    policy = await world.watch.current()

    assert policy.digest == sha256(FIRST)
    assert policy.rules[0].id == "one"


async def test_within_the_poll_interval_nothing_is_read(world: World) -> None:
    await world.digest()
    world.clock.advance(POLL - 1)

    await world.digest()

    assert world.looks() == 1


async def test_a_new_activation_is_picked_up_behind_the_back_of_a_request(world: World) -> None:
    await world.digest()
    await activate(world.stores, PERSON, SECOND)
    world.clock.advance(POLL)

    assert await world.digest() == sha256(FIRST)
    assert await world.digest() == sha256(SECOND)


async def test_past_the_maximum_age_a_request_waits_for_the_new_one(world: World) -> None:
    await world.digest()
    await activate(world.stores, PERSON, SECOND)
    world.clock.advance(MAX_AGE)

    assert await world.digest() == sha256(SECOND)


async def test_activations_and_manifests_that_cannot_be_used_are_told_once(world: World) -> None:
    heard = Heard()
    watch = ManifestWatch(
        world.evidence, world.state, world.clock, own=OWN, telemetry=heard.telemetry
    )
    await watch.current()
    assert heard.of(Signal.MANIFEST_ACTIVATED) == []
    await activate(world.stores, PERSON, SECOND)
    world.clock.advance(MAX_AGE)
    await watch.current()
    assert heard.of(Signal.MANIFEST_ACTIVATED) == [({}, 1)]

    # Of a deployment whose own evidence account it would reach.
    await activate(world.stores, PERSON, SECOND.replace(b"clinicdata", b"evidence1"))
    for _ in range(3):
        world.clock.advance(MAX_AGE)
        with pytest.raises(Unavailable):
            await watch.current()
    assert heard.of(Signal.MANIFEST_REJECTED) == [({}, 1)]


async def test_an_unchanged_pointer_keeps_the_very_same_policy(world: World) -> None:
    first = await world.watch.current()
    reads = len(world.evidence.calls)
    world.clock.advance(MAX_AGE)

    assert await world.watch.current() is first
    assert len(world.evidence.calls) == reads


async def test_the_same_manifest_activated_again_is_not_compiled_again(world: World) -> None:
    first = await world.watch.current()
    await activate(world.stores, PERSON, FIRST)
    world.clock.advance(MAX_AGE)

    assert await world.watch.current() is first


async def test_an_outage_is_bridged_up_to_the_maximum_age(world: World) -> None:
    await world.digest()
    world.clock.advance(MAX_AGE - 1)
    world.state.fail_next()

    assert await world.digest() == sha256(FIRST)

    world.clock.advance(1)
    world.state.fail_next()
    with pytest.raises(Unavailable) as caught:
        await world.watch.current()
    assert caught.value.reason is Reason.MANIFEST_UNAVAILABLE
    assert "manifest active" in caught.value.advice


async def test_after_an_outage_it_serves_again(world: World) -> None:
    world.state.fail_next(StoreUnavailable("down"))
    with pytest.raises(Unavailable):
        await world.watch.current()

    world.clock.advance(1)

    assert await world.digest() == sha256(FIRST)


async def test_a_failed_look_is_not_repeated_at_once(world: World) -> None:
    world.state.fail_next()
    for _ in range(5):
        with pytest.raises(Unavailable):
            await world.watch.current()

    assert world.looks() == 1


async def test_many_requests_share_one_look(world: World) -> None:
    found = await asyncio.gather(*(world.watch.current() for _ in range(20)))

    assert len({id(policy) for policy in found}) == 1
    assert world.looks() == 1


async def test_a_request_that_goes_away_does_not_stop_the_look_of_others(world: World) -> None:
    world.evidence.faults.append(Fault.SLOW)
    leaving = asyncio.create_task(world.watch.current())
    staying = asyncio.create_task(world.watch.current())
    await asyncio.sleep(0)
    leaving.cancel()

    assert (await staying).digest == sha256(FIRST)
    with pytest.raises(asyncio.CancelledError):
        await leaving


async def test_without_any_activation_the_error_says_what_to_do(world: World) -> None:
    world.state.blobs.clear()

    with pytest.raises(Unavailable) as caught:
        await world.watch.current()

    assert caught.value.reason is Reason.MANIFEST_UNAVAILABLE
    assert "manifest activate" in caught.value.advice


async def test_each_request_gets_an_error_of_its_own(world: World) -> None:
    world.state.blobs.clear()
    errors = []
    for _ in range(2):
        with pytest.raises(Unavailable) as caught:
            await world.watch.current()
        errors.append(caught.value)

    assert errors[0] is not errors[1]


async def refused(world: World) -> None:
    with pytest.raises(Unavailable) as caught:
        await world.watch.current()
    assert caught.value.reason is Reason.MANIFEST_UNAVAILABLE


async def test_a_pointer_that_was_tampered_with_is_refused(world: World) -> None:
    pointer = world.state.blobs[POINTER].data
    world.state.blobs[POINTER].data = pointer.replace(
        sha256(FIRST).encode(), b"sha256:" + b"0" * 64
    )

    await refused(world)


async def test_a_pointer_to_a_stored_manifest_that_nobody_activated_is_refused(
    world: World,
) -> None:
    world.evidence.blobs[blob_name(sha256(SECOND))] = SECOND
    pointer = world.state.blobs[POINTER].data
    world.state.blobs[POINTER].data = pointer.replace(
        sha256(FIRST).encode(), sha256(SECOND).encode()
    )

    await refused(world)


async def test_a_manifest_blob_with_other_bytes_is_refused(world: World) -> None:
    world.evidence.blobs[blob_name(sha256(FIRST))] = SECOND

    await refused(world)


async def test_a_missing_manifest_blob_is_refused(world: World) -> None:
    del world.evidence.blobs[blob_name(sha256(FIRST))]

    await refused(world)


async def test_a_missing_record_is_refused(world: World) -> None:
    ((name, data),) = world.evidence.journals()
    world.evidence.blobs[name] = data.replace(b"activated", b"Activated")

    await refused(world)


async def test_a_missing_journal_is_refused(world: World) -> None:
    ((name, _),) = world.evidence.journals()
    del world.evidence.blobs[name]

    await refused(world)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"clinicdata", b"evidence1"),
        (b"secret: clinic-key", b"secret: own-key"),
        (b"{kind: account-key, secret: clinic-key}", b"{kind: managed-identity}"),
    ],
)
async def test_what_became_the_gateways_own_is_refused(
    world: World, before: bytes, after: bytes
) -> None:
    await activate(world.stores, PERSON, manifest(rule("r")).replace(before, after))

    with pytest.raises(Unavailable) as caught:
        await world.watch.current()

    assert "rollback" in caught.value.advice


async def test_with_a_second_tenant_an_agent_without_one_is_nobody(world: World) -> None:
    watch = ManifestWatch(
        world.evidence, world.state, world.clock, own=Own(tenants=frozenset({"t1", "t2"}))
    )

    with pytest.raises(Unavailable):
        await watch.current()


async def test_a_clock_set_back_does_not_make_a_policy_fresh_for_ever(world: World) -> None:
    await world.digest()
    world.clock.advance(-3600)
    world.state.fail_next()

    await refused(world)


async def test_a_pointer_set_back_to_an_earlier_activation_is_refused(world: World) -> None:
    earlier = world.state.blobs[POINTER].data
    await activate(world.stores, PERSON, SECOND)
    assert await world.digest() == sha256(SECOND)

    world.state.blobs[POINTER].data = earlier
    world.clock.advance(MAX_AGE)
    with pytest.raises(Unavailable) as caught:
        await world.watch.current()
    assert caught.value.reason is Reason.MANIFEST_UNAVAILABLE

    # A named person may do the same on record.
    await rollback(world.stores, PERSON, sha256(FIRST), expected_previous=sha256(FIRST))
    world.clock.advance(MAX_AGE)
    assert await world.digest() == sha256(FIRST)


async def test_an_activation_that_has_no_number_yet_counts(world: World) -> None:
    put = world.evidence.put

    async def crash(name: str, data: bytes) -> None:
        if name.startswith(ORDER):
            raise StoreUnavailable("the process is gone")
        await put(name, data)

    world.evidence.put = crash  # type: ignore[method-assign]
    with pytest.raises(StoreUnavailable, match="no number"):
        await activate(world.stores, PERSON, SECOND)
    assert await world.digest() == sha256(SECOND)


async def test_an_order_that_cannot_be_read_is_no_reason_to_go_on(world: World) -> None:
    world.evidence.faulty = {"list"}
    world.evidence.faults.append(Fault.FAIL)
    with pytest.raises(Unavailable):
        await world.watch.current()
