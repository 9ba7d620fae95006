"""Every outside system, as the pipeline and its neighbours see it.

Each Protocol has one adapter (or more) in `gateway/adapters` and one fake in `tests/fakes.py`;
`tests/contract` runs the same cases on all of them. Adapters raise only `gateway.errors`.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from gateway.model.canonical import Json
from gateway.model.connection import Connection, Credential
from gateway.model.digest import DigestKey
from gateway.model.exchange import Approved, Authorised, Forwarded, Masked, Receipt, Screened
from gateway.model.message import Headers, UpstreamRequest, UpstreamResponse
from gateway.model.principal import Principal
from gateway.policy.policy import Policy


class Clock(Protocol):
    """The time."""

    def now(self) -> datetime:
        """The current moment, timezone aware, UTC."""
        ...


class Entropy(Protocol):
    """Randomness of cryptographic quality."""

    def hex(self, size: int) -> str:
        """`size` random bytes as hex digits."""
        ...


# --- identity ---------------------------------------------------------------------------------


class KeyEndpoint(Protocol):
    """The tenant's JWKS document (OpenID Connect Discovery 1.0, RFC 7517)."""

    async def fetch(self, tenant: str) -> Mapping[str, object]:
        """The key set as parsed JSON.

        Raises:
            Unavailable: the endpoint failed, was too slow or did not answer with a key set.
        """
        ...


class Verifier(Protocol):
    """Turns a bearer token into a principal."""

    async def verify(self, token: str) -> Principal:
        """The principal of a good token.

        Raises:
            Unauthenticated: with the reason.
            Unavailable: keys cannot be had and no cached key answers.
        """
        ...


@dataclass(frozen=True, slots=True)
class DenyEntry:
    """One denial: `kind` is oid, azp, uti or session; `value` in lower case.

    Attributes:
        kind: which identifier is denied.
        value: the identifier.
        reason: why, for operators.
        by: the person who added it.
        at: when, RFC 3339, UTC.
    """

    kind: str
    value: str
    reason: str = ""
    by: str = ""
    at: str = ""


class DenyTable(Protocol):
    """The table of denied principals, tokens and sessions (Table storage)."""

    async def entries(self) -> Sequence[DenyEntry]:
        """All of them.

        Raises:
            StoreError: the table cannot be read.
        """
        ...


class DenyRegister(DenyTable, Protocol):
    """The same table for operators, who may change it."""

    async def add(self, entry: DenyEntry) -> None:
        """Deny; an entry of the same kind and value is replaced.

        Raises:
            InvalidRequest: an unknown kind, or a value that cannot be an identifier of that kind.
            StoreError: it may or may not have been written.
        """
        ...

    async def remove(self, kind: str, value: str) -> None:
        """Deny no longer.

        Raises:
            InvalidRequest: as for `add`.
            NotFound: there is no such entry.
            StoreError: it may or may not have been removed.
        """
        ...


class DenyList(Protocol):
    """What an instance knows of the deny table, at most 30 s old."""

    async def check(self, principal: Principal, session: str) -> None:
        """Pass, or refuse.

        Raises:
            Forbidden: an entry names the principal, its client, its token or its session.
            Unavailable: the list is older than it may be and cannot be read.
        """
        ...


# --- storage ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StoredBlob:
    """A blob's name and size in bytes."""

    name: str
    size: int


class EvidenceStore(Protocol):
    """Append-only storage under a locked retention policy: add and read, never change.

    Timeouts and unknown failures are `StoreUnavailable`: the write may have landed, and the
    caller finds out by reading.
    """

    async def create(self, name: str) -> None:
        """Create an empty append blob.

        Raises:
            AlreadyExists: the name is taken (also after a lost answer to the caller's own call).
            StoreUnavailable: unknown.
        """
        ...

    async def append(self, name: str, data: bytes, position: int) -> int:
        """Append exactly at `position`; the new length, durable on return.

        Raises:
            PreconditionFailed: the blob is not `position` bytes long.
            NotFound: no such blob.
            StoreUnavailable: unknown.
        """
        ...

    async def put(self, name: str, data: bytes) -> None:
        """Write a whole immutable blob once.

        Raises:
            AlreadyExists: the name is taken; the content there may differ.
            StoreUnavailable: unknown.
        """
        ...

    async def read(self, name: str, offset: int = 0, length: int | None = None) -> bytes:
        """Bytes from `offset`; fewer than `length` at the end, b"" at or past it.

        Raises:
            NotFound: no such blob.
            StoreUnavailable: cannot be read.
        """
        ...

    def list(self, prefix: str) -> AsyncIterator[StoredBlob]:
        """Blobs below `prefix` in name order.

        Raises:
            StoreUnavailable: cannot be listed.
        """
        ...


