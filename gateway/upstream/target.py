"""The upstream URL: authority from the manifest alone, the rest from a validated target."""

from gateway.errors import InvalidRequest, Reason
from gateway.model.connection import Endpoint
from gateway.model.message import Target
from gateway.upstream import percent

MAX_TARGET = 8192


def build_url(endpoint: Endpoint, target: Target) -> str:
    """The URL to send to, character for character what was judged.

    Raises:
        InvalidRequest: the target is too long or has more than one reading; see `percent`.
    """
    if len(target.path) + len(target.query) > MAX_TARGET:
        raise InvalidRequest("The URL is too long.", reason=Reason.TARGET_INVALID)
    try:
        parts = percent.segments(target.path)
        percent.check_query(target.query)
    except ValueError:
        raise _refusal() from None
    # An empty first segment would be read as an authority by whoever resolves it as a reference.
    if len(parts) > 1 and not parts[0]:
        raise _refusal()
    return f"{endpoint.origin}{endpoint.base_path}{target}"


def _refusal() -> InvalidRequest:
    return InvalidRequest(
        "The URL can be read in more than one way.",
        reason=Reason.TARGET_INVALID,
        advice="Use names without backslashes, control characters, doubly encoded characters, "
        "dot segments or a dot at a segment's end, and encode each other character once.",
    )
