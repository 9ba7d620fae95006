from datetime import timedelta

import pytest

from gateway.errors import Denied, Reason, Unavailable
from gateway.ports import Versioned
from gateway.recording.budget import PREFIX, StateTokenBudget
from tests.fakes.store import FakeStateStore
from tests.fakes.time import FakeClock


def budget(limit: int = 5) -> tuple[StateTokenBudget, FakeStateStore, FakeClock]:
    clock = FakeClock()
    store = FakeStateStore(clock)
    return StateTokenBudget(store, clock, limit), store, clock


async def test_a_caller_has_so_many_an_hour() -> None:
    made, _, clock = budget()
    await made.take("a", 3)
    await made.take("a", 2)
    with pytest.raises(Denied) as over:
        await made.take("a", 1)
    await made.take("b", 5)
    clock.advance(timedelta(hours=1))
    await made.take("a", 5)

    assert over.value.reason == Reason.TOKEN_LIMIT


async def test_the_count_is_shared_by_all_instances() -> None:
    first, store, clock = budget()
    second = StateTokenBudget(store, clock, 5)
    await first.take("a", 5)
    with pytest.raises(Denied):
        await second.take("a", 1)


async def test_a_lost_race_is_run_again() -> None:
    made, store, clock = budget()
    other = StateTokenBudget(store, clock, 5)
    get = store.get

    async def overtaken(name: str) -> Versioned:
        store.get = get  # type: ignore[method-assign]
        found = await get(name)
        await other.take("a", 4)
        return found

    await made.take("a", 1)
    store.get = overtaken  # type: ignore[method-assign]
    with pytest.raises(Denied):
        await made.take("a", 1)


async def test_what_cannot_be_known_is_refused() -> None:
    made, store, _ = budget()
    await made.take("a", 1)

    store.fail_next()
    with pytest.raises(Unavailable):
        await made.take("a", 1)


async def test_a_count_that_cannot_be_read_is_refused() -> None:
    made, store, _ = budget()
    await made.take("a", 1)
    (name,) = [name for name in store.blobs if name.startswith(PREFIX)]
    etag = (await store.get(name)).etag
    await store.swap(name, b"nonsense", etag)
    with pytest.raises(Unavailable):
        await made.take("a", 1)
