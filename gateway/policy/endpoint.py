"""Upstream URLs of a manifest, and the gateway's own endpoints, which may never be one.

Blob endpoints are `{account}.blob.{suffix}`, `{account}.z{nn}.blob.storage.azure.net` (DNS zone
endpoints) or, on loopback, path-style `http://127.0.0.1:10000/{account}`:
https://learn.microsoft.com/azure/storage/common/storage-account-overview#storage-account-endpoints
"""

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from gateway.model.connection import Endpoint

_SERVICES = frozenset({"blob", "dfs", "table", "queue", "file", "web"})
_ZONE = re.compile(r"z\d{1,2}")
_ACCOUNT = re.compile(r"[a-z0-9]{3,24}")
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_SECONDARY = "-secondary"
_PORTS = {"https": 443, "http": 80}
LOOPBACK = "loopback"


@dataclass(frozen=True, slots=True)
class Place:
    """What two addresses have in common when they reach the same thing.

    Attributes:
        host: lower case, without trailing dots; every loopback address is `loopback`; "" for a
            storage account, which has one host for each service.
        port: 0 for the scheme's own and for storage accounts.
        account: the storage account, "" for a whole host.
    """

    host: str
    port: int
    account: str


def endpoint(url: str) -> Endpoint:
    """The blob endpoint at `url`.

    Raises:
        ValueError: one sentence that says what an upstream must be.
    """
    parts = _split(url)
    host = _host(parts)
    port = parts.port if parts.port is not None else _PORTS[parts.scheme]
    if _is_loopback(host):
        account = parts.path.strip("/")
        if not _ACCOUNT.fullmatch(_primary(account)) or parts.path not in {
            f"/{account}",
            f"/{account}/",
        }:
            raise ValueError(
                "a loopback upstream names the account: http://127.0.0.1:10000/account"
            )
        return Endpoint(parts.scheme, host, port, f"/{account}", _primary(account))
    if parts.scheme != "https":
        raise ValueError("an upstream is https; only loopback may be http")
    storage = _storage(host)
    if storage is None or storage[1] != "blob":
        raise ValueError("expected a blob endpoint, https://{account}.blob.core.windows.net")
    if parts.path not in {"", "/"}:
        raise ValueError("the upstream of a storage account has no path; put containers in rules")
    return Endpoint("https", host, port, "", storage[0])


def is_own(upstream: Endpoint, own: frozenset[str]) -> bool:
    """Whether `upstream` is one of `own`, `host[:port][/account]` of the gateway itself.

    A storage account is the same one whatever the service, the zone, a trailing dot, letter case,
    a default port or `-secondary`.
    """
    there = _place(upstream.host, upstream.port, upstream.base_path)
    whole = Place(there.host, there.port, "")
    places = {_own_place(text) for text in own}
    return there in places or (bool(there.host) and whole in places)


def _own_place(text: str) -> Place:
    parts = urlsplit(f"//{text.lower()}")
    return _place(parts.hostname or "", parts.port or 0, parts.path)


def _place(host: str, port: int, path: str) -> Place:
    host = host.lower().rstrip(".")
    storage = _storage(host)
    if storage is not None:
        return Place("", 0, storage[0])
    if _is_loopback(host):
        host = LOOPBACK
    account = _primary(path.strip("/").split("/")[0].lower())
    return Place(host, 0 if port in _PORTS.values() else port, account)


def _split(url: str) -> SplitResult:
    if not url.isascii() or any(char <= " " or char in "\\\x7f" for char in url):
        raise ValueError("an upstream URL has no spaces, backslashes or characters beyond ASCII")
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise ValueError("not a URL") from None
    if parts.scheme not in _PORTS or not parts.hostname:
        raise ValueError("an upstream is an absolute URL, https://host")
    if "@" in parts.netloc:
        raise ValueError("an upstream URL carries no user name; use `credential`")
    if "?" in url or "#" in url:
        raise ValueError("an upstream URL has no query and no fragment")
    return parts


def _host(parts: SplitResult) -> str:
    host = (parts.hostname or "").lower().rstrip(".")
    if _address(host) is None and not all(_LABEL.fullmatch(label) for label in host.split(".")):
        raise ValueError("the upstream's host is not a host name")
    return host


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return None
    mapped = getattr(address, "ipv4_mapped", None)
    return mapped if isinstance(mapped, ipaddress.IPv4Address) else address


def _is_loopback(host: str) -> bool:
    address = _address(host)
    if address is not None:
        return address.is_loopback
    return host == "localhost" or host.endswith(".localhost")


def _storage(host: str) -> tuple[str, str] | None:
    """(account, service) of a storage host name, or None."""
    labels = [label for label in host.split(".") if label != "privatelink"]
    account, *rest = labels
    if rest and _ZONE.fullmatch(rest[0]):
        rest = rest[1:]
    account = _primary(account)
    if len(rest) < 2 or rest[0] not in _SERVICES or not _ACCOUNT.fullmatch(account):  # noqa: PLR2004
        return None
    return account, rest[0]


def _primary(account: str) -> str:
    return account.removesuffix(_SECONDARY)
