"""An identity provider for people, in memory, with really signed id tokens."""

import base64
import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import parse_qs, urlsplit

from gateway.authn.token import Accepted
from gateway.errors import GatewayError, Unauthenticated
from gateway.ports import Clock, PersonTokens
from tests.fakes.identity import ABSENT, AUTHORITY, GROUP, PERSON_OBJECT, TENANT, claims, mint
from tests.fakes.time import NOON, FakeClock

SIGN_IN = "77777777-7777-4777-8777-777777777777"
ENDPOINT = f"{AUTHORITY}/{TENANT}/oauth2/v2.0/authorize"
NONCE = "n0nce" * 8

ACCEPTED_SIGN_IN = Accepted(
    tenants=frozenset({TENANT}), audiences=frozenset({SIGN_IN}), authority=AUTHORITY, leeway=60
)


def id_claims(now: datetime = NOON, **changes: object) -> dict[str, object]:
    """Claims of a reviewer's id token."""
    person: dict[str, object] = {
        "aud": SIGN_IN,
        "azp": ABSENT,
        "idtyp": ABSENT,
        "roles": ABSENT,
        "oid": PERSON_OBJECT,
        "sub": "pairwise-subject",
        "nonce": NONCE,
        "auth_time": int(now.timestamp()) - 5,
        "amr": ["pwd", "mfa"],
        "groups": [GROUP],
        "preferred_username": "lee@clinic.example",
    }
    return claims(2, now, **(person | changes))


@dataclass
class FakeSignIn:
    """`ports.SignInProvider`: `answer` gives a code, `redeem` and `renew` give tokens for it.

    `claims` are changes to what the tokens say; `failure`, once set, is raised.
    """

    clock: Clock = field(default_factory=FakeClock)
    claims: dict[str, object] = field(default_factory=dict)
    failure: GatewayError | None = None
    redeemed: list[str] = field(default_factory=list)
    renewed: list[str] = field(default_factory=list)
    _codes: dict[str, tuple[str, str]] = field(default_factory=dict)

    def answer(self, location: str, code: str = "code-1") -> dict[str, list[str]]:
        """The query that comes back from the provider for an authorization URL."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}
        self._codes[code] = (asked["code_challenge"], asked["nonce"])
        return {"code": [code], "state": [asked["state"]]}

    async def authorization_endpoint(self) -> str:
        if self.failure is not None:
            raise self.failure
        return ENDPOINT

    async def redeem(self, code: str, verifier: str) -> PersonTokens:
        self.redeemed.append(code)
        if self.failure is not None:
            raise self.failure
        challenge, nonce = self._codes.pop(code, ("", ""))
        digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest())
        if digest.rstrip(b"=").decode() != challenge:
            raise Unauthenticated("the code is not good")
        return PersonTokens(self._token(nonce=nonce), "refresh-0")

    async def renew(self, refresh_token: str) -> PersonTokens:
        self.renewed.append(refresh_token)
        if self.failure is not None:
            raise self.failure
        return PersonTokens(self._token(nonce=ABSENT), f"refresh-{len(self.renewed)}")

    def _token(self, **more: object) -> str:
        return mint(id_claims(self.clock.now(), **(more | self.claims)))
