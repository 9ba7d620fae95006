"""The asynchronous SDK, many requests at once: each answered once, each on record."""

import asyncio
import random
import uuid
from collections import Counter
from collections.abc import AsyncIterator

import pytest
from azure.core.exceptions import HttpResponseError
from azure.storage.blob.aio import BlobServiceClient

from tests.integration.deployment import async_service
from tests.integration.stack import ADMINISTRATOR, Both, Heard, Stack, code

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket]


@pytest.fixture
async def service(stack: Stack) -> AsyncIterator[BlobServiceClient]:
    url = f"{stack.running.url}/c/research"
    async with async_service(url, stack.token(*ADMINISTRATOR), stack.running.ca_file) as client:
        yield client


async def test_everything_of_a_day(service: BlobServiceClient, research: Both) -> None:
    container = service.get_container_client(research.stored.container_name)
    data = random.Random(7).randbytes(900_000)  # noqa: S311 - any bytes will do
    blob = await container.upload_blob("day.bin", data, metadata={"a": "b"})

    assert await (await container.download_blob("day.bin")).readall() == data
    assert (await blob.get_blob_properties()).metadata == {"a": "b"}
    lease = await blob.acquire_lease(15)
    with pytest.raises(HttpResponseError) as caught:
        await blob.delete_blob()
    await lease.release()
    assert [item.name async for item in container.list_blobs()] == ["day.bin"]
    await blob.delete_blob()

    assert code(caught.value) == "LeaseIdMissing"
    assert research.names() == []


async def test_sixty_writes_at_once_are_sixty_pairs_on_record(
    service: BlobServiceClient, research: Both, stack: Stack
) -> None:
    container = service.get_container_client(research.stored.container_name)
    heard = Heard()
    prefix = uuid.uuid4().hex

    async def write(number: int) -> None:
        await container.upload_blob(
            f"{prefix}-{number:02}", b"%d" % number, raw_response_hook=heard
        )

    await asyncio.gather(*(write(number) for number in range(60)))

    assert research.names() == [f"{prefix}-{number:02}" for number in range(60)]
    exchanges = {item.headers["x-chaperone-exchange"] for item in heard.responses}
    assert (heard.statuses, len(exchanges)) == ([201] * 60, 60)
    found = Counter(
        (record["id"], record["type"])
        for record in stack.deployment.records()
        if record.get("id") in exchanges
    )
    assert found == Counter(
        (exchange, kind) for exchange in exchanges for kind in ("intent", "outcome")
    )


async def test_one_of_many_creators_wins(service: BlobServiceClient, research: Both) -> None:
    container = service.get_container_client(research.stored.container_name)

    async def create(number: int) -> int:
        await container.upload_blob("one", b"%d" % number)
        return number

    results = await asyncio.gather(*map(create, range(20)), return_exceptions=True)

    won = [result for result in results if isinstance(result, int)]
    lost = [result for result in results if not isinstance(result, int)]
    assert {code(error) for error in lost} == {"BlobAlreadyExists"}
    assert (len(won), len(lost)) == (1, 19)
    assert research.holds("one") == b"%d" % won[0]
