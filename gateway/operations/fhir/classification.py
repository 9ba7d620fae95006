"""From a FHIR request to an Operation."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from gateway.errors import Blocked, InvalidRequest, Reason
from gateway.model.connection import Connection
from gateway.model.fhir import TOKEN_PARAMETER, FhirCall, Interaction, Page, Where
from gateway.model.message import Request
from gateway.model.operation import Access, Effect, Operation, Resource, Shape
from gateway.operations.fhir import actions as a
from gateway.operations.fhir import bodies, bundles, query, search, target
from gateway.operations.fhir.facts import facts
from gateway.operations.fhir.forms import CRITERIA, recognise
from gateway.operations.fhir.search import Found
from gateway.operations.fhir.words import malformed, unknown

KIND: Final = "fhir"

Pages: TypeAlias = Callable[[str], Page]
"""Opens the sealed text of a `next` link; raises InvalidRequest where it is not this caller's."""

_WORST_LAST: Final = (Effect.READ, Effect.WRITE, Effect.DELETE, Effect.ACTION)
_IF_NONE_EXIST: Final = "if-none-exist"
_REFUSED_HEADERS: Final = ("x-http-method-override", "x-provenance")
_HISTORIES: Final = frozenset({Interaction.HISTORY_INSTANCE, Interaction.HISTORY_TYPE})
_DROPPED: Final = {
    "_format": frozenset({"json", "application/json", "application/fhir+json", "text/json"}),
    "_pretty": frozenset({"true", "false"}),
}
# What the server does by itself with these: it sends data elsewhere, or searches and validates
# otherwise from then on.
NOT_WRITTEN: Final = frozenset(
    {
        "CapabilityStatement",
        "CodeSystem",
        "CompartmentDefinition",
        "ConceptMap",
        "ImplementationGuide",
        "NamingSystem",
        "OperationDefinition",
        "SearchParameter",
        "StructureDefinition",
        "StructureMap",
        "Subscription",
        "ValueSet",
    }
)
_WRITING: Final = frozenset(
    {
        Interaction.CREATE,
        Interaction.UPDATE,
        Interaction.CONDITIONAL_UPDATE,
        Interaction.PATCH,
        Interaction.DELETE,
        Interaction.CONDITIONAL_DELETE,
    }
)
_HARD: Final = {"hardDelete": lambda value: value == "true"}
_CONTROLS: Final[Mapping[Interaction, Mapping[str, search.Check]]] = {
    Interaction.DELETE: _HARD,
    Interaction.HISTORY_INSTANCE: search.HISTORY,
    Interaction.HISTORY_TYPE: search.HISTORY,
}
REFUSALS: Final = {
    Interaction.EXPORT: "an export writes resources to storage as they are, past the masking of "
    "this gateway; read or search them instead",
}


@dataclass(frozen=True, slots=True)
class _Asked:
    """A request in parts, the first page's where it asks for another page."""

    path: tuple[str, ...]
    query: str
    continuation: str = ""


def classify(connection: Connection, request: Request, pages: Pages) -> Operation:
    """Classify one request.

    Args:
        connection: where it goes.
        request: as the ingress handed it over.
        pages: opens the gateway's own `next` links.

    Raises:
        InvalidRequest: broken or ambiguous, or a page of another caller's.
        Blocked: no known interaction, or not with these parameters, headers or values.
    """
    for name in _REFUSED_HEADERS:
        if name in request.headers:
            raise unknown(f"The header {name} is not accepted here.", "Leave it out.")
    asked = _asked(request, pages)
    interaction = _interaction(request, asked)
    body = bodies.check(request, interaction, asked.path)
    if interaction is Interaction.BATCH:
        return _bundle(connection, request, body)
    found, where, sent = _parameters(request, asked, interaction)
    call = FhirCall(
        interaction,
        asked.path,
        tuple(found.parameters),
        where,
        _types(interaction, asked.path, found),
        sent,
        asked.continuation,
    )
    pairs = tuple(dict.fromkeys(_accesses(connection, call, found)))
    return Operation(
        kind=KIND,
        name=interaction.value,
        effect=max((pair.effect for pair in pairs), key=_WORST_LAST.index),
        accesses=pairs,
        shape=_shape(interaction),
        refused=REFUSALS.get(interaction, ""),
        facts={**facts(call, found), "method": request.method, "size": len(request.body)},
        reads_content=bool(call.types),
        fhir=call,
    )


