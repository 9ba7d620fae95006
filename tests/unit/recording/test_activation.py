import json
from dataclasses import dataclass, replace

import pytest

from gateway.errors import (
    ConfigurationError,
    EvidenceUnavailable,
    PreconditionFailed,
    Reason,
    StoreError,
    StoreUnavailable,
)
from gateway.evidence import schema
from gateway.model.digest import sha256
from gateway.model.own import Own
from gateway.model.principal import Principal, PrincipalKind
from gateway.policy.active import ORDER, POINTER, Pointer, blob_name, numbers
from gateway.policy.faults import ManifestInvalid
from gateway.ports import Versioned
from gateway.recording.activation import (
    Stores,
    activate,
    examine,
    history,
    read_pointer,
    rollback,
)
from gateway.refresh.manifest import ManifestWatch
from tests.fakes.evidence import FakeEvidenceStore, Fault
from tests.fakes.manifest import HEAD, StoredJournal, manifest, rule
from tests.fakes.store import FakeStateStore
from tests.fakes.time import NOON, FakeClock

FIRST = manifest(rule("one"))
SECOND = manifest(rule("two"))
BROKEN = manifest(rule("r", effect="alow"))

PERSON = Principal(
    tenant="tenant",
    object_id="oid",
    application="cli",
    token_id="uti",
    kind=PrincipalKind.USER,
    groups=frozenset(),
    roles=frozenset(),
    expires_at=NOON,
    authenticated_at=NOON,
    name="dr.lee@example.org",
)


@dataclass
class World:
    evidence: FakeEvidenceStore
    state: FakeStateStore
    journal: StoredJournal
    stores: Stores

    async def active(self) -> str:
        found = await read_pointer(self.state)
        return found[0].digest if found else ""


@pytest.fixture
def world() -> World:
    clock = FakeClock()
    evidence, state = FakeEvidenceStore(), FakeStateStore(clock)
    journal = StoredJournal(evidence, clock)
    stores = Stores(evidence, state, journal, Own(frozenset({"evidence1.blob.core.windows.net"})))
    return World(evidence, state, journal, stores)


async def test_activating_stores_records_and_points(world: World) -> None:
    done = await activate(world.stores, PERSON, FIRST)

    digest = sha256(FIRST)
    assert (done.digest, done.previous) == (digest, "")
    assert world.evidence.blobs[blob_name(digest)] == FIRST
    assert await world.active() == digest
    ((name, data),) = world.evidence.journals()
    record = schema.parse(data[done.receipt.offset :][: done.receipt.length - 1])
    assert name == done.receipt.journal
    assert record["type"] == "activated"
    assert (record["manifest"], record["replaced"], record["act"]) == (digest, "", "activated")
    assert record["actor"]["name"] == "dr.lee@example.org"
    assert {item.id for item in done.warnings} >= {"loosened-area"}


async def test_the_record_is_durable_before_the_pointer_moves(world: World) -> None:
    world.journal.failures.append(EvidenceUnavailable("injected"))

    with pytest.raises(EvidenceUnavailable):
        await activate(world.stores, PERSON, FIRST)

    assert await world.active() == ""


async def test_a_second_activation_remembers_the_first(world: World) -> None:
    await activate(world.stores, PERSON, FIRST)
    done = await activate(world.stores, PERSON, SECOND, expected_previous=sha256(FIRST))

    entries = [entry async for entry in history(world.evidence, world.state)]

    assert done.previous == sha256(FIRST)
    assert [entry.activation.digest for entry in entries] == [sha256(SECOND), sha256(FIRST)]
    assert [entry.record.replaced for entry in entries if entry.record] == [sha256(FIRST), ""]


async def test_the_same_bytes_can_be_activated_again(world: World) -> None:
    await activate(world.stores, PERSON, FIRST)
    await activate(world.stores, PERSON, FIRST)

    assert len([entry async for entry in history(world.evidence, world.state)]) == 2


async def test_going_back_is_recorded_as_what_it_is(world: World) -> None:
    await activate(world.stores, PERSON, FIRST)
    await activate(world.stores, PERSON, SECOND)

    done = await rollback(world.stores, PERSON, sha256(FIRST))

    entries = [entry async for entry in history(world.evidence, world.state)]
    assert (done.digest, done.previous) == (sha256(FIRST), sha256(SECOND))
    assert [entry.record.act for entry in entries if entry.record] == [
        "rolled-back",
        "activated",
        "activated",
    ]


@pytest.mark.parametrize("digest", ["x", "sha256:" + "0" * 64, "sha256:../../journal"])
async def test_one_cannot_go_back_to_what_is_not_stored(world: World, digest: str) -> None:
    with pytest.raises(ConfigurationError):
        await rollback(world.stores, PERSON, digest)

    assert await world.active() == ""


