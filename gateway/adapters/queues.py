"""Storage queues of ticket ids, in plain text as host.json says (`messageEncoding: none`)."""

import asyncio

from azure.core.exceptions import AzureError
from azure.storage.queue.aio import QueueClient

from gateway.errors import StoreUnavailable

FAILURES = (AzureError, TimeoutError, OSError)
"""Everything the client raises."""


class StorageQueue:
    """`ports.Queue` over one queue, through a client that is closed by its owner."""

    def __init__(self, client: QueueClient, *, timeout_seconds: float = 10.0) -> None:
        self._client = client
        self._timeout = timeout_seconds

    async def send(self, text: str) -> None:
        """See `ports.Queue`; a message that is sent twice does no harm, so the SDK may retry."""
        try:
            async with asyncio.timeout(self._timeout):
                await self._client.send_message(text)
        except FAILURES as error:
            raise StoreUnavailable(
                "the queue did not take the message", details=(("error", type(error).__name__),)
            ) from None
