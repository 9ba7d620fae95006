"""HTTP to upstreams: exactly the recorded bytes, once, with nothing added and nothing followed.

aiohttp re-sends PUT, DELETE and GET by itself when a reused connection dies, although the first
request may have been carried out. Here a middleware turns every failure into one that aiohttp
does not retry, and `_CountedRequest` counts what was really handed to a connection. Only a read
goes out a second time: once, on a new connection, where the kept one died before it said anything.
"""

import ipaddress
import re
import select
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import lru_cache, partial
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final, cast
from urllib.parse import urlsplit

import aiohttp
from aiohttp.client_proto import ResponseHandler
from aiohttp.connector import Connection
from yarl import URL

from gateway.errors import (
    GatewayError,
    ResponseTooLarge,
    UpstreamError,
    UpstreamInterrupted,
    UpstreamUnreachable,
)
from gateway.model.message import Headers, UpstreamRequest, UpstreamResponse

# RFC 9110 §5.6.2, and field values without control characters (§5.5), ASCII alone.
_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_FIELDS: Final = re.compile(r"(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+\0[\t\x20-\x7e]*\n)*")
_TARGET: Final = re.compile(r"/[\x21\x24-\x7e]*(\?[\x21\x24-\x7e]*)?")

# Framing and routing belong to this client; a caller's idea of them is dropped.
_OWN_HEADERS: Final = ("host", "content-length", "transfer-encoding", "connection", "expect")
_UNSENT_DEFAULTS: Final = ("user-agent", "accept", "accept-encoding", "content-type")
_REPEATABLE: Final = frozenset({"GET", "HEAD"})
_WITHOUT_BODY: Final = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED})
_SLICE: Final = 256 * 1024
_MAX_HEADER: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of the client, in seconds and connections.

    Attributes:
        total: one exchange; below the 230 s after which Azure Functions' front gives up.
        connect: waiting for a free connection, or making one.
        read: silence of the upstream while it owes an answer.
        connections: open at once.
        per_host: of these, to one host.
        keep_alive: how long an idle connection is kept; shorter than servers keep one (Node, five
            seconds), since a change that meets their closing may have been carried out or not.
    """

    total: float = 220
    connect: float = 15
    read: float = 110
    connections: int = 256
    per_host: int = 128
    keep_alive: float = 4


class AiohttpUpstream:
    """`ports.Upstream`.

    The session belongs to the event loop of the first call; close it in the same loop.

    Args:
        limits: see there.
        ca_file: certificate authorities trusted beside the system's, PEM.
    """

    def __init__(self, limits: Limits | None = None, *, ca_file: Path | None = None) -> None:
        self._limits = limits or Limits()
        self._ca_file = ca_file
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Close all connections; a later call opens new ones."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def send(
        self, request: UpstreamRequest, max_bytes: int, *, read: bool = False
    ) -> UpstreamResponse:
        """See `ports.Upstream`."""
        url = _checked_url(request)
        headers = _checked_headers(request)
        exchange = _Exchange(repeatable=read and request.method in _REPEATABLE)
        session = self._open()
        try:
            async with session.request(
                request.method,
                url,
                headers=headers,
                data=_payload(request.body),
                allow_redirects=False,
                middlewares=(exchange,),
            ) as response:
                try:
                    body = await _read(request.method, response, max_bytes)
                except BaseException:
                    response.close()  # what is left on the connection is nobody's answer
                    raise
                return UpstreamResponse(
                    response.status,
                    _received_headers(response),
                    body,
                    exchange.sends,
                )
        except GatewayError:
            raise
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise exchange.failure(error) from None

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            limits = self._limits
            context = ssl.create_default_context()
            if self._ca_file is not None:
                context.load_verify_locations(cafile=self._ca_file)
            self._session = aiohttp.ClientSession(
                connector=_Connector(
                    limit=limits.connections,
                    limit_per_host=limits.per_host,
                    keepalive_timeout=limits.keep_alive,
                    ssl=context,
                ),
                timeout=aiohttp.ClientTimeout(
                    total=limits.total, connect=limits.connect, sock_read=limits.read
                ),
                cookie_jar=aiohttp.DummyCookieJar(),
                request_class=_CountedRequest,
                skip_auto_headers=_UNSENT_DEFAULTS,
                auto_decompress=False,
                trust_env=False,
                max_line_size=_MAX_HEADER,
                max_field_size=_MAX_HEADER,
            )
        return self._session


class _Connection(ResponseHandler):
    """Knows what has passed over it.

    Attributes:
        used: requests that were sent over it.
        heard: anything has come back since the last of them.
    """

    used = 0
    heard = False

    def data_received(self, data: bytes) -> None:
        self.heard = True
        super().data_received(data)

    @property
    def gone(self) -> bool:
        """It was kept, and its server has closed it or has said what nobody asked for.

        The event loop may not have come to see that yet, so the socket itself is asked.
        """
        transport = self.transport
        if not self.used or transport is None:
            return False
        ready = select.poll()
        ready.register(transport.get_extra_info("socket").fileno(), select.POLLIN)
        return bool(ready.poll(0))


class _Connector(aiohttp.TCPConnector):
    """Makes connections that know what has passed over them."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._factory = cast("Any", partial(_Connection, loop=self._loop))


