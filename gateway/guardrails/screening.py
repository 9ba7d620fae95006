"""All guardrails in one call."""

from collections.abc import Callable

from gateway.guardrails import credentials, exfiltration, protection, publicity, writeback
from gateway.guardrails import own as own_things
from gateway.guardrails.writeback import Marks
from gateway.model.connection import Connection, Masking
from gateway.model.message import Request
from gateway.model.operation import Operation, Resource
from gateway.model.own import Own


def screen(  # noqa: PLR0913, PLR0917 - a request and what it is held against
    connection: Connection,
    request: Request,
    operation: Operation,
    masking_of: Callable[[Resource], Masking],
    own: Own,
    marks: Marks,
    *,
    demanded: Masking | None = None,
) -> None:
    """Pass what no guardrail objects to.

    Args:
        connection: where the request would go.
        request: as the agent sent it; guardrails look at it themselves where a classified fact
            alone would be one mistake away from a disclosure.
        operation: as it was classified.
        masking_of: the masking of a place, on any connection.
        own: what is the gateway itself.
        marks: finds the gateway's own tokens and redaction marks.
        demanded: the strictest masking that the caller's rules ask for, None where none does.

    Raises:
        Blocked: with the reason of the first guardrail that objects.
    """
    own_things.check(connection, request, operation, own)
    exfiltration.check(connection, request, operation, masking_of, demanded)
    credentials.check(request, operation)
    publicity.check(request, operation)
    protection.check(request, operation)
    writeback.check(request, operation, masking_of, marks)
