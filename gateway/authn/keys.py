"""Signing keys from a tenant's key set (RFC 7517): only those that may verify an access token."""

from collections.abc import Mapping
from typing import Literal

from joserfc.errors import JoseError
from joserfc.jwk import RSAKey
from joserfc.util import base64_to_int
from pydantic import BaseModel, ConfigDict, Field

from gateway.authn.header import ALGORITHM
from gateway.authn.issuers import Issuers
from gateway.errors import Reason, Unavailable

MAX_KEYS = 64
_MIN_MODULUS_BITS = 2048  # NIST SP 800-131A rev. 2
_MAX_MODULUS_BITS = 8192  # a larger one only makes verification slow
_MIN_EXPONENT = 65537  # FIPS 186-5 §A.1.1
_MAX_EXPONENT_BITS = 32


class _Jwk(BaseModel):
    """One public RSA signing key; `issuer` is Entra's own extension."""

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore")

    kty: Literal["RSA"]
    use: Literal["sig"]
    kid: str = Field(min_length=1, max_length=256)
    n: str = Field(max_length=2048, pattern=r"^[A-Za-z0-9_-]+$")
    e: str = Field(max_length=8, pattern=r"^[A-Za-z0-9_-]+$")
    alg: Literal["RS256"] = "RS256"
    key_ops: list[str] = Field(default=["verify"], max_length=8)
    issuer: str | None = None
    d: None = None  # a private key in a public document is a compromised key


def signing_keys(
    document: Mapping[str, object], tenant: str, issuers: Issuers
) -> Mapping[str, RSAKey]:
    """The usable keys of a JWKS document by key id.

    Keys of another type, use or algorithm, weak ones and those that Entra reserves for another
    issuer are passed over (RFC 7517 §5); a key id that stands for two keys stands for none.

    Args:
        document: the parsed key set.
        tenant: whose it is; Entra writes `{tenantid}` in `issuer` for "any tenant".
        issuers: of the tenant.

    Raises:
        Unavailable: KEYS_UNAVAILABLE: no key set, too many keys, or none that may be used.
    """
    entries = document.get("keys")
    if not isinstance(entries, list) or len(entries) > MAX_KEYS:
        raise _unavailable("the identity provider's key set is not a list of at most 64 keys")
    keys: dict[str, RSAKey] = {}
    ambiguous: set[str] = set()
    for entry in entries:
        key = _key(entry, tenant, issuers)
        if key is None:
            continue
        kid = str(key.kid)
        if kid in keys:
            ambiguous.add(kid)
        keys[kid] = key
    usable = {kid: key for kid, key in keys.items() if kid not in ambiguous}
    if not usable:
        raise _unavailable("the identity provider's key set holds no usable signing key")
    return usable


def _key(entry: object, tenant: str, issuers: Issuers) -> RSAKey | None:
    try:
        jwk = _Jwk.model_validate(entry)
        strong = _is_strong(base64_to_int(jwk.n), base64_to_int(jwk.e))
        reserved = jwk.issuer is not None and jwk.issuer.replace("{tenantid}", tenant) not in {
            issuers.v1,
            issuers.v2,
        }
        if reserved or not strong or "verify" not in jwk.key_ops:
            return None
        return RSAKey.import_key(
            {"kty": "RSA", "n": jwk.n, "e": jwk.e, "kid": jwk.kid, "use": "sig", "alg": ALGORITHM}
        )
    except (JoseError, ValueError):
        return None


def _is_strong(modulus: int, exponent: int) -> bool:
    return (
        _MIN_MODULUS_BITS <= modulus.bit_length() <= _MAX_MODULUS_BITS
        and exponent >= _MIN_EXPONENT
        and exponent.bit_length() <= _MAX_EXPONENT_BITS
    )


def _unavailable(message: str) -> Unavailable:
    return Unavailable(
        message,
        reason=Reason.KEYS_UNAVAILABLE,
        advice="check CHAPERONE_AUTHORITY and CHAPERONE_TENANTS; then try again",
    )