class _CountedRequest(aiohttp.ClientRequest):
    """Knows how often it was handed to a connection.

    Attributes:
        sends: that number.
        over: the connection of the last time; that was a kept one where `kept`.
        fresh: only a new connection will do.
    """

    sends = 0
    over: _Connection | None = None
    kept = False
    fresh = False

    async def send(self, conn: Connection) -> aiohttp.ClientResponse:
        over = cast("_Connection", conn.protocol)  # what the session's connector makes
        self.kept = over.used > 0
        if over.should_close or over.gone or (self.fresh and self.kept):
            raise _Unfit
        self.over, over.heard = over, False
        over.used += 1
        self.sends += 1
        return await super().send(conn)

    @property
    def died_unheard(self) -> bool:
        """Whether the connection that it went out on was a kept one that said nothing since."""
        return self.over is not None and self.kept and not self.over.heard


class _Unfit(Exception):
    """Nothing may be sent over this connection, and nothing was.

    A kept one may hold bytes nobody asked for, such as a 408 of an idle timeout, which aiohttp
    would take for the answer to the next request, another agent's perhaps.
    """


class _Exchange:
    """Middleware of one exchange: counts sends and decides on their repetition."""

    def __init__(self, *, repeatable: bool) -> None:
        self._repeatable = repeatable
        self._requests: list[_CountedRequest] = []

    @property
    def sends(self) -> int:
        return sum(request.sends for request in self._requests)

    async def __call__(
        self, request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        counted = cast("_CountedRequest", request)  # the session's request class
        self._requests.append(counted)
        while True:
            try:
                return await handler(request)
            except _Unfit as error:
                # aiohttp has closed it; a new one that is unfit will not get better.
                if not counted.kept:
                    raise self.failure(error) from None
            except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError, OSError) as error:
                if isinstance(error, TimeoutError) or counted.fresh:
                    raise self.failure(error) from None
                if not (self._repeatable and counted.died_unheard):
                    # A GatewayError passes through aiohttp's retry loop.
                    raise self.failure(error) from None
                counted.fresh = True
            except aiohttp.ClientError as error:
                raise self.failure(error) from None

    def failure(self, error: Exception) -> UpstreamError:
        """What `error` means, by whether anything was sent."""
        sends = self.sends
        details = (("error", type(error).__name__), ("sends", str(sends)))
        if not sends:
            return UpstreamUnreachable(
                "the upstream could not be reached; nothing was sent",
                advice="try again; if it persists, ask the operator to check the connection",
                details=details,
            )
        return UpstreamInterrupted(
            "the upstream did not finish its answer; the request may have been carried out",
            advice="check the state of the resource before trying again",
            details=details,
        )


