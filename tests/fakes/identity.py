"""Tokens with real signatures, and fakes of the identity ports."""

import asyncio
import base64
import functools
import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from joserfc.jwk import RSAKey

from gateway.authn.token import Accepted
from gateway.errors import (
    Forbidden,
    InvalidRequest,
    NotFound,
    Reason,
    StoreUnavailable,
    Unauthenticated,
    Unavailable,
)
from gateway.model.principal import Principal, PrincipalKind
from gateway.ports import DenyEntry
from tests.fakes.time import NOON

TENANT = "11111111-1111-4111-8111-111111111111"
FOREIGN_TENANT = "99999999-9999-4999-8999-999999999999"
AUTHORITY = "https://login.microsoftonline.com"
AUDIENCE = "api://gateway-under-test"
AUDIENCE_ID = "22222222-2222-4222-8222-222222222222"
AGENT = "33333333-3333-4333-8333-333333333333"
AGENT_OBJECT = "44444444-4444-4444-8444-444444444444"
PERSON_OBJECT = "55555555-5555-4555-8555-555555555555"
GROUP = "66666666-6666-4666-8666-666666666666"

ACCEPTED = Accepted(
    tenants=frozenset({TENANT}),
    audiences=frozenset({AUDIENCE, AUDIENCE_ID}),
    authority=AUTHORITY,
    leeway=60,
)

ABSENT = object()
"""As a claim's value: leave the claim out."""


def signing_key(number: int = 0) -> RSAKey:
    """A private key, made once a test run; the same number gives the same key."""
    return _generated(number)


@functools.cache
def _generated(number: int) -> RSAKey:
    return RSAKey.generate_key(2048, {"use": "sig"}, auto_kid=True)


def kid_of(key: RSAKey) -> str:
    """The key's id."""
    assert key.kid is not None
    return key.kid


def public_key(number: int = 0) -> RSAKey:
    """The public half of `signing_key(number)`, as a key set gives it."""
    return RSAKey.import_key(signing_key(number).as_dict(private=False))


def key_set(*keys: RSAKey) -> dict[str, object]:
    """A JWKS document with the public halves."""
    return {"keys": [key.as_dict(private=False) for key in keys]}


def claims(version: int = 2, now: datetime = NOON, **changes: object) -> dict[str, object]:
    """Claims of an app-only token for the gateway, valid for an hour from `now`."""
    moment = int(now.timestamp())
    found: dict[str, object] = {
        "aud": AUDIENCE if version == 1 else AUDIENCE_ID,
        "iss": f"https://sts.windows.net/{TENANT}/"
        if version == 1
        else f"{AUTHORITY}/{TENANT}/v2.0",
        "iat": moment,
        "nbf": moment,
        "exp": moment + 3600,
        "tid": TENANT,
        "oid": AGENT_OBJECT,
        "sub": AGENT_OBJECT,
        "uti": "Xu1-token_ID",
        "ver": "1.0" if version == 1 else "2.0",
        "appid" if version == 1 else "azp": AGENT,
        "groups": [GROUP],
        "roles": ["Agent.Use"],
        "idtyp": "app",
    }
    return {name: value for name, value in (found | changes).items() if value is not ABSENT}


def person_claims(version: int = 2, now: datetime = NOON, **changes: object) -> dict[str, object]:
    """Claims of a delegated token about a person."""
    name = "upn" if version == 1 else "preferred_username"
    person: dict[str, object] = {
        "oid": PERSON_OBJECT,
        "sub": "pairwise-subject",
        "idtyp": ABSENT,
        "scp": "user_impersonation",
        "amr": ["pwd", "mfa"],
        name: "lee@clinic.example",
    }
    return claims(version, now, **(person | changes))


