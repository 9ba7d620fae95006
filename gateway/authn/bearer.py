"""The Authorization field in, the WWW-Authenticate challenge out (RFC 6750)."""

import re
from collections.abc import Iterable, Sequence

from gateway.errors import ConfigurationError, Reason, Unauthenticated

# RFC 6750 §2.1: "Bearer" 1*SP b64token; the scheme's name is case-insensitive (RFC 9110 §11.1).
_CREDENTIALS = re.compile(r"bearer +([A-Za-z0-9\-._~+/]+=*)", re.IGNORECASE | re.ASCII)

# azure-storage-blob's StorageHttpChallenge splits at spaces, commas and "="; a value that holds
# one of them, or a quote, would be misread or dropped.
_PLAIN = re.compile(r"[A-Za-z0-9\-._~:/]+", re.ASCII)

_ADVICE = "get an Entra ID access token for this gateway and send it as Authorization: Bearer …"


def bearer(values: Sequence[str]) -> str:
    """The one bearer token of a request.

    Args:
        values: every value of the Authorization field, as received.

    Raises:
        Unauthenticated: TOKEN_MISSING without the field, CREDENTIAL_NOT_ACCEPTED for another
            scheme such as SharedKey, TOKEN_INVALID for several values or a broken one.
    """
    if not values:
        raise Unauthenticated(
            "the request carries no access token", reason=Reason.TOKEN_MISSING, advice=_ADVICE
        )
    if len(values) > 1:
        raise Unauthenticated("the request carries more than one Authorization field")
    value = values[0].strip(" \t")
    scheme = value.split(" ", 1)[0].lower()
    if scheme != "bearer":
        raise Unauthenticated(
            "only bearer tokens are accepted: an account key or a signature of the agent's own"
            " does not open this gateway",
            reason=Reason.CREDENTIAL_NOT_ACCEPTED,
            advice="give the client a token credential; " + _ADVICE,
        )
    match = _CREDENTIALS.fullmatch(value)
    if match is None:
        raise Unauthenticated("the Authorization field is not one bearer token", advice=_ADVICE)
    return match.group(1)


def challenge(authority: str, tenant: str, audience: str) -> str:
    """The WWW-Authenticate value that sends storage SDKs for the right token.

    Blob, queue and table clients ask their credential for `https://storage.azure.com/.default`
    at first; on a 401 with this challenge they ask again for `{audience}/.default` in `tenant`.
    The form is that of the storage service itself: no quotes, no commas.

    Args:
        authority: `https://login.microsoftonline.com` or a national cloud's.
        tenant: tenant id, the first path segment of `authorization_uri`.
        audience: the gateway's application, see `resource`.

    Raises:
        ConfigurationError: a part holds characters that the SDKs' parsers would misread.
    """
    uri = f"{authority}/{tenant}/oauth2/authorize"
    for part in (uri, audience):
        if not _PLAIN.fullmatch(part):
            raise ConfigurationError(
                "authority, tenants and audiences may hold letters, digits and -._~:/ only",
                advice="correct CHAPERONE_AUTHORITY, CHAPERONE_TENANTS or CHAPERONE_AUDIENCES",
            )
    return f"Bearer authorization_uri={uri} resource_id={audience}"


def resource(audiences: Iterable[str]) -> str:
    """The audience to name in a challenge: the application ID URI before the bare GUID.

    Raises:
        ConfigurationError: there is none.
    """
    ordered = sorted(audiences, key=lambda audience: (not audience.startswith("api://"), audience))
    if not ordered:
        raise ConfigurationError("no audience is configured", advice="set CHAPERONE_AUDIENCES")
    return ordered[0]
