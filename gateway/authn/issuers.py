"""Who issues tokens for a tenant: one issuer per token version."""

from dataclasses import dataclass
from urllib.parse import urlsplit

# v1 tokens come from the old security token service, in the cloud of 21Vianet from its own; see
# https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference ("iss").
_V1_HOST = "sts.windows.net"
_V1_HOSTS = {
    "login.partner.microsoftonline.cn": "sts.chinacloudapi.cn",
    "login.chinacloudapi.cn": "sts.chinacloudapi.cn",
}


@dataclass(frozen=True, slots=True)
class Issuers:
    """The exact `iss` of v1 (`https://sts.windows.net/{tid}/`) and of v2 tokens."""

    v1: str
    v2: str


def issuers(authority: str, tenant: str) -> Issuers:
    """The issuers of `tenant` (a GUID in lower case) in the cloud of `authority`."""
    host = urlsplit(authority).hostname or ""
    return Issuers(
        v1=f"https://{_V1_HOSTS.get(host, _V1_HOST)}/{tenant}/",
        v2=f"{authority.rstrip('/')}/{tenant}/v2.0",
    )
