"""Request bodies: JSON alone, of the type that the path names, without ways to compare or move."""

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

import orjson

from gateway.errors import Blocked, InvalidRequest, Reason
from gateway.model.fhir import Interaction
from gateway.model.message import Request

MAX_DEPTH: Final = 100
JSON_TYPES: Final = frozenset({"application/fhir+json", "application/json"})
PATCH_TYPE: Final = "application/json-patch+json"
FORM_TYPE: Final = "application/x-www-form-urlencoded"

# `test` tells whether a guess at a masked value is right; `copy` and `move` bring a masked element
# to where codes are shown as they are.
_PATCHES: Final = frozenset({"add", "remove", "replace"})
_MAX_PATCHES: Final = 1000


def media_type(request: Request) -> str:
    """The media type of the body, in lower case, "" where none or several are stated.

    Raises:
        InvalidRequest: another character set than UTF-8.
    """
    stated = request.headers.all("content-type")
    essence, _, rest = (stated[0] if len(stated) == 1 else "").partition(";")
    charset = rest.strip().lower().removeprefix("charset=").strip('"')
    if rest.strip() and charset not in {"utf-8", "utf8"}:
        raise InvalidRequest("The body's media type has a parameter other than charset=utf-8.")
    return essence.strip().lower()


def check(request: Request, interaction: Interaction, path: tuple[str, ...]) -> Any:
    """The decoded body, where the interaction has one; None for others.

    Raises:
        InvalidRequest: not JSON, or not the resource or the patch that the path is about.
        Blocked: a patch that compares or moves values, a reference that searches.
    """
    match interaction:
        case Interaction.PATCH:
            return _patch(request)
        case (
            Interaction.CREATE
            | Interaction.CONDITIONAL_CREATE
            | Interaction.UPDATE
            | Interaction.CONDITIONAL_UPDATE
            | Interaction.VALIDATE
        ):
            resource = decoded(request, JSON_TYPES)
            check_resource(resource, path[0])
            if interaction is Interaction.UPDATE and resource.get("id") != path[1]:
                raise InvalidRequest("The resource's id is not the one that the path names.")
            return resource
        case Interaction.BATCH:
            return decoded(request, JSON_TYPES)
        case Interaction.SEARCH if request.method == "POST":
            if media_type(request) != FORM_TYPE:
                raise InvalidRequest(f"The parameters of a POST search are {FORM_TYPE}.")
            return None
        case _:
            if request.body:
                raise InvalidRequest("This interaction has no request body.")
            return None


def decoded(request: Request, types: frozenset[str]) -> Any:
    """The body as JSON; a key that stands twice is an error, since parsers choose differently.

    Raises:
        InvalidRequest: another media type, not JSON in UTF-8, or nested too deep.
    """
    if media_type(request) not in types:
        raise InvalidRequest(
            "The body has another media type than this interaction takes.",
            advice=f"Send JSON with Content-Type: {min(types)}.",
        )
    try:
        node = json.loads(
            request.body.decode("utf-8"),
            object_pairs_hook=_object,
            parse_constant=_constant,
            parse_float=Decimal,
        )
        _check_depth(node)
    except (ValueError, RecursionError):
        raise InvalidRequest(
            "The body is not JSON in UTF-8 with each key once, or is nested too deep."
        ) from None
    return node


def check_resource(resource: Any, kind: str) -> None:
    """Pass a resource of a type that names others only by address.

    Raises:
        InvalidRequest: another type, or none.
        Blocked: a reference holds search criteria.
    """
    if not isinstance(resource, dict) or resource.get("resourceType") != kind:
        raise InvalidRequest("The body is not a resource of the type that the path names.")
    if any("?" in reference for reference in references(resource)):
        raise Blocked(
            "A conditional reference searches for what it means, which no rule has been asked.",
            reason=Reason.OPERATION_NOT_SUPPORTED,
            advice="Search first, then write the reference as Type/id.",
        )


def encoded(node: Any) -> bytes:
    """A decoded body again; a decimal keeps its digits, which are its precision in FHIR.

    Raises:
        InvalidRequest: it holds an integer beyond 64 bits.
    """
    try:
        return orjson.dumps(node, default=_digits)
    except orjson.JSONEncodeError:
        raise InvalidRequest("The body holds a number that cannot be carried.") from None


def references(node: Any) -> Iterator[str]:
    """Every `reference` of a resource."""
    level = [node]
    while level:
        following: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                reference = item.get("reference")
                if isinstance(reference, str):
                    yield reference
                following += item.values()
            elif isinstance(item, list):
                following += item
        level = following


def _patch(request: Request) -> Any:
    steps = decoded(request, frozenset({PATCH_TYPE}))
    if not isinstance(steps, list) or not 0 < len(steps) <= _MAX_PATCHES:
        raise InvalidRequest("The body is not a JSON Patch (RFC 6902).")
    for step in steps:
        if not isinstance(step, dict) or not isinstance(step.get("path"), str):
            raise InvalidRequest("The body is not a JSON Patch (RFC 6902).")
        if step.get("op") not in _PATCHES:
            raise Blocked(
                "A patch may add, replace and remove; test, copy and move compare or move values "
                "that may be masked.",
                reason=Reason.OPERATION_NOT_SUPPORTED,
                advice="Say which version you mean with If-Match.",
            )
        if any("?" in reference for reference in references({"value": step.get("value")})):
            raise Blocked("A patch holds search criteria.", reason=Reason.OPERATION_NOT_SUPPORTED)
    return steps


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    node = dict(pairs)
    if len(node) != len(pairs):
        raise ValueError("a key stands twice")
    return node


def _digits(value: object) -> orjson.Fragment:
    if not isinstance(value, Decimal):
        raise TypeError
    return orjson.Fragment(str(value).replace("E+", "E"))


def _constant(name: str) -> float:
    raise ValueError(name)


def _check_depth(node: Any) -> None:
    level = [node]
    for _ in range(MAX_DEPTH):
        level = [
            child
            for item in level
            for child in (
                item.values() if isinstance(item, dict) else item if isinstance(item, list) else ()
            )
            if isinstance(child, dict | list)
        ]
        if not level:
            return
    raise ValueError("nested too deep")
