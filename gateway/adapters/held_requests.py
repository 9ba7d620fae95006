"""Encrypted requests and results of tickets: one blob each, stored once, taken away once.

Nothing is retried by the SDK: a removal that landed and is sent again would report that the bytes
had gone, and a driver goes by who has taken them.
"""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import Enum

from azure.core import MatchConditions
from azure.core.exceptions import AzureError
from azure.storage.blob.aio import ContainerClient

from gateway.errors import (
    AlreadyExists,
    NotFound,
    PreconditionFailed,
    StoreError,
    StoreUnavailable,
)
from gateway.ports import Versioned

FAILURES = (AzureError, TimeoutError, OSError)
"""Everything the client raises."""


class BlobDeposit:
    """`ports.Deposit` over one container.

    Args:
        container: a client for the container, closed by its owner.
        timeout_seconds: bound for each call, connecting included.
    """

    def __init__(self, container: ContainerClient, *, timeout_seconds: float = 30) -> None:
        self._container = container
        self._timeout = timeout_seconds

    async def put(self, name: str, data: bytes) -> None:
        """See `ports.Deposit`."""
        with _translated():
            async with asyncio.timeout(self._timeout):
                blob = self._container.get_blob_client(name)
                await blob.upload_blob(data, overwrite=False, retry_total=0)

    async def get(self, name: str) -> Versioned:
        """See `ports.Deposit`."""
        with _translated():
            async with asyncio.timeout(self._timeout):
                stream = await self._container.get_blob_client(name).download_blob(retry_total=0)
                # Read before the ETag: bytes that change on the way fail the SDK's check.
                data = await stream.readall()
                return Versioned(data, str(stream.properties.etag))

    async def remove(self, name: str, etag: str) -> None:
        """See `ports.Deposit`."""
        with _translated():
            async with asyncio.timeout(self._timeout):
                await self._container.get_blob_client(name).delete_blob(
                    etag=etag, match_condition=MatchConditions.IfNotModified, retry_total=0
                )


# https://learn.microsoft.com/rest/api/storageservices/blob-service-error-codes
_CERTAIN: Mapping[str, type[StoreError]] = {
    "BlobNotFound": NotFound,
    "BlobAlreadyExists": AlreadyExists,
    "ConditionNotMet": PreconditionFailed,
}


@contextmanager
def _translated() -> Iterator[None]:
    """Library exceptions become StoreErrors: by service error code, else unavailable."""
    try:
        yield
    except FAILURES as error:
        code = getattr(error, "error_code", None)
        code = str(code.value if isinstance(code, Enum) else code or "")
        if kind := _CERTAIN.get(code):
            raise kind(f"the store of held requests answered {code}") from None
        raise StoreUnavailable(
            "the store of held requests did not do it, or did not answer",
            advice="check that the storage account, its containers and the role assignments exist",
            details=(("error", type(error).__name__), *((("code", code),) if code else ())),
        ) from None
