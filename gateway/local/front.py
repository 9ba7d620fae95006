"""The Functions host's HTTP side as an ASGI application: conversions and nothing else.

What the real host does to requests and responses on the way (its `ToRpcHttp`, the worker's HTTP
converter) is done here too, so that a test on a laptop meets it.
"""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias
from urllib.parse import parse_qsl

import azure.functions as func

from gateway.ingress.http import UNENCODED_URL
from gateway.local import kestrel

Message: TypeAlias = "dict[str, Any]"
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
Function: TypeAlias = Callable[[func.HttpRequest], Awaitable[func.HttpResponse]]
Fields: TypeAlias = "list[tuple[bytes, bytes]]"

TARGET = "chaperone.target"
"""Key of the ASGI scope that holds the request target as sent; uvicorn itself drops parts of it."""

_LOG = logging.getLogger("chaperone.local")
_LENGTH = re.compile(r"[0-9]{1,15}")


@dataclass(frozen=True, slots=True)
class Route:
    """An HTTP-triggered function; no methods means all of them."""

    name: str
    template: str
    methods: frozenset[str]
    function: Function


class _TooLarge(Exception):
    pass


@dataclass(frozen=True, slots=True)
class Front:
    """ASGI application over the app's HTTP functions."""

    routes: Sequence[Route]
    max_body: int = kestrel.MAX_BODY

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one request."""
        try:
            status, headers, body = await self._respond(scope, receive)
        except kestrel.BadRequest:
            status, headers, body = 400, [(b"connection", b"close")], b""
        except _TooLarge:
            status, headers, body = 413, [(b"connection", b"close")], b""
        # Kestrel adds no length where no body can follow: to HEAD, 0 would be a false statement.
        framed = any(name == b"content-length" for name, _ in headers)
        if not framed and scope["method"] != "HEAD" and status not in {204, 304}:
            headers.append((b"content-length", str(len(body)).encode()))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _respond(self, scope: Message, receive: Receive) -> tuple[int, Fields, bytes]:
        fields = _decoded(scope["headers"])
        hosts = [value for name, value in fields if name == "host"]
        received = kestrel.receive(scope[TARGET], hosts)
        body = await self._body(fields, receive)
        for route in self.routes:
            values = kestrel.match(route.template, received.path)
            if values is None or (route.methods and scope["method"] not in route.methods):
                continue
            request = func.HttpRequest(
                method=scope["method"],
                url=received.url,
                headers=_fronted(_joined(fields), received, scope.get("client")),
                params=_joined(parse_qsl(received.query, encoding="utf-8", errors="replace")),
                route_params=values,
                body=body,
            )
            # Like the host: a failed invocation is an empty 500, the exception is for the log.
            (result,) = await asyncio.gather(route.function(request), return_exceptions=True)
            if isinstance(result, func.HttpResponse):
                return _outgoing(result)
            _LOG.error("function %s failed: %r", route.name, result)
            return 500, [], b""
        return 404, [], b""

    async def _body(self, fields: list[tuple[str, str]], receive: Receive) -> bytes:
        """The body if Content-Length announces one: what is chunked never reaches a function."""
        length = next((value for name, value in fields if name == "content-length"), "0")
        if not _LENGTH.fullmatch(length):
            raise kestrel.BadRequest("the Content-Length header is not a number")
        if int(length) > self.max_body:
            raise _TooLarge
        chunks: list[bytes] = []
        more = int(length) > 0
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise kestrel.BadRequest("the client went away")
            chunks.append(message.get("body", b""))
            more = message.get("more_body", False)
        return b"".join(chunks)


def _decoded(headers: Fields) -> list[tuple[str, str]]:
    """Kestrel reads field values as UTF-8 and refuses others."""
    try:
        return [(name.decode("ascii").lower(), value.decode()) for name, value in headers]
    except UnicodeDecodeError:
        raise kestrel.BadRequest("a header is not valid UTF-8") from None


def _joined(pairs: Sequence[tuple[str, str]]) -> dict[str, str]:
    joined: dict[str, str] = {}
    for name, value in pairs:
        joined[name] = f"{joined[name]},{value}" if name in joined else value
    return joined


def _fronted(
    headers: Mapping[str, str], received: kestrel.Received, client: tuple[str, int] | None
) -> dict[str, str]:
    """What App Service's front adds: the raw URL, whatever the client sent, and the client."""
    added = {**headers, UNENCODED_URL: received.raw, "x-forwarded-proto": "https"}
    if client:
        address = f"[{client[0]}]:{client[1]}" if ":" in client[0] else f"{client[0]}:{client[1]}"
        before = headers.get("x-forwarded-for")
        added["x-forwarded-for"] = f"{before}, {address}" if before else address
    return added


def _outgoing(response: func.HttpResponse) -> tuple[int, Fields, bytes]:
    """The worker's converter: text/plain if untyped, repeats collapse, Set-Cookie survives."""
    headers = response.headers
    if "content-type" not in headers:
        headers["content-type"] = f"{response.mimetype}; charset={response.charset}"
    single = {name.lower(): value for name, value in headers.items()}
    single.pop("set-cookie", None)
    pairs = [*single.items(), *(("set-cookie", value) for value in headers.getlist("set-cookie"))]
    encoded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in pairs]
    return response.status_code, encoded, response.get_body()
