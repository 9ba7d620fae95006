"""Shared Key authorization for Azure Blob Storage, rules of version 2015-02-21 and later.

https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key
"""

import base64
import binascii
import hmac
from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from urllib.parse import unquote_plus, urlsplit

from gateway.credentials.bearer import STORAGE_VERSION, http_date
from gateway.model.message import Headers, UpstreamRequest

# In the order of the string to sign; Content-Length and Date have rules of their own.
_BEFORE_LENGTH = ("content-encoding", "content-language")
_AFTER_LENGTH = ("content-md5", "content-type")
_REPLACED = frozenset({"authorization", "content-length", "date", "x-ms-date"})
_AFTER_DATE = ("if-modified-since", "if-match", "if-none-match", "if-unmodified-since", "range")

# The service collates names as words: hyphens count last. The order is that of the first level.
_COLLATION = {
    character: rank
    for rank, character in enumerate("'!#$%&*.^_`|~+0123456789abcdefghijklmnopqrstuvwxyz")
}


def parse_key(text: str) -> bytes:
    """An account key as Azure shows it, base64.

    Raises:
        ValueError: it is not one; the message does not show it.
    """
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not key:
        raise ValueError("the account key is not base64") from None
    return key


def sign(account: str, key: bytes, request: UpstreamRequest, date: datetime) -> UpstreamRequest:
    """The request with `x-ms-date`, `x-ms-version` and its Shared Key `authorization`.

    An earlier authorization and date are replaced. Headers that stand twice are joined with a
    comma, so that what is signed is what the service sees.

    Args:
        account: storage account name.
        key: the raw key, see `parse_key`.
        request: with its final URL, headers and body.
        date: the current moment, timezone aware.
    """
    headers = _joined(request.headers, http_date(date))
    text = _string_to_sign(account, request.method, request.url, headers, len(request.body))
    mac = base64.b64encode(hmac.digest(key, text.encode(), "sha256")).decode()
    headers["authorization"] = f"SharedKey {account}:{mac}"
    return UpstreamRequest(
        request.method, request.url, Headers(tuple(headers.items())), request.body
    )


def string_to_sign(account: str, method: str, url: str, headers: Headers, length: int) -> str:
    """What the signature covers; `headers` have single values and an `x-ms-date`."""
    return _string_to_sign(account, method, url, dict(headers), length)


def _string_to_sign(
    account: str, method: str, url: str, headers: Mapping[str, str], length: int
) -> str:
    lines = [
        method,
        *[headers.get(name, "") for name in _BEFORE_LENGTH],
        str(length) if length else "",
        *[headers.get(name, "") for name in _AFTER_LENGTH],
        "",  # Date is empty where x-ms-date is given
        *[headers.get(name, "") for name in _AFTER_DATE],
        *[f"{name}:{headers[name]}" for name in _service(tuple(headers))],
        _resource(account, url),
    ]
    return "\n".join(lines)


def _resource(account: str, url: str) -> str:
    # On path-style endpoints the path itself starts with the account, which then stands twice.
    path, query = _path_and_query(url)
    resource = f"/{account}{path or '/'}"
    if not query:
        return resource
    parameters: defaultdict[str, list[str]] = defaultdict(list)
    for pair in query.split("&"):
        if pair:
            name, _, value = pair.partition("=")
            parameters[unquote_plus(name).lower()].append(unquote_plus(value))
    lines = [f"{name}:{','.join(sorted(values))}" for name, values in sorted(parameters.items())]
    return "\n".join([resource, *lines])


def _path_and_query(url: str) -> tuple[str, str]:
    before, slash, after = url.partition("://")[2].partition("/")
    if not slash or "?" in before or "#" in url:
        parts = urlsplit(url)
        return parts.path, parts.query
    path, _, query = after.partition("?")
    return f"/{path}", query


def _joined(headers: Headers, date: str) -> dict[str, str]:
    """Each name once, with date and version; an earlier date, signature or length is left out."""
    values: dict[str, str] = {}
    for name, value in headers:
        if name not in _REPLACED:
            values[name] = f"{values[name]},{value.strip()}" if name in values else value.strip()
    values["x-ms-date"] = date
    values.setdefault("x-ms-version", STORAGE_VERSION)
    return values


@lru_cache(maxsize=256)
def _service(names: tuple[str, ...]) -> tuple[str, ...]:
    """The service's own headers in the order that they are signed in; most requests share it."""
    return tuple(sorted([name for name in names if name.startswith("x-ms-")], key=_rank))


def _rank(name: str) -> tuple[tuple[int, ...], tuple[bool, ...], str]:
    letters = tuple(
        _COLLATION.get(character, len(_COLLATION)) for character in name if character != "-"
    )
    return letters, tuple(character == "-" for character in name), name
