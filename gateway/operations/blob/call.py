"""One request, recognised as one operation."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import Final

from gateway.errors import Blocked, InvalidRequest, Reason
from gateway.model.connection import Connection
from gateway.model.message import Headers, Request
from gateway.model.operation import Resource
from gateway.operations.blob import headers as h
from gateway.operations.blob import query as queries
from gateway.operations.blob.query import Query
from gateway.operations.blob.spec import Body, Level, Scope, Spec
from gateway.operations.blob.table import OPERATIONS
from gateway.operations.blob.target import Place, place

_Form = tuple[str, Level, str, str]


def _forms() -> Mapping[_Form, list[Spec]]:
    forms: dict[_Form, list[Spec]] = {}
    for spec in OPERATIONS:
        for method, level in product(spec.methods, spec.levels):
            forms.setdefault((method, level, spec.restype, spec.comp), []).append(spec)
    return forms


_FORMS: Final = _forms()
_EVERYWHERE: Final = frozenset({"timeout", "comp", "restype"})


@dataclass(frozen=True, slots=True)
class Call:
    """A request whose target, parameters and headers its operation knows, every one of them."""

    spec: Spec
    connection: Connection
    place: Place
    query: Query
    headers: Headers
    body: bytes

    def resource(self, *path: str, version: str = "") -> Resource:
        """A resource of the account that the request goes to."""
        return resource(self.connection, path, version)

    @property
    def target(self) -> Resource:
        """What the path names, in the version that the query names."""
        if self.spec.scope is Scope.ACCOUNT:
            return self.resource()
        return self.resource(*self.place.path, version=self.query.version)


def resource(connection: Connection, path: tuple[str, ...] = (), version: str = "") -> Resource:
    """A resource of `connection`, in the one form that all stages compare."""
    authority = connection.endpoint.account or connection.endpoint.host
    return Resource(connection.name, authority.lower(), path, version)


def unknown(message: str) -> Blocked:
    """The denial of what is not in the table."""
    return Blocked(
        message,
        reason=Reason.OPERATION_UNKNOWN,
        advice="Use an operation, with parameters and headers, that docs/operations-blob.md lists.",
    )


def recognise(connection: Connection, request: Request) -> Call:
    """Find the operation that `request` asks for.

    Raises:
        InvalidRequest: the request is broken or ambiguous.
        Blocked: no operation of the table has this form, or not with these parameters.
    """
    h.check(request.headers)
    query = queries.parse(request.target.query)
    where = place(request.target.path, query.get("restype"))
    spec = _find(request.method, where.level, query, request.headers)
    _check_parameters(spec, query)
    deciding = h.EFFECTS.intersection(request.headers.names)
    for name in sorted(deciding - spec.headers):
        raise unknown(f"{spec.name} does not have the header {name}.")
    if spec.body is Body.NONE and request.body:
        raise InvalidRequest(
            f"{spec.name} has no request body.", advice="Send the request without a body."
        )
    return Call(spec, connection, where, query, request.headers, request.body)


def _find(method: str, level: Level, query: Query, headers: Headers) -> Spec:
    found = [
        spec
        for spec in _FORMS.get((method, level, query.get("restype"), query.get("comp")), ())
        if spec.needs <= headers.names and spec.lacks.isdisjoint(headers.names)
    ]
    if len(found) != 1:
        raise unknown("No operation of the Blob service has this form.")
    return found[0]


def _check_parameters(spec: Spec, query: Query) -> None:
    if query.values.keys() - spec.parameters - _EVERYWHERE:
        raise unknown(f"{spec.name} does not have one of the query parameters.")
    if spec.required - query.values.keys():
        raise InvalidRequest(f"{spec.name} lacks a query parameter that it needs.")
