"""Masked values are not written back: read, change one, write all would destroy the others."""

from collections.abc import Callable
from urllib.parse import unquote

from gateway.errors import Blocked, Reason
from gateway.guardrails.message import comp, document
from gateway.model.connection import WITHHELD_MARK, Masking
from gateway.model.message import Request
from gateway.model.operation import Effect, Operation, Resource

_METADATA = "x-ms-meta-"
_TAGS = "x-ms-tags"


def check(
    request: Request, operation: Operation, masking_of: Callable[[Resource], Masking]
) -> None:
    """Pass a write whose metadata and tags are not what a masking place showed in their stead.

    Raises:
        Blocked: a value is the mark of withheld values, or a tag set cannot be read.
    """
    written = [access for access in operation.accesses if access.effect is not Effect.READ]
    if not any(masking_of(access.resource).masks for access in written):
        return
    values = [
        unquote(value)
        for name, value in request.headers
        if name.startswith(_METADATA) or name == _TAGS
    ]
    if comp(request)[1] == "tags" and request.body:
        values += document(request).itertext()
    if any(WITHHELD_MARK in value for value in values):
        raise Blocked(
            "The request would store the mark of a withheld value in the value's place.",
            reason=Reason.MASKED_WRITEBACK,
            advice="Write only metadata and tags whose values you know; leave the others alone.",
        )
