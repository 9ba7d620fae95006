"""Verify an Entra ID id token: proof that a person has signed in (OpenID Connect Core §3.1.3.7)."""

import hmac
from dataclasses import dataclass, field
from datetime import UTC, datetime

from joserfc.jwk import RSAKey
from pydantic import Field, ValidationError

from gateway.authn.claims import Claims, Word
from gateway.authn.header import header
from gateway.authn.token import (
    Accepted,
    check_origin,
    check_times,
    display_name,
    groups_of,
    payload,
)
from gateway.errors import Forbidden, Unauthenticated
from gateway.model.principal import Principal, PrincipalKind

MFA = "mfa"
CONTEXT = "acrs:"
"""Prefix of an authentication context among a principal's methods."""


@dataclass(frozen=True, slots=True)
class Expected:
    """Which sign-in a token must belong to.

    Attributes:
        nonce: of the sign-in.
        renewed: from a refresh: the nonce may then be left out (OpenID Connect Core §12.2).
    """

    nonce: str = field(repr=False)
    renewed: bool = False


class IdClaims(Claims):
    """Claims of an id token; `acrs` are the authentication contexts that were satisfied."""

    acrs: list[Word] = Field(default=[], max_length=128)


def verify_id_token(
    token: str, key: RSAKey, accepted: Accepted, expected: Expected, now: datetime
) -> Principal:
    """The person whom a good id token names.

    Args:
        token: as the token endpoint gave it.
        key: the one that the token's header names.
        accepted: its only audience is the sign-in application.
        expected: the sign-in that it must belong to.
        now: the time, UTC.

    Raises:
        Unauthenticated: with the reason.
        Forbidden: GROUP_OVERAGE.
    """
    if header(token).kid != key.kid:
        raise Unauthenticated("the token is signed with another key")
    claims = _claims(payload(token, key))
    check_origin(claims, accepted)
    check_times(claims, accepted.leeway, now.timestamp())
    _check_nonce(claims, expected)
    _check_person(claims)
    if claims.auth_time is not None and claims.auth_time > now.timestamp() + accepted.leeway:
        raise Unauthenticated("the token says that the person will sign in in the future")
    return Principal(
        tenant=claims.tid,
        object_id=claims.oid,
        application=claims.aud.lower(),
        token_id=claims.uti,
        kind=PrincipalKind.USER,
        groups=groups_of(claims),
        roles=frozenset(claims.roles),
        expires_at=datetime.fromtimestamp(claims.exp, UTC),
        authenticated_at=datetime.fromtimestamp(
            claims.iat if claims.auth_time is None else claims.auth_time, UTC
        ),
        methods=frozenset(claims.amr) | {CONTEXT + context for context in claims.acrs},
        name=display_name(claims),
    )


def check_methods(principal: Principal, auth_context: str) -> None:
    """More than a password was shown: `amr` says so, or the demanded context is satisfied.

    Entra writes `amr` into some kinds of tokens only; `acrs` comes where it was asked for.

    Raises:
        Forbidden: no evidence of it.
    """
    if auth_context:
        if CONTEXT + auth_context in principal.methods:
            return
    elif MFA in principal.methods:
        return
    raise Forbidden(
        "reviewers must sign in with more than a password, and this sign-in shows no sign of it",
        advice="sign in again with a second factor; if you did, ask the gateway's operator to set "
        "up an authentication context for reviewers",
    )


def _claims(data: bytes) -> IdClaims:
    try:
        return IdClaims.model_validate_json(data)
    except ValidationError as error:
        wrong = sorted({str(item["loc"][0]) for item in error.errors() if item["loc"]})
        raise Unauthenticated(
            "the token lacks claims of an Entra id token, or they are malformed",
            details=(("claims", ", ".join(wrong)),) if wrong else (),
        ) from None


def _check_nonce(claims: IdClaims, expected: Expected) -> None:
    given = claims.nonce
    if given is None and expected.renewed:
        return
    wanted = expected.nonce.encode()
    if not isinstance(given, str) or not hmac.compare_digest(given.encode(), wanted):
        raise Unauthenticated("the id token was issued for another sign-in")


def _check_person(claims: IdClaims) -> None:
    """A person's id token: programs have none, and an access token is none."""
    if claims.idtyp == "app" or claims.sub.lower() == claims.oid:
        raise Unauthenticated("the token stands for a program, and only people may decide")
    other_client = claims.azp is not None and claims.azp != claims.aud.lower()
    if claims.ver != "2.0" or claims.scp or claims.appid is not None or other_client:
        raise Unauthenticated("the token is not an id token for this application")
    if not claims.sub:
        raise Unauthenticated("the token names no subject")
