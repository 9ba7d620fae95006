"""A stand-in for the gateway's own storage: answers at once, keeps what tests of it would need.

It speaks the Blob and Table protocols as far as the SDK's calls of the gateway go: containers,
append blobs, block blobs with ETags, ranges, an empty table. It stands for no durability at all:
what is measured with it is the gateway, not the storage. Bytes beyond the first megabyte of an
append blob are counted and forgotten, so that a long run does not fill the memory.

`python -m bench.rig.store --port P`
"""

import argparse
import asyncio
import signal
from dataclasses import dataclass, field
from typing import cast
from urllib.parse import parse_qs, unquote, urlsplit

import httptools
import uvloop

_KEPT = 2**20
_DATE = "Mon, 03 Aug 2026 12:00:00 GMT"
_REASONS = {200: "OK", 201: "Created", 206: "Partial Content", 404: "Not Found"}


@dataclass(slots=True)
class _Blob:
    """A blob's first bytes, its length and its ETag."""

    data: bytearray = field(default_factory=bytearray)
    length: int = 0
    etag: int = 1
    kind: str = "BlockBlob"


@dataclass(frozen=True, slots=True)
class _Reply:
    status: int
    fields: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    length: int = -1


class Storage:
    """All accounts at once, by path."""

    def __init__(self) -> None:
        self.blobs: dict[str, _Blob] = {}

    def reply(self, method: str, target: str, headers: dict[str, str], body: bytes) -> _Reply:
        """The answer to one request."""
        parts = urlsplit(target)
        path, query = unquote(parts.path), parse_qs(parts.query, keep_blank_values=True)
        if "()" in path or "Tables" in path:
            return _Reply(200, (("content-type", "application/json"),), b'{"value":[]}')
        if "comp" in query and query["comp"] == ["list"]:
            return self._list(path, query.get("prefix", [""])[0])
        match method:
            case "PUT" if query.get("comp") == ["appendblock"]:
                return self._append(path, headers, body)
            case "PUT":
                return self._put(path, headers, body)
            case _:
                return self._get(method, path, headers)

    def _append(self, path: str, headers: dict[str, str], body: bytes) -> _Reply:
        blob = self.blobs.get(path)
        if blob is None:
            return _fault(404, "BlobNotFound")
        position = headers.get("x-ms-blob-condition-appendpos", "")
        if position and int(position) != blob.length:
            return _fault(412, "AppendPositionConditionNotMet")
        if blob.length < _KEPT:
            blob.data += body
        offset, blob.length, blob.etag = blob.length, blob.length + len(body), blob.etag + 1
        return _Reply(201, (*_tags(blob), ("x-ms-blob-append-offset", str(offset))))

    def _put(self, path: str, headers: dict[str, str], body: bytes) -> _Reply:
        before = self.blobs.get(path)
        if before is not None and headers.get("if-none-match") == "*":
            return _fault(409, "BlobAlreadyExists")
        if "if-match" in headers and (before is None or headers["if-match"] != _etag(before)):
            return _fault(412, "ConditionNotMet")
        number = before.etag + 1 if before else 1
        kind = headers.get("x-ms-blob-type", "BlockBlob")
        blob = self.blobs[path] = _Blob(bytearray(body), len(body), number, kind)
        return _Reply(201, _tags(blob))

    def _get(self, method: str, path: str, headers: dict[str, str]) -> _Reply:
        blob = self.blobs.get(path)
        if blob is None:
            return _fault(404, "BlobNotFound")
        span = headers.get("x-ms-range") or headers.get("range") or f"bytes=0-{blob.length - 1}"
        first, _, last = span.removeprefix("bytes=").partition("-")
        start, end = int(first), min(int(last or blob.length - 1), blob.length - 1)
        if start >= blob.length:
            return _fault(416, "InvalidRange")
        data = bytes(blob.data[start : end + 1])
        fields = (
            *_tags(blob),
            ("content-type", "application/octet-stream"),
            ("content-range", f"bytes {start}-{end}/{blob.length}"),
            ("x-ms-blob-type", blob.kind),
        )
        return _Reply(206, fields, b"" if method == "HEAD" else data, len(data))

    def _list(self, path: str, prefix: str) -> _Reply:
        base = path.rstrip("/") + "/"
        found = [
            f"<Blob><Name>{name.removeprefix(base)}</Name><Properties><Content-Length>{blob.length}"
            f"</Content-Length><BlobType>{blob.kind}</BlobType></Properties></Blob>"
            for name, blob in sorted(self.blobs.items())
            if name.startswith(base + prefix)
        ]
        text = (
            '<?xml version="1.0" encoding="utf-8"?><EnumerationResults><Blobs>'
            + "".join(found)
            + "</Blobs><NextMarker/></EnumerationResults>"
        )
        return _Reply(200, (("content-type", "application/xml"),), text.encode())


def _etag(blob: _Blob) -> str:
    return f'"0x{blob.etag:016X}"'


def _tags(blob: _Blob) -> tuple[tuple[str, str], ...]:
    return ("etag", _etag(blob)), ("last-modified", _DATE)


def _fault(status: int, code: str) -> _Reply:
    body = f'<?xml version="1.0"?><Error><Code>{code}</Code><Message>{code}</Message></Error>'
    return _Reply(
        status, (("content-type", "application/xml"), ("x-ms-error-code", code)), body.encode()
    )


class Connection(asyncio.Protocol):
    """One client of the stand-in."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._transport: asyncio.WriteTransport | None = None
        self._reset()

    def _reset(self) -> None:
        self._parser = httptools.HttpRequestParser(self)
        self._target = b""
        self._headers: dict[str, str] = {}
        self._body: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See `asyncio.Protocol`."""
        # uvloop's transports do not derive from asyncio's classes.
        self._transport = cast("asyncio.WriteTransport", transport)

    def data_received(self, data: bytes) -> None:
        """See `asyncio.Protocol`."""
        self._parser.feed_data(data)

    def on_url(self, url: bytes) -> None:
        """See httptools."""
        self._target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """See httptools."""
        self._headers[name.decode().lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        """See httptools."""
        if self._headers.get("expect", "").lower() == "100-continue" and self._transport:
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, body: bytes) -> None:
        """See httptools."""
        self._body.append(body)

    def on_message_complete(self) -> None:
        """Answer, and be ready for the next request."""
        method = self._parser.get_method().decode()
        reply = self._storage.reply(
            method, self._target.decode(), self._headers, b"".join(self._body)
        )
        length = len(reply.body) if reply.length < 0 else reply.length
        lines = [
            f"HTTP/1.1 {reply.status} {_REASONS.get(reply.status, 'Refused')}",
            f"date: {_DATE}",
            "server: stand-in",
            "x-ms-version: 2025-01-05",
            "x-ms-request-id: 00000000-0000-0000-0000-000000000000",
            "x-ms-request-server-encrypted: true",
            f"content-length: {length}",
            *(f"{name}: {value}" for name, value in reply.fields),
        ]
        head = ("\r\n".join(lines) + "\r\n\r\n").encode()
        self._target, self._headers, self._body = b"", {}, []
        if self._transport is not None:
            self._transport.write(head + reply.body)


async def serve(port: int) -> None:
    """Serve until SIGTERM."""
    storage = Storage()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(storage), "127.0.0.1", port)
    done = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, done.set)
    print("READY", server.sockets[0].getsockname()[1], flush=True)
    await done.wait()
    server.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(parser.parse_args().port))