def _bundle(connection: Connection, request: Request, body: Any) -> Operation:
    """A batch or transaction: every entry is an operation of its own, and all must be allowed."""
    search.controls(query.parse(request.target.query), {})
    interaction, parts = bundles.requests(request, body)
    found = [(part, classify(connection, part.request, no_pages)) for part in parts]
    if any(bundles.is_foreign(operation) for _, operation in found):
        raise unknown("A bundle holds an interaction that bundles do not have here.")
    entries = tuple(bundles.entry(part, operation) for part, operation in found)
    pairs = tuple(dict.fromkeys(pair for _, operation in found for pair in operation.accesses))
    types = frozenset(kind for entry in entries for kind in entry.call.types)
    call = FhirCall(interaction, (), types=types, entries=entries)
    return Operation(
        kind=KIND,
        name=interaction.value,
        effect=max((pair.effect for pair in pairs), key=_WORST_LAST.index),
        accesses=pairs,
        shape=Shape.CONTENT,
        facts={
            **facts(call, Found()),
            "method": request.method,
            "size": len(request.body),
        },
        reads_content=bool(types),
        fhir=call,
        holdable=False,
    )


def no_pages(_: str) -> Page:
    """Where a link to a page has no place."""
    raise malformed("A link to a page stands for one request.", "Follow it by itself.")


def _asked(request: Request, pages: Pages) -> _Asked:
    path = target.segments(request.target.path)
    name, _, sealed = request.target.query.partition("=")
    if name != TOKEN_PARAMETER:
        return _Asked(path, request.target.query)
    page = pages(sealed)
    first = page.path[:-1] if page.path[-1:] == ("_search",) else page.path
    if request.method != "GET" or first != path:
        raise malformed("A link to a page was changed.", "Follow it as it stands in the answer.")
    return _Asked(path, page.query, page.token)


def _interaction(request: Request, asked: _Asked) -> Interaction:
    interaction = recognise(request.method, asked.path)
    criteria = request.headers.all(_IF_NONE_EXIST)
    if criteria and interaction is not Interaction.CREATE:
        raise unknown("If-None-Exist belongs to a create alone.")
    if len(criteria) > 1:
        raise InvalidRequest("If-None-Exist is repeated.")
    if interaction in _WRITING and asked.path[0] in NOT_WRITTEN:
        raise Blocked(
            "Resources of this type change what the server does by itself, or where it sends "
            "data; they are not written through the gateway.",
            reason=Reason.OPERATION_NOT_SUPPORTED,
            advice="Ask the service's administrator.",
        )
    return Interaction.CONDITIONAL_CREATE if criteria else interaction


def _parameters(
    request: Request, asked: _Asked, interaction: Interaction
) -> tuple[Found, Where, str]:
    """What the parameters come to, where they stand, and their raw text."""
    in_query = _kept(query.parse(asked.query))
    if interaction is Interaction.CONDITIONAL_CREATE:
        search.controls(in_query, {})
        raw = request.headers.all(_IF_NONE_EXIST)[0].strip().removeprefix("?")
        return _criteria(search.parse(_kept(query.parse(raw)))), Where.IF_NONE_EXIST, raw
    if interaction is Interaction.SEARCH and request.method == "POST":
        search.controls(in_query, {})
        raw = _text(request.body)
        return search.parse(_kept(query.parse(raw))), Where.FORM, raw
    return _in_query(interaction, in_query), Where.QUERY, asked.query


