"""Percent-encoding (RFC 3986 §2), strict: a path has one reading, or it is refused.

Servers differ on `%2e%2e`, backslashes, trailing dots and double encoding; a name that two servers
could read as two places must not be judged as either.
"""

import re
from urllib.parse import quote, unquote_to_bytes

_PCHAR = r"[A-Za-z0-9\-._~!$&'()*+,;=:@]|%[0-9A-Fa-f]{2}"
_PATH = re.compile(rf"(?:{_PCHAR}|/)*")
_QUERY = re.compile(rf"(?:{_PCHAR}|[/?])*")
_ESCAPE = re.compile(r"%[0-9A-Fa-f]{2}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def segments(path: str) -> tuple[str, ...]:
    """The decoded segments of a raw path, `%2F` counting as "/"; "/a//b" is ("a", "", "b").

    Raises:
        ValueError: the path has more than one reading: raw or broken characters, bytes that are
            not UTF-8, a backslash, a control character, what would decode again, or a segment that
            ends with a dot (Azure's naming rules advise against it, and servers trim it).
    """
    if not path.startswith("/") or not _PATH.fullmatch(path):
        raise ValueError("the path has characters that a path cannot have")
    if "%" not in path:
        return _undotted(path)
    first = unquote_to_bytes(path[1:].partition("/")[0])
    decoded = unquote_to_bytes(path).decode()
    if b"/" in first:
        # A container to one server, container and blob to another.
        raise ValueError("the slash behind the first segment is encoded")
    if "\\" in decoded or _CONTROL.search(decoded) or _ESCAPE.search(decoded):
        raise ValueError("the path has a backslash, a control character or a double encoding")
    return _undotted(decoded)


def _undotted(path: str) -> tuple[str, ...]:
    if path.endswith(".") or "./" in path:
        raise ValueError("a path segment ends with a dot")
    return tuple(path[1:].split("/"))


def check_query(query: str) -> None:
    """Pass a raw query string whose characters a query can have.

    Raises:
        ValueError: a raw character that must be encoded, or an encoded control character.
    """
    if not query:
        return
    if not _QUERY.fullmatch(query) or _CONTROL.search(unquote_to_bytes(query).decode()):
        raise ValueError("the query has a character that a query cannot have")


def encode(parts: tuple[str, ...]) -> str:
    """A path from decoded segments, every reserved character encoded."""
    return "".join("/" + quote(part, safe="") for part in parts)
