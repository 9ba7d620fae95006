"""A stand-in for what Azure adds to the storage emulator: a locked policy, and roles.

A proxy in front of Azurite that passes requests on unchanged, signature included, and refuses first
what an identity's roles do not grant (403), then what the locked policy forbids everybody (409), in
Azure's words. Azurite itself knows neither.
"""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

import aiohttp
from aiohttp import web
from azure.core.exceptions import ResourceNotFoundError
from azure.storage.blob.aio import BlobServiceClient
from yarl import URL

from infra.roles import EVIDENCE_WRITER
from tests.standins import blob_rights
from tests.standins.blob_rights import ADD, Need

_PROBE = "doctor-probe/"
# Seconds that an idle connection is kept: by this server as by the emulator's, and by its client
# for less.
_KEPT, _PATIENCE = 5, 3
_HOP_BY_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length"})
_MISSING = "AuthorizationPermissionMismatch"
_MISMATCH = "This request is not authorized to perform this operation using this permission."
_REFUSALS = {
    _MISSING: (403, _MISMATCH),
    "UnauthorizedBlobOverwrite": (
        403,
        "This request is not authorized to perform blob overwrites.",
    ),
    "BlobAlreadyExists": (409, "The specified blob already exists."),
    "BlobImmutableDueToPolicy": (
        409,
        "This operation is not permitted as the blob is immutable due to a policy.",
    ),
    "ContainerImmutabilityPolicyLocked": (
        409,
        "The requested operation is not allowed as the container has a locked immutability policy.",
    ),
}


@dataclass
class WormProxy:
    """Where it listens, what it lets pass and what it has refused.

    Attributes:
        azurite: connection string of the account behind it.
        granted: data actions of whoever comes; `*` for an owner.
        container: the only one that the roles are assigned on, "" for the account.
        overwrite: code that an overwrite by somebody who may only add is refused with. Azure's
            order of checks is not documented, so tests try each.
        appends: the policy allows protected append writes.
        passed: (method, operation) of what was passed on.
        refused: (method, operation, code) of what was not.
        lacking: requests refused for want of a right, those that only try it aside.
        appendable: paths known to be append blobs; what is there under the policy stays.
    """

    azurite: str
    granted: frozenset[str]
    container: str = ""
    overwrite: str = "UnauthorizedBlobOverwrite"
    appends: bool = True
    passed: list[tuple[str, str]] = field(default_factory=list)
    refused: list[tuple[str, str, str]] = field(default_factory=list)
    lacking: list[str] = field(default_factory=list)
    appendable: set[str] = field(default_factory=set)
    url: str = ""

    @property
    def account_url(self) -> str:
        """Path-style endpoint of the account behind the proxy."""
        return f"{self.url}{urlsplit(self._parts['BlobEndpoint']).path}"

    @property
    def connection_string(self) -> str:
        """The emulator's, with this endpoint."""
        parts = {**self._parts, "BlobEndpoint": self.account_url}
        return ";".join(f"{name}={value}" for name, value in parts.items())

    @property
    def _parts(self) -> dict[str, str]:
        return dict(part.split("=", 1) for part in self.azurite.split(";") if part)

    async def judge(self, request: web.Request, service: BlobServiceClient) -> str:
        """The code that Azure would refuse it with, "" to pass."""
        path = unquote(request.rel_url.raw_path).strip("/").split("/", 2)[1:]
        found = blob_rights.need(request.method, request.query, request.headers, blob=len(path) > 1)
        if self.container and path[:1] != [self.container]:
            found = Need("elsewhere", (blob_rights.NOBODY,))
        kind = await self._kind(found, service, path)
        code = self._refusal(found, request, kind)
        if code:
            self.refused.append((request.method, found.operation, code))
            if code == _MISSING and not "/".join(path[1:]).startswith(_PROBE):
                self.lacking.append(f"{request.method} {found.operation} {'/'.join(path)}")
        else:
            self.passed.append((request.method, found.operation))
        return code

    def _refusal(self, found: Need, request: web.Request, kind: str) -> str:
        exists = bool(kind)
        if not blob_rights.allowed(found, self.granted, exists=exists):
            may_add = ADD in found.new and ADD in self.granted
            return self.overwrite if exists and may_add else _MISSING
        if blob_rights.immutable(
            found, exists=exists, append_blob=kind == "AppendBlob", appends=self.appends
        ):
            if found.effect is blob_rights.Effect.CONTAINER:
                return "ContainerImmutabilityPolicyLocked"
            only_new = request.headers.get("If-None-Match") == "*"
            return "BlobAlreadyExists" if only_new else "BlobImmutableDueToPolicy"
        return ""

    async def _kind(self, found: Need, service: BlobServiceClient, path: list[str]) -> str:
        """The type of the blob, "" where there is none or where nothing depends on it."""
        if len(path) < 2 or (found.effect is blob_rights.Effect.NONE and not found.new):
            return ""
        name = "/".join(path)
        if name in self.appendable:
            return "AppendBlob"
        kind = await _kind(service, path)
        if kind == "AppendBlob":
            self.appendable.add(name)
        return kind


