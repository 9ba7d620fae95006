"""Upstream URLs of a manifest: Blob endpoints, and services that are hosts of their own.

Blob endpoints are `{account}.blob.{suffix}`, `{account}.z{nn}.blob.storage.azure.net` (DNS zone
endpoints) or, on loopback, path-style `http://127.0.0.1:10000/{account}`:
https://learn.microsoft.com/azure/storage/common/storage-account-overview#storage-account-endpoints
"""

import ipaddress
import re
from urllib.parse import SplitResult, urlsplit

from gateway.model.connection import Endpoint
from gateway.model.own import SECONDARY, is_loopback, storage_account

_ACCOUNT = re.compile(r"[a-z0-9]{3,24}")
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_PORTS = {"https": 443, "http": 80}
# Public cloud, and Azure Government:
# https://learn.microsoft.com/azure/azure-government/compare-azure-government-global-azure
_FHIR_SUFFIXES = frozenset({"fhir.azurehealthcareapis.com", "fhir.azurehealthcareapis.us"})


def endpoint(url: str) -> Endpoint:
    """The blob endpoint at `url`.

    Raises:
        ValueError: one sentence that says what an upstream must be.
    """
    parts = _split(url)
    host = _host(parts)
    port = parts.port if parts.port is not None else _PORTS[parts.scheme]
    if is_loopback(host):
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
    account, service = storage_account(host) or ("", "")
    if service != "blob" or not _ACCOUNT.fullmatch(account):
        raise ValueError("expected a blob endpoint, https://{account}.blob.core.windows.net")
    if parts.path not in {"", "/"}:
        raise ValueError("the upstream of a storage account has no path; put containers in rules")
    return Endpoint("https", host, port, "", account)


def fhir_endpoint(url: str) -> Endpoint:
    """The endpoint of a FHIR service: `https://{workspace}-{service}.fhir.azurehealthcareapis.com`.

    Raises:
        ValueError: one sentence that says what an upstream must be.
    """
    parts = _split(url)
    host = _host(parts)
    port = parts.port if parts.port is not None else _PORTS[parts.scheme]
    if parts.path not in {"", "/"}:
        raise ValueError("the upstream of a FHIR service has no path; put resource types in rules")
    if is_loopback(host):
        return Endpoint(parts.scheme, host, port)
    if parts.scheme != "https":
        raise ValueError("an upstream is https; only loopback may be http")
    service, _, suffix = host.partition(".")
    if suffix not in _FHIR_SUFFIXES or "-" not in service or port != _PORTS["https"]:
        raise ValueError(
            "expected a FHIR service, https://{workspace}-{service}.fhir.azurehealthcareapis.com"
        )
    return Endpoint("https", host, port)


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
    if not _is_address(host) and not all(_LABEL.fullmatch(label) for label in host.split(".")):
        raise ValueError("the upstream's host is not a host name")
    return host


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _primary(account: str) -> str:
    return account.removesuffix(SECONDARY)
