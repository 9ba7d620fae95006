"""The gateway's addresses in place of the upstream's."""

import re
from urllib.parse import unquote

from gateway.model.connection import Connection
from gateway.model.fhir import RESOURCE_TYPES
from gateway.upstream.fhir.request import CONTINUATION

_VERSIONED = re.compile(r"([A-Z][A-Za-z]{1,63})/([A-Za-z0-9.-]{1,64})(?:/_history/([0-9]{1,10}))?")


def service(base_url: str, connection: Connection) -> str:
    """The gateway's URL of the connection, without a slash at the end."""
    return f"{base_url.rstrip('/')}/c/{connection.name}"


def relative(url: str, connection: Connection) -> str | None:
    """`Type/id` and what follows, of a URL below the upstream; None for any other."""
    root = f"{connection.endpoint.origin}{connection.endpoint.base_path}/"
    return url.removeprefix(root) if url.startswith(root) else None


def resource(url: str, connection: Connection) -> tuple[str, str, str] | None:
    """Type, id and version ("" for none) that a URL of the upstream's names."""
    local = relative(url, connection)
    match = _VERSIONED.fullmatch(local or url)
    if match is None or match[1] not in RESOURCE_TYPES:
        return None
    return match[1], match[2], match[3] or ""


def continuation(url: str) -> str:
    """The upstream's continuation token in a `next` link.

    Raises:
        ValueError: there is none, or there are several.
    """
    pairs = [pair.partition("=") for pair in url.partition("?")[2].split("&")]
    found = [unquote(value) for name, _, value in pairs if name == CONTINUATION and value]
    if len(found) != 1:
        raise ValueError("a next link without a continuation token")
    return found[0]
