"""Small mutable blobs in the host account: compare-and-swap by ETag, leases.

Nothing is retried by the SDK: a swap that landed and is sent again fails its own ETag check.
"""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import Enum
from types import MappingProxyType

from azure.core import MatchConditions, exceptions
from azure.storage.blob.aio import BlobLeaseClient, ContainerClient

from gateway.errors import NotFound, PreconditionFailed, StoreError, StoreUnavailable
from gateway.ports import Versioned

_UNSENT = "the state store could not be reached; nothing was sent"
_UNKNOWN = "the state store did not answer; the write may have landed"
_REFUSED = "the state store refused the request"
_UNREADABLE = "the state store gave an answer that cannot be read"

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
        TimeoutError: _UNKNOWN,
        OSError: _UNKNOWN,
    }
)
"""What each library exception says about the request; all of them become a StoreError."""

# Error codes: https://learn.microsoft.com/rest/api/storageservices/blob-service-error-codes
_GET: Mapping[str, type[StoreError]] = {"BlobNotFound": NotFound}
_SWAP: Mapping[str, type[StoreError]] = dict.fromkeys(
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
_NOTHING: Mapping[str, type[StoreError]] = {}

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
        with _translated(_GET):
            async with asyncio.timeout(self._timeout):
                stream = await self._container.get_blob_client(name).download_blob(retry_total=0)
                # Read before the ETag: a large blob that changes on the way fails the SDK's check.
                data = await stream.readall()
                return Versioned(data, str(stream.properties.etag))

    async def swap(self, name: str, data: bytes, etag: str | None) -> str:
        """See `ports.StateStore`."""
        with _translated(_SWAP):
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

    async def lease(self, name: str, seconds: int) -> str | None:
        """See `ports.StateStore`; creates an empty blob where there is none to lease."""
        if not _SHORTEST_LEASE <= seconds <= _LONGEST_LEASE:
            raise ValueError("a blob lease lasts 15 to 60 seconds")
        with _translated(_NOTHING):
            async with asyncio.timeout(self._timeout):
                try:
                    return await self._acquire(name, seconds)
                except exceptions.HttpResponseError as error:
                    if _code(error) in _HELD:
                        return None
                    raise

    async def _acquire(self, name: str, seconds: int) -> str:
        blob = self._container.get_blob_client(name)
        try:
            lease = await blob.acquire_lease(lease_duration=seconds, retry_total=0)
        except exceptions.HttpResponseError as error:
            if _code(error) != "BlobNotFound":
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
            if _code(error) not in {"BlobAlreadyExists", "LeaseIdMissing"}:
                raise

    async def release(self, name: str, lease: str) -> None:
        """See `ports.StateStore`."""
        with _translated(_NOTHING):
            async with asyncio.timeout(self._timeout):
                client = BlobLeaseClient(self._container.get_blob_client(name), lease_id=lease)
                try:
                    await client.release(retry_total=0)
                except exceptions.HttpResponseError as error:
                    if _code(error) not in _GONE:
                        raise


@contextmanager
def _translated(codes: Mapping[str, type[StoreError]]) -> Iterator[None]:
    """Library exceptions become StoreErrors: by service error code, else unavailable."""
    try:
        yield
    except tuple(OUTCOMES) as error:
        code = _code(error)
        if kind := codes.get(code):
            raise kind(f"the state store answered {code}") from None
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
