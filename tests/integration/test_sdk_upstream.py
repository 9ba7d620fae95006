"""A hostile upstream: what it is sent, and what of its answers reaches an agent."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure.storage.blob.aio import BlobServiceClient

from gateway.local.dev import Running, free_port
from tests.integration.deployment import Host, async_service, fresh
from tests.integration.stack import ADMINISTRATOR, Heard, Stack, code

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket]

SECRET = "AAECAwQFBgcICQ"


@dataclass
class Upstream:
    """A loopback server that answers every request with the same bytes."""

    answer: bytes = b""
    heard: list[str] = field(default_factory=list)
    port: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        fields = fields_of(head)
        await reader.readexactly(int(fields.get("content-length", "0")))
        self.heard.append(head)
        writer.write(self.answer)
        await writer.drain()
        writer.close()


def fields_of(head: str) -> dict[str, str]:
    lines = [line.partition(": ") for line in head.split("\r\n")[1:]]
    return {name.lower(): value for name, _, value in lines}


def message(status: str, *fields: str, body: bytes = b"") -> bytes:
    lines = [f"HTTP/1.1 {status}", *fields, f"Content-Length: {len(body)}", "Connection: close"]
    return "\r\n".join([*lines, "", ""]).encode() + body


@dataclass(frozen=True, slots=True)
class World:
    """A gateway in front of such a server."""

    upstream: Upstream
    service: BlobServiceClient
    heard: Heard
    token: str

    async def read(self) -> bytes:
        blob = self.service.get_blob_client("published", "rates.csv")
        data: bytes = await (await blob.download_blob()).readall()
        return data

    async def refused(self) -> HttpResponseError:
        with pytest.raises(HttpResponseError) as caught:
            await self.read()
        return caught.value


@pytest.fixture(scope="module")
def front(whole_stack: Running) -> Iterator[tuple[Host, int]]:
    """A gateway whose manifest names a port on which each test serves what it likes."""
    port = free_port()
    manifest = whole_stack.manifest.read_text("utf-8")
    real = whole_stack.azurite.account_url("researchdata")
    manifest = manifest.replace(real, f"http://127.0.0.1:{port}/researchdata")
    deployment = fresh(whole_stack)
    asyncio.run(deployment.activate(manifest.encode()))
    with deployment.host() as host:
        yield host, port


@pytest.fixture
async def world(front: tuple[Host, int], stack: Stack) -> AsyncIterator[World]:
    host, port = front
    upstream = Upstream(port=port)
    heard, token = Heard(), stack.token(*ADMINISTRATOR)
    async with (
        await asyncio.start_server(upstream.serve, "127.0.0.1", port),
        async_service(
            f"{host.url}/c/research", token, stack.running.ca_file, raw_response_hook=heard
        ) as service,
    ):
        yield World(upstream, service, heard, token)


async def test_upstreams_and_agents_learn_nothing_of_each_others_credentials(world: World) -> None:
    upstream = world.upstream
    upstream.answer = message(
        "200 OK",
        "Content-Type: text/csv",
        'ETag: "0x1"',
        "Content-Range: bytes 0-4/5",
        "Server: secretive/1.0",
        "Set-Cookie: session=x",
        "WWW-Authenticate: Bearer realm=elsewhere",
        f"Authorization: SharedKey researchdata:{SECRET}",
        f"x-ms-encryption-key-sha256: {SECRET}",
        "x-ms-error-detail: string to sign",
        "Content-Location: http://10.0.0.1/internal",
        "Access-Control-Allow-Origin: *",
        body=b"a,b\n1",
    )

    assert await world.read() == b"a,b\n1"

    shown = str(world.heard.headers)
    for word in (SECRET, "secretive", "session=x", "elsewhere", "10.0.0.1", "string to sign"):
        assert word not in shown
    (head,) = upstream.heard
    sent = fields_of(head)
    assert head.startswith("GET /researchdata/published/rates.csv HTTP/1.1\r\n")
    assert sent["host"] == f"127.0.0.1:{upstream.port}"
    assert sent["authorization"].startswith("SharedKey researchdata:")
    assert world.token not in head
    assert sent["user-agent"].startswith("chaperone/")
    assert not any(name.startswith(("x-forwarded", "x-chaperone", "x-waws")) for name in sent)


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Temporary", "308 Permanent"])
async def test_a_redirect_is_not_followed_and_not_passed_on(status: str, world: World) -> None:
    elsewhere = Upstream(message("200 OK", body=b"loot"))
    async with await asyncio.start_server(elsewhere.serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        world.upstream.answer = message(status, f"Location: http://127.0.0.1:{port}/loot")

        error = await world.refused()

    assert elsewhere.heard == []
    assert len(world.upstream.heard) == 1
    assert str(port) not in str(world.heard.headers)
    assert error.status_code == int(status[:3])


@pytest.mark.parametrize(
    ("status", "service_code"),
    [
        ("401 Unauthorized", "NoAuthenticationInformation"),
        ("403 Forbidden", "AuthenticationFailed"),
        ("403 Forbidden", ""),
        ("407 Proxy Authentication Required", ""),
    ],
)
async def test_that_the_gateways_own_credential_fails_is_told_as_that(
    status: str, service_code: str, world: World
) -> None:
    """A 401 would make the SDK fetch and send other tokens."""
    words = f"<Error><Code>{service_code}</Code><Message>key {SECRET}</Message></Error>".encode()
    world.upstream.answer = message(
        status, "Content-Type: application/xml", "WWW-Authenticate: Bearer x=y", body=words
    )

    error = await world.refused()

    assert (error.status_code, code(error)) == (403, "UpstreamCredentialRefused")
    assert SECRET not in f"{error} {world.heard.headers}"


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nends where the connection does",
        b"not HTTP at all\r\n\r\n",
    ],
)
async def test_an_answer_that_is_cut_or_broken_is_not_shown(answer: bytes, world: World) -> None:
    world.upstream.answer = answer

    error = await world.refused()

    assert (error.status_code, code(error)) == (502, "UpstreamInterrupted")
    assert "half" not in str(error)
    assert len(world.upstream.heard) == 1, "a request is sent once"
    response: Any = error.response
    assert response.headers["x-chaperone-exchange"]


async def test_error_texts_of_an_upstream_are_replaced(world: World) -> None:
    world.upstream.answer = message(
        "404 Not Found",
        "x-ms-error-code: BlobNotFound",
        "Content-Type: application/xml",
        body=f"<Error><Code>BlobNotFound</Code><Message>no {SECRET}</Message></Error>".encode(),
    )

    error = await world.refused()

    assert (error.status_code, code(error)) == (404, "BlobNotFound")
    assert SECRET not in str(error)
