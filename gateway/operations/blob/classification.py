"""From a Blob service request to an Operation."""

from typing import Final

from gateway.model.connection import Connection
from gateway.model.message import Request
from gateway.model.operation import Effect, Operation
from gateway.operations.blob import headers as h
from gateway.operations.blob.accesses import accesses, moved_container
from gateway.operations.blob.call import Call, recognise
from gateway.operations.blob.facts import facts
from gateway.operations.blob.sources import Resolve, sources

KIND: Final = "blob"

_WORST_LAST: Final = (Effect.READ, Effect.WRITE, Effect.DELETE, Effect.ACTION)
# Headers with a fixed vocabulary that no fact holds.
_FURTHER_WORDS: Final = (h.COPY_ACTION, h.COPY_TAGS, h.REQUIRES_SYNC)


def classify(connection: Connection, request: Request, resolve: Resolve) -> Operation:
    """Classify one request; `resolve` says what a copy source URL names.

    Raises:
        InvalidRequest: broken or ambiguous.
        Blocked: no known operation, or not with these parameters, headers or values.
        GatewayError: as `resolve` raises it.
    """
    call: Call = recognise(connection, request)
    for name in _FURTHER_WORDS:
        h.word(call.headers, name)
    named = sources(call, resolve)
    pairs = accesses(call, named)
    return Operation(
        kind=KIND,
        name=call.spec.name,
        effect=max((pair.effect for pair in pairs), key=_WORST_LAST.index),
        accesses=pairs,
        shape=call.spec.shape,
        refused=call.spec.refused,
        facts=facts(call, named) | {"method": request.method},
        reads_content=call.spec.reads_content
        or named.copy is not None
        or bool(moved_container(call)),
    )
