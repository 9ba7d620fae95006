"""The same cases on the fake and on Azure Blob Storage as Azurite speaks it."""

import asyncio
from datetime import UTC, datetime

import pytest

from gateway.adapters.state_store import BlobStateStore
from gateway.errors import NotFound, PreconditionFailed
from gateway.ports import StateStore, Versioned
from tests.conftest import FreshContainer
from tests.fakes.store import FakeStateStore
from tests.fakes.time import FakeClock


@pytest.fixture(
    params=[
        "fake",
        pytest.param("azurite", marks=[pytest.mark.integration, pytest.mark.enable_socket]),
    ]
)
def fresh(request: pytest.FixtureRequest) -> FreshContainer | None:
    # Asked for by name, so that the fake's cases start no emulator.
    if request.param == "fake":
        return None
    found: FreshContainer = request.getfixturevalue("fresh_container")
    return found


@pytest.fixture
async def store(fresh: FreshContainer | None) -> StateStore:
    if fresh is None:
        return FakeStateStore(FakeClock())
    return BlobStateStore(await fresh("chaperonestate"))


async def test_get_says_not_found_for_a_name_nobody_wrote(store: StateStore) -> None:
    with pytest.raises(NotFound):
        await store.get("manifest/active")


async def test_swap_creates_only_where_nothing_is(store: StateStore) -> None:
    etag = await store.swap("manifest/active", b"one", None)
    found = await store.get("manifest/active")
    assert (found.data, found.etag) == (b"one", etag)
    with pytest.raises(PreconditionFailed):
        await store.swap("manifest/active", b"two", None)
    assert (await store.get("manifest/active")).data == b"one"


async def test_swap_replaces_only_what_was_read(store: StateStore) -> None:
    first = await store.swap("pointer", b"one", None)
    second = await store.swap("pointer", b"two", first)
    assert second != first
    with pytest.raises(PreconditionFailed):
        await store.swap("pointer", b"three", first)
    assert await store.get("pointer") == Versioned(b"two", second)


async def test_swap_of_an_absent_blob_by_etag_loses(store: StateStore) -> None:
    with pytest.raises(PreconditionFailed):
        await store.swap("absent", b"x", '"0x8DC000000000000"')


async def test_an_empty_blob_can_be_stored_and_read(store: StateStore) -> None:
    etag = await store.swap("empty", b"", None)
    assert await store.get("empty") == Versioned(b"", etag)


async def test_one_of_many_concurrent_swaps_wins(store: StateStore) -> None:
    etag = await store.swap("race", b"start", None)
    results = await asyncio.gather(
        *(store.swap("race", str(n).encode(), etag) for n in range(8)), return_exceptions=True
    )
    losers = [result for result in results if isinstance(result, PreconditionFailed)]
    assert len(losers) == 7


async def test_one_holder_has_a_lease_until_it_is_released(store: StateStore) -> None:
    lease = await store.lease("leases/sweeper", 15)
    assert lease
    assert await store.lease("leases/sweeper", 15) is None
    await store.release("leases/sweeper", lease)
    again = await store.lease("leases/sweeper", 60)
    assert again
    assert again != lease


async def test_one_of_many_concurrent_leases_wins(store: StateStore) -> None:
    leases = await asyncio.gather(*(store.lease("leases/race", 15) for _ in range(6)))
    assert len([lease for lease in leases if lease]) == 1


async def test_release_of_anothers_or_an_unknown_lease_changes_nothing(store: StateStore) -> None:
    lease = await store.lease("leases/mine", 15)
    assert lease
    await store.release("leases/mine", "00000000-0000-0000-0000-000000000000")
    await store.release("leases/never", lease)
    assert await store.lease("leases/mine", 15) is None


async def test_a_leased_blob_is_not_swapped(store: StateStore) -> None:
    etag = await store.swap("leases/busy", b"x", None)
    assert await store.lease("leases/busy", 15)
    with pytest.raises(PreconditionFailed):
        await store.swap("leases/busy", b"y", etag)


@pytest.mark.parametrize("seconds", [0, 14, 61, -1])
async def test_a_lease_outside_the_services_bounds_is_a_mistake(
    store: StateStore, seconds: int
) -> None:
    with pytest.raises(ValueError, match="15 to 60"):
        await store.lease("leases/x", seconds)


async def test_a_lease_that_ran_out_is_free_again_in_the_fake() -> None:
    clock = FakeClock()
    fake = FakeStateStore(clock)
    assert await fake.lease("x", 15)
    clock.advance(16)
    assert await fake.lease("x", 15)


async def test_what_was_written_long_ago_is_forgotten_below_its_prefix_alone(
    store: StateStore,
) -> None:
    # Azurite's clock is the machine's, the fake's stands at its noon: both lie before this.
    later = datetime(2999, 1, 1, tzinfo=UTC)
    for name in ("names/one", "names/two", "others/one"):
        await store.swap(name, b"x", None)
    assert await store.forget("names/", datetime(2000, 1, 1, tzinfo=UTC)) == 0
    assert await store.forget("names/", later) == 2
    with pytest.raises(NotFound):
        await store.get("names/one")
    assert (await store.get("others/one")).data == b"x"
