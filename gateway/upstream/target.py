"""The upstream URL: authority from the manifest alone, the rest from a validated target."""

from urllib.parse import quote, unquote

from gateway.errors import InvalidRequest, Reason
from gateway.model.connection import Endpoint
from gateway.model.message import Target
from gateway.upstream import percent

MAX_TARGET = 8192

# The REST specification writes all names in lower case but these.
_SPELLED = {"startfrom": "startFrom", "endbefore": "endBefore"}
# They say which operation it is; their values are words without regard to case.
_DECIDING = frozenset({"comp", "restype"})


def build_url(endpoint: Endpoint, target: Target) -> str:
    """The URL to send to: the path character for character as it was judged.

    Query parameters were judged by their decoded names without regard to case. A server that reads
    `Comp=tags` or `%63omp=tags` otherwise would carry out another operation, so names, and the
    values of `comp` and `restype`, are written as the specification writes them; other values stay.

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
    if target.query:
        target = Target(target.path, "&".join(map(_spelled, target.query.split("&"))))
    return f"{endpoint.origin}{endpoint.base_path}{target}"


def _spelled(pair: str) -> str:
    raw, equals, value = pair.partition("=")
    name = unquote(raw).lower()
    if name in _DECIDING:
        value = quote(unquote(value).lower(), safe="")
    return quote(_SPELLED.get(name, name), safe="") + equals + value


def _refusal() -> InvalidRequest:
    return InvalidRequest(
        "The URL can be read in more than one way.",
        reason=Reason.TARGET_INVALID,
        advice="Use names without backslashes, control characters, doubly encoded characters, "
        "dot segments or a dot at a segment's end, and encode each other character once.",
    )
