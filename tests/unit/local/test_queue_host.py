"""Queue triggers as the Functions host runs them, against the emulator."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import azure.functions as func
import pytest
from azure.storage.queue.aio import QueueClient, QueueServiceClient

from gateway.errors import ConfigurationError
from gateway.local.azurite import Azurite
from gateway.local.queue_host import QueueOptions, QueueTrigger, run_queue

FAST = QueueOptions(visibility=0, lease=2, interval=0.02)


@pytest.fixture
async def service(azurite: Azurite) -> AsyncIterator[QueueServiceClient]:
    string = azurite.connection_string("chaperonestate")
    async with QueueServiceClient.from_connection_string(string, retry_total=0) as made:
        yield made


@asynccontextmanager
async def serving(
    service: QueueServiceClient,
    function: Callable[[func.QueueMessage], Awaitable[None]],
    options: QueueOptions = FAST,
) -> AsyncIterator[QueueClient]:
    name = f"q{uuid.uuid4().hex}"
    async with service.get_queue_client(name) as queue:
        await queue.create_queue()
        task = asyncio.create_task(run_queue(QueueTrigger("f", name, function), service, options))
        try:
            yield queue
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(20):
        while not await condition():  # noqa: ASYNC110 - the emulator tells nobody
            await asyncio.sleep(0.02)


async def poison_of(service: QueueServiceClient, queue: QueueClient) -> list[str]:
    async with service.get_queue_client(f"{queue.queue_name}-poison") as poison:
        try:
            return [message.content for message in await poison.peek_messages()]
        except Exception:  # noqa: BLE001 - it does not exist yet
            return []


async def left(queue: QueueClient) -> int:
    return int((await queue.get_queue_properties()).approximate_message_count or 0)


class Recorder:
    """A function that fails its first `failures` calls."""

    def __init__(self, failures: int = 0, seconds: float = 0) -> None:
        self.seen: list[str] = []
        self.counts: list[int] = []
        self.ended = 0
        self._failures = failures
        self._seconds = seconds

    async def __call__(self, message: func.QueueMessage) -> None:
        self.seen.append(message.get_body().decode())
        self.counts.append(message.dequeue_count or 0)
        await asyncio.sleep(self._seconds)
        if len(self.seen) <= self._failures:
            raise RuntimeError("told to fail")
        self.ended += 1


@pytest.mark.integration
@pytest.mark.enable_socket
async def test_a_message_is_given_once_and_deleted(service: QueueServiceClient) -> None:
    function = Recorder()
    async with serving(service, function) as queue:
        await queue.send_message("one")
        await until(lambda: nothing_left(queue))
    assert (function.seen, function.counts) == (["one"], [1])


@pytest.mark.integration
@pytest.mark.enable_socket
async def test_a_message_that_fails_comes_again(service: QueueServiceClient) -> None:
    function = Recorder(failures=2)
    async with serving(service, function) as queue:
        await queue.send_message("one")
        await until(lambda: nothing_left(queue))
        assert await poison_of(service, queue) == []
    assert function.counts == [1, 2, 3]


@pytest.mark.integration
@pytest.mark.enable_socket
async def test_after_five_tries_it_is_poison(service: QueueServiceClient) -> None:
    function = Recorder(failures=99)
    async with serving(service, function) as queue:
        await queue.send_message("one")
        await until(lambda: nothing_left(queue))
        assert await poison_of(service, queue) == ["one"]
    assert function.counts == [1, 2, 3, 4, 5]


@pytest.mark.integration
@pytest.mark.enable_socket
async def test_a_long_run_keeps_its_message_and_others_run_beside_it(
    service: QueueServiceClient,
) -> None:
    function = Recorder(seconds=3.5)
    async with serving(service, function) as queue:
        await queue.send_message("one")
        await queue.send_message("two")
        await until(lambda: nothing_left(queue))
    assert sorted(function.seen) == ["one", "two"]
    assert function.ended == 2


@pytest.mark.integration
@pytest.mark.enable_socket
async def test_a_message_whose_process_died_each_time_is_poison_without_another_try(
    service: QueueServiceClient,
) -> None:
    function = Recorder()
    once = QueueOptions(tries=1, visibility=0, lease=2, interval=0.02)
    name = f"q{uuid.uuid4().hex}"
    async with service.get_queue_client(name) as queue:
        await queue.create_queue()
        await queue.send_message("one")
        async for message in queue.receive_messages(visibility_timeout=1):
            assert message.content == "one"
        await asyncio.sleep(1.2)
        task = asyncio.create_task(run_queue(QueueTrigger("f", name, function), service, once))
        await until(lambda: nothing_left(queue))
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert await poison_of(service, queue) == ["one"]
    assert function.seen == []


@pytest.mark.integration
@pytest.mark.enable_socket
async def test_a_queue_that_is_not_there_yet_is_asked_again(service: QueueServiceClient) -> None:
    function = Recorder()
    name = f"q{uuid.uuid4().hex}"
    task = asyncio.create_task(run_queue(QueueTrigger("f", name, function), service, FAST))
    await asyncio.sleep(0.3)
    async with service.get_queue_client(name) as queue:
        await queue.create_queue()
        await queue.send_message("one")
        await until(lambda: nothing_left(queue))
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert function.seen == ["one"]


async def nothing_left(queue: QueueClient) -> bool:
    return await left(queue) == 0


def test_the_options_are_those_of_host_json() -> None:
    section = {
        "batchSize": 8,
        "maxDequeueCount": 3,
        "messageEncoding": "none",
        "visibilityTimeout": "00:01:30",
    }
    found = QueueOptions.of(section, 10)
    assert (found.batch, found.tries, found.visibility) == (8, 3, 9)


@pytest.mark.parametrize(
    "section",
    [
        {},
        {"messageEncoding": "base64"},
        {"messageEncoding": "none", "batchSize": "many"},
        {"messageEncoding": "none", "visibilityTimeout": "soon"},
    ],
)
def test_what_the_host_would_not_take_is_refused(section: dict[str, object]) -> None:
    with pytest.raises(ConfigurationError):
        QueueOptions.of(section, 1)
