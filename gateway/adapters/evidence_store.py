"""The evidence container: append blobs and write-once blobs in Azure Blob Storage.

Nothing here is retried by the SDK: a re-sent append or create that landed the first time would
come back as a conflict, and only the journal can tell its own bytes from another writer's.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from enum import Enum
from types import MappingProxyType

from azure.core import MatchConditions, exceptions
from azure.storage.blob.aio import ContainerClient

from gateway.errors import (
    AlreadyExists,
    NotFound,
    PreconditionFailed,
    StoreError,
    StoreUnavailable,
)
from gateway.ports import StoredBlob

_UNSENT = "the evidence store could not be reached; nothing was sent"
_UNKNOWN = "the evidence store did not answer; the write may have landed"
_REFUSED = "the evidence store refused the request"
_UNREADABLE = "the evidence store gave an answer that cannot be read"

OUTCOMES: Mapping[type[Exception], str] = MappingProxyType(
    {
        exceptions.AzureError: _UNKNOWN,
        exceptions.ServiceRequestError: _UNSENT,
        exceptions.ServiceRequestTimeoutError: _UNSENT,
        exceptions.ServiceResponseError: _UNKNOWN,
        exceptions.ServiceResponseTimeoutError: _UNKNOWN,
        exceptions.HttpResponseError: _REFUSED,
        exceptions.ResourceExistsError: _REFUSED,
        exceptions.ResourceNotFoundError: _REFUSED,
        exceptions.ClientAuthenticationError: _REFUSED,
        exceptions.ResourceModifiedError: _REFUSED,
        exceptions.ResourceNotModifiedError: _REFUSED,
        exceptions.TooManyRedirectsError: _REFUSED,
        exceptions.ODataV4Error: _REFUSED,
        exceptions.DecodeError: _UNREADABLE,
        exceptions.IncompleteReadError: _UNREADABLE,
        exceptions.StreamConsumedError: _UNREADABLE,
        exceptions.StreamClosedError: _UNREADABLE,
        exceptions.ResponseNotReadError: _UNREADABLE,
        exceptions.SerializationError: _UNSENT,
        exceptions.DeserializationError: _UNREADABLE,
        # What a transport may let through unwrapped, and our own time limit.
        TimeoutError: _UNKNOWN,
        OSError: _UNKNOWN,
    }
)
"""What each library exception says about the request; all of them become a StoreError."""

# Error codes: https://learn.microsoft.com/rest/api/storageservices/blob-service-error-codes
_TAKEN = frozenset(
    {
        "BlobAlreadyExists",
        # Under a retention policy, or with an identity that may add and not overwrite, the
        # service can refuse the overwrite before it looks at If-None-Match.
        "BlobImmutableDueToPolicy",
        "UnauthorizedBlobOverwrite",
    }
)
_ABSENT = frozenset({"BlobNotFound"})
_MOVED = frozenset({"AppendPositionConditionNotMet"})

_CREATE: Mapping[str, type[StoreError]] = dict.fromkeys(_TAKEN, AlreadyExists)
_APPEND: Mapping[str, type[StoreError]] = {
    **dict.fromkeys(_ABSENT, NotFound),
    **dict.fromkeys(_MOVED, PreconditionFailed),
}
_READ: Mapping[str, type[StoreError]] = dict.fromkeys(_ABSENT, NotFound)
_NOTHING: Mapping[str, type[StoreError]] = {}

_SLICE = 16 * 1024 * 1024  # below the SDK's own 32 MiB, so that each slice is one request


class BlobEvidenceStore:
    """`ports.EvidenceStore` over one container.

    Args:
        container: a client for the evidence container, closed by its owner.
        timeout_seconds: bound for each call, connecting included.
    """

    def __init__(self, container: ContainerClient, *, timeout_seconds: float = 15) -> None:
        self._container = container
        self._timeout = timeout_seconds

    async def create(self, name: str) -> None:
        """See `ports.EvidenceStore`."""
        with _translated(_CREATE):
            async with asyncio.timeout(self._timeout):
                await self._container.get_blob_client(name).create_append_blob(
                    # If-None-Match: *
                    match_condition=MatchConditions.IfMissing,
                    retry_total=0,
                )

    async def append(self, name: str, data: bytes, position: int) -> int:
        """See `ports.EvidenceStore`."""
        with _translated(_APPEND):
            async with asyncio.timeout(self._timeout):
                await self._container.get_blob_client(name).append_block(
                    data, length=len(data), appendpos_condition=position, retry_total=0
                )
        return position + len(data)

    async def put(self, name: str, data: bytes) -> None:
        """See `ports.EvidenceStore`."""
        with _translated(_CREATE):
            async with asyncio.timeout(self._timeout):
                await self._container.get_blob_client(name).upload_blob(
                    data, length=len(data), overwrite=False, retry_total=0
                )

    async def read(self, name: str, offset: int = 0, length: int | None = None) -> bytes:
        """See `ports.EvidenceStore`.

        Slices are separate requests without If-Match: what a journal holds never changes, and
        it may grow while it is read.
        """
        parts: list[bytes] = []
        wanted = length
        while wanted is None or wanted > 0:
            size = _SLICE if wanted is None else min(wanted, _SLICE)
            part = await self._slice(name, offset, size)
            parts.append(part)
            if len(part) < size:
                break
            offset += size
            wanted = None if wanted is None else wanted - size
        return parts[0] if len(parts) == 1 else b"".join(parts)

    async def _slice(self, name: str, offset: int, size: int) -> bytes:
        with _translated(_READ):
            async with asyncio.timeout(self._timeout):
                try:
                    stream = await self._container.get_blob_client(name).download_blob(
                        offset=offset, length=size, retry_total=0
                    )
                    return await stream.readall()
                except exceptions.HttpResponseError as error:
                    if _code(error) == "InvalidRange":  # 416: at or past the end
                        return b""
                    raise

    async def list(self, prefix: str) -> AsyncIterator[StoredBlob]:
        """See `ports.EvidenceStore`."""
        pages = self._container.list_blobs(name_starts_with=prefix, retry_total=0).by_page()
        while True:
            with _translated(_NOTHING):
                try:
                    async with asyncio.timeout(self._timeout):
                        page = [
                            StoredBlob(item.name, item.size) async for item in await anext(pages)
                        ]
                except StopAsyncIteration:
                    return
            for blob in page:
                yield blob


@contextmanager
def _translated(codes: Mapping[str, type[StoreError]]) -> Iterator[None]:
    """Library exceptions become StoreErrors: by service error code, else unavailable."""
    try:
        yield
    except tuple(OUTCOMES) as error:
        code = _code(error)
        if kind := codes.get(code):
            raise kind(f"the evidence store answered {code}") from None
        # The name of the class is safe to show; messages of the SDK carry URLs and headers.
        raise StoreUnavailable(
            _sentence(error),
            advice="check that the storage account, its container and the role assignments exist",
            details=(("error", type(error).__name__), *((("code", code),) if code else ())),
        ) from None


def _sentence(error: Exception) -> str:
    return next(OUTCOMES[kind] for kind in type(error).__mro__ if kind in OUTCOMES)


def _code(error: Exception) -> str:
    """The service's error code, "" where there is none; members of the SDK's enum are unwrapped."""
    code = getattr(error, "error_code", None)
    return str(code.value if isinstance(code, Enum) else code or "")