async def _kind(service: BlobServiceClient, path: list[str]) -> str:
    """The type of the blob, "" where there is none."""
    try:
        return str((await service.get_blob_client(*path).get_blob_properties()).blob_type.value)
    except ResourceNotFoundError:
        return ""


@asynccontextmanager
async def worm_proxy(
    azurite: str, granted: Iterable[str], **behaviour: Any
) -> AsyncIterator[WormProxy]:
    """Serve on loopback.

    Args:
        azurite: connection string of the account.
        granted: data actions, as role definitions have them.
        behaviour: attributes of `WormProxy`.
    """
    proxy = WormProxy(azurite, frozenset(granted), **behaviour)
    endpoint = urlsplit(proxy._parts["BlobEndpoint"])
    async with (
        BlobServiceClient.from_connection_string(azurite) as service,
        aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(keepalive_timeout=_PATIENCE, limit=0),
            auto_decompress=False,
            trust_env=False,
        ) as session,
    ):

        async def serve(request: web.Request) -> web.Response:
            if code := await proxy.judge(request, service):
                return _error(code)
            target = f"{endpoint.scheme}://{endpoint.netloc}{request.raw_path}"
            async with session.request(
                request.method,
                URL(target, encoded=True),
                headers=[item for item in request.headers.items() if item[0].lower() != "host"],
                data=await request.read(),
                skip_auto_headers=("Content-Type", "Accept", "Accept-Encoding", "User-Agent"),
                allow_redirects=False,
            ) as response:
                headers = [
                    item for item in response.headers.items() if item[0].lower() not in _HOP_BY_HOP
                ]
                if request.method == "HEAD" and "Content-Length" in response.headers:
                    headers.append(("Content-Length", response.headers["Content-Length"]))
                return web.Response(
                    status=response.status, headers=headers, body=await response.read()
                )

        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_route("*", "/{path:.*}", serve)
        runner = web.AppRunner(app, shutdown_timeout=0.1, keepalive_timeout=_KEPT)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        proxy.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            yield proxy
        finally:
            await runner.cleanup()


@contextmanager
def worm_proxy_beside(
    azurite: str, granted: Iterable[str], **behaviour: Any
) -> Iterator[WormProxy]:
    """The same in a thread, for tests without an event loop of their own."""
    started: list[WormProxy] = []
    ready, stop = threading.Event(), asyncio.Event()
    loops: list[asyncio.AbstractEventLoop] = []

    async def run() -> None:
        loops.append(asyncio.get_running_loop())
        try:
            async with worm_proxy(azurite, granted, **behaviour) as proxy:
                started.append(proxy)
                ready.set()
                await stop.wait()
        finally:
            ready.set()

    thread = threading.Thread(target=lambda: asyncio.run(run()), name="worm-proxy")
    thread.start()
    ready.wait()
    try:
        yield started[0]
    finally:
        loops[0].call_soon_threadsafe(stop.set)
        thread.join()


class ProxyFront:
    """What `gateway.local.dev.Options.evidence_front` takes: the deployed role, a locked policy.

    Args:
        resources: stop the proxy.
    """

    def __init__(self, resources: ExitStack) -> None:
        self._resources = resources
        self.proxies: list[WormProxy] = []

    def __call__(self, string: str) -> str:
        proxy = worm_proxy_beside(string, EVIDENCE_WRITER.data_actions)
        self.proxies.append(self._resources.enter_context(proxy))
        return self.proxies[-1].connection_string

    @property
    def passed(self) -> set[str]:
        """Operations that were passed on."""
        return {operation for proxy in self.proxies for _, operation in proxy.passed}

    @property
    def lacking(self) -> list[str]:
        """Requests refused for want of a right."""
        return [refusal for proxy in self.proxies for refusal in proxy.lacking]


def _error(code: str) -> web.Response:
    status, message = _REFUSALS[code]
    return web.Response(
        status=status,
        headers={"x-ms-error-code": code, "Content-Type": "application/xml"},
        text=f'<?xml version="1.0" encoding="utf-8"?><Error><Code>{code}</Code>'
        f"<Message>{message}</Message></Error>",
    )
