"""What was served masked is not written back: it would destroy what it was made of.

A place that masks holds originals, so nothing that carries the gateway's own marks or tokens is
written there, whichever blob it came from: which original a mark stands for cannot be told, and a
copy within the place would bring it over the original afterwards. Where nothing is masked, tokens
and marks may be written: pseudonyms are made to be worked with.
"""

import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from itertools import islice
from typing import TypeAlias
from urllib.parse import unquote

import orjson

from gateway.errors import Blocked, Reason
from gateway.guardrails.message import comp, document
from gateway.model.connection import WITHHELD_MARK, Masking
from gateway.model.message import Request
from gateway.model.operation import Effect, Operation, Resource

Marks: TypeAlias = Callable[[bytes], Sequence[tuple[int, int]]]
"""Finds the gateway's own marks and tokens: (start, end) of each."""

MAX_INFLATED = 256 * 1024 * 1024
"""A compressed upload is looked at up to this size; its beginning tells."""

_METADATA = "x-ms-meta-"
_TAGS = "x-ms-tags"
_GZIP = b"\x1f\x8b"
_SLICE = 4 * 1024 * 1024
_OVERLAP = 4096


def check(
    request: Request,
    operation: Operation,
    masking_of: Callable[[Resource], Masking],
    marks: Marks,
) -> None:
    """Pass a write that holds nothing that a masking place showed in place of a value.

    Raises:
        Blocked: metadata, tags or content hold marks or tokens, or a tag set cannot be read.
    """
    written = [access for access in operation.accesses if access.effect is not Effect.READ]
    if not any(masking_of(access.resource).masks for access in written):
        return
    if any(WITHHELD_MARK in value or marks(value.encode()) for value in _values(request)):
        raise Blocked(
            "The request would store what stands for a masked value in the value's place.",
            reason=Reason.MASKED_WRITEBACK,
            advice="Write only metadata and tags whose values you know; leave the others alone.",
        )
    if any(marks(part) for part in _contents(request.body)):
        raise Blocked(
            "The content holds marks or tokens of masked values, and the place that it would be "
            "written to holds originals.",
            reason=Reason.MASKED_WRITEBACK,
            advice="Write it to a place that is not masked, or change the original at its source.",
        )


def _values(request: Request) -> Iterator[str]:
    for name, value in request.headers:
        if name.startswith(_METADATA) or name == _TAGS:
            yield value
            yield unquote(value)
    if comp(request)[1] == "tags" and request.body:
        yield from document(request).itertext()


def _contents(body: bytes) -> Iterator[bytes]:
    """The content as it is, without the escapes of JSON, and decompressed where it is gzip."""
    yield body
    if rb"\u" in body:
        with suppress(orjson.JSONDecodeError):
            yield orjson.dumps(orjson.loads(body))
    if not body.startswith(_GZIP):
        return
    tail = b""
    for part in islice(_inflated(body), MAX_INFLATED // _SLICE):
        # A mark may lie across two parts.
        yield tail + part
        tail = part[-_OVERLAP:]


def _inflated(body: bytes) -> Iterator[bytes]:
    """Parts of what gzip data holds, up to where it is broken: a block may be the first of many."""
    rest = body
    while rest:
        member = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
        while rest and not member.eof:
            try:
                part = member.decompress(rest, _SLICE)
            except zlib.error:
                return
            rest = member.unconsumed_tail
            yield part
        rest = member.unused_data
