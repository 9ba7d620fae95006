"""Secrets, keys and credentials."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from gateway.model.connection import Connection, Credential
from gateway.model.digest import DigestKey
from gateway.model.message import UpstreamRequest

if TYPE_CHECKING:
    from gateway.evidence.signing_keys import PublicKey
    from gateway.masking.tokens import TokenKey


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret value with its version; the value shows in no repr."""

    value: str = field(repr=False)
    version: str


class Secrets(Protocol):
    """Key Vault secrets, or the development store in their place."""

    async def get(self, name: str, version: str = "") -> Secret:
        """The current version, or the one that is named.

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


@dataclass(frozen=True, slots=True)
class Signed:
    """A signature: ECDSA over P-256 with SHA-256, in DER, and the public key that verifies it."""

    key: PublicKey
    value: bytes


class Signer(Protocol):
    """The key that signs checkpoints; its private part is never here."""

    async def key(self) -> PublicKey:
        """The public part of the version in force.

        Raises:
            Unavailable: it cannot be had, or is no P-256 key.
        """
        ...

    async def sign(self, text: bytes) -> Signed:
        """Sign with the version in force.

        Raises:
            Unavailable: the key cannot be used now.
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


class TokenBudget(Protocol):
    """How many tokens a principal may have turned back into values."""

    async def take(self, owner: str, number: int) -> None:
        """Count so many, before the first of them is tried.

        Args:
            owner: tenant, object id and application, joined with "|".
            number: of tokens in one request.

        Raises:
            Denied: TOKEN_LIMIT.
            Unavailable: it cannot be known how many there were.
        """
        ...


class SealingKeys(Protocol):
    """A versioned secret key; what an older version sealed can still be opened."""

    async def current(self) -> DigestKey:
        """The version in force.

        Raises:
            Unavailable: no usable key.
        """
        ...

    async def version(self, version: str) -> DigestKey:
        """The version that something names.

        Raises:
            Unavailable: it cannot be had.
        """
        ...


class TokenKeys(Protocol):
    """The key that tokens are made with."""

    async def current(self) -> TokenKey:
        """The version in force.

        Raises:
            Unavailable: no usable key; what would need tokens is not forwarded.
        """
        ...