async def test_a_stored_manifest_that_was_changed_is_not_activated(world: World) -> None:
    await activate(world.stores, PERSON, FIRST)
    world.evidence.blobs[blob_name(sha256(FIRST))] = SECOND

    with pytest.raises(StoreError):
        await rollback(world.stores, PERSON, sha256(FIRST))


@pytest.mark.parametrize(
    "data",
    [
        BROKEN,
        b"",
        manifest(rule("r", "deny", actions='["x/y"]')),
        HEAD.replace("profile: safe-harbor", "profile: none").encode()
        + f"rules:\n  - {rule('r')}\n".encode(),
        HEAD.replace("clinicdata", "evidence1").encode(),
    ],
)
async def test_a_broken_version_never_activates(world: World, data: bytes) -> None:
    await activate(world.stores, PERSON, FIRST)

    with pytest.raises(ManifestInvalid):
        await activate(world.stores, PERSON, data)

    assert await world.active() == sha256(FIRST)
    assert blob_name(sha256(data)) not in world.evidence.blobs


@pytest.mark.parametrize(
    "own",
    [
        Own(frozenset({"clinicdata.queue.core.windows.net"})),
        Own(secrets=frozenset({"clinic-key"})),
    ],
)
def test_what_is_the_gateways_own_is_named_as_the_reason(own: Own) -> None:
    with pytest.raises(ManifestInvalid) as caught:
        examine(FIRST, own)

    assert caught.value.reason is Reason.GATEWAY_RESOURCE


def test_an_agent_without_a_tenant_is_not_activated_where_there_are_several() -> None:
    with pytest.raises(ManifestInvalid, match="several tenants"):
        examine(FIRST, Own(tenants=frozenset({"t1", "t2"})))


def test_ephi_behind_two_connections_that_mask_differently_is_not_activated() -> None:
    second = HEAD.replace(
        "workflows:",
        """\
  again:
    kind: blob
    upstream: https://clinicdata.blob.core.windows.net
    credential: {kind: account-key, secret: clinic-key}
    masking: {profile: none, ephi: false}
workflows:""",
    )

    with pytest.raises(ManifestInvalid, match="reach the same account"):
        examine(second.encode(), Own())


@pytest.mark.parametrize(
    "person", [replace(PERSON, kind=PrincipalKind.APPLICATION), replace(PERSON, name="")]
)
async def test_only_a_named_person_activates(world: World, person: Principal) -> None:
    with pytest.raises(ConfigurationError, match="named person"):
        await activate(world.stores, person, FIRST)

    assert world.evidence.blobs == {}


async def test_an_expectation_that_does_not_hold_stops_it_before_the_record(world: World) -> None:
    await activate(world.stores, PERSON, FIRST)

    with pytest.raises(PreconditionFailed):
        await activate(world.stores, PERSON, SECOND, expected_previous="")

    assert await world.active() == sha256(FIRST)
    assert world.evidence.journals()[0][1].count(b"\n") == 1


@pytest.mark.parametrize("fault", [Fault.LOST, Fault.RETRIED])
async def test_a_lost_answer_to_storing_is_looked_up(world: World, fault: Fault) -> None:
    world.evidence.faults.append(fault)
    world.evidence.faulty = {"put"}

    await activate(world.stores, PERSON, FIRST)

    assert await world.active() == sha256(FIRST)


async def test_a_manifest_that_could_not_be_stored_is_not_activated(world: World) -> None:
    world.evidence.faults.append(Fault.FAIL)
    world.evidence.faulty = {"put"}

    with pytest.raises(StoreUnavailable):
        await activate(world.stores, PERSON, FIRST)

    assert await world.active() == ""
    assert world.evidence.journals() == []


async def test_other_bytes_under_the_digest_are_an_error(world: World) -> None:
    world.evidence.blobs[blob_name(sha256(FIRST))] = SECOND

    with pytest.raises(StoreError):
        await activate(world.stores, PERSON, FIRST)

    assert await world.active() == ""


class Interrupted(FakeStateStore):
    """A state store whose next swap lands or not, and whose answer is `error`."""

    error: Exception | None = None
    lands = True

    async def swap(self, name: str, data: bytes, etag: str | None) -> str:
        error, self.error = self.error, None
        if error is None:
            return await super().swap(name, data, etag)
        if self.lands:
            await super().swap(name, data, etag)
        raise error


