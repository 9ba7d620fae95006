"""Listings of containers, for the adapters of both stores, which do not import each other."""

from typing import Final

from azure.core.async_paging import AsyncItemPaged
from azure.storage.blob import BlobProperties
from azure.storage.blob.aio import ContainerClient

PAGE: Final = 500
"""Blobs at once. The SDK makes objects of 8 KB of each, 43 MiB of the service's page of 5,000."""


def listed(container: ContainerClient, prefix: str = "") -> AsyncItemPaged[BlobProperties]:
    """The blobs below a prefix in name order; the SDK's errors come when they are read."""
    return container.list_blobs(
        name_starts_with=prefix or None, results_per_page=PAGE, retry_total=0
    )
