"""Ranges of masked bytes (RFC 9110 §14): one range, as the Blob service has it.

The upstream is never asked for a range of what is to be masked: a piece of a document cannot be
parsed, and its offsets are the original's. So the range is applied to the masked bytes here.
"""

import base64
import hashlib
import re
from dataclasses import dataclass
from http import HTTPStatus

from gateway.model.message import Headers
from gateway.upstream import fault

RANGES = ("range", "x-ms-range")
OF_RANGES = (
    *RANGES,
    "x-ms-range-get-content-md5",
    "x-ms-range-get-content-crc64",
    "x-ms-structured-body",
)
"""Request headers that ask for a part, or for checksums of a part."""

MAX_MD5 = 4 * 1024 * 1024
"""The service computes the checksum of a range up to this length."""

_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Asked:
    """A byte range before the length is known: `first` to `last`, or the last `suffix` bytes."""

    first: int = 0
    last: int | None = None
    suffix: int | None = None

    def within(self, length: int) -> tuple[int, int] | None:
        """Start and stop below `length`, None where the range cannot be satisfied."""
        if self.suffix is not None:
            start, stop = max(0, length - self.suffix), length
        else:
            start, stop = self.first, length if self.last is None else min(self.last + 1, length)
        return (start, stop) if start < stop else None


def asked(headers: Headers) -> Asked | None:
    """The range of a request; `x-ms-range` goes over `Range`, and what is no range is ignored."""
    text = headers.get("x-ms-range") or headers.get("range") or ""
    match = _RANGE.fullmatch(text.strip())
    if match is None:
        return None
    first, last = match.groups()
    if not first:
        return Asked(suffix=int(last)) if last else None
    if last and int(last) < int(first):
        return None
    return Asked(int(first), int(last) if last else None)


def applies(headers: Headers, etag: str) -> bool:
    """Whether `If-Range` lets the range apply to the representation with this entity tag."""
    condition = headers.get("if-range")
    return condition is None or (condition == etag and not etag.startswith("W/"))


def answer(
    request: Headers, headers: Headers, body: bytes, span: tuple[int, int] | None, length: int
) -> tuple[int, Headers, bytes]:
    """Status, headers and body for a part of a masked representation.

    Args:
        request: the agent's headers.
        headers: of the whole representation, without length, range or checksum.
        body: the bytes of the span.
        span: start and stop, None where the range cannot be satisfied.
        length: of the whole representation.
    """
    if span is None:
        return _unsatisfiable(headers, length)
    start, stop = span
    headers = headers.replacing("accept-ranges", "bytes")
    headers = headers.replacing("content-range", f"bytes {start}-{stop - 1}/{length}")
    wanted = (request.get("x-ms-range-get-content-md5") or "").lower() == "true"
    if wanted and len(body) <= MAX_MD5:
        digest = hashlib.md5(body, usedforsecurity=False).digest()
        headers = headers.replacing("content-md5", base64.b64encode(digest).decode())
    return HTTPStatus.PARTIAL_CONTENT.value, headers, body


def _unsatisfiable(headers: Headers, length: int) -> tuple[int, Headers, bytes]:
    kept = tuple((name, value) for name, value in headers if not name.startswith("x-ms-meta-"))
    headers = Headers(kept).without("content-encoding", "etag", "last-modified")
    headers = headers.replacing("content-range", f"bytes */{length}")
    headers = headers.replacing("content-type", "application/xml")
    headers = headers.replacing("x-ms-error-code", "InvalidRange")
    status = HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE.value
    return status, headers, fault.body(status, "InvalidRange")
