"""The same cases on the fake and on Azure Queue storage as Azurite speaks it."""

import uuid
from collections.abc import AsyncIterator

import pytest
from azure.storage.queue.aio import QueueClient

from gateway.adapters.queues import StorageQueue
from gateway.errors import StoreUnavailable
from gateway.local.azurite import Azurite


@pytest.fixture
async def client(azurite: Azurite) -> AsyncIterator[QueueClient]:
    string = azurite.connection_string("chaperonestate")
    async with QueueClient.from_connection_string(
        string, f"q{uuid.uuid4().hex}", retry_total=0
    ) as made:
        yield made


@pytest.mark.integration
@pytest.mark.enable_socket
async def test_a_message_arrives_as_plain_text(client: QueueClient) -> None:
    await client.create_queue()
    await StorageQueue(client).send("a" * 32)
    found = [message.content async for message in client.receive_messages()]
    assert found == ["a" * 32]


@pytest.mark.integration
@pytest.mark.enable_socket
async def test_a_queue_that_is_not_there_or_silent_is_unavailable(client: QueueClient) -> None:
    with pytest.raises(StoreUnavailable):
        await StorageQueue(client).send("a")
    with pytest.raises(StoreUnavailable):
        await StorageQueue(client, timeout_seconds=0).send("a")