@dataclass(frozen=True, slots=True)
class Versioned:
    """Content with the ETag it had when read."""

    data: bytes
    etag: str


class StateStore(Protocol):
    """Small mutable blobs in the host account: pointers, leases. Never the truth."""

    async def get(self, name: str) -> Versioned:
        """Content and ETag.

        Raises:
            NotFound: no such blob.
            StoreUnavailable: cannot be read.
        """
        ...

    async def swap(self, name: str, data: bytes, etag: str | None) -> str:
        """Write if the ETag still holds (None: if absent); the new ETag.

        Raises:
            PreconditionFailed: somebody else was first.
            StoreUnavailable: unknown.
        """
        ...

    async def lease(self, name: str, seconds: int) -> str | None:
        """A lease id for `seconds` (15 to 60), or None where another holder has it.

        Raises:
            StoreUnavailable: unknown.
        """
        ...

    async def release(self, name: str, lease: str) -> None:
        """Give a lease back; one that has run out is no error.

        Raises:
            StoreUnavailable: unknown.
        """
        ...


class Journal(Protocol):
    """This process's journal."""

    async def append(self, record: Mapping[str, Json]) -> Receipt:
        """Make the record durable; `v, writer, seq, ts, prev` are the journal's to add.

        Raises:
            EvidenceUnavailable: it is not, or cannot be known to be, durable.
        """
        ...


# --- secrets, upstream --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret value with its version; the value shows in no repr."""

    value: str = field(repr=False)
    version: str


class Secrets(Protocol):
    """Key Vault secrets, or the development store in their place."""

    async def get(self, name: str) -> Secret:
        """The current version.

        Raises:
            Unavailable: the vault cannot be reached, or has no such secret.
        """
        ...


class DigestKeys(Protocol):
    """The key of keyed digests in records."""

    async def current(self) -> DigestKey:
        """The version in force.

        Raises:
            Unavailable: no usable key; nothing can be recorded, so nothing is forwarded.
        """
        ...


class Tokens(Protocol):
    """Entra tokens for identity credentials."""

    async def token(self, credential: Credential) -> str:
        """A bearer token for the credential's scope.

        Raises:
            Unavailable: none can be had.
        """
        ...


class Authorizer(Protocol):
    """Adds the connection's credential to an upstream request."""

    async def authorize(self, connection: Connection, request: UpstreamRequest) -> UpstreamRequest:
        """The same request, signed or with a bearer token.

        Raises:
            Unavailable: the credential cannot be had.
        """
        ...


class Upstream(Protocol):
    """One HTTP exchange with an upstream; redirects are answers, never followed."""

    async def send(self, request: UpstreamRequest, max_bytes: int) -> UpstreamResponse:
        """The whole answer, at most `max_bytes` of body.

        Raises:
            UpstreamUnreachable: nothing was sent.
            UpstreamInterrupted: sent, and the end is unknown.
            ResponseTooLarge: the body is over `max_bytes`.
        """
        ...


class Manifests(Protocol):
    """The manifest in force."""

    async def current(self) -> Policy:
        """The compiled manifest that was activated last.

        Raises:
            Unavailable: none was activated, or it cannot be known for too long.
        """
        ...


# --- the two stages that need people or engines -------------------------------------------------


class Approvals(Protocol):
    """Asks a person."""

    async def approve(self, screened: Screened) -> Approved:
        """The approved exchange.

        Raises:
            ApprovalRequired: held; the error says where to read the result.
            Denied: cannot be asked, was rejected or has expired.
        """
        ...


class Masker(Protocol):
    """Makes the answer fit to be seen."""

    def admit(self, authorised: Authorised) -> None:
        """Refuse before forwarding what certainly could not be shown afterwards.

        Raises:
            Withheld: no answer to this operation may be shown, whatever the upstream says.
        """
        ...

    def mask(self, forwarded: Forwarded, headers: Headers, body: bytes) -> Masked:
        """The masked answer, from protocol-rewritten `headers` and `body`.

        Raises:
            Withheld: the content may not be shown, or cannot be masked.
        """
        ...


class Meter(Protocol):
    """Counters for operators, without request data."""

    def count(self, name: str, label: str = "") -> None:
        """Add one to a counter; `label` is a reason code or another fixed word."""
        ...
