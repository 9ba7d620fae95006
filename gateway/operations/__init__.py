"""Requests in the vocabulary of Azure RBAC: which actions on which resources."""

from collections.abc import Mapping
from typing import assert_never

from gateway.model.connection import Connection, ConnectionKind
from gateway.model.message import Request
from gateway.model.operation import Operation
from gateway.operations import blob
from gateway.operations.blob.call import resource
from gateway.operations.blob.facts import FACTS as _BLOB_FACTS
from gateway.operations.blob.sources import Resolve

__all__ = ["FACTS", "Resolve", "classify", "resource"]

FACTS: Mapping[str, type[str | int | bool]] = _BLOB_FACTS
"""Every fact that an operation may have, with its type; conditions may use no other."""


def classify(connection: Connection, request: Request, resolve: Resolve) -> Operation:
    """What `request` would do at the upstream of `connection`.

    Args:
        connection: where it goes; its kind decides how it is read.
        request: as the ingress handed it over.
        resolve: maps a copy source URL to the resource it names, connection "" when foreign.

    Raises:
        InvalidRequest: the request is broken or ambiguous.
        Blocked: the operation is unknown.
    """
    match connection.kind:
        case ConnectionKind.BLOB:
            return blob.classify(connection, request, resolve)
        case _:
            assert_never(connection.kind)
