"""Queue triggers as the Functions host runs them (Azure WebJobs SDK, `QueueProcessor`).

A message stays invisible while its function runs, is renewed at half that time, and is deleted
when the function returns. When the function raises it becomes visible again after host.json's
`visibilityTimeout`, with `maxDequeueCount` tries in all; then it goes to `{queue}-poison`.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import azure.functions as func
from azure.core.exceptions import AzureError, ResourceExistsError
from azure.functions.queue import QueueMessage
from azure.storage.queue import QueueMessage as StoredMessage
from azure.storage.queue.aio import QueueClient, QueueServiceClient

from gateway.errors import ConfigurationError

QueueFunction: TypeAlias = Callable[[func.QueueMessage], Awaitable[None]]

POISON: Final = "-poison"
CONNECTION: Final = "AzureWebJobsStorage"

_LOG = logging.getLogger("chaperone.local")


@dataclass(frozen=True, slots=True)
class QueueTrigger:
    """A queue-triggered function."""

    name: str
    queue: str
    function: QueueFunction


@dataclass(frozen=True, slots=True)
class QueueOptions:
    """The queue section of host.json, and how the local host polls.

    Attributes:
        batch: messages at a time.
        tries: before a message is poison.
        visibility: seconds until a failed message comes again.
        lease: seconds that a message is invisible while its function runs; renewed at half.
        interval: seconds between two looks at an empty queue.
    """

    batch: int = 16
    tries: int = 5
    visibility: float = 0
    lease: float = 600
    interval: float = 0.2

    @classmethod
    def of(cls, section: dict[str, Any], speed: float) -> "QueueOptions":
        """From host.json; `speed` shortens the time until a failed message comes again.

        Raises:
            ConfigurationError: a value is not of the form that the host takes.
        """
        if section.get("messageEncoding", "base64") != "none":
            raise ConfigurationError('host.json must say "messageEncoding": "none" for queues')
        try:
            return cls(
                batch=int(section.get("batchSize", 16)),
                tries=int(section.get("maxDequeueCount", 5)),
                visibility=_seconds(str(section.get("visibilityTimeout", "00:00:00"))) / speed,
            )
        except ValueError:
            raise ConfigurationError("host.json has a queue setting of a wrong form") from None


async def run_queue(
    trigger: QueueTrigger, service: QueueServiceClient, options: QueueOptions
) -> None:
    """Serve one trigger for ever; storage that fails is asked again."""
    async with (
        service.get_queue_client(trigger.queue) as queue,
        service.get_queue_client(trigger.queue + POISON) as poison,
    ):
        running: set[asyncio.Task[None]] = set()
        try:
            while True:
                try:
                    await asyncio.sleep(options.interval)
                    free = options.batch - len(running)
                    messages = await _receive(queue, options, free) if free else []
                except AzureError as error:
                    _LOG.warning("queue %s: %s", trigger.queue, type(error).__name__)
                    await asyncio.sleep(1)
                    continue
                for message in messages:
                    task = asyncio.create_task(_process(trigger, queue, poison, message, options))
                    running.add(task)
                    task.add_done_callback(running.discard)
        finally:
            # What runs is given the host's time to end; what does not comes again.
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)


async def _receive(queue: QueueClient, options: QueueOptions, free: int) -> list[StoredMessage]:
    pages = queue.receive_messages(
        messages_per_page=free, max_messages=free, visibility_timeout=int(options.lease)
    )
    return [message async for message in pages]


async def _process(
    trigger: QueueTrigger,
    queue: QueueClient,
    poison: QueueClient,
    message: StoredMessage,
    options: QueueOptions,
) -> None:
    try:
        if (message.dequeue_count or 0) > options.tries:
            # Its process died the last time.
            await _poison(queue, poison, message, message.content)
            return
        held = _Held(queue, message, options.lease)
        error = await held.while_running(trigger.function(_as_the_worker_gives_it(message)))
        if error is None:
            await queue.delete_message(held.message)
        elif (message.dequeue_count or 0) >= options.tries:
            _LOG.error("queue %s: given up: %r", trigger.queue, error)
            # A renewed message has a new receipt and no content.
            await _poison(queue, poison, held.message, message.content)
        else:
            _LOG.warning("queue %s: tried again later: %r", trigger.queue, error)
            await queue.update_message(
                held.message, visibility_timeout=max(0, round(options.visibility))
            )
    except AzureError as error:
        # It becomes visible again by itself.
        _LOG.warning("queue %s: %s", trigger.queue, type(error).__name__)


class _Held:
    """A message that stays invisible as long as its function runs."""

    def __init__(self, queue: QueueClient, message: StoredMessage, lease: float) -> None:
        self.message = message
        self._queue = queue
        self._lease = lease

    async def while_running(self, work: Awaitable[None]) -> BaseException | None:
        """The error that the function raised, None if it returned."""
        renewing = asyncio.create_task(self._renew())
        try:
            (error,) = await asyncio.gather(work, return_exceptions=True)
        finally:
            renewing.cancel()
            with contextlib.suppress(asyncio.CancelledError, AzureError):
                await renewing
        return error if isinstance(error, BaseException) else None

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(self._lease / 2)
            # Each renewal gives a new receipt, which the deletion needs.
            self.message = await self._queue.update_message(
                self.message, visibility_timeout=int(self._lease)
            )


async def _poison(
    queue: QueueClient, poison: QueueClient, message: StoredMessage, content: str
) -> None:
    with contextlib.suppress(ResourceExistsError):
        await poison.create_queue()
    await poison.send_message(content)
    await queue.delete_message(message)


def _as_the_worker_gives_it(message: StoredMessage) -> func.QueueMessage:
    return QueueMessage(  # type: ignore[no-untyped-call]  # the library has no types here
        id=message.id, body=message.content, dequeue_count=message.dequeue_count
    )


def _seconds(text: str) -> float:
    hours, minutes, seconds = text.split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)
