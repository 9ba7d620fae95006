"""A connection: an upstream, the credential kind that opens it, and what lies behind it."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

WITHHELD_MARK = "[withheld]"
"""Stands where a value may not be shown; never accepted back as a value where it was shown."""


class ConnectionKind(StrEnum):
    """Protocols that can be classified."""

    BLOB = "blob"
    FHIR = "fhir"


class Dialect(StrEnum):
    """In which form the clients of a service expect errors."""

    JSON = "json"  # Azure Resource Manager's
    XML = "xml"  # the storage services'
    FHIR = "fhir"  # an OperationOutcome


class CredentialKind(StrEnum):
    """How requests to the upstream are authenticated."""

    MANAGED_IDENTITY = "managed-identity"
    SERVICE_PRINCIPAL = "service-principal"
    ACCOUNT_KEY = "account-key"


class Sensitivity(StrEnum):
    """Whether names below a connection may themselves be ePHI."""

    PLAIN = "plain"
    EPHI = "ephi"


@dataclass(frozen=True, slots=True)
class Credential:
    """Which credential, never the credential itself.

    Attributes:
        kind: see CredentialKind.
        secret: name of the Key Vault secret (account key, client secret), "" for managed identity.
        client_id: of the identity or service principal, "" where not applicable.
        tenant: of the service principal, "" where not applicable.
        scope: token scope for identity credentials, "" where not applicable.
    """

    kind: CredentialKind
    secret: str = ""
    client_id: str = ""
    tenant: str = ""
    scope: str = ""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where an upstream lives, from the manifest alone.

    Attributes:
        scheme: `https`, or `http` for loopback in development.
        host: lower case host name or address.
        port: always explicit.
        base_path: "" or, for path-style endpoints, `/devstoreaccount1`.
        account: the storage account's name, "" for a service that is a host of its own.
    """

    scheme: str
    host: str
    port: int
    base_path: str = ""
    account: str = ""

    @property
    def origin(self) -> str:
        """`scheme://host[:port]`, the port left out where it is the scheme's own."""
        default = {"https": 443, "http": 80}.get(self.scheme)
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}" + ("" if self.port == default else f":{self.port}")


class Definition(Protocol):
    """A masking profile's definition, which only the masking engine reads further."""

    @property
    def name(self) -> str:
        """The profile's name."""
        ...

    @property
    def digest(self) -> str:
        """`sha256:{hex}` of the definition."""
        ...


@dataclass(frozen=True, slots=True)
class Masking:
    """Which profile masks a place, and how strict that is.

    Attributes:
        profile: name in the manifest; "none" shows content as it is.
        rank: strictness, 0 for none; data never moves to a lower rank.
        ephi: the place holds ePHI.
        digest: of the profile's definition, `sha256:{hex}`, or "" for a built-in profile; part of
            derived entity tags, since another definition masks to other bytes.
        definition: what `digest` is of, None for a built-in profile.
    """

    profile: str
    rank: int
    ephi: bool
    digest: str = ""
    definition: Definition | None = field(default=None, repr=False, compare=False)

    @property
    def masks(self) -> bool:
        """Whether anything is masked here at all."""
        return self.rank > 0


@dataclass(frozen=True, slots=True)
class Area:
    """A part of a connection with masking of its own.

    `pattern` is a resource pattern below the connection, such as `public/**`; the first area
    that matches wins, and the connection's own masking holds elsewhere.
    """

    pattern: str
    masking: Masking


@dataclass(frozen=True, slots=True)
class Connection:
    """One upstream as the manifest describes it."""

    name: str
    kind: ConnectionKind
    endpoint: Endpoint
    credential: Credential
    masking: Masking
    areas: tuple[Area, ...] = ()
    names: Sensitivity = Sensitivity.PLAIN
    max_response_bytes: int = 100 * 1024 * 1024
