"""The same cases on the fake and on the encrypted cache in storage as Azurite speaks it."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from azure.storage.blob import BlobProperties
from azure.storage.blob.aio import BlobClient, ContainerClient

from gateway.adapters.masked_cache import HEADER, SEGMENT, TAG, BlobMaskedCache
from gateway.errors import Unavailable
from gateway.model.digest import DigestKey
from gateway.model.message import Headers
from gateway.model.representation import Cached, MaskedKey
from gateway.ports import MaskedCache
from tests.conftest import FreshContainer
from tests.fakes.masking import FakeMaskedCache
from tests.fakes.time import FakeClock
from tests.pipeline.world import FixedKeys

KEY = MaskedKey("clinic", "clinicdata", "phi", "ward/jane.json", "", "0123456789abcdef")
BODY = bytes(n % 251 for n in range(2 * SEGMENT + 1000))
ENTRY = Cached(
    '"0x1"',
    len(BODY),
    Headers((("content-type", "application/json"), ("x-ms-meta-ward", "[name]"))),
    {"name": 3},
    (("Patient.name", "name", 3),),
    "7",
)


@pytest.fixture(
    params=[
        "fake",
        pytest.param("azurite", marks=[pytest.mark.integration, pytest.mark.enable_socket]),
    ]
)
def fresh(request: pytest.FixtureRequest) -> FreshContainer | None:
    # Asked for by name, so that the fake's cases start no emulator.
    if request.param == "fake":
        return None
    found: FreshContainer = request.getfixturevalue("fresh_container")
    return found


@pytest.fixture
async def cache(fresh: FreshContainer | None) -> MaskedCache:
    if fresh is None:
        return FakeMaskedCache()
    return BlobMaskedCache(await fresh("chaperonestate"), FixedKeys(), FakeClock())


async def found(cache: MaskedCache, key: MaskedKey = KEY) -> Cached:
    cached = await cache.find(key)
    assert cached is not None
    return cached


async def test_nothing_is_found_before_it_is_stored(cache: MaskedCache) -> None:
    assert await cache.find(KEY) is None


async def test_what_is_stored_is_found_as_it_was(cache: MaskedCache) -> None:
    await cache.store(KEY, ENTRY, BODY)
    cached = await found(cache)

    assert replace(cached, reference="") == ENTRY
    assert cached.reference


@pytest.mark.parametrize(
    ("start", "stop"),
    [
        (0, 1),
        (0, len(BODY)),
        (SEGMENT - 1, SEGMENT + 1),
        (SEGMENT, 2 * SEGMENT),
        (2 * SEGMENT, len(BODY)),
        (len(BODY) - 1, len(BODY)),
    ],
)
async def test_any_range_can_be_read(cache: MaskedCache, start: int, stop: int) -> None:
    await cache.store(KEY, ENTRY, BODY)

    assert await cache.read(KEY, await found(cache), start, stop) == BODY[start:stop]


@pytest.mark.parametrize("name", ["connection", "account", "container", "blob", "version", "tag"])
async def test_every_part_of_the_key_counts(cache: MaskedCache, name: str) -> None:
    await cache.store(KEY, ENTRY, BODY)

    assert await cache.find(replace(KEY, **{name: "other"})) is None


async def test_an_entry_that_was_replaced_is_not_read_in_parts(cache: MaskedCache) -> None:
    await cache.store(KEY, ENTRY, BODY)
    old = await found(cache)
    await cache.store(KEY, replace(ENTRY, etag='"0x2"'), BODY[::-1])

    assert await cache.read(KEY, old, 0, 10) is None
    assert (await found(cache)).etag == '"0x2"'


# --- what only the real one has ------------------------------------------------------------------


@pytest.fixture
async def container(fresh_container: FreshContainer) -> ContainerClient:
    return await fresh_container("chaperonestate")


def real(container: ContainerClient, **options: Any) -> BlobMaskedCache:
    keys = options.pop("keys", FixedKeys())
    return BlobMaskedCache(container, keys, options.pop("clock", FakeClock()), **options)


async def only(container: ContainerClient) -> str:
    (name,) = [blob.name async for blob in container.list_blobs()]
    return str(name)


@pytest.mark.integration
@pytest.mark.enable_socket
async def test_names_and_bytes_in_storage_say_nothing(container: ContainerClient) -> None:
    await real(container).store(KEY, ENTRY, b"Jane Roe " * 1000)
    name = await only(container)
    stream = await container.download_blob(name)
    data = await stream.readall()

    assert "jane" not in name
    for secret in (b"Jane", b"0x1", b"ward", b"application/json", b"Patient"):
        assert secret not in data
    assert set(stream.properties.metadata) == {"salt"}


@pytest.mark.filterwarnings("ignore:Sending a large body")
@pytest.mark.integration
@pytest.mark.enable_socket
@pytest.mark.parametrize(
    "position", [0, HEADER + TAG - 1, HEADER + TAG, HEADER + TAG + SEGMENT, -1]
)
async def test_an_entry_that_was_changed_is_not_there(
    container: ContainerClient, position: int
) -> None:
    cache = real(container)
    await cache.store(KEY, ENTRY, BODY)
    blob = container.get_blob_client(await only(container))
    stream = await blob.download_blob()
    data = bytearray(await stream.readall())
    data[position] ^= 1
    await blob.upload_blob(bytes(data), overwrite=True, metadata=stream.properties.metadata)

    cached = await cache.find(KEY)
    assert cached is None or await cache.read(KEY, cached, 0, len(BODY)) is None


@pytest.mark.filterwarnings("ignore:Sending a large body")
@pytest.mark.integration
@pytest.mark.enable_socket
async def test_segments_cannot_be_moved_cut_or_salted_anew(container: ContainerClient) -> None:
    cache = real(container)
    await cache.store(KEY, ENTRY, BODY)
    blob = container.get_blob_client(await only(container))
    stream = await blob.download_blob()
    data = await stream.readall()
    salt = stream.properties.metadata["salt"]
    head, size = HEADER + TAG, SEGMENT + TAG
    swapped = data[:head] + data[head + size : head + 2 * size] + data[head : head + size]
    for changed, salted in (
        (swapped + data[head + 2 * size :], salt),
        (data[: head + size], salt),
        (data, "00" * 32),
        (data, "no hex"),
    ):
        await blob.upload_blob(changed, overwrite=True, metadata={"salt": salted})
        cached = await cache.find(KEY)
        assert cached is None or await cache.read(KEY, cached, 0, len(BODY)) is None


@pytest.mark.integration
@pytest.mark.enable_socket
async def test_an_expired_entry_is_not_found_and_swept(container: ContainerClient) -> None:
    clock = FakeClock(datetime.now(UTC))
    cache = real(container, clock=clock, lifetime=timedelta(seconds=600))
    await cache.store(KEY, ENTRY, BODY)
    assert await cache.sweep() == 0
    assert await cache.find(KEY)
    clock.advance(605)

    assert await cache.find(KEY) is None
    assert await cache.sweep() == 1
    assert [blob async for blob in container.list_blobs()] == []


class Outdated:
    """A container whose listing is older than what it holds."""

    def __init__(self, container: ContainerClient) -> None:
        self._container = container

    async def list_blobs(self, **options: Any) -> AsyncIterator[BlobProperties]:
        async for blob in self._container.list_blobs(**options):
            blob.etag = '"0x1"'
            yield blob

    def get_blob_client(self, name: str) -> BlobClient:
        return self._container.get_blob_client(name)


@pytest.mark.integration
@pytest.mark.enable_socket
async def test_an_entry_that_was_renewed_meanwhile_is_not_swept(
    container: ContainerClient,
) -> None:
    await real(container).store(KEY, ENTRY, BODY)
    clock = FakeClock(datetime.now(UTC) + timedelta(hours=1))

    swept = await real(Outdated(container), clock=clock).sweep()  # type: ignore[arg-type]

    assert swept == 0
    assert await only(container)


@pytest.mark.integration
@pytest.mark.enable_socket
async def test_another_key_finds_nothing(container: ContainerClient) -> None:
    await real(container).store(KEY, ENTRY, BODY)
    other = FixedKeys(DigestKey("2", b"o" * 32))

    assert await real(container, keys=other).find(KEY) is None


@pytest.mark.integration
@pytest.mark.enable_socket
async def test_a_cache_that_fails_has_nothing_and_raises_nothing(
    container: ContainerClient,
) -> None:
    closed = FixedKeys(error=Unavailable("no cache key"))
    too_long = replace(ENTRY, headers=Headers((("x-ms-meta-a", "b" * HEADER),)))
    await real(container).store(KEY, too_long, BODY)
    for cache in (real(container, keys=closed), real(container, timeout_seconds=0.0)):
        await cache.store(KEY, ENTRY, BODY)
        assert await cache.find(KEY) is None
        assert await cache.read(KEY, ENTRY, 0, 1) is None
        assert await cache.sweep() == 0
    await container.delete_container()
    cache = real(container)
    await cache.store(KEY, ENTRY, BODY)
    assert await cache.find(KEY) is None
