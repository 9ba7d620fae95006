"""What the service's error codes and the library's exceptions become; sockets are never opened."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from azure.core import exceptions
from azure.core.pipeline.transport import AsyncHttpTransport
from azure.storage.blob.aio import ContainerClient

from gateway.adapters import evidence_store
from gateway.adapters.evidence_store import BlobEvidenceStore
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

Call = Callable[[BlobEvidenceStore], Awaitable[object]]


def store(transport: AsyncHttpTransport[Any, Any], timeout_seconds: float = 5) -> BlobEvidenceStore:
    client = ContainerClient(
        "https://account.blob.core.windows.net",
        "container",
        credential={"account_name": "account", "account_key": KEY},
        transport=transport,
    )
    return BlobEvidenceStore(client, timeout_seconds=timeout_seconds)


async def drained(store: BlobEvidenceStore) -> object:
    return [blob async for blob in store.list("journal/")]


async def create(store: BlobEvidenceStore) -> None:
    await store.create("journal/a")


async def append(store: BlobEvidenceStore) -> object:
    return await store.append("journal/a", b"line\n", 10)


async def put(store: BlobEvidenceStore) -> None:
    await store.put("manifests/a", b"content")


async def read(store: BlobEvidenceStore) -> object:
    return await store.read("journal/a")


CALLS = [create, append, put, read, drained]


@pytest.mark.parametrize(
    ("call", "status", "code", "expected"),
    [
        (create, 409, "BlobAlreadyExists", AlreadyExists),
        (create, 409, "BlobImmutableDueToPolicy", AlreadyExists),
        (create, 403, "UnauthorizedBlobOverwrite", AlreadyExists),
        (create, 404, "ContainerNotFound", StoreUnavailable),
        (create, 412, "ConditionNotMet", StoreUnavailable),
        (put, 409, "BlobAlreadyExists", AlreadyExists),
        (put, 409, "BlobImmutableDueToPolicy", AlreadyExists),
        (put, 403, "AuthorizationFailure", StoreUnavailable),
        (append, 412, "AppendPositionConditionNotMet", PreconditionFailed),
        (append, 412, "ConditionNotMet", StoreUnavailable),
        (append, 404, "BlobNotFound", NotFound),
        (append, 404, "ContainerNotFound", StoreUnavailable),
        (append, 409, "BlobImmutableDueToPolicy", StoreUnavailable),
        (append, 409, "BlockCountExceedsLimit", StoreUnavailable),
        (append, 409, "BlobIsSealed", StoreUnavailable),
        (append, 409, "InvalidBlobType", StoreUnavailable),
        (read, 404, "BlobNotFound", NotFound),
        (read, 404, "ContainerNotFound", StoreUnavailable),
        (drained, 404, "BlobNotFound", StoreUnavailable),
        (drained, 404, "ContainerNotFound", StoreUnavailable),
    ],
)
async def test_error_codes_decide_and_status_alone_does_not(
    call: Call, status: int, code: str, expected: type[StoreError]
) -> None:
    with pytest.raises(StoreError) as caught:
        await call(store(ScriptedTransport(Answer(status, code))))
    assert type(caught.value) is expected


@pytest.mark.parametrize("call", [create, put])
@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (Answer(200), AlreadyExists),
        (Answer(404, "BlobNotFound"), StoreUnavailable),
        (Answer(403, "AuthorizationPermissionMismatch"), StoreUnavailable),
        (exceptions.ServiceRequestError("no network"), StoreUnavailable),
    ],
)
async def test_a_missing_right_to_overwrite_is_told_from_a_missing_right(
    call: Call, found: Answer | Exception, expected: type[StoreError]
) -> None:
    transport = ScriptedTransport(Answer(403, "AuthorizationPermissionMismatch"), found)
    with pytest.raises(StoreError) as caught:
        await call(store(transport))
    assert type(caught.value) is expected
    assert [request.method for request in transport.requests] == ["PUT", "HEAD"]


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
    transport = ScriptedTransport(error)
    with pytest.raises(StoreError) as caught:
        await call(store(transport))
    # The SDK itself reads a failed If-None-Match as "exists".
    exists = call is put and kind is exceptions.ResourceModifiedError
    assert type(caught.value) is (AlreadyExists if exists else StoreUnavailable)
    assert KEY not in f"{caught.value}{caught.value.advice}{caught.value.details}"
    assert caught.value.__cause__ is None
    assert len(transport.requests) == 1


async def test_what_was_not_sent_and_what_may_have_landed_are_told_apart() -> None:
    with pytest.raises(StoreUnavailable, match="nothing was sent"):
        await append(store(ScriptedTransport(exceptions.ServiceRequestError("no route"))))
    with pytest.raises(StoreUnavailable, match="may have landed"):
        await append(store(ScriptedTransport(exceptions.ServiceResponseError("cut"))))


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


async def test_writes_carry_their_conditions() -> None:
    transport = ScriptedTransport(*(Answer(201, headers={"etag": '"1"'}) for _ in range(3)))
    for call in (create, append, put):
        await call(store(transport))
    created, appended, put_ = (request.headers for request in transport.requests)
    assert created["If-None-Match"] == put_["If-None-Match"] == "*"
    assert appended["x-ms-blob-condition-appendpos"] == "10"
    assert (created["x-ms-blob-type"], put_["x-ms-blob-type"]) == ("AppendBlob", "BlockBlob")


async def test_a_long_blob_is_read_in_slices_that_need_no_etag(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(evidence_store, "_SLICE", 4)

    def part(body: bytes, start: int) -> Answer:
        end = start + len(body) - 1
        return Answer(
            206,
            body=body,
            headers={
                "Content-Range": f"bytes {start}-{end}/10",
                "Content-Length": str(len(body)),
                "ETag": f'"{start}"',  # the journal grows meanwhile
            },
        )

    transport = ScriptedTransport(part(b"0123", 0), part(b"4567", 4), part(b"89", 8))
    assert await store(transport).read("journal/a") == b"0123456789"
    assert [request.headers["x-ms-range"] for request in transport.requests] == [
        "bytes=0-3",
        "bytes=4-7",
        "bytes=8-11",
    ]
    assert not any("If-Match" in request.headers for request in transport.requests)
    transport = ScriptedTransport(part(b"2345", 2), part(b"6", 6))
    assert await store(transport).read("journal/a", 2, 5) == b"23456"
