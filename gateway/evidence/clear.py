"""What may stand in a record in clear, and the keyed digest that stands for the rest.

A client chooses names, labels, paths and query values, and may put ePHI there. Until masking of
text exists, such a string is recorded as it is only where its form leaves no room for a message:
a GUID, a word of a fixed vocabulary, an address. Names of containers and blobs stand in clear where
the connection says that names are plain.
"""

import ipaddress
import re
from functools import lru_cache
from typing import Final

from gateway.evidence import fhir_clear
from gateway.model.connection import Connection, ConnectionKind, Sensitivity
from gateway.model.detokenize import DETOKENIZE
from gateway.model.digest import DigestKey
from gateway.model.message import Target
from gateway.model.operation import Resource

PURPOSES: Final = frozenset(
    {
        "treatment",
        "payment",
        "operations",
        "research",
        "emergency",
        "public-health",
        "patient-request",
        "legal",
        "audit",
        "maintenance",
    }
)
"""Purposes that an agent may state with `x-chaperone-purpose` and find recorded in clear.

The first three are those of 45 CFR 164.506; the rest follow HL7's PurposeOfUse value set.
"""

_MAX_ADDRESS: Final = 64
_METHODS: Final = frozenset({"GET", "HEAD", "PUT", "POST", "PATCH", "DELETE", "OPTIONS", "MERGE"})
_GUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_HOST: Final = re.compile(r"[a-z0-9._:\[\]-]{1,255}")
_CONTAINER: Final = re.compile(r"\$?[a-z0-9](?:-?[a-z0-9]){1,62}")
_VERSION: Final = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{7}Z")

# Parameters of the Blob REST API whose values are words of the protocol, and those words.
_WORDS: Final = {
    "restype": re.compile("service|container|account"),
    "comp": re.compile(
        "list|properties|stats|metadata|acl|lease|block|blocklist|page|pagelist|appendblock"
        "|snapshot|copy|incrementalcopy|undelete|tags|tier|expiry|seal|query|batch"
        "|userdelegationkey|blobs|rename|immutabilitypolicies|legalhold"
    ),
}
# Parameters whose name says something and whose value may say too much.
_NAMES: Final = re.compile(
    "restype|comp|prefix|marker|delimiter|include|blockid|snapshot|versionid|where|maxresults"
    "|timeout|copyid|blocklisttype|prevsnapshot|deletetype|api-version"
)


def opaque(purpose: str, text: str, keys: DigestKey) -> str:
    """The keyed digest of a string, "" for none."""
    return keys.of(purpose, _bytes(text)) if text else ""


def identifier(purpose: str, text: str | None, keys: DigestKey) -> str:
    """A GUID in clear and in lower case, anything else as keyed digest, "" for none."""
    lowered = (text or "").strip().lower()
    return lowered if _GUID.fullmatch(lowered) else opaque(purpose, (text or "").strip(), keys)


def purpose(text: str | None, keys: DigestKey) -> str:
    """A word of PURPOSES, anything else as keyed digest, "" for none."""
    lowered = (text or "").strip().lower()
    return lowered if lowered in PURPOSES else opaque("purpose", (text or "").strip(), keys)


def method(text: str, keys: DigestKey) -> str:
    """A method of HTTP, anything else as keyed digest."""
    return text if text in _METHODS else opaque("method", text, keys)


def address(text: str) -> str:
    """An IP address, its port left out, or "" where the text is none."""
    host = text.strip()
    if host.startswith("["):
        host = host[1:].partition("]")[0]
    elif host.count(":") == 1:
        host = host.partition(":")[0]
    # A scope id (fe80::1%anything) is free text; no address without one is as long.
    return "" if "%" in host or len(host) > _MAX_ADDRESS else _address(host)


@lru_cache(maxsize=1024)
def _address(host: str) -> str:
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        return ""


def printable(text: str) -> str:
    """The text with lone surrogates escaped: they have no place in UTF-8."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()


def resource(item: Resource, connection: Connection, keys: DigestKey) -> str:
    """`connection/container/blob`, `//host/…` for a foreign one, `@version` where it has one."""
    if not item.connection:
        host = item.authority
        root = host if _HOST.fullmatch(host) else opaque("host", host, keys)
        parts = [f"//{root}"]
        if item.path:
            parts.append(opaque("resource", "/".join(item.path), keys))
    elif item.connection == connection.name and connection.kind is ConnectionKind.FHIR:
        parts = [item.connection, *fhir_clear.segments(item.path, connection.names, keys)]
    elif item.connection == connection.name and connection.names is Sensitivity.PLAIN:
        parts = [item.connection, *map(printable, item.path)]
    else:
        # The names of another connection may be ePHI whatever this one's are.
        parts = [item.connection, *_place(item.path, keys)]
    return "/".join(parts) + _version(item.version, keys)


def resource_digest(item: Resource, keys: DigestKey) -> str:
    """Keyed digest of `connection/container/blob[@version]`, by which a resource is searched."""
    suffix = f"@{item.version}" if item.version else ""
    return keys.of("resource", _bytes(f"{item}{suffix}"))


def target(item: Target, connection: Connection | None, keys: DigestKey) -> str:
    """The request target in masked form; without a connection nothing of the path is clear."""
    if item == DETOKENIZE:
        return str(item)
    if connection is not None and connection.kind is ConnectionKind.FHIR:
        return fhir_clear.target(item, connection.names, keys)
    if connection is not None and connection.names is Sensitivity.PLAIN:
        path = printable(item.path)
    else:
        segments = tuple(item.path.removeprefix("/").split("/", 1)) if item.path != "/" else ()
        # One segment alone may be a blob of the root container.
        certain = len(segments) > 1 or "restype=container" in item.query.lower().split("&")
        path = "/" + "/".join(_place(segments, keys, container=connection is not None and certain))
    query = "&".join(_parameter(pair, keys) for pair in item.query.split("&") if pair)
    return f"{path}?{query}" if query else path


def _place(path: tuple[str, ...], keys: DigestKey, *, container: bool = True) -> list[str]:
    """Container in clear if it can be one's name, the rest as one keyed digest."""
    if container and path and _CONTAINER.fullmatch(path[0]):
        return [path[0], *([opaque("name", "/".join(path[1:]), keys)] if path[1:] else [])]
    return [opaque("name", "/".join(path), keys)] if path else []


def _parameter(pair: str, keys: DigestKey) -> str:
    name, _, value = pair.partition("=")
    lowered = name.lower()
    if lowered in _WORDS and _WORDS[lowered].fullmatch(value.lower()):
        return f"{lowered}={value.lower()}"
    if _NAMES.fullmatch(lowered):
        return f"{lowered}={opaque('query', value, keys)}"
    return opaque("query", pair, keys)


def _version(version: str, keys: DigestKey) -> str:
    if not version:
        return ""
    return "@" + (version if _VERSION.fullmatch(version) else opaque("version", version, keys))


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
