"""The upstream's answer in the gateway's terms: what a masking place shows without its content.

Content itself passes through here untouched; the masker decides on it afterwards.
"""

from functools import partial
from http import HTTPStatus
from typing import assert_never

from gateway.errors import Reason, Withheld
from gateway.model.connection import Connection, Masking, Sensitivity
from gateway.model.message import Headers, Request, UpstreamResponse
from gateway.model.operation import Effect, Operation, Resource, Shape
from gateway.model.representation import Terms
from gateway.upstream import fault, listing, validators, withholding, xml
from gateway.upstream.headers import visible
from gateway.upstream.sources import Sources

_XML = "application/xml"
# A user delegation key is not among them: agents never receive a credential.
_PROTOCOL_ROOTS = (
    "BlockList",
    "PageList",
    "SignedIdentifiers",
    "StorageServiceProperties",
    "StorageServiceStats",
)
_OF_CONTENT = ("content-encoding", "content-md5", "content-range", "x-ms-content-crc64")


def present(
    connection: Connection,
    request: Request,
    operation: Operation,
    response: UpstreamResponse,
    terms: Terms,
) -> tuple[Headers, bytes]:
    """Headers and body of the answer; the status stays the upstream's.

    Args:
        connection: where it came from.
        request: what was asked.
        operation: as it was judged.
        response: what came back.
        terms: what masks, and where: the same that `build` is given.

    Raises:
        Withheld: names are ePHI and this lists them; a body cannot be read and so not masked; or
            the upstream refuses the gateway's own credential.
    """
    sources = Sources({connection.name: connection}, request.base_url)
    target = operation.accesses[0].resource
    place = terms.masking_of(target)
    headers = _headers(request, operation, response, terms)
    headers = _with_addresses(headers, connection, sources, response)
    if response.status >= HTTPStatus.BAD_REQUEST:
        return _fault(request, headers, response)
    if request.method == "HEAD":
        return _with_length(headers, place, response), b""
    if response.status >= HTTPStatus.MULTIPLE_CHOICES or not response.body:
        return headers, b""
    if operation.shape is Shape.CONTENT:
        return headers, response.body
    body = _document(connection, operation, sources, response, terms)
    return headers.without(*_OF_CONTENT).replacing("content-type", _XML), body


def _document(
    connection: Connection,
    operation: Operation,
    sources: Sources,
    response: UpstreamResponse,
    terms: Terms,
) -> bytes:
    target = operation.accesses[0].resource
    try:
        match operation.shape:
            case Shape.LISTING:
                return _listing(connection, target, sources, response, terms)
            case Shape.METADATA:
                return _tags(response.body, terms.masking_of(target), terms)
            case Shape.PROTOCOL:
                return _protocol(response.body)
            case Shape.NONE | Shape.CONTENT:
                return b""
            case _:
                assert_never(operation.shape)
    except ValueError:
        raise Withheld(
            "The upstream's answer has a form that the gateway cannot read, so it is not shown.",
            reason=Reason.MASKING_FAILED,
            advice="Tell the gateway's operator; for a listing, ask for fewer entries "
            "(maxresults).",
        ) from None


def _headers(
    request: Request, operation: Operation, response: UpstreamResponse, terms: Terms
) -> Headers:
    target = operation.accesses[0].resource
    place = terms.masking_of(target)
    headers = visible(response.headers)
    if not place.masks:
        return headers
    # The checksum of what the agent sent itself tells it nothing; that of a copy's source does.
    writes = operation.effect is Effect.WRITE and not operation.reads_content
    own = writes and "x-ms-copy-source" not in request.headers
    headers = withholding.headers(headers, partial(terms.value, place), own_digests=own)
    etag = headers.get("etag")
    if etag is None:
        return headers
    return headers.replacing("etag", validators.derive(etag, terms.tag(place, target.connection)))


def _with_addresses(
    headers: Headers, connection: Connection, sources: Sources, response: UpstreamResponse
) -> Headers:
    """Add the URL-bearing headers, in the gateway's terms; URLs that lie elsewhere are left out."""
    for name in ("location", "x-ms-copy-source"):
        values = response.headers.all(name)
        local = sources.gateway_url(values[0], connection) if len(values) == 1 else None
        if local is not None and connection.names is Sensitivity.PLAIN:
            headers = headers.replacing(name, local)
    return headers


def _with_length(headers: Headers, place: Masking, response: UpstreamResponse) -> Headers:
    """HEAD says the length that GET would have, unless masking changes it."""
    length = response.headers.get("content-length") or ""
    if place.masks or not (length.isascii() and length.isdigit()):
        return headers
    return headers.replacing("content-length", length)


def _fault(request: Request, headers: Headers, response: UpstreamResponse) -> tuple[Headers, bytes]:
    code = fault.code_of(response)
    fault.refuse_credential_faults(response, code)
    # Content-Range stays: with 416 it says the length, `bytes */n`, which a masking place hides.
    headers = headers.without("content-encoding", "content-md5", "content-disposition")
    headers = headers.replacing("x-ms-error-code", code).replacing("content-type", _XML)
    return headers, b"" if request.method == "HEAD" else fault.body(response.status, code)


def _listing(
    connection: Connection,
    listed: Resource,
    sources: Sources,
    response: UpstreamResponse,
    terms: Terms,
) -> bytes:
    if connection.names is Sensitivity.EPHI:
        raise Withheld(
            f"Names below the connection {connection.name} are ePHI, so they are not listed.",
            reason=Reason.CONTENT_WITHHELD,
            advice="Ask for a blob by a name that you know.",
        )
    return listing.rewrite(response.body, connection, listed, sources, terms)


def _tags(body: bytes, masking: Masking, terms: Terms) -> bytes:
    root = xml.parse(body)
    if root.tag != "Tags":
        raise ValueError("not a tag set")
    if masking.masks:
        withholding.tags(root, partial(terms.value, masking))
    return xml.serialise(root)


def _protocol(body: bytes) -> bytes:
    """What the service says of itself, where its form is known."""
    if xml.parse(body).tag not in _PROTOCOL_ROOTS:
        raise ValueError("not a document of the service")
    return body
