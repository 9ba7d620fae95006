"""Which session a request belongs to, and the digest that says two requests are the same."""

from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

from gateway.evidence.clear import identifier
from gateway.model.canonical import Json, canonical, encoded
from gateway.model.digest import DigestKey
from gateway.model.exchange import Authenticated
from gateway.model.message import Headers, Request
from gateway.model.principal import Principal, Session

SESSION_HEADER: Final = "x-chaperone-session"

# Differ between a request and its repetition, or are the hop's own business.
_VOLATILE: Final = frozenset(
    {
        "authorization",
        "baggage",
        "client-ip",
        "connection",
        "content-length",
        "date",
        "expect",
        "forwarded",
        "host",
        "keep-alive",
        "request-id",
        "te",
        "traceparent",
        "tracestate",
        "transfer-encoding",
        "user-agent",
        "via",
        "x-ms-client-request-id",
        "x-ms-date",
        "x-original-url",
        "x-waws-unencoded-url",
    }
)
_VOLATILE_PREFIXES: Final = ("x-forwarded-", "x-arr-", "x-azure-", "x-appservice-", "x-site-")


def session(principal: Principal, label: str | None, now: datetime, keys: DigestKey) -> Session:
    """The session of (tenant, oid, azp, label), or of the UTC day where no label is given.

    The id is the first half of a keyed digest: nobody can name, or write into, another's session.
    A new digest key starts new sessions.
    """
    chosen = identifier("session", label, keys)
    shown = chosen or now.astimezone(UTC).date().isoformat()
    owner = (principal.tenant, principal.object_id, principal.application)
    return _session((*owner, shown), keys)


@lru_cache(maxsize=1024)
def _session(parts: tuple[str, ...], keys: DigestKey) -> Session:
    """An agent sends many requests in one session."""
    # No label reads like a day: it is a GUID or a digest by now.
    mac = keys.of("session", canonical(parts)).rpartition(":")[2]
    return Session(id=mac[:32], label=parts[-1])


def body_digest(request: Request, keys: DigestKey) -> str:
    """Keyed digest of a request's body, "" for an empty one."""
    return keys.of("body", request.body) if request.body else ""


def request_digest(
    authenticated: Authenticated, connection: str, headers: Headers, keys: DigestKey
) -> str:
    """Keyed digest of who asks for exactly what; an identical repetition has the same.

    Covers tenant, oid and azp; connection, method, normalised target, body; and `headers`, the
    ones that go to the upstream, except those that differ between repetitions (authorization,
    dates, client request id, trace, user agent, hop-by-hop and the platform's own).
    """
    principal, request = authenticated.principal, authenticated.received.request
    kept: list[Json] = [
        [name, _safe(value)]
        for name, value in sorted(headers)
        if name not in _VOLATILE and not name.startswith(_VOLATILE_PREFIXES)
    ]
    parts: list[Json] = [
        [principal.tenant, principal.object_id, principal.application],
        [connection, request.method, _safe(str(request.target))],
        authenticated.body_digest,
        kept,
    ]
    return keys.of("request", encoded(parts))  # text in lists, and nothing else


def _safe(text: str) -> str:
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()
