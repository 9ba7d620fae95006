"""Batches and transactions: each entry is read as the request that it stands for.

https://hl7.org/fhir/R4/http.html#transaction
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from gateway.errors import InvalidRequest
from gateway.model.fhir import Entry, Interaction
from gateway.model.message import Headers, Request, Target
from gateway.model.operation import Operation
from gateway.operations.fhir.bodies import encoded

MAX_ENTRIES: Final = 100

_KINDS: Final = {"batch": Interaction.BATCH, "transaction": Interaction.TRANSACTION}
_ENTRY: Final = frozenset({"fullUrl", "resource", "request"})
_REQUEST: Final = frozenset({"method", "url", "ifMatch", "ifNoneExist"})
_URN: Final = re.compile(r"urn:uuid:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_CARRIED: Final = frozenset(
    {
        Interaction.READ,
        Interaction.SEARCH,
        Interaction.CREATE,
        Interaction.CONDITIONAL_CREATE,
        Interaction.UPDATE,
        Interaction.CONDITIONAL_UPDATE,
        Interaction.DELETE,
        Interaction.CONDITIONAL_DELETE,
    }
)


@dataclass(frozen=True, slots=True)
class Part:
    """An entry as a request."""

    request: Request
    full_url: str
    if_match: str


def requests(outer: Request, body: Any) -> tuple[Interaction, tuple[Part, ...]]:
    """What kind of bundle it is, and the requests in it.

    Raises:
        InvalidRequest: no bundle of requests, too many entries, or one of another form.
    """
    if not isinstance(body, dict) or body.get("resourceType") != "Bundle":
        raise _refused("The body is no Bundle.")
    interaction = _KINDS.get(str(body.get("type")))
    entries = body.get("entry")
    if interaction is None or not isinstance(entries, list) or not entries:
        raise _refused("The Bundle is no batch or transaction with entries.")
    if len(entries) > MAX_ENTRIES:
        raise _refused(f"The Bundle holds more than {MAX_ENTRIES} entries.")
    return interaction, tuple(_part(outer, item) for item in entries)


def is_foreign(operation: Operation) -> bool:
    """Whether an entry's operation is not carried out within bundles."""
    return operation.fhir is None or operation.fhir.interaction not in _CARRIED


def entry(part: Part, operation: Operation) -> Entry:
    """The judged entry."""
    if operation.fhir is None:
        raise _refused("An entry is no FHIR request.")
    return Entry(
        part.request.method,
        operation.fhir,
        part.request.body,
        part.full_url,
        part.if_match,
    )


def _part(outer: Request, item: Any) -> Part:
    asked = item.get("request") if isinstance(item, dict) else None
    if not isinstance(asked, dict) or item.keys() - _ENTRY or asked.keys() - _REQUEST:
        raise _refused("An entry has no request, or holds more than resource and request.")
    if not all(isinstance(value, str) for value in asked.values()):
        raise _refused("An entry's request is not of text.")
    method, url = asked.get("method", ""), asked.get("url", "")
    full_url = item.get("fullUrl", "")
    if full_url and (not isinstance(full_url, str) or not _URN.fullmatch(full_url)):
        raise _refused("An entry's fullUrl is no urn:uuid.")
    path, _, query = url.removeprefix("/").partition("?")
    resource = item.get("resource")
    body = b"" if resource is None else encoded(resource)
    request = Request(
        method,
        outer.connection,
        Target(f"/{path}", query),
        Headers(tuple(_headers(asked, body))),
        body,
        outer.client_address,
        outer.base_url,
    )
    return Part(request, full_url, asked.get("ifMatch", ""))


def _headers(asked: dict[str, str], body: bytes) -> Iterator[tuple[str, str]]:
    if body:
        yield "content-type", "application/fhir+json"
    if "ifNoneExist" in asked:
        yield "if-none-exist", asked["ifNoneExist"]


def _refused(message: str) -> InvalidRequest:
    return InvalidRequest(
        message,
        advice="An entry holds request.method, request.url and, for a change, the resource; also "
        "ifMatch, ifNoneExist and fullUrl urn:uuid.",
    )
