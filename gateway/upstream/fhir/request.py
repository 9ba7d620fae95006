"""The request for a FHIR service, composed from what was judged, without a credential yet."""

from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import quote

import orjson

from gateway import __version__
from gateway.model.connection import Connection
from gateway.model.fhir import FhirCall, Interaction, Parameter, Where
from gateway.model.message import Headers, Request, UpstreamRequest
from gateway.upstream.fhir.headers import checked_etag, conditions

FHIR_JSON: Final = "application/fhir+json"
CONTINUATION: Final = "ct"
"""Of the FHIR service's own `next` links."""

_SAFE: Final = ":-._~$*"
_ESCAPED: Final = str.maketrans({"\\": "\\\\", ",": "\\,", "|": "\\|", "$": "\\$"})
_BODIES: Final = {
    Interaction.CREATE: FHIR_JSON,
    Interaction.CONDITIONAL_CREATE: FHIR_JSON,
    Interaction.UPDATE: FHIR_JSON,
    Interaction.CONDITIONAL_UPDATE: FHIR_JSON,
    Interaction.VALIDATE: FHIR_JSON,
    Interaction.PATCH: "application/json-patch+json",
}


def build(
    connection: Connection,
    request: Request,
    call: FhirCall,
    opened: Mapping[str, str],
    *,
    masks: bool,
) -> UpstreamRequest:
    """The exact bytes that go up, except the credential and Content-Length.

    Args:
        connection: where to.
        request: what the agent sent; of it only the body of a change goes up as it is.
        call: what it was judged to be.
        opened: tokens in it that are turned back, and their values.
        masks: the answer is masked.

    Raises:
        InvalidRequest: a header that cannot be forwarded.
    """
    path, encoded = _path(call, opened), _parameters(call, opened)
    url = f"{connection.endpoint.origin}{connection.endpoint.base_path}{path}"
    headers = conditions(request.headers, call, masks=masks)
    body = b""
    match call.where:
        case Where.FORM:
            body = encoded.encode()
            headers.append(("content-type", "application/x-www-form-urlencoded"))
        case Where.IF_NONE_EXIST:
            headers.append(("if-none-exist", encoded))
        case Where.QUERY:
            url += f"?{encoded}" if encoded else ""
    if call.entries:
        body = _bundle(call)
        headers.append(("content-type", FHIR_JSON))
    elif call.interaction in _BODIES:
        body = request.body
        headers.append(("content-type", _BODIES[call.interaction]))
    headers += [
        ("accept", FHIR_JSON),
        ("accept-encoding", "identity"),
        ("user-agent", f"chaperone/{__version__}"),
    ]
    return UpstreamRequest(request.method, url, Headers(tuple(headers)), body)


def _path(call: FhirCall, opened: Mapping[str, str]) -> str:
    parts = "/".join(quote(opened.get(part, part), safe="$") for part in call.path)
    return f"/{parts}"


def _parameters(call: FhirCall, opened: Mapping[str, str]) -> str:
    pairs = [(item.name, _resolved(item.value, opened)) for item in _sendable(call)]
    if call.continuation:
        pairs.append((CONTINUATION, call.continuation))
    return "&".join(f"{quote(name, safe=_SAFE)}={quote(value, safe='')}" for name, value in pairs)


def _bundle(call: FhirCall) -> bytes:
    """The bundle with every entry composed from what was judged; no token is turned back in it."""
    entries = []
    for entry in call.entries:
        parameters = _parameters(entry.call, {})
        asked = {"method": entry.method, "url": _path(entry.call, {}).removeprefix("/")}
        if entry.if_match:
            asked["ifMatch"] = checked_etag(entry.if_match)
        if entry.call.where is Where.IF_NONE_EXIST:
            asked["ifNoneExist"] = parameters
        elif parameters:
            asked["url"] += f"?{parameters}"
        made: dict[str, object] = {"fullUrl": entry.full_url} if entry.full_url else {}
        if entry.resource:
            made["resource"] = orjson.Fragment(entry.resource)
        entries.append({**made, "request": asked})
    return orjson.dumps(
        {"resourceType": "Bundle", "type": call.interaction.value, "entry": entries}
    )


def _sendable(call: FhirCall) -> Iterator[Parameter]:
    """Parameters with all keys of one `_sort` joined again: servers take the last of several."""
    keys = [item.value for item in call.parameters if item.name == "_sort"]
    for item in call.parameters:
        if item.name != "_sort":
            yield item
    if keys:
        yield Parameter("_sort", ",".join(keys))


def _resolved(value: str, opened: Mapping[str, str]) -> str:
    """The value with tokens replaced, escaped (hl7.org/fhir/R4/search.html#escaping)."""
    for token, plain in opened.items():
        if token in value:
            value = value.replace(token, plain.translate(_ESCAPED))
    return value
