"""Storage or the identity provider fails: what may not happen then, and what goes on."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest
from azure.core.exceptions import HttpResponseError
from azure.storage.blob.aio import BlobServiceClient, ContainerClient

from gateway.evidence.findings import Kind, Verdict
from gateway.local.commands import environment, module
from tests.integration.deployment import Deployment, Host, async_service, fresh
from tests.integration.stack import ADMINISTRATOR, Both, Stack, code

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket]

ADDRESS = "127.0.0.1"


class Relay:
    """A TCP relay in front of storage that can be cut; runs in the test's own loop.

    Attributes:
        heard: called with what a client sends, before it is passed on.
        chunks: how many times a client sent something.
    """

    def __init__(self, port: int) -> None:
        self._target = port
        self._up = True
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._server: asyncio.Server | None = None
        self.port = 0
        self.chunks = 0
        self.heard: Callable[[bytes], None] = lambda _data: None

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, ADDRESS, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    def cut(self) -> None:
        """From now on nothing passes and nobody can connect."""
        self._up = False
        for writer in self._writers:
            writer.transport.abort()
        if self._server is not None:
            self._server.close()

    async def close(self) -> None:
        """Cut for good, and wait until nothing is under way."""
        self.cut()
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def restore(self) -> None:
        self._up = True
        await self.start()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        with contextlib.suppress(OSError):
            there, onward = await asyncio.open_connection(ADDRESS, self._target)
            self._writers |= {writer, onward}
            await asyncio.gather(
                self._pump(reader, onward, heard=True), self._pump(there, writer, heard=False)
            )

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, heard: bool
    ) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                if heard:
                    self.chunks += 1
                    self.heard(data)
                if not self._up:
                    break
                writer.write(data)
                await writer.drain()
        writer.transport.abort()
        self._writers.discard(writer)


@asynccontextmanager
async def relay(url: str) -> AsyncIterator[Relay]:
    made = Relay(urlsplit(url).port or 0)
    await made.start()
    try:
        yield made
    finally:
        await made.close()


@dataclass
class World:
    """A gateway whose evidence, state and upstream lie behind relays."""

    deployment: Deployment
    evidence: Relay
    state: Relay
    upstream: Relay
    host: Host
    service: BlobServiceClient
    research: Both

    @property
    def container(self) -> ContainerClient:
        return self.service.get_container_client(self.research.stored.container_name)


def behind(text: str, relay_: Relay, url: str) -> str:
    """The same address, through the relay."""
    return text.replace(url, f"http://{ADDRESS}:{relay_.port}")


@pytest.fixture
async def world(stack: Stack, research: Both) -> AsyncIterator[World]:
    azurite = stack.running.azurite
    blob, table = azurite.blob_url, azurite.table_url
    own = stack.running.environment
    address = urlsplit(own["CHAPERONE_EVIDENCE_URL"])
    worm = f"{address.scheme}://{address.netloc}"
    async with relay(worm) as evidence, relay(blob) as state, relay(blob) as upstream:
        strings = {
            "CHAPERONE_DEV_EVIDENCE_CONNECTION_STRING": (evidence, worm),
            "CHAPERONE_DEV_STORAGE_CONNECTION_STRING": (state, blob),
        }
        deployment = fresh(stack.running)
        manifest = stack.running.manifest.read_text("utf-8")
        reached = azurite.account_url("researchdata")
        manifest = manifest.replace(reached, behind(reached, upstream, blob))
        assert table in own["CHAPERONE_DEV_STORAGE_CONNECTION_STRING"], "tables are not relayed"
        settings = {name: behind(own[name], *to) for name, to in strings.items()}
        settings["CHAPERONE_MANIFEST_MAX_AGE_SECONDS"] = "5"
        settings["CHAPERONE_MANIFEST_POLL_SECONDS"] = "1"
        with deployment.host(**settings) as host:
            await deployment.activate(manifest.encode())
            url, token = f"{host.url}/c/research", stack.token(*ADMINISTRATOR)
            async with async_service(url, token, stack.running.ca_file) as service:
                yield World(deployment, evidence, state, upstream, host, service, research)
            if host.child.process.returncode is None:
                host.kill()  # its way to the evidence is this event loop, which waits here


async def put(world: World, name: str) -> str:
    """Write a blob; the exchange."""
    seen: list[Any] = []
    await world.container.upload_blob(name, name.encode(), raw_response_hook=seen.append)
    return str(seen[-1].http_response.headers["x-chaperone-exchange"])


async def refusal(world: World, name: str) -> HttpResponseError:
    with pytest.raises(HttpResponseError) as caught:
        await world.container.upload_blob(name, name.encode())
    return caught.value


def exchange_of(error: HttpResponseError) -> str:
    response: Any = error.response
    return str(response.headers["x-chaperone-exchange"])


def types(world: World, exchange: str) -> list[str]:
    return [record["type"] for record in world.deployment.records() if record.get("id") == exchange]


async def test_without_evidence_nothing_is_forwarded(world: World) -> None:
    await put(world, "before")
    passed = world.upstream.chunks

    world.evidence.cut()
    error = await refusal(world, "during")

    assert (error.status_code, code(error)) == (503, "EvidenceUnavailable")
    assert world.upstream.chunks == passed
    assert world.research.names() == ["before"]
    await world.evidence.restore()
    exchange = await put(world, "after")
    assert types(world, exchange) == ["intent", "outcome"]
    await world.host.end()
    assert world.deployment.verify().verdict is Verdict.CONSISTENT


async def test_an_outcome_that_cannot_be_recorded_is_not_shown(world: World) -> None:
    await put(world, "before")
    world.upstream.heard = lambda _data: world.evidence.cut()

    error = await refusal(world, "during")

    assert (error.status_code, code(error)) == (403, "OutcomeUnrecorded")
    exchange = exchange_of(error)
    assert world.research.holds("during") == b"during", "it was done, and that is not hidden"
    assert types(world, exchange) == ["intent"]
    world.upstream.heard = lambda _data: None
    await world.evidence.restore()
    after = await put(world, "after")
    assert types(world, after) == ["intent", "outcome"]
    await world.host.end()
    report = world.deployment.verify()
    assert report.verdict is Verdict.INDETERMINATE
    assert [finding.kind for finding in report.findings] == [Kind.INDETERMINATE]


async def test_a_read_whose_outcome_cannot_be_recorded_shows_no_byte(world: World) -> None:
    world.research.put("secret", b"not to be shown")
    await put(world, "before")
    world.upstream.heard = lambda _data: world.evidence.cut()

    with pytest.raises(HttpResponseError) as caught:
        await world.container.download_blob("secret")

    assert (caught.value.status_code, code(caught.value)) == (403, "OutcomeUnrecorded")
    assert "not to be shown" not in str(caught.value)


async def test_an_upstream_that_dies_leaves_a_change_in_doubt(world: World) -> None:
    await put(world, "before")
    world.upstream.heard = lambda _data: world.upstream.cut()

    error = await refusal(world, "during")

    assert (error.status_code, code(error)) == (403, "UpstreamInterrupted")
    exchange = exchange_of(error)
    (outcome,) = [
        record
        for record in world.deployment.records()
        if record.get("id") == exchange and record["type"] == "outcome"
    ]
    assert outcome["result"] == "interrupted"
    world.upstream.heard = lambda _data: None
    unreachable = await refusal(world, "meanwhile")
    assert (unreachable.status_code, code(unreachable)) == (502, "UpstreamUnreachable")
    await world.upstream.restore()
    await put(world, "after")


async def test_without_the_state_store_nobody_is_served_once_the_manifest_is_too_old(
    world: World,
) -> None:
    await put(world, "before")
    world.state.cut()

    await put(world, "known")
    passed = world.upstream.chunks
    await asyncio.sleep(6)
    error = await refusal(world, "too-old")

    assert (error.status_code, code(error)) == (503, "ManifestUnavailable")
    assert world.upstream.chunks == passed
    await world.state.restore()
    await until_served(world)
    await world.host.end()
    assert world.deployment.verify().verdict is Verdict.CONSISTENT


async def until_served(world: World) -> None:
    for _ in range(40):
        try:
            await put(world, "again")
        except HttpResponseError as error:
            if code(error) != "ManifestUnavailable":
                raise
            await asyncio.sleep(0.25)
        else:
            return
    pytest.fail("it did not recover within ten seconds")


async def test_without_the_identity_provider_known_keys_still_serve(
    stack: Stack, research: Both
) -> None:
    running = stack.running
    tls = running.folder / "tls"
    with ExitStack() as resources:
        with socket.socket() as probe:
            probe.bind((ADDRESS, 0))
            port = probe.getsockname()[1]
        provider = running.supervisor.start(
            f"identity-provider-{port}",
            module(
                "gateway.local.identity_provider",
                *("--port", str(port)),
                *("--cert", str(tls / "server.pem"), "--key", str(tls / "server.key")),
            ),
            environment=environment({"CHAPERONE_ENVIRONMENT": "development"}),
        )
        running.supervisor.ready(provider, timeout_seconds=30)
        authority = f"https://{ADDRESS}:{port}"
        host, cold = (
            resources.enter_context(stack.deployment.host(CHAPERONE_AUTHORITY=authority))
            for _ in range(2)
        )
        first, second = (
            stack.token(*ADMINISTRATOR, provider=authority),
            stack.token(*ADMINISTRATOR, provider=authority),
        )
        url, container = f"{host.url}/c/research", research.stored.container_name
        async with async_service(url, first, running.ca_file) as service:
            await service.get_container_client(container).upload_blob("one", b"1")
        running.supervisor.stop(provider)
        # Another token, so that nothing but its key is known.
        async with async_service(url, second, running.ca_file) as service:
            await service.get_container_client(container).upload_blob("two", b"2")
        # An instance that never saw the key cannot know it now.
        async with async_service(f"{cold.url}/c/research", second, running.ca_file) as service:
            with pytest.raises(HttpResponseError) as caught:
                await service.get_container_client(container).upload_blob("three", b"3")

    assert research.names() == ["one", "two"]
    assert (caught.value.status_code, code(caught.value)) == (503, "SigningKeysUnavailable")
