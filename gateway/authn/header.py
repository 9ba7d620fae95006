"""What may be read of a token before its signature is verified: which key to verify it with."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import TypeVar

from joserfc.errors import JoseError
from joserfc.util import urlsafe_b64decode
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gateway.errors import Reason, Unauthenticated

MAX_TOKEN_CHARS = 16 * 1024
ALGORITHM = "RS256"

# JWS compact serialisation (RFC 7515 §7.1); five segments would be an encrypted token.
_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+", re.ASCII)
_MAX_HEADER_CHARS = 512  # joserfc's own bound; Entra's headers have about 130
_TYPES = {"jwt", "at+jwt", "application/at+jwt"}


@dataclass(frozen=True, slots=True)
class TokenHeader:
    """The header of a token that may be verified: `kid` names the key, `alg` is RS256."""

    kid: str
    alg: str


class _Header(BaseModel):
    """JOSE header parameters (RFC 7515 §4.1); other ones are ignored, as §4 says."""

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore")

    alg: str = Field(max_length=16)
    typ: str = Field(default="", max_length=32)
    kid: str = Field(default="", max_length=256)
    # A token that brings its own key, wants unknown extensions understood, is packed into
    # another one or signs something else than its text is no token of Entra's.
    crit: object = None
    b64: object = None
    jwk: object = None
    jku: object = None
    x5c: object = None
    x5u: object = None
    cty: object = None
    enc: object = None
    zip: object = None


_REFUSED = frozenset({"crit", "b64", "jwk", "jku", "x5c", "x5u", "cty", "enc", "zip"})


class _Tenant(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore")

    tid: str = Field(max_length=64)


M = TypeVar("M", bound=BaseModel)


def header(token: str) -> TokenHeader:
    """The header of a well-formed token; nothing of it is trusted yet.

    Raises:
        Unauthenticated: TOKEN_INVALID; the message says which rule it breaks.
    """
    if len(token) > MAX_TOKEN_CHARS:
        raise Unauthenticated(f"the token is longer than {MAX_TOKEN_CHARS} characters")
    if not _COMPACT.fullmatch(token):
        raise Unauthenticated("the token is not a signed JWT in compact form")
    segment = token.split(".", 1)[0]
    if len(segment) > _MAX_HEADER_CHARS:
        raise Unauthenticated("the token's header is too long")
    parsed = _parse(_Header, segment, "the token's header cannot be read")
    if parsed.alg != ALGORITHM:
        raise Unauthenticated("the token is not signed with RS256, the only algorithm accepted")
    if parsed.model_fields_set & _REFUSED:
        raise Unauthenticated(
            "the token's header carries a key, a nested token or an extension; none is accepted"
        )
    if parsed.typ.lower() not in _TYPES:
        raise Unauthenticated("the token's type is not JWT")
    if not parsed.kid or not parsed.kid.isprintable():
        raise Unauthenticated("the token's header names no signing key (kid)")
    return TokenHeader(parsed.kid, parsed.alg)


def claimed_tenant(token: str, tenants: Collection[str]) -> str:
    """The accepted tenant that the token says it is from: chooses the key set, proves nothing.

    The claim is read before the signature because keys of tenants that are not accepted are
    never fetched; it is compared with the allow-list and goes nowhere else.

    Args:
        token: one that `header` has let pass.
        tenants: the allow-list, in lower case.

    Raises:
        Unauthenticated: TENANT_NOT_ACCEPTED, or TOKEN_INVALID where there is no such claim.
    """
    segment = token.split(".", 2)[1]
    tenant = _parse(_Tenant, segment, "the token names no tenant (tid)").tid.lower()
    if tenant not in tenants:
        raise Unauthenticated(
            "the token is from a tenant that this gateway does not accept",
            reason=Reason.TENANT_NOT_ACCEPTED,
            advice="sign in to the tenant in which the gateway is registered",
        )
    return tenant


def _parse(model: type[M], segment: str, message: str) -> M:
    try:
        return model.model_validate_json(urlsafe_b64decode(segment.encode("ascii")))
    except (JoseError, ValidationError, ValueError):
        raise Unauthenticated(message) from None
