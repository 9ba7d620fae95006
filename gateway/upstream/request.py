"""The request for the upstream, without a credential yet."""

from gateway import __version__
from gateway.errors import Blocked, Reason
from gateway.model.connection import Connection
from gateway.model.detokenize import DETOKENIZE_URL
from gateway.model.message import Headers, Request, UpstreamRequest
from gateway.model.operation import Operation, Resource
from gateway.model.representation import Plan, Terms
from gateway.upstream import fhir, validators
from gateway.upstream.conditions import (
    masks_within,
    refuse_guesses,
    refuse_tag_conditions,
    refuse_tag_search,
    searches,
)
from gateway.upstream.headers import forwardable
from gateway.upstream.ranges import OF_RANGES
from gateway.upstream.sources import Sources
from gateway.upstream.target import build_url

SERVICE_VERSION = "2023-11-03"
"""`x-ms-version` for agents that send none; the service's own default is a version of 2009."""

SOURCE_URLS = ("x-ms-copy-source", "x-ms-previous-snapshot-url")
_OWN_CONDITIONS = ("if-match", "if-none-match", "x-ms-blob-if-match", "x-ms-blob-if-none-match")
_SOURCE_CONDITIONS = ("x-ms-source-if-match", "x-ms-source-if-none-match")


def build(
    connection: Connection,
    request: Request,
    operation: Operation,
    sources: Sources,
    plan: Plan,
) -> UpstreamRequest:
    """The exact bytes that go up, except the credential, Date and Content-Length.

    Args:
        connection: where to.
        request: what the agent sent, already judged as `operation`.
        operation: its accesses, the target first; sources are among them.
        sources: translates copy sources.
        plan: how the answer will be masked; what is masked as a whole is asked for as a whole.

    Raises:
        InvalidRequest: a URL or header that cannot be forwarded.
        Blocked: a source URL means a resource that was not judged.
        Withheld: a condition would find out withheld values.
    """
    if plan.local:
        return UpstreamRequest("POST", DETOKENIZE_URL, Headers(), plan.local)
    terms = plan.terms
    if operation.fhir is not None:
        masks = any(terms.masking_of(access.resource).masks for access in operation.accesses)
        return fhir.build(connection, request, operation.fhir, plan.opened, masks=masks)
    url = build_url(connection.endpoint, request.target)
    headers = forwardable(request.headers)
    target = operation.accesses[0].resource
    place = terms.masking_of(target)
    # A search finds blobs in every place below its target.
    if searches(request.target) and (place.masks or masks_within(connection, target)):
        refuse_tag_search(request.target)
    if place.masks:
        refuse_tag_conditions(headers)
        headers = _translate(headers, _OWN_CONDITIONS, terms.tag(place, connection.name))
    if plan.whole:
        headers = headers.without(*OF_RANGES)
    if plan.part is not None:
        # 304 says that the cached bytes are still those of this blob.
        headers = headers.replacing("if-none-match", plan.part.cached.etag)
    for name in SOURCE_URLS:
        value = headers.get(name)
        if value is not None:
            source = _judged(sources.resolve(value), operation)
            headers = headers.replacing(name, sources.upstream_url(value))
            headers = _source_conditions(headers, source, terms)
    return UpstreamRequest(request.method, url, _with_own(headers), request.body)


def _judged(source: Resource, operation: Operation) -> Resource:
    """Pass a source that the rules have seen: what was judged is what runs."""
    judged = {(access.resource.connection, access.resource.path) for access in operation.accesses}
    if (source.connection, source.path) not in judged:
        raise Blocked(
            "The source of the copy is not the one that the rules were asked about.",
            reason=Reason.FOREIGN_SOURCE,
        )
    return source


def _source_conditions(headers: Headers, source: Resource, terms: Terms) -> Headers:
    masking = terms.masking_of(source)
    if not masking.masks:
        return headers
    refuse_tag_conditions(headers)
    refuse_guesses(headers)
    return _translate(headers, _SOURCE_CONDITIONS, terms.tag(masking, source.connection))


def _translate(headers: Headers, names: tuple[str, ...], tag: str) -> Headers:
    for name in names:
        value = headers.get(name)
        if value is not None:
            headers = headers.replacing(name, validators.original(value, tag))
    return headers


def _with_own(headers: Headers) -> Headers:
    """Add what is the gateway's to say; an Accept of the agent's could ask for other formats."""
    if "x-ms-version" not in headers:
        headers = headers.replacing("x-ms-version", SERVICE_VERSION)
    own = {
        "accept": "application/xml",
        "accept-encoding": "identity",
        "user-agent": f"chaperone/{__version__}",
    }
    return Headers((*headers.fields, *own.items()))
