"""Header allow-lists of the FHIR service, both ways; https://hl7.org/fhir/R4/http.html."""

import re
from typing import Final

from gateway.errors import InvalidRequest
from gateway.model.fhir import FhirCall, Interaction
from gateway.model.message import Headers

REQUEST: Final = frozenset(
    {
        "content-type",
        "if-match",
        "if-modified-since",
        "if-none-exist",
        "if-none-match",
        "prefer",
    }
)
"""What of a request decides what it does, or what is answered."""

_VERSIONED: Final = frozenset(
    {
        Interaction.UPDATE,
        Interaction.CONDITIONAL_UPDATE,
        Interaction.PATCH,
        Interaction.DELETE,
        Interaction.CONDITIONAL_DELETE,
    }
)
_SEARCHING: Final = frozenset(
    {
        Interaction.SEARCH,
        Interaction.CONDITIONAL_CREATE,
        Interaction.CONDITIONAL_UPDATE,
        Interaction.CONDITIONAL_DELETE,
    }
)
_READING: Final = frozenset({Interaction.READ, Interaction.VREAD})
_ETAG: Final = re.compile(r'W/"[A-Za-z0-9.-]{1,64}"')
_NUMBER: Final = re.compile(r'W/"[0-9]{1,10}"')
_DATE: Final = re.compile(
    r"[A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2} GMT"
)
_RETURNS: Final = {
    "return=minimal": "return=minimal",
    "return=representation": "return=representation",
    "return=operationoutcome": "return=OperationOutcome",
}
_DIGITS: Final = re.compile(r"[0-9]{1,6}")


def listed(headers: Headers) -> Headers:
    """What of an agent's request headers is on the allow-list, not yet checked."""
    return Headers(tuple((name, value.strip()) for name, value in headers if name in REQUEST))


def conditions(headers: Headers, call: FhirCall, *, masks: bool) -> list[tuple[str, str]]:
    """Conditions and preferences of a request, as they go up.

    A masked answer is another representation than the one that the upstream would compare, so
    `If-None-Match` and `If-Modified-Since` are left out for it: the answer is then a full one.

    Raises:
        InvalidRequest: a condition of another form, repeated, or where it has no meaning.
    """
    kept: list[tuple[str, str]] = []
    match = _single(headers, "if-match")
    if match:
        if call.interaction not in _VERSIONED:
            raise _one_version()
        kept.append(("if-match", checked_etag(match)))
    none, since = _single(headers, "if-none-match"), _single(headers, "if-modified-since")
    if (none or since) and call.interaction not in _READING:
        raise InvalidRequest("If-None-Match and If-Modified-Since belong to a read.")
    if none and not masks and _ETAG.fullmatch(none):
        kept.append(("if-none-match", none))
    if since and not masks and _DATE.fullmatch(since):
        kept.append(("if-modified-since", since))
    prefer = _preferences(headers, call)
    return [*kept, ("prefer", prefer)] if prefer else kept


def checked_etag(value: str) -> str:
    """The version of a resource, as `If-Match` names it.

    Raises:
        InvalidRequest: something else, `*` included.
    """
    if not _ETAG.fullmatch(value):
        raise _one_version()
    return value


def shown_etag(value: str, *, masks: bool) -> str:
    """The version as an agent may see it, "" where it could be anything."""
    return value if (_NUMBER if masks else _ETAG).fullmatch(value) else ""


def _one_version() -> InvalidRequest:
    return InvalidRequest(
        "If-Match belongs to a change, and holds one version.",
        advice='Send the ETag of the answer that you read: If-Match: W/"3".',
    )


def visible(headers: Headers, *, masks: bool) -> Headers:
    """What of an upstream's response headers an agent may see; URLs are added by others."""
    found: list[tuple[str, str]] = []
    # A version that is a number says how often a resource changed; others could be anything.
    etag = shown_etag(headers.get("etag") or "", masks=masks)
    if etag:
        found.append(("etag", etag))
    modified = headers.get("last-modified") or ""
    if not masks and _DATE.fullmatch(modified):
        found.append(("last-modified", modified))
    wait = headers.get("retry-after") or ""
    if _DIGITS.fullmatch(wait):
        found.append(("retry-after", wait))
    return Headers(tuple(found))


def _single(headers: Headers, name: str) -> str:
    values = headers.all(name)
    if len(values) > 1:
        raise InvalidRequest(f"{name} is repeated.", advice="Send it once.")
    return values[0].strip() if values else ""


def _preferences(headers: Headers, call: FhirCall) -> str:
    """`handling=strict`: a parameter that the upstream left out would change what was judged."""
    words = [word.strip() for value in headers.all("prefer") for word in value.split(",")]
    kept = [_RETURNS[word.lower()] for word in words if word.lower() in _RETURNS]
    strict = ["handling=strict"] if call.interaction in _SEARCHING else []
    return ", ".join([*strict, *(kept[:1] if call.stores else [])])
