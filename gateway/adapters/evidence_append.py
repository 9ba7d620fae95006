"""The one call that every request waits for twice: Append Block, past the SDK's pipeline.

An append through azure-storage-blob costs several times what the rest of a request does (about
0.5 ms of CPU against 0.06 ms, bench/latency.py), so this call alone is made with aiohttp; all other
calls of the port stay the SDK's. It is at most once for the same reason as there: the append names
the position that it expects (`x-ms-blob-condition-appendpos`), so that one that is sent again finds
another length. https://learn.microsoft.com/rest/api/storageservices/append-block
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Final
from urllib.parse import quote, urlsplit

import aiohttp
from azure.core.credentials_async import AsyncTokenCredential
from azure.core.exceptions import AzureError
from yarl import URL

from gateway.credentials import bearer, shared_key
from gateway.errors import (
    ConfigurationError,
    NotFound,
    PreconditionFailed,
    StoreError,
    StoreUnavailable,
)
from gateway.model.message import Headers, UpstreamRequest
from gateway.ports import Clock, EvidenceStore, StoredBlob

SERVICE_VERSION: Final = "2023-11-03"
SCOPE: Final = "https://storage.azure.com/.default"

Sign = Callable[[UpstreamRequest], Awaitable[UpstreamRequest]]
"""Adds the gateway's own credential to a request for its evidence account."""

_CODES: Final[Mapping[str, type[StoreError]]] = {
    "BlobNotFound": NotFound,
    "AppendPositionConditionNotMet": PreconditionFailed,
}
_ADVICE: Final = "check that the storage account, its container and the role assignments exist"
_RENEW_SECONDS: Final = 300
_CONNECTIONS: Final = 4  # a journal has one append under way; a new one may open meanwhile
_KEEP_ALIVE_SECONDS: Final = 30


class _Failed(Exception):
    """A library's error by the name of its class; aiohttp does not repeat what ends in this.

    A PUT that dies on a reused connection would be sent again, and answer as a conflict with
    itself: only the journal can tell its own bytes from another writer's.
    """


_FAILURES: Final = (
    _Failed,
    aiohttp.ClientError,
    AzureError,
    TimeoutError,
    OSError,
    ValueError,
)


class KeySignature:
    """Shared Key, for the emulator of a development gateway.

    Args:
        account: storage account name.
        key: base64, as connection strings have it.
        clock: dates the signature.

    Raises:
        ConfigurationError: the key is not base64.
    """

    def __init__(self, account: str, key: str, clock: Clock) -> None:
        self._account = account
        self._clock = clock
        try:
            self._key = shared_key.parse_key(key)
        except ValueError:
            raise ConfigurationError("the evidence account's key is not base64") from None

    async def __call__(self, request: UpstreamRequest) -> UpstreamRequest:
        """The signed request."""
        return shared_key.sign(self._account, self._key, request, self._clock.now())


class TokenSignature:
    """A bearer token of the gateway's own identity, asked for again before it expires.

    Args:
        credential: the identity, closed by its owner.
        clock: decides when to ask again.
    """

    def __init__(self, credential: AsyncTokenCredential, clock: Clock) -> None:
        self._credential = credential
        self._clock = clock
        self._token = ""
        self._until = 0.0

    def __repr__(self) -> str:
        return "TokenSignature()"

    async def __call__(self, request: UpstreamRequest) -> UpstreamRequest:
        """The request with a token.

        Raises:
            AzureError: the identity gives none.
            ValueError: what it gives is no token.
        """
        now = self._clock.now()
        if now.timestamp() >= self._until:
            found = await self._credential.get_token(SCOPE)
            self._token, self._until = found.token, found.expires_on - _RENEW_SECONDS
        return bearer.with_bearer(request, self._token, now)

    def forget(self) -> None:
        """Ask for another token next time: the service has refused this one."""
        self._until = 0.0


class DirectAppends:
    """`ports.EvidenceStore` over another one, with appends of its own.

    The session belongs to the event loop of the first append; close it in the same loop.

    Args:
        store: for everything that is no append.
        container_url: `https://account.blob.core.windows.net/container`; http on loopback only.
        sign: adds the credential.
        timeout_seconds: bound for each append, connecting and asking for a token included.

    Raises:
        ConfigurationError: the container is not reached over https.
    """

    def __init__(
        self,
        store: EvidenceStore,
        container_url: str,
        sign: KeySignature | TokenSignature,
        *,
        timeout_seconds: float = 15,
    ) -> None:
        if isinstance(sign, TokenSignature) and urlsplit(container_url).scheme != "https":
            raise ConfigurationError("a token is sent to evidence storage over https alone")
        self._store = store
        self._url = container_url.rstrip("/")
        self._sign = sign
        self._timeout = timeout_seconds
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Close the connections; a later append opens new ones."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def create(self, name: str) -> None:
        """See `ports.EvidenceStore`."""
        await self._store.create(name)

    async def put(self, name: str, data: bytes) -> None:
        """See `ports.EvidenceStore`."""
        await self._store.put(name, data)

    async def read(self, name: str, offset: int = 0, length: int | None = None) -> bytes:
        """See `ports.EvidenceStore`."""
        return await self._store.read(name, offset, length)

    def list(self, prefix: str) -> AsyncIterator[StoredBlob]:
        """See `ports.EvidenceStore`."""
        return self._store.list(prefix)

    async def append(self, name: str, data: bytes, position: int) -> int:
        """See `ports.EvidenceStore`."""
        try:
            async with asyncio.timeout(self._timeout):
                status, code = await self._send(name, data, position)
        except _FAILURES as error:
            name = str(error) if isinstance(error, _Failed) else type(error).__name__
            raise StoreUnavailable(
                "the evidence store did not answer; the write may have landed",
                advice=_ADVICE,
                details=(("error", name),),
            ) from None
        if status == HTTPStatus.CREATED:
            return position + len(data)
        if kind := _CODES.get(code):
            raise kind(f"the evidence store answered {code}")
        if status == HTTPStatus.UNAUTHORIZED and isinstance(self._sign, TokenSignature):
            self._sign.forget()
        raise StoreUnavailable(
            "the evidence store refused the request",
            advice=_ADVICE,
            details=(("status", str(status)), *((("code", code),) if code else ())),
        )

    async def _send(self, name: str, data: bytes, position: int) -> tuple[int, str]:
        """Status and the service's error code, "" for none."""
        url = f"{self._url}/{quote(name)}?comp=appendblock"
        fields = (
            ("x-ms-version", SERVICE_VERSION),
            ("x-ms-blob-condition-appendpos", str(position)),
            ("content-type", "application/octet-stream"),
        )
        request = await self._sign(UpstreamRequest("PUT", url, Headers(fields), data))
        async with self._open().request(
            request.method,
            URL(url, encoded=True),
            headers=list(request.headers),
            data=data,
            allow_redirects=False,
            middlewares=(_once,),
        ) as response:
            await response.read()
            code = response.headers.get("x-ms-error-code", "")
            return response.status, code if code.isalnum() and code.isascii() else ""

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    limit=_CONNECTIONS, keepalive_timeout=_KEEP_ALIVE_SECONDS
                ),
                # Bounded as a whole by `append`.
                timeout=aiohttp.ClientTimeout(total=None),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                trust_env=False,
            )
        return self._session


async def _once(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Middleware that turns what aiohttp would repeat into what it does not."""
    try:
        return await handler(request)
    except (aiohttp.ClientError, OSError) as error:
        # Class names are safe to show; messages carry addresses.
        raise _Failed(type(error).__name__) from None