def _in_query(interaction: Interaction, pairs: query.Pairs) -> Found:
    match interaction:
        case Interaction.SEARCH:
            return search.parse(pairs)
        case Interaction.CONDITIONAL_UPDATE:
            return _criteria(search.parse(pairs))
        case Interaction.CONDITIONAL_DELETE:
            hard = tuple(pair for pair in pairs if pair[0] == "hardDelete")
            found = _criteria(search.parse(pair for pair in pairs if pair not in hard))
            for name, value in hard:
                search.control(found, _HARD, name, value)
            return found
        case Interaction.EVERYTHING:
            return _everything(search.controls(pairs, search.EVERYTHING))
        case Interaction.EXPORT:
            return Found()
        case _:
            return search.controls(pairs, _CONTROLS.get(interaction, {}))


def _kept(pairs: query.Pairs) -> query.Pairs:
    """Without what only says how JSON is asked for, which the gateway says itself."""
    for name, value in pairs:
        if name in _DROPPED and value.lower().replace(" ", "+") not in _DROPPED[name]:
            raise unknown("Answers are FHIR JSON.", "Leave _format and _pretty out.")
    return tuple(pair for pair in pairs if pair[0] not in _DROPPED)


def _criteria(found: Found) -> Found:
    """A change without criteria would mean everything; what shapes an answer has no place here."""
    if not found.criteria:
        raise InvalidRequest("A conditional change has search criteria.")
    if any(not item.compares and item.name != "_count" for item in found.parameters):
        raise unknown("A conditional change has search criteria alone.")
    return found


def _everything(found: Found) -> Found:
    named = next((item.value for item in found.parameters if item.name == "_type"), "")
    if not named:
        raise InvalidRequest(
            "$everything does not say which types it reaches.",
            advice="Name them: $everything?_type=Condition,Observation.",
        )
    found.reached.update(map(search.check_type, named.split(",")))
    found.included.update(found.reached)
    return found


def _types(interaction: Interaction, path: tuple[str, ...], found: Found) -> frozenset[str]:
    match _shape(interaction):
        case Shape.CONTENT if interaction is not Interaction.VALIDATE:
            return frozenset({path[0], *found.included})
        case _:
            return frozenset()


def _shape(interaction: Interaction) -> Shape:
    match interaction:
        case Interaction.CAPABILITIES:
            return Shape.PROTOCOL
        case (
            Interaction.DELETE
            | Interaction.CONDITIONAL_DELETE
            | Interaction.EXPORT
            | Interaction.BATCH
            | Interaction.TRANSACTION
        ):
            return Shape.NONE
        case _:
            return Shape.CONTENT


def _accesses(connection: Connection, call: FhirCall, found: Found) -> Iterator[Access]:
    """Every pair, the target's first."""

    def access(grant: a.Grant, *path: str) -> Access:
        place = Resource(connection.name, connection.endpoint.host, path)
        return Access(grant.action, place, grant.effect)

    named = call.path[:2] if call.interaction not in _HISTORIES else call.path[:-1]
    named = tuple(part for part in named if part[:1] not in {"_", "$"})
    for grant in _grants(call):
        yield access(grant, *named)
    if call.interaction in CRITERIA:
        yield access(a.READ, *named)
    for kind in sorted(found.reached):
        yield access(a.READ, kind)


def _grants(call: FhirCall) -> tuple[a.Grant, ...]:
    hard = any(parameter.name == "hardDelete" for parameter in call.parameters)
    match call.interaction:
        case (
            Interaction.CREATE
            | Interaction.CONDITIONAL_CREATE
            | Interaction.UPDATE
            | Interaction.CONDITIONAL_UPDATE
            | Interaction.BATCH
            | Interaction.TRANSACTION
        ):
            return (a.WRITE,)
        case Interaction.PATCH:
            # The answer is the whole resource, of which the caller has sent a part.
            return (a.WRITE, a.READ)
        case Interaction.DELETE | Interaction.CONDITIONAL_DELETE:
            return (a.HARD_DELETE,) if hard else (a.DELETE,)
        case Interaction.EXPORT:
            return (a.EXPORT,)
        case Interaction.VALIDATE:
            return (a.VALIDATE,)
        case _:
            return (a.READ,)


def _text(body: bytes) -> str:
    try:
        return body.decode("ascii")
    except UnicodeDecodeError:
        raise malformed("The form holds characters that must be encoded.") from None
