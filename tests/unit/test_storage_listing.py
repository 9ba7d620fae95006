"""Listings come in pages that are small in memory, whoever asks for them."""

import gc
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from azure.storage.blob.aio import ContainerClient

from gateway.adapters.evidence_store import BlobEvidenceStore
from gateway.adapters.masked_cache import BlobMaskedCache
from gateway.adapters.state_store import BlobStateStore
from gateway.model.digest import DigestKey
from gateway.storage_listing import PAGE
from tests.fakes.time import FakeClock
from tests.standins.storage_transport import Answer, ScriptedTransport

MIB = 1024 * 1024
BLOBS = 3 * PAGE
"""All of them in one page of the service, where nobody asks for less."""
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


class Listing(ScriptedTransport):
    """List Blobs of a container, by the service's rules for pages.

    https://learn.microsoft.com/rest/api/storageservices/list-blobs
    """

    async def send(self, request: Any, **options: Any) -> Any:
        asked = parse_qs(urlsplit(request.url).query)
        most, start = int(asked.get("maxresults", ["5000"])[0]), int(asked.get("marker", ["0"])[0])
        end = min(start + most, BLOBS)
        blobs = "".join(map(_entry, range(start, end)))
        rest = f"<NextMarker>{end}</NextMarker>" if end < BLOBS else "<NextMarker />"
        text = (
            '<?xml version="1.0" encoding="utf-8"?><EnumerationResults '
            'ServiceEndpoint="https://account.blob.core.windows.net/" ContainerName="container">'
            f"<MaxResults>{most}</MaxResults><Blobs>{blobs}</Blobs>{rest}</EnumerationResults>"
        )
        described = {"content-type": "application/xml"}
        self.script.append(Answer(200, headers=described, body=text.encode()))
        return await super().send(request, **options)


def _entry(number: int) -> str:
    at = "Mon, 23 Nov 2026 15:30:00 GMT"
    return (
        f"<Blob><Name>{number:064d}</Name><Properties><Creation-Time>{at}</Creation-Time>"
        f"<Last-Modified>{at}</Last-Modified><Etag>0x8DCE{number:011d}</Etag>"
        "<Content-Length>1000</Content-Length><Content-Type>application/octet-stream</Content-Type>"
        "<Content-Encoding /><Content-Language />"
        "<Content-MD5>aaaaaaaaaaaaaaaaaaaaaa==</Content-MD5>"
        "<Cache-Control /><Content-Disposition /><BlobType>BlockBlob</BlobType>"
        "<AccessTier>Hot</AccessTier><AccessTierInferred>true</AccessTierInferred>"
        "<LeaseStatus>unlocked</LeaseStatus><LeaseState>available</LeaseState>"
        "<ServerEncrypted>true</ServerEncrypted></Properties></Blob>"
    )


class Keys:
    async def current(self) -> DigestKey:
        return DigestKey("1", b"k" * 32)


async def journals(container: ContainerClient) -> None:
    assert len([blob.size async for blob in BlobEvidenceStore(container).list("journal/")]) == BLOBS


async def names(container: ContainerClient) -> None:
    assert await BlobStateStore(container).forget("session-names/", LONG_AGO) == 0


async def masked(container: ContainerClient) -> None:
    cache = BlobMaskedCache(container, Keys(), FakeClock(LONG_AGO), lifetime=timedelta(minutes=10))
    assert await cache.sweep() == 0


@pytest.fixture
def transport() -> Listing:
    return Listing()


@pytest.fixture
async def container(transport: Listing) -> AsyncIterator[ContainerClient]:
    credential = {"account_name": "account", "account_key": "c2VjcmV0LWtleQ=="}
    url = "https://account.blob.core.windows.net"
    async with ContainerClient(url, "container", credential, transport=transport) as client:
        yield client


@pytest.mark.parametrize("work", [journals, names, masked])
async def test_nobody_asks_for_long_pages(
    container: ContainerClient,
    transport: Listing,
    work: Callable[[ContainerClient], Awaitable[None]],
) -> None:
    await work(container)
    assert len(transport.requests) == 3


async def test_a_long_listing_takes_little_memory(container: ContainerClient) -> None:
    await journals(container)
    gc.collect()
    tracemalloc.start()
    try:
        await journals(container)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert peak < 8 * MIB
