"""Verify an Entra ID access token, v1 or v2, against one given key (RFC 7519, RFC 8725)."""

from dataclasses import dataclass
from datetime import UTC, datetime

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey
from pydantic import ValidationError

from gateway.authn.claims import Claims
from gateway.authn.header import ALGORITHM, MAX_TOKEN_CHARS, header
from gateway.authn.issuers import issuers
from gateway.errors import Forbidden, Reason, Unauthenticated
from gateway.model.principal import Principal, PrincipalKind

# Allowed header parameters are the business of `header`, which has run before.
_REGISTRY = jws.JWSRegistry(algorithms=[ALGORITHM], strict_check_header=False)
_REGISTRY.max_payload_length = MAX_TOKEN_CHARS

_MAX_NAME = 256


@dataclass(frozen=True, slots=True)
class Accepted:
    """Which tokens are good here.

    Attributes:
        tenants: tenant ids, lower case.
        audiences: the gateway's own application: its GUID and its application ID URI, lower case.
        authority: Entra authority, https origin without a trailing slash.
        leeway: seconds by which clocks may differ.
    """

    tenants: frozenset[str]
    audiences: frozenset[str]
    authority: str
    leeway: int


def verify(token: str, key: RSAKey, accepted: Accepted, now: datetime) -> Principal:
    """The principal of a good access token.

    1. header rules, and the key is the one that the header names
    2. signature, RS256
    3. claims are there and well formed
    4. tenant, issuer (by tenant and token version), audience
    5. not expired, not from the future
    6. an access token, not an id token; of a program or of a person
    7. all groups are in it

    Messages name claims, never their values.

    Raises:
        Unauthenticated: with the reason.
        Forbidden: GROUP_OVERAGE: a good token that does not say which groups it stands for.
    """
    if header(token).kid != key.kid:
        raise Unauthenticated("the token is signed with another key")
    claims = _claims(payload(token, key))
    check_origin(claims, accepted)
    check_times(claims, accepted.leeway, now.timestamp())
    client = _client(claims)
    kind = _kind(claims)
    groups = groups_of(claims)
    return Principal(
        tenant=claims.tid,
        object_id=claims.oid,
        application=client,
        token_id=claims.uti,
        kind=kind,
        groups=groups,
        roles=frozenset(claims.roles),
        expires_at=datetime.fromtimestamp(claims.exp, UTC),
        authenticated_at=datetime.fromtimestamp(
            claims.iat if claims.auth_time is None else claims.auth_time, UTC
        ),
        methods=frozenset(claims.amr),
        name=display_name(claims) if kind is PrincipalKind.USER else "",
    )


def payload(token: str, key: RSAKey) -> bytes:
    """The content of a token whose signature is good.

    Raises:
        Unauthenticated: it is not signed with this key.
    """
    try:
        signed = jws.deserialize_compact(token, key, registry=_REGISTRY)
    except (JoseError, ValueError):
        raise Unauthenticated("the token's signature is not valid") from None
    return signed.payload or b""


def _claims(payload: bytes) -> Claims:
    try:
        return Claims.model_validate_json(payload)
    except ValidationError as error:
        # The first part of a location is a name from our own model, never one of the token's.
        wrong = sorted({str(item["loc"][0]) for item in error.errors() if item["loc"]})
        raise Unauthenticated(
            "the token lacks claims of an Entra access token, or they are malformed",
            advice="groups must be emitted as object ids" if "groups" in wrong else "",
            details=(("claims", ", ".join(wrong)),) if wrong else (),
        ) from None


def check_origin(claims: Claims, accepted: Accepted) -> None:
    """Tenant, issuer and audience.

    Raises:
        Unauthenticated: TENANT_NOT_ACCEPTED, ISSUER_NOT_ACCEPTED or AUDIENCE_NOT_ACCEPTED.
    """
    if claims.tid not in accepted.tenants:
        raise Unauthenticated(
            "the token is from a tenant that this gateway does not accept",
            reason=Reason.TENANT_NOT_ACCEPTED,
        )
    expected = issuers(accepted.authority, claims.tid)
    if claims.iss != (expected.v1 if claims.ver == "1.0" else expected.v2):
        raise Unauthenticated(
            "the token's issuer does not fit its tenant and version",
            reason=Reason.ISSUER_NOT_ACCEPTED,
        )
    # Application ID URIs are compared without case, as Entra does; ASCII, since other letters may
    # become ASCII ones in lower case.
    if not claims.aud.isascii() or claims.aud.lower() not in accepted.audiences:
        raise Unauthenticated(
            "the token was issued for another resource than this gateway",
            reason=Reason.AUDIENCE_NOT_ACCEPTED,
            advice="ask for a token for the gateway's application: see the WWW-Authenticate field",
        )


def check_times(claims: Claims, leeway: int, now: float) -> None:
    """Not expired and not from the future; `leeway` in seconds, `now` in Unix seconds.

    Raises:
        Unauthenticated: TOKEN_EXPIRED or TOKEN_NOT_YET_VALID.
    """
    if now >= claims.exp + leeway:
        raise Unauthenticated(
            "the token has expired", reason=Reason.TOKEN_EXPIRED, advice="get a new token"
        )
    if now < max(claims.nbf, claims.iat) - leeway:
        raise Unauthenticated(
            "the token is not valid yet",
            reason=Reason.TOKEN_NOT_YET_VALID,
            advice="check the clocks of the client and the gateway",
        )


def _client(claims: Claims) -> str:
    client = claims.client
    if client is None:
        raise Unauthenticated(
            "the token names no client application (appid, azp): it is no access token"
        )
    return client


def _kind(claims: Claims) -> PrincipalKind:
    """Program or person.

    Only delegated access tokens have `scp`. Without it the token is app-only if `idtyp` says so
    or, that claim being optional, if subject and object are one: in every token about a person
    `sub` is pairwise. Id tokens, whose audience may be the gateway as well, are neither.
    https://learn.microsoft.com/entra/identity-platform/scenario-protected-web-api-verification-scope-app-roles
    """
    if claims.only_in_id_tokens:
        raise Unauthenticated("the token is an id token", advice="send the access token")
    if claims.scp.strip() and claims.idtyp in (None, "user"):
        return PrincipalKind.USER
    app_only = claims.idtyp == "app" or (claims.idtyp is None and claims.sub.lower() == claims.oid)
    if not claims.scp.strip() and app_only:
        return PrincipalKind.APPLICATION
    raise Unauthenticated(
        "the token is neither a delegated nor an app-only access token", advice="send such a token"
    )


def groups_of(claims: Claims) -> frozenset[str]:
    """Object ids of the groups, all of them.

    Raises:
        Forbidden: GROUP_OVERAGE.
    """
    if claims.group_overage or isinstance(claims.groups, str):
        raise Forbidden(
            "the principal is in more groups than a token can hold, so its groups are unknown",
            reason=Reason.GROUP_OVERAGE,
            advice="on the gateway's app registration emit only groups assigned to the application"
            " (groupMembershipClaims: ApplicationGroup), or use app roles in place of groups",
        )
    return frozenset(claims.groups)


def display_name(claims: Claims) -> str:
    """What to call the person, "" where the claim cannot be shown."""
    # Mutable and for display only; one that could disturb a terminal or a record is left out.
    name = claims.preferred_username or claims.upn
    return name if name.isprintable() and len(name) <= _MAX_NAME else ""