def segment(value: object) -> str:
    """Base64url of JSON, or of the bytes given."""
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def mint(
    payload: Mapping[str, object] | None = None,
    *,
    key: RSAKey | None = None,
    **header: object,
) -> str:
    """A token signed with RS256, whatever its header says; `ABSENT` leaves a parameter out."""
    key = key or signing_key()
    fields = {"typ": "JWT", "alg": "RS256", "kid": key.kid} | header
    kept = {name: value for name, value in fields.items() if value is not ABSENT}
    text = f"{segment(kept)}.{segment(claims() if payload is None else dict(payload))}"
    return sign(text, key)


def sign(text: str, key: RSAKey | None = None) -> str:
    """`text`, header and payload segments of any kind, with a good signature."""
    private = (key or signing_key()).private_key
    assert private is not None
    return f"{text}.{segment(private.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


def principal(**changes: object) -> Principal:
    """The agent of `claims()`, or one that differs in the named attributes."""
    values: dict[str, object] = {
        "tenant": TENANT,
        "object_id": AGENT_OBJECT,
        "application": AGENT,
        "token_id": "Xu1-token_ID",
        "kind": PrincipalKind.APPLICATION,
        "groups": frozenset({GROUP}),
        "roles": frozenset({"Agent.Use"}),
        "expires_at": NOON + timedelta(hours=1),
        "authenticated_at": NOON,
    }
    return Principal(**(values | changes))  # type: ignore[arg-type]


class FakeKeyEndpoint:
    """`ports.KeyEndpoint`: counts what it is asked; fails or waits when told to."""

    def __init__(self, *keys: RSAKey) -> None:
        self.document: Mapping[str, object] = key_set(*keys)
        self.fetched: list[str] = []
        self.fails = False
        self.gate: asyncio.Event | None = None

    async def fetch(self, tenant: str) -> Mapping[str, object]:
        self.fetched.append(tenant)
        if self.gate is not None:
            await self.gate.wait()
        if self.fails:
            raise Unavailable("down", reason=Reason.KEYS_UNAVAILABLE)
        return self.document


class FakeVerifier:
    """`ports.Verifier`: knows some strings as tokens."""

    def __init__(self, principals: Mapping[str, Principal] | None = None) -> None:
        self.principals = {"good": principal()} if principals is None else dict(principals)
        self.error: Exception | None = None

    async def verify(self, token: str) -> Principal:
        if self.error is not None:
            raise self.error
        if token not in self.principals:
            raise Unauthenticated("the token is not known to the fake")
        return self.principals[token]


class FakeDenyTable:
    """`ports.DenyRegister` in memory; fails or waits when told to."""

    def __init__(self, *entries: DenyEntry) -> None:
        self._entries = {(entry.kind, entry.value.lower()): entry for entry in entries}
        self.reads = 0
        self.fails = False
        self.gate: asyncio.Event | None = None

    async def entries(self) -> Sequence[DenyEntry]:
        self.reads += 1
        found = tuple(self._entries.values())
        if self.gate is not None:
            await self.gate.wait()
        if self.fails:
            raise StoreUnavailable("down")
        return found

    async def add(self, entry: DenyEntry) -> None:
        key = _deny_key(entry.kind, entry.value)
        self._entries[key] = DenyEntry(*key, entry.reason, entry.by, entry.at)

    async def remove(self, kind: str, value: str) -> None:
        key = _deny_key(kind, value)
        if key not in self._entries:
            raise NotFound("no such entry")
        del self._entries[key]


class FakeDenyList:
    """`ports.DenyList`: refuses object ids in `denied`."""

    def __init__(self, *denied: str) -> None:
        self.denied = set(denied)
        self.error: Exception | None = None

    async def check(self, principal: Principal, session: str) -> None:
        if self.error is not None:
            raise self.error
        if principal.object_id in self.denied:
            raise Forbidden("denied", reason=Reason.PRINCIPAL_DENIED)


def _deny_key(kind: str, value: str) -> tuple[str, str]:
    value = value.strip().lower()
    lengths = {"oid": {36}, "azp": {36}, "session": {32}, "uti": set(range(1, 129))}
    if len(value) not in lengths.get(kind, set()) or "/" in value:
        raise InvalidRequest("not an identifier of that kind")
    return kind, value