def _checked_url(request: UpstreamRequest) -> URL:
    """The URL, where aiohttp will send exactly this target and only to a place it may go to."""
    try:
        parts = urlsplit(request.url)
        url = URL(request.url, encoded=True)
    except ValueError:
        raise _refused("its URL is malformed") from None
    target = request.url.removeprefix(f"{parts.scheme}://{parts.netloc}")
    if url.scheme != "https" and not (url.scheme == "http" and _is_loopback(url.raw_host or "")):
        raise _refused("an upstream is reached over https, or over http on loopback alone")
    if not parts.netloc or "@" in parts.netloc:
        raise _refused("its URL has no host, or holds user information")
    if not _TARGET.fullmatch(target) or url.raw_path_qs != target:
        raise _refused("its target cannot be sent as it stands")
    return url


def _checked_headers(request: UpstreamRequest) -> list[tuple[str, str]]:
    """The headers to send, with the framing that the body really has."""
    if not _TOKEN.fullmatch(request.method):
        raise _refused("its method is not a token")
    length = str(len(request.body))
    if any(value.strip() != length for value in request.headers.all("content-length")):
        raise _refused("its content-length is not that of its body")
    fields = list(request.headers.without(*_OWN_HEADERS))
    # All in one look; a newline too many would make one field look like two.
    text = "".join([f"{name}\0{value}\n" for name, value in fields])
    if text.count("\n") != len(fields) or not _FIELDS.fullmatch(text):
        raise _refused("a header holds characters that may not be sent")
    if "accept-encoding" not in request.headers:
        fields.append(("accept-encoding", "identity"))
    if request.body:
        fields.append(("content-length", length))
    return fields


def _refused(why: str) -> UpstreamUnreachable:
    return UpstreamUnreachable(
        f"the request was not sent: {why}",
        advice="change the request; ask the operator to check the connection's endpoint",
        details=(("sends", "0"),),
    )


@lru_cache(maxsize=64)
def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _payload(body: bytes) -> bytes | AsyncIterator[memoryview] | None:
    if len(body) > _SLICE:
        return _slices(body)
    return body or None


async def _slices(body: bytes) -> AsyncIterator[memoryview]:
    """Parts of a body that leave the event loop free and are not copied as a whole."""
    view = memoryview(body)
    for start in range(0, len(view), _SLICE):
        yield view[start : start + _SLICE]


def _received_headers(response: aiohttp.ClientResponse) -> Headers:
    # Latin-1 keeps each byte as it was (RFC 9110 §5.5, obs-text) and never fails.
    return Headers(
        tuple(
            [
                (name.decode("latin-1").lower(), value.decode("latin-1"))
                for name, value in response.raw_headers
            ]
        )
    )


async def _read(method: str, response: aiohttp.ClientResponse, max_bytes: int) -> bytes:
    if response.status < HTTPStatus.OK:
        raise UpstreamInterrupted("the upstream switched protocols, which was not asked for")
    if method == "HEAD" or response.status in _WITHOUT_BODY:
        return b""
    announced = response.content_length
    chunked = "chunked" in response.headers.get("transfer-encoding", "").lower()
    if announced is None and not chunked:
        # Such a body ends where the connection does: a cut could not be told from the end.
        raise UpstreamInterrupted("the upstream's answer does not say where it ends")
    if announced is not None and announced > max_bytes:
        raise _too_large(max_bytes)
    parts: list[bytes] = []
    size = 0
    async for part in response.content.iter_any():
        size += len(part)
        if size > max_bytes:
            raise _too_large(max_bytes)
        parts.append(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _too_large(max_bytes: int) -> ResponseTooLarge:
    return ResponseTooLarge(
        f"the upstream's answer is over the connection's bound of {max_bytes} bytes",
        advice="ask for ranges (the Range header)",
    )