@pytest.mark.parametrize("error", [StoreUnavailable("lost"), PreconditionFailed("sent twice")])
@pytest.mark.parametrize("lands", [True, False])
async def test_an_unknown_swap_is_looked_up(world: World, error: Exception, lands: bool) -> None:
    state = Interrupted(FakeClock())
    state.error, state.lands = error, lands
    stores = replace(world.stores, state=state)

    if lands:
        await activate(stores, PERSON, FIRST)
        assert await read_pointer(state) is not None
    else:
        with pytest.raises(StoreError):
            await activate(stores, PERSON, FIRST)
        assert await read_pointer(state) is None


async def test_of_two_at_once_the_second_is_told(world: World) -> None:
    class Slow(FakeStateStore):
        async def get(self, name: str) -> Versioned:
            found = await super().get(name)
            if not raced:
                raced.append(name)
                await activate(replace(world.stores, state=self), PERSON, SECOND)
            return found

    raced: list[str] = ["not yet"]
    state = Slow(FakeClock())
    stores = replace(world.stores, state=state)
    await activate(stores, PERSON, FIRST)
    raced.clear()

    with pytest.raises(PreconditionFailed, match="recorded but not active"):
        await activate(stores, PERSON, manifest(rule("three")))

    found = await read_pointer(state)
    assert found is not None
    assert found[0].digest == sha256(SECOND)


async def in_force(world: World) -> str:
    """Digest of what an instance that starts now would serve."""
    own = world.stores.own
    watch = ManifestWatch(world.evidence, world.state, FakeClock(), own=own)
    return (await watch.current()).digest


async def order(world: World) -> list[str]:
    """Digests of the manifests whose activations have a number, in the order of the numbers."""
    entries = [entry async for entry in history(world.evidence, world.state)]
    names = sorted(name for name in world.evidence.blobs if name.startswith(ORDER))
    found = []
    for name in names:
        (digest,) = {
            entry.activation.digest
            for entry in entries
            if numbers([name], entry.activation.record)[0]
        }
        found.append(digest)
    return found


@pytest.mark.parametrize("step", ["list", "put"])
async def test_an_operator_who_is_slow_numbers_nothing_above_a_later_activation(
    world: World, step: str
) -> None:
    """Held up after the pointer has moved, before the names are listed or before one is written."""
    await activate(world.stores, PERSON, FIRST)
    slow: list[str] = []

    async def another(kind: str, name: str) -> None:
        if kind == step and name.startswith(ORDER) and not slow:
            slow.append(name)
            await activate(world.stores, PERSON, manifest(rule("three")))

    world.evidence.on_call = another
    await activate(world.stores, PERSON, SECOND)

    third = sha256(manifest(rule("three")))
    assert slow
    assert await world.active() == third
    assert await in_force(world) == third
    assert await order(world) == [sha256(FIRST), sha256(SECOND), third]


async def test_an_activation_left_without_a_number_is_numbered_by_the_next(world: World) -> None:
    await activate(world.stores, PERSON, FIRST)
    for digits in (2, 3):
        world.evidence.faults.extend([Fault.NONE] * 2 + [Fault.FAIL])
        world.evidence.faulty = {"put", "list"}
        with pytest.raises(StoreUnavailable, match="no number yet"):
            await activate(world.stores, PERSON, manifest(rule(f"r{digits}")))
        world.evidence.faults.clear()

    await activate(world.stores, PERSON, SECOND)

    assert len(await order(world)) == 4
    assert (await order(world))[-1] == await in_force(world) == sha256(SECOND)


async def test_history_says_which_activations_no_record_confirms(world: World) -> None:
    await activate(world.stores, PERSON, FIRST)
    await activate(world.stores, PERSON, SECOND)
    ((name, data),) = world.evidence.journals()
    world.evidence.blobs[name] = data.replace(sha256(SECOND).encode(), sha256(BROKEN).encode(), 1)

    entries = [entry async for entry in history(world.evidence, world.state)]

    assert [entry.record is None for entry in entries] == [True, False]


async def test_history_is_empty_before_the_first(world: World) -> None:
    assert [entry async for entry in history(world.evidence, world.state)] == []


async def test_a_pointer_that_cannot_be_understood_is_not_replaced(world: World) -> None:
    await world.state.swap(POINTER, b"{}", None)

    with pytest.raises(StoreError):
        await activate(world.stores, PERSON, FIRST)

    assert world.evidence.journals() == []


async def test_the_pointer_is_what_the_format_says(world: World) -> None:
    done = await activate(world.stores, PERSON, FIRST)

    pointer = json.loads((await world.state.get(POINTER)).data)

    assert pointer == {
        "digest": done.digest,
        "record": {
            "journal": done.receipt.journal,
            "seq": 0,
            "offset": 0,
            "length": done.receipt.length,
        },
        "previous": "",
        "trail": [],
    }
    assert Pointer.parse(json.dumps(pointer).encode()).digest == done.digest
