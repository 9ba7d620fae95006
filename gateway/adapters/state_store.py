"""Small mutable blobs in the host account: compare-and-swap by ETag, leases.

Nothing is retried by the SDK: a swap that landed and is sent again fails its own ETag check.
"""

import asyncio
from datetime import datetime

from azure.core import MatchConditions, exceptions
from azure.storage.blob.aio import BlobLeaseClient, ContainerClient

from gateway.errors import NotFound, PreconditionFailed
from gateway.ports import Versioned
from gateway.storage_failures import Codes, code_of, translated
from gateway.storage_listing import listed

_STORE = "the state store"

_GET: Codes = {"BlobNotFound": NotFound}
_SWAP: Codes = dict.fromkeys(
    (
        "ConditionNotMet",
        "TargetConditionNotMet",
        "BlobAlreadyExists",
        "BlobNotFound",  # deleted since it was read
        "LeaseIdMissing",  # somebody holds it
    ),
    PreconditionFailed,
)
_HELD = frozenset({"LeaseAlreadyPresent", "LeaseIsBreakingAndCannotBeAcquired"})
_GONE = frozenset(
    {
        "BlobNotFound",
        "LeaseIdMismatchWithLeaseOperation",
        "LeaseNotPresentWithLeaseOperation",
        "LeaseLost",
    }
)
_NOTHING: Codes = {}

# https://learn.microsoft.com/rest/api/storageservices/lease-blob
_SHORTEST_LEASE, _LONGEST_LEASE = 15, 60


class BlobStateStore:
    """`ports.StateStore` over one container.

    A lease locks its blob against `swap`: what is leased has a name of its own.

    Args:
        container: a client for the state container, closed by its owner.
        timeout_seconds: bound for each call, connecting included.
    """

    def __init__(self, container: ContainerClient, *, timeout_seconds: float = 15) -> None:
        self._container = container
        self._timeout = timeout_seconds

    async def get(self, name: str) -> Versioned:
        """See `ports.StateStore`."""
        with translated(_STORE, _GET):
            async with asyncio.timeout(self._timeout):
                stream = await self._container.get_blob_client(name).download_blob(retry_total=0)
                # Read before the ETag: a large blob that changes on the way fails the SDK's check.
                data = await stream.readall()
                return Versioned(data, str(stream.properties.etag))

    async def swap(self, name: str, data: bytes, etag: str | None) -> str:
        """See `ports.StateStore`."""
        with translated(_STORE, _SWAP):
            async with asyncio.timeout(self._timeout):
                blob = self._container.get_blob_client(name)
                if etag is None:
                    answer = await blob.upload_blob(data, overwrite=False, retry_total=0)
                else:
                    answer = await blob.upload_blob(
                        data,
                        overwrite=True,
                        etag=etag,
                        match_condition=MatchConditions.IfNotModified,
                        retry_total=0,
                    )
                return str(answer["etag"])

    async def forget(self, prefix: str, before: datetime) -> int:
        """See `ports.StateStore`; a blob that is written meanwhile stays."""
        deleted = 0
        with translated(_STORE, _NOTHING):
            async with asyncio.timeout(20 * self._timeout):
                async for blob in listed(self._container, prefix):
                    if blob.last_modified < before and blob.etag:
                        deleted += await self._delete(str(blob.name), str(blob.etag))
        return deleted

    async def _delete(self, name: str, etag: str) -> int:
        try:
            await self._container.get_blob_client(name).delete_blob(
                etag=etag, match_condition=MatchConditions.IfNotModified, retry_total=0
            )
        except (exceptions.ResourceModifiedError, exceptions.ResourceNotFoundError):
            return 0
        return 1

    async def lease(self, name: str, seconds: int) -> str | None:
        """See `ports.StateStore`; creates an empty blob where there is none to lease."""
        if not _SHORTEST_LEASE <= seconds <= _LONGEST_LEASE:
            raise ValueError("a blob lease lasts 15 to 60 seconds")
        with translated(_STORE, _NOTHING):
            async with asyncio.timeout(self._timeout):
                try:
                    return await self._acquire(name, seconds)
                except exceptions.HttpResponseError as error:
                    if code_of(error) in _HELD:
                        return None
                    raise

    async def _acquire(self, name: str, seconds: int) -> str:
        blob = self._container.get_blob_client(name)
        try:
            lease = await blob.acquire_lease(lease_duration=seconds, retry_total=0)
        except exceptions.HttpResponseError as error:
            if code_of(error) != "BlobNotFound":
                raise
            await self._create(name)
            lease = await blob.acquire_lease(lease_duration=seconds, retry_total=0)
        return str(lease.id)

    async def _create(self, name: str) -> None:
        try:
            await self._container.get_blob_client(name).upload_blob(
                b"", overwrite=False, retry_total=0
            )
        except exceptions.HttpResponseError as error:
            # Another instance was quicker; the lease decides between the two. A blob that is
            # already leased answers with the lease instead of the conflict.
            if code_of(error) not in {"BlobAlreadyExists", "LeaseIdMissing"}:
                raise

    async def release(self, name: str, lease: str) -> None:
        """See `ports.StateStore`."""
        with translated(_STORE, _NOTHING):
            async with asyncio.timeout(self._timeout):
                client = BlobLeaseClient(self._container.get_blob_client(name), lease_id=lease)
                try:
                    await client.release(retry_total=0)
                except exceptions.HttpResponseError as error:
                    if code_of(error) not in _GONE:
                        raise
