"""The gateway is not a way into itself: its accounts, vault, app and authority are no upstream.

A storage account is one thing under many addresses: each service has a host, there are zone,
private link and secondary hosts, and on loopback the account is the first segment of the path.
"""

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote, urlsplit

from gateway.errors import Blocked, Reason
from gateway.model.connection import Connection
from gateway.model.message import Request
from gateway.model.operation import Operation

_SERVICES = frozenset({"blob", "dfs", "file", "queue", "table", "web"})
_SECONDARY = "-secondary"
_DEFAULT_PORTS = frozenset({0, 80, 443})
_LOOPBACK = "loopback"


@dataclass(frozen=True, slots=True)
class _Address:
    """What two addresses of one thing have in common.

    Attributes:
        host: normalised; "" for a storage host, of which the account says all.
        port: 0 for a scheme's own.
        account: the storage account or first path segment, "" for a whole host.
    """

    host: str
    port: int
    account: str


def check(
    connection: Connection, request: Request, operation: Operation, own_endpoints: frozenset[str]
) -> None:
    """Pass an operation that reaches nothing of the gateway's own.

    Raises:
        Blocked: the upstream, or a foreign resource of the operation, is one of `own_endpoints`.
    """
    reached = list(_reached(connection, request, operation))
    if any(_same(mine, there) for mine in _own(own_endpoints) for there in reached):
        raise Blocked(
            "The request would reach the gateway's own accounts or endpoints.",
            reason=Reason.GATEWAY_RESOURCE,
            advice="No rule can allow this: the gateway's own resources are not served.",
        )


@lru_cache(maxsize=8)
def _own(endpoints: frozenset[str]) -> tuple[_Address, ...]:
    """Parsed once: the same few settings come with every request."""
    return tuple(address for text in endpoints for address in _addresses(text))


def _reached(connection: Connection, request: Request, operation: Operation) -> Iterator[_Address]:
    endpoint = connection.endpoint
    host = f"[{endpoint.host}]" if ":" in endpoint.host else endpoint.host
    path = unquote(f"{endpoint.base_path}{request.target.path}")
    yield from _addresses(f"{host}:{endpoint.port}{path}")
    for access in operation.accesses:
        if not access.resource.connection:
            yield from _addresses("/".join((access.resource.authority, *access.resource.path)))


def _addresses(text: str) -> Iterator[_Address]:
    """The addresses that `host[:port][/path]` may stand for."""
    authority, _, path = text.lower().partition("/")
    parts = urlsplit(f"//{authority}")
    host = (parts.hostname or "").rstrip(".")
    port = 0 if (parts.port or 0) in _DEFAULT_PORTS else parts.port or 0
    account = path.lstrip("/").partition("/")[0].removesuffix(_SECONDARY)
    labels = [label for label in host.split(".") if label != "privatelink"]
    first = labels[0].removesuffix(_SECONDARY)
    if _is_storage(labels):
        yield _Address("", 0, first)
        return
    if _is_loopback(host):
        host = _LOOPBACK
        if len(labels) > 1 and labels[-1] == "localhost":
            # Azurite also serves accounts by host name: account.localhost, account.blob.localhost.
            yield _Address(host, port, first)
    yield _Address(host, port, account)


def _same(own: _Address, there: _Address) -> bool:
    if (own.host, own.port) != (there.host, there.port):
        return False
    return own.account in {"", there.account}


def _is_storage(labels: list[str]) -> bool:
    """`account[.z01].service.suffix` (storage account endpoints, DNS zone endpoints)."""
    rest = labels[1:]
    if rest and rest[0][:1] == "z" and rest[0][1:].isdigit():
        rest = rest[1:]
    return len(rest) > 1 and rest[0] in _SERVICES and rest[-1] != "localhost"


def _is_loopback(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
    mapped = getattr(address, "ipv4_mapped", None)
    return bool(address.is_loopback or address.is_unspecified or (mapped and mapped.is_loopback))
