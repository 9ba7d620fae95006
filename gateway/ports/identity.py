"""Who asks: tokens, keys, the deny list, sign-in of people."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from gateway.model.principal import Principal

if TYPE_CHECKING:
    from gateway.authn.id_token import Expected


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


@dataclass(frozen=True, slots=True)
class PersonTokens:
    """What the token endpoint gives for a person; neither shows in a repr."""

    id_token: str = field(repr=False)
    refresh_token: str = field(repr=False)


class SignInProvider(Protocol):
    """The identity provider's endpoints for people (OpenID Connect Core §3.1, §12)."""

    async def authorization_endpoint(self) -> str:
        """Where browsers go to sign in.

        Raises:
            Unavailable: it cannot be known now.
        """
        ...

    async def redeem(self, code: str, verifier: str) -> PersonTokens:
        """Tokens for an authorization code and its PKCE verifier.

        Raises:
            Unauthenticated: the code is not good, or not any more.
            Unavailable: the endpoint failed, or does not accept this client.
        """
        ...

    async def renew(self, refresh_token: str) -> PersonTokens:
        """New tokens with the groups of this moment.

        Raises:
            Unauthenticated: the person has to sign in again.
            Unavailable: as for `redeem`.
        """
        ...


class IdTokens(Protocol):
    """Turns an id token into the person it names."""

    async def verify(self, token: str, expected: "Expected") -> Principal:
        """The person of a good id token.

        Raises:
            Unauthenticated: with the reason.
            Forbidden: GROUP_OVERAGE.
            Unavailable: signing keys cannot be had.
        """
        ...


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
