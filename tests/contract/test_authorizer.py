"""Shared Key as Azurite verifies it, sent by the real upstream client."""

import uuid
from collections.abc import AsyncIterator

import pytest

from gateway.adapters.authorizer import ConnectionAuthorizer
from gateway.adapters.http_upstream import AiohttpUpstream
from gateway.adapters.system import SystemClock
from gateway.local.azurite import Azurite
from gateway.model.connection import (
    Connection,
    ConnectionKind,
    Credential,
    CredentialKind,
    Endpoint,
    Masking,
)
from gateway.model.message import Headers, UpstreamRequest, UpstreamResponse
from tests.fakes.secrets import FakeSecrets, FakeTokens

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket]

ACCOUNT = "clinicdata"


class Blob:
    """A blob service spoken to as the gateway speaks to upstreams."""

    def __init__(self, azurite: Azurite) -> None:
        self.base = azurite.account_url(ACCOUNT)
        self.secrets = FakeSecrets({"key": azurite.keys[ACCOUNT]})
        self.authorizer = ConnectionAuthorizer(self.secrets, FakeTokens(), SystemClock())
        self.upstream = AiohttpUpstream()
        self.connection = Connection(
            "clinic",
            ConnectionKind.BLOB,
            Endpoint("http", "127.0.0.1", 1, f"/{ACCOUNT}", ACCOUNT),
            Credential(CredentialKind.ACCOUNT_KEY, secret="key"),
            Masking("none", 0, ephi=False),
        )

    async def send(
        self, method: str, target: str, body: bytes = b"", **headers: str
    ) -> UpstreamResponse:
        fields = Headers.of((name.replace("_", "-"), value) for name, value in headers.items())
        request = UpstreamRequest(method, self.base + target, fields, body)
        return await self.upstream.send(
            await self.authorizer.authorize(self.connection, request), 1024 * 1024
        )


@pytest.fixture
async def blob(azurite: Azurite) -> AsyncIterator[Blob]:
    client = Blob(azurite)
    yield client
    await client.upstream.close()


@pytest.fixture
async def container(blob: Blob) -> str:
    name = f"/phi-{uuid.uuid4().hex}"
    assert (await blob.send("PUT", f"{name}?restype=container")).status == 201
    return name


@pytest.mark.parametrize(
    "name",
    [
        "a.json",
        "dir/b%20c.txt",
        "dir%2Fd",
        "%C3%A9t%C3%A9",
        "plus+and%2Bplus",
        "a%25b",
        "~tilde-_.",
        "a%3Fb%23c",
    ],
)
async def test_names_of_every_kind_are_written_read_and_deleted(
    blob: Blob, container: str, name: str
) -> None:
    path = f"{container}/{name}"
    written = await blob.send(
        "PUT",
        path,
        b"0123456789",
        x_ms_blob_type="BlockBlob",
        content_type="text/plain",
        x_ms_meta_b="2",
        x_ms_meta_a="1",
        if_none_match="*",
    )
    assert written.status == 201
    read = await blob.send(
        "GET", path, range="bytes=2-4", if_match=written.headers.get("etag") or ""
    )
    assert (read.status, read.body) == (206, b"234")
    assert (await blob.send("HEAD", path)).headers.get("content-length") == "10"
    assert (await blob.send("DELETE", path)).status == 202


async def test_queries_of_every_kind_are_signed(blob: Blob, container: str) -> None:
    path = f"{container}/blob"
    first = await blob.send("PUT", f"{path}?comp=block&blockid=YWFh", b"abc")
    assert first.status == 201
    blocks = b'<?xml version="1.0"?><BlockList><Latest>YWFh</Latest></BlockList>'
    assert (await blob.send("PUT", f"{path}?comp=blocklist", blocks)).status == 201
    listing = await blob.send(
        "GET", f"{container}?restype=container&comp=list&prefix=b%6Co&include=metadata%2Ctags"
    )
    assert (listing.status, b"<Name>blob</Name>" in listing.body) == (200, True)
    assert (await blob.send("GET", "/?comp=list")).status == 200


async def test_another_key_is_refused(blob: Blob, container: str, azurite: Azurite) -> None:
    blob.secrets.set("key", azurite.keys["foreigndata"])
    assert (await blob.send("GET", f"{container}?restype=container&comp=list")).status == 403
