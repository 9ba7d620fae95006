"""What is the gateway's own, and never an upstream: its endpoints, identity, secrets and tenants.

A storage account is one thing under many addresses: each service has a host, there are zone,
private link and secondary hosts, and on loopback the account is the first segment of the path.
https://learn.microsoft.com/azure/storage/common/storage-account-overview#storage-account-endpoints
"""

import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlsplit

from gateway.model.connection import Credential, CredentialKind, Endpoint

SECONDARY = "-secondary"
_SERVICES = frozenset({"blob", "dfs", "file", "queue", "table", "web"})
_ZONE = re.compile(r"z[0-9]+")
_DEFAULT_PORTS = frozenset({0, 80, 443})
_THIS_MACHINE = "loopback"


@dataclass(frozen=True, slots=True)
class Address:
    """What two addresses of one thing have in common.

    Attributes:
        host: lower case, without trailing dots; one word for every loopback address; "" for a
            storage account, which has a host for each service.
        port: 0 for a scheme's own, and for storage accounts.
        account: the storage account or first path segment, "" for a whole host.
    """

    host: str
    port: int
    account: str


@dataclass(frozen=True, slots=True)
class Own:
    """What a deployment keeps to itself.

    Attributes:
        endpoints: `host[:port][/account]` of the gateway's accounts, vault, app and authority.
        client_id: of the managed identity of its own storage, "" for the system-assigned one;
            None where it has none, as in development.
        secrets: names of its own vault secrets, lower case.
        tenants: whose tokens it accepts, lower case.
    """

    endpoints: frozenset[str] = frozenset()
    client_id: str | None = None
    secrets: frozenset[str] = frozenset()
    tenants: frozenset[str] = frozenset()

    @property
    def serves_tenants(self) -> bool:
        """Whether an application id alone does not say whose agent it is."""
        return len(self.tenants) > 1

    def is_at(self, place: str) -> bool:
        """Whether `host[:port][/path]` is one of the gateway's own endpoints, however written."""
        authority, _, path = place.lower().partition("/")
        return _is_own(self.endpoints, authority, path.lstrip("/").partition("/")[0])

    def holds(self, credential: Credential) -> bool:
        """Whether an upstream's credential is the gateway's own identity or secret.

        Without a client id a managed identity is whichever the app has: that may be its own.
        """
        if credential.secret.lower() in self.secrets:
            return True
        if self.client_id is None:
            return False
        if credential.kind is CredentialKind.MANAGED_IDENTITY and not credential.client_id:
            return True
        return bool(self.client_id) and credential.client_id.lower() == self.client_id.lower()


def addresses(place: str) -> Iterator[Address]:
    """The addresses that `host[:port][/path]` may stand for, the most likely one first."""
    authority, _, path = place.lower().partition("/")
    host, port = _host_and_port(authority)
    account = path.lstrip("/").partition("/")[0].removesuffix(SECONDARY)
    storage = storage_account(host)
    if storage is not None:
        yield Address("", 0, storage[0])
        return
    if is_loopback(host) or _is_unspecified(host):
        first, _, rest = host.partition(".")
        host = _THIS_MACHINE
        if rest.rpartition(".")[2] == "localhost":
            # Azurite also serves accounts by host name: account.localhost, account.blob.localhost.
            yield Address(host, port, first.removesuffix(SECONDARY))
    yield Address(host, port, account)


def whereabouts(endpoint: Endpoint) -> Address:
    """The one thing that an upstream is, whatever its manifest calls it."""
    return next(addresses(reaching(endpoint)))


def reaching(endpoint: Endpoint, path: str = "") -> str:
    """`host:port/path` of what lies at a path below an endpoint."""
    host = f"[{endpoint.host}]" if ":" in endpoint.host else endpoint.host
    return f"{host}:{endpoint.port}{endpoint.base_path}{path}"


def storage_account(host: str) -> tuple[str, str] | None:
    """(account, service) of `account[.z01].service.suffix`, or None for another host."""
    labels = [label for label in host.split(".") if label != "privatelink"]
    account, rest = "".join(labels[:1]), labels[1:]
    if rest and _ZONE.fullmatch(rest[0]):
        rest = rest[1:]
    if len(rest) < 2 or rest[0] not in _SERVICES or rest[-1] == "localhost":  # noqa: PLR2004
        return None
    return account.removesuffix(SECONDARY), rest[0]


def is_loopback(host: str) -> bool:
    """Whether `host`, in lower case, always means this machine (RFC 6761, RFC 4291 §2.5.3)."""
    address = _ip(host)
    if address is not None:
        return address.is_loopback
    return host == "localhost" or host.endswith(".localhost")


@lru_cache(maxsize=256)
def _is_own(endpoints: frozenset[str], authority: str, account: str) -> bool:
    """An address depends on the authority and the first segment alone, and most requests share."""
    there = tuple(addresses(f"{authority}/{account}"))
    return any(_within(mine, found) for mine in _parsed(endpoints) for found in there)


@lru_cache(maxsize=8)
def _parsed(endpoints: frozenset[str]) -> tuple[Address, ...]:
    """Parsed once: the same few settings come with every request."""
    return tuple(address for text in endpoints for address in addresses(text))


def _within(own: Address, there: Address) -> bool:
    if (own.host, own.port) != (there.host, there.port):
        return False
    return own.account in {"", there.account}


def _host_and_port(authority: str) -> tuple[str, int]:
    try:
        parts = urlsplit(f"//{authority}")
        host, port = parts.hostname or "", parts.port or 0
    except ValueError:
        # No address of that form exists; whoever can read it all the same must find the host.
        host, port = authority.partition(":")[0], 0
    return host.rstrip("."), 0 if port in _DEFAULT_PORTS else port


def _is_unspecified(host: str) -> bool:
    """0.0.0.0 and [::], which most systems take for this machine as a destination."""
    address = _ip(host)
    return address is not None and address.is_unspecified


def _ip(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return None
    mapped = getattr(address, "ipv4_mapped", None)
    return mapped if isinstance(mapped, ipaddress.IPv4Address) else address
