"""Requests in the vocabulary of Azure RBAC: which actions on which resources."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeAlias, assert_never

from gateway.errors import InvalidRequest, Reason
from gateway.model.connection import Connection, ConnectionKind
from gateway.model.detokenize import DETOKENIZE
from gateway.model.fhir import Page
from gateway.model.message import Request
from gateway.model.operation import Operation
from gateway.operations import blob
from gateway.operations.blob.call import resource
from gateway.operations.blob.sources import Resolve

if TYPE_CHECKING:
    from gateway.operations.fhir import Pages

__all__ = ["Resolve", "classify", "facts", "resource"]

FactTypes: TypeAlias = Mapping[str, type[str | int | bool]]


def facts() -> FactTypes:
    """Every fact that an operation may have, with its type; conditions may use no other."""
    from gateway.operations import detokenize  # noqa: PLC0415 - as in `classify`
    from gateway.operations.blob.facts import FACTS as BLOB_FACTS  # noqa: PLC0415
    from gateway.operations.fhir.facts import FACTS as FHIR_FACTS  # noqa: PLC0415

    return {**BLOB_FACTS, **FHIR_FACTS, **detokenize.FACTS}


def _no_pages(_: str) -> Page:
    raise InvalidRequest(
        "A link to a page can only be read by the gateway that made it.",
        reason=Reason.TARGET_INVALID,
    )


def classify(
    connection: Connection, request: Request, resolve: Resolve, pages: "Pages" = _no_pages
) -> Operation:
    """What `request` would do at the upstream of `connection`.

    Args:
        connection: where it goes; its kind decides how it is read.
        request: as the ingress handed it over.
        resolve: maps a copy source URL to the resource it names, connection "" when foreign.
        pages: opens the gateway's own links to further pages of a FHIR answer.

    Raises:
        InvalidRequest: the request is broken or ambiguous.
        Blocked: the operation is unknown.
    """
    # What no request asks for is not loaded: a gateway may have one kind of connection only.
    if request.target == DETOKENIZE:
        from gateway.operations import detokenize  # noqa: PLC0415

        return detokenize.classify(connection, request)
    match connection.kind:
        case ConnectionKind.BLOB:
            return blob.classify(connection, request, resolve)
        case ConnectionKind.FHIR:
            from gateway.operations import fhir  # noqa: PLC0415

            return fhir.classify(connection, request, pages)
        case _:
            assert_never(connection.kind)
