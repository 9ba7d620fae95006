"""The gateway is not a way into itself: its accounts, vault, app and authority are no upstream."""

from collections.abc import Iterator
from urllib.parse import unquote

from gateway.errors import Blocked, Reason
from gateway.model.connection import Connection
from gateway.model.message import Request
from gateway.model.operation import Operation
from gateway.model.own import Own, reaching


def check(connection: Connection, request: Request, operation: Operation, own: Own) -> None:
    """Pass an operation that reaches nothing of the gateway's own, and with nothing of its own.

    Raises:
        Blocked: the upstream, or a foreign resource of the operation, is one of the gateway's
            endpoints, or the connection's credential is the gateway's own identity or secret.
    """
    if any(map(own.is_at, _reached(connection, request, operation))):
        raise Blocked(
            "The request would reach the gateway's own accounts or endpoints.",
            reason=Reason.GATEWAY_RESOURCE,
            advice="No rule can allow this: the gateway's own resources are not served.",
        )
    if own.holds(connection.credential):
        raise Blocked(
            "The connection would be opened with the gateway's own identity or secret.",
            reason=Reason.GATEWAY_RESOURCE,
            advice="Give the connection an identity of its own in the manifest.",
        )


def _reached(connection: Connection, request: Request, operation: Operation) -> Iterator[str]:
    yield reaching(connection.endpoint, unquote(request.target.path))
    for access in operation.accesses:
        if not access.resource.connection:
            yield "/".join((access.resource.authority, *access.resource.path))
