"""What the service's error codes and the library's exceptions become; sockets are never opened."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from azure.core import exceptions
from azure.core.pipeline.transport import AsyncHttpTransport
from azure.storage.blob.aio import ContainerClient

from gateway.adapters.state_store import BlobStateStore
from gateway.errors import (
    AlreadyExists,
    NotFound,
    PreconditionFailed,
    StoreError,
    StoreUnavailable,
)
from gateway.storage_failures import OUTCOMES
from tests.standins.storage_transport import Answer, ScriptedTransport, library_error

KEY = "c2VjcmV0LWtleQ=="

Call = Callable[[BlobStateStore], Awaitable[object]]


def store(transport: AsyncHttpTransport[Any, Any], timeout_seconds: float = 5) -> BlobStateStore:
    client = ContainerClient(
        "https://account.blob.core.windows.net",
        "container",
        credential={"account_name": "account", "account_key": KEY},
        transport=transport,
    )
    return BlobStateStore(client, timeout_seconds=timeout_seconds)


LEASE_ID = "00000000-0000-0000-0000-000000000001"


async def get(store: BlobStateStore) -> object:
    return await store.get("pointer")


async def create(store: BlobStateStore) -> object:
    return await store.swap("pointer", b"new", None)


async def swap(store: BlobStateStore) -> object:
    return await store.swap("pointer", b"new", '"1"')


async def lease(store: BlobStateStore) -> object:
    return await store.lease("leases/a", 15)


async def release(store: BlobStateStore) -> None:
    await store.release("leases/a", LEASE_ID)


CALLS = [get, create, swap, lease, release]


@pytest.mark.parametrize(
    ("call", "status", "code", "expected"),
    [
        (get, 404, "BlobNotFound", NotFound),
        (get, 404, "ContainerNotFound", StoreUnavailable),
        (create, 409, "BlobAlreadyExists", PreconditionFailed),
        (create, 404, "ContainerNotFound", StoreUnavailable),
        (create, 403, "AuthorizationFailure", StoreUnavailable),
        (swap, 412, "ConditionNotMet", PreconditionFailed),
        (swap, 412, "TargetConditionNotMet", PreconditionFailed),
        (swap, 412, "LeaseIdMissing", PreconditionFailed),
        (swap, 404, "BlobNotFound", PreconditionFailed),
        (swap, 412, "SourceConditionNotMet", StoreUnavailable),
        (swap, 409, "AccountBeingCreated", StoreUnavailable),
        (lease, 404, "ContainerNotFound", StoreUnavailable),
        (lease, 409, "LeaseIdMismatchWithLeaseOperation", StoreUnavailable),
        (release, 404, "ContainerNotFound", StoreUnavailable),
        (release, 403, "AuthorizationFailure", StoreUnavailable),
    ],
)
async def test_error_codes_decide_and_status_alone_does_not(
    call: Call, status: int, code: str, expected: type[StoreError]
) -> None:
    with pytest.raises(StoreError) as caught:
        await call(store(ScriptedTransport(Answer(status, code))))
    assert type(caught.value) is expected
    assert not isinstance(caught.value, AlreadyExists)


@pytest.mark.parametrize("code", ["LeaseAlreadyPresent", "LeaseIsBreakingAndCannotBeAcquired"])
async def test_a_lease_that_another_has_is_none(code: str) -> None:
    assert await store(ScriptedTransport(Answer(409, code))).lease("leases/a", 15) is None


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (404, "BlobNotFound"),
        (409, "LeaseIdMismatchWithLeaseOperation"),
        (409, "LeaseNotPresentWithLeaseOperation"),
        (412, "LeaseLost"),
    ],
)
async def test_a_lease_that_is_gone_is_released(status: int, code: str) -> None:
    await store(ScriptedTransport(Answer(status, code))).release("leases/a", LEASE_ID)


def granted() -> Answer:
    return Answer(201, headers={"x-ms-lease-id": LEASE_ID, "etag": '"1"'})


async def test_a_blob_is_made_where_there_is_none_to_lease() -> None:
    transport = ScriptedTransport(
        Answer(404, "BlobNotFound"), Answer(201, headers={"etag": '"1"'}), granted()
    )
    assert await store(transport).lease("leases/a", 15) == LEASE_ID


@pytest.mark.parametrize(("status", "code"), [(409, "BlobAlreadyExists"), (412, "LeaseIdMissing")])
async def test_losing_the_race_to_make_the_blob_leaves_the_lease_to_decide(
    status: int, code: str
) -> None:
    transport = ScriptedTransport(
        Answer(404, "BlobNotFound"), Answer(status, code), Answer(409, "LeaseAlreadyPresent")
    )
    assert await store(transport).lease("leases/a", 15) is None


async def test_a_blob_that_cannot_be_made_is_an_outage() -> None:
    transport = ScriptedTransport(Answer(404, "BlobNotFound"), Answer(403, "AuthorizationFailure"))
    with pytest.raises(StoreUnavailable):
        await store(transport).lease("leases/a", 15)


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 412, 429, 500, 503])
async def test_an_answer_without_a_code_is_unknown_and_nothing_is_sent_again(
    call: Call, status: int
) -> None:
    transport = ScriptedTransport(Answer(status))
    with pytest.raises(StoreUnavailable):
        await call(store(transport))
    assert len(transport.requests) == 1


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("kind", sorted(OUTCOMES, key=repr))
async def test_every_exception_of_the_library_becomes_unavailable_without_its_message(
    call: Call, kind: type[Exception]
) -> None:
    error = library_error(kind, "https://account.blob.core.windows.net?sig=" + KEY)
    with pytest.raises(StoreError) as caught:
        await call(store(ScriptedTransport(error)))
    # The SDK itself reads a failed If-None-Match as "exists".
    exists = call is create and kind is exceptions.ResourceModifiedError
    assert type(caught.value) is (PreconditionFailed if exists else StoreUnavailable)
    assert KEY not in f"{caught.value}{caught.value.advice}{caught.value.details}"
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("call", CALLS)
async def test_a_store_that_does_not_answer_has_a_bound(call: Call) -> None:
    with pytest.raises(StoreUnavailable, match="may have landed"):
        await call(store(ScriptedTransport(Answer(201, delay=5)), timeout_seconds=0.02))


@pytest.mark.parametrize("call", CALLS)
async def test_a_cancelled_call_is_cancelled_and_nothing_else(call: Call) -> None:
    task = asyncio.ensure_future(call(store(ScriptedTransport(Answer(201, delay=5)))))
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_swaps_carry_their_conditions() -> None:
    transport = ScriptedTransport(*(Answer(201, headers={"ETag": '"2"'}) for _ in range(2)))
    for call in (create, swap):
        assert await call(store(transport)) == '"2"'
    created, swapped = (request.headers for request in transport.requests)
    assert created["If-None-Match"] == "*"
    assert swapped["If-Match"] == '"1"'
