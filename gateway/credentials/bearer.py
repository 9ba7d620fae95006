"""Bearer tokens (RFC 6750) for Azure services, and the headers that every signed request has."""

from datetime import UTC, datetime
from email.utils import format_datetime
from functools import lru_cache

from gateway.model.message import Headers, UpstreamRequest

STORAGE_VERSION = "2025-11-05"
"""Sent where the agent names none: token authorization needs 2017-11-09 or later."""


def with_bearer(request: UpstreamRequest, token: str, date: datetime) -> UpstreamRequest:
    """The request with this token in place of any authorization, `x-ms-date` and `x-ms-version`.

    Raises:
        ValueError: the token cannot stand in a header; the message does not show it.
    """
    headers = with_version(request.headers.without("date"))
    headers = headers.replacing("x-ms-date", http_date(date))
    dated = UpstreamRequest(request.method, request.url, headers, request.body)
    return with_authorization(dated, token)


def with_authorization(request: UpstreamRequest, token: str) -> UpstreamRequest:
    """The request with this token in place of any authorization, and nothing else (RFC 6750 §2.1).

    Raises:
        ValueError: the token cannot stand in a header; the message does not show it.
    """
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise ValueError("the token is not a bearer token")
    headers = request.headers.replacing("authorization", f"Bearer {token}")
    return UpstreamRequest(request.method, request.url, headers, request.body)


def with_version(headers: Headers) -> Headers:
    """`x-ms-version` added where there is none."""
    if "x-ms-version" in headers:
        return headers
    return headers.replacing("x-ms-version", STORAGE_VERSION)


def http_date(moment: datetime) -> str:
    """IMF-fixdate (RFC 9110 §5.6.7) of a timezone aware moment."""
    return _formatted(moment.replace(microsecond=0))


@lru_cache(maxsize=4)
def _formatted(moment: datetime) -> str:
    """Once a second, not once a request."""
    return format_datetime(moment.astimezone(UTC), usegmt=True)
