"""The same cases on the fake and on Azure Blob Storage as Azurite speaks it."""

import asyncio

import pytest

from gateway.adapters.held_requests import BlobDeposit
from gateway.errors import AlreadyExists, NotFound, PreconditionFailed, StoreUnavailable
from gateway.ports import Deposit
from tests.conftest import FreshContainer
from tests.fakes.approvals import FakeDeposit

AZURITE = pytest.param("azurite", marks=[pytest.mark.integration, pytest.mark.enable_socket])


@pytest.fixture(params=["fake", AZURITE])
def fresh(request: pytest.FixtureRequest) -> FreshContainer | None:
    # Asked for by name, so that the fake's cases start no emulator.
    if request.param == "fake":
        return None
    found: FreshContainer = request.getfixturevalue("fresh_container")
    return found


@pytest.fixture
async def deposit(fresh: FreshContainer | None) -> Deposit:
    return FakeDeposit() if fresh is None else BlobDeposit(await fresh("chaperonestate"))


async def test_bytes_are_stored_once(deposit: Deposit) -> None:
    await deposit.put("a", b"one")
    with pytest.raises(AlreadyExists):
        await deposit.put("a", b"two")
    assert (await deposit.get("a")).data == b"one"


async def test_what_is_not_there_is_not_found(deposit: Deposit) -> None:
    with pytest.raises(NotFound):
        await deposit.get("a")
    # The service may check the condition first.
    with pytest.raises((NotFound, PreconditionFailed)):
        await deposit.remove("a", '"0x8D"')


async def test_only_the_bytes_that_were_read_are_taken_away(deposit: Deposit) -> None:
    await deposit.put("a", b"one")
    first = await deposit.get("a")
    await deposit.remove("a", first.etag)
    await deposit.put("a", b"two")
    with pytest.raises(PreconditionFailed):
        await deposit.remove("a", first.etag)
    assert (await deposit.get("a")).data == b"two"


async def test_of_many_that_take_the_bytes_one_succeeds(deposit: Deposit) -> None:
    await deposit.put("a", b"one")
    etag = (await deposit.get("a")).etag
    ends = await asyncio.gather(
        *(deposit.remove("a", etag) for _ in range(8)), return_exceptions=True
    )
    assert [end for end in ends if end is None] == [None]
    assert all(isinstance(end, NotFound | PreconditionFailed) for end in ends if end is not None)


@pytest.mark.integration
@pytest.mark.enable_socket
async def test_a_container_that_refuses_or_is_silent_is_unavailable(
    fresh_container: FreshContainer,
) -> None:
    container = await fresh_container("chaperonestate")
    with pytest.raises(StoreUnavailable):
        await BlobDeposit(container, timeout_seconds=0).get("a")
    await container.delete_container()
    for call in (BlobDeposit(container).put("a", b"x"), BlobDeposit(container).get("a")):
        with pytest.raises(StoreUnavailable):
            await call
