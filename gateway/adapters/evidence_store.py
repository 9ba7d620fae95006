"""The evidence container: append blobs and write-once blobs in Azure Blob Storage.

Nothing here is retried by the SDK: a re-sent append or create that landed the first time would
come back as a conflict, and only the journal can tell its own bytes from another writer's.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from azure.core import MatchConditions, exceptions
from azure.storage.blob.aio import ContainerClient

from gateway.errors import (
    AlreadyExists,
    NotFound,
    PreconditionFailed,
)
from gateway.ports import StoredBlob
from gateway.storage_failures import Codes, code_of, translated
from gateway.storage_listing import listed

_STORE = "the evidence store"

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

_CREATE: Codes = dict.fromkeys(_TAKEN, AlreadyExists)
_APPEND: Codes = {
    **dict.fromkeys(_ABSENT, NotFound),
    **dict.fromkeys(_MOVED, PreconditionFailed),
}
_READ: Codes = dict.fromkeys(_ABSENT, NotFound)
_NOTHING: Codes = {}

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
        with translated(_STORE, _CREATE):
            async with asyncio.timeout(self._timeout), self._once(name):
                await self._container.get_blob_client(name).create_append_blob(
                    # If-None-Match: *
                    match_condition=MatchConditions.IfMissing,
                    retry_total=0,
                )

    async def append(self, name: str, data: bytes, position: int) -> int:
        """See `ports.EvidenceStore`."""
        with translated(_STORE, _APPEND):
            async with asyncio.timeout(self._timeout):
                await self._container.get_blob_client(name).append_block(
                    data, length=len(data), appendpos_condition=position, retry_total=0
                )
        return position + len(data)

    async def put(self, name: str, data: bytes) -> None:
        """See `ports.EvidenceStore`."""
        with translated(_STORE, _CREATE):
            async with asyncio.timeout(self._timeout), self._once(name):
                await self._container.get_blob_client(name).upload_blob(
                    data, length=len(data), overwrite=False, retry_total=0
                )

    @asynccontextmanager
    async def _once(self, name: str) -> AsyncIterator[None]:
        """Tell a name that is taken from a right that is missing.

        With an identity that may add and not write, the service may answer an overwrite as it
        answers every right that is missing. Which of the two it is shows in whether it is there.
        """
        try:
            yield
        except exceptions.HttpResponseError as error:
            if code_of(error) != "AuthorizationPermissionMismatch":
                raise
            blob = self._container.get_blob_client(name)
            try:
                await blob.get_blob_properties(retry_total=0)
            except exceptions.HttpResponseError:
                raise error from None
            raise AlreadyExists(f"{_STORE} has such a blob") from None

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
        with translated(_STORE, _READ):
            async with asyncio.timeout(self._timeout):
                try:
                    stream = await self._container.get_blob_client(name).download_blob(
                        offset=offset, length=size, retry_total=0
                    )
                    return await stream.readall()
                except exceptions.HttpResponseError as error:
                    if code_of(error) == "InvalidRange":  # 416: at or past the end
                        return b""
                    raise

    async def list(self, prefix: str) -> AsyncIterator[StoredBlob]:
        """See `ports.EvidenceStore`."""
        pages = listed(self._container, prefix).by_page()
        while True:
            with translated(_STORE, _NOTHING):
                try:
                    async with asyncio.timeout(self._timeout):
                        page = [
                            StoredBlob(item.name, item.size) async for item in await anext(pages)
                        ]
                except StopAsyncIteration:
                    return
            for blob in page:
                yield blob
