"""What the development identity provider signs: keys made at start, claims as Entra writes them."""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from gateway.authn.issuers import issuers
from gateway.local import directory
from gateway.local.directory import Agent, Person

LIFETIME_SECONDS = 3600
_KEPT_KEYS = 2
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)


class RefusedError(Exception):
    """A token request that is refused, as an OAuth error code and description (RFC 6749 §5.2)."""

    def __init__(self, code: str, description: str) -> None:
        super().__init__(description)
        self.code = code


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """A client credentials request and the development extensions (`dev_…` in the form).

    Attributes:
        agent: the client.
        audience: the resource asked for, or `dev_audience`.
        version: 1 or 2.
        expires_in: seconds; negative for a token that has expired already.
        groups: names or object ids; None for those of the directory.
        roles: app roles.
        person: of a delegated token, None for an app-only one.
    """

    agent: Agent
    audience: str
    version: int = 2
    expires_in: int = LIFETIME_SECONDS
    groups: tuple[str, ...] | None = None
    roles: tuple[str, ...] = ()
    person: Person | None = None


@dataclass(frozen=True, slots=True)
class Login:
    """A person who has signed in to an application.

    Attributes:
        person: who.
        client: the application.
        nonce: of the authorization request.
        authenticated: when, Unix seconds.
        methods: `amr`.
        contexts: `acrs`, the authentication contexts that were satisfied.
    """

    person: Person
    client: str
    nonce: str
    authenticated: int
    methods: tuple[str, ...]
    contexts: tuple[str, ...] = ()


class Issuer:
    """Signs tokens with its newest key and publishes the newest two."""

    def __init__(self, authority: str, tenant: str) -> None:
        self.tenant = tenant
        self.issuers = issuers(authority, tenant)
        self._keys: list[RSAKey] = []
        self.rotate()

    def rotate(self, *, withdraw: bool = False) -> str:
        """Sign with a new key from now on; the key id.

        Args:
            withdraw: stop publishing the older keys, as after a compromise.
        """
        key = RSAKey.generate_key(2048, {"use": "sig"}, auto_kid=True)
        self._keys = [key] if withdraw else [key, *self._keys][:_KEPT_KEYS]
        return str(key.kid)

    def key_set(self) -> Mapping[str, object]:
        """The public keys (RFC 7517)."""
        published = KeySet(list(self._keys)).as_dict(private=False)
        return {"keys": [{**key, "issuer": self.issuers.v2} for key in published["keys"]]}

    def token(self, request: TokenRequest, now: datetime) -> str:
        """A signed access token.

        Raises:
            RefusedError: a group that does not exist.
        """
        return self._signed(self._claims(request, now), old=request.version == 1)

    def id_token(
        self, login: Login, groups: tuple[str, ...], now: datetime, *, renewed: bool = False
    ) -> str:
        """A signed id token, v2 (OpenID Connect Core §2); without a nonce when renewed (§12.2).

        Raises:
            RefusedError: a group that does not exist.
        """
        claims = self._of_person(login, groups, now) | {
            "aud": login.client,
            "auth_time": login.authenticated,
            "amr": list(login.methods),
            "acrs": list(login.contexts),
        }
        if not renewed:
            claims["nonce"] = login.nonce
        return self._signed(claims)

    def access_token(self, login: Login, groups: tuple[str, ...], now: datetime) -> str:
        """A signed delegated access token for this gateway, v2.

        Raises:
            RefusedError: a group that does not exist.
        """
        claims = self._of_person(login, groups, now) | {
            "aud": directory.AUDIENCE_ID,
            "azp": login.client,
            "azpacr": "1",
            "scp": directory.DELEGATED_SCOPE,
            "amr": list(login.methods),
        }
        return self._signed(claims)

    def _of_person(self, login: Login, groups: tuple[str, ...], now: datetime) -> dict[str, object]:
        issued = int(now.timestamp())
        claims: dict[str, object] = {
            "iss": self.issuers.v2,
            "iat": issued,
            "nbf": issued,
            "exp": issued + LIFETIME_SECONDS,
            "tid": self.tenant,
            "ver": "2.0",
            "uti": secrets.token_urlsafe(16),
            "oid": login.person.object_id,
            "sub": f"pairwise-{login.person.name}",
            "preferred_username": login.person.username,
        }
        if groups:
            claims["groups"] = [_group(name) for name in groups]
        return claims

    def _signed(self, claims: dict[str, object], *, old: bool = False) -> str:
        key = self._keys[0]
        header = {"typ": "JWT", "alg": "RS256", "kid": str(key.kid)}
        if old:
            header["x5t"] = str(key.kid)
        return jwt.encode(header, claims, key, algorithms=["RS256"])

    def _claims(self, request: TokenRequest, now: datetime) -> dict[str, object]:
        issued = int(now.timestamp())
        expires = issued + request.expires_in
        if request.expires_in <= 0:
            # An expired token was a good one before.
            issued = expires - LIFETIME_SECONDS
        old = request.version == 1
        claims: dict[str, object] = {
            "aud": request.audience,
            "iss": self.issuers.v1 if old else self.issuers.v2,
            "iat": issued,
            "nbf": issued,
            "exp": expires,
            "tid": self.tenant,
            "ver": "1.0" if old else "2.0",
            "uti": secrets.token_urlsafe(16),
            "appid" if old else "azp": request.agent.application,
            "appidacr" if old else "azpacr": "1",
        }
        subject = request.person or request.agent
        names = subject.groups if request.groups is None else request.groups
        if names:
            claims["groups"] = [_group(name) for name in names]
        if request.roles:
            claims["roles"] = list(request.roles)
        return claims | _subject(request)


def _subject(request: TokenRequest) -> dict[str, object]:
    person = request.person
    if person is None:
        oid = request.agent.object_id
        return {"oid": oid, "sub": oid, "idtyp": "app"}
    return {
        "oid": person.object_id,
        "sub": f"pairwise-{person.name}",
        "scp": directory.DELEGATED_SCOPE,
        "upn" if request.version == 1 else "preferred_username": person.username,
        "amr": ["pwd", "mfa"],
    }


def _group(name: str) -> str:
    if name in directory.GROUPS:
        return directory.GROUPS[name]
    if _GUID.fullmatch(name.lower()):
        return name.lower()
    known = ", ".join(directory.GROUPS)
    raise RefusedError("invalid_request", f"no such group; there are {known}, or give a GUID")
