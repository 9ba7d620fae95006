"""What the authorization code flow sends and compares: PKCE, state, nonce (RFC 6749, RFC 7636).

Values that must not be guessed come from the caller, who has the randomness.
"""

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass, field
from urllib.parse import urlencode

import orjson

from gateway.errors import InvalidRequest, Unauthenticated

SCOPES = "openid profile offline_access"
"""A refresh token is asked for so that groups can be read again when a person decides."""

_VERIFIER = re.compile(r"[A-Za-z0-9\-._~]{43,128}", re.ASCII)  # RFC 7636 §4.1
_CODE = re.compile(r"[\x20-\x7e]{1,8192}", re.ASCII)  # RFC 6749 appendix A.11; Entra's: about 1,500
_ERROR = re.compile(r"[a-z_]{1,64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One sign-in under way, kept in a sealed cookie of the browser that began it.

    Attributes:
        state: comes back with the code; ties the answer to this browser.
        nonce: comes back in the id token; ties the token to this attempt.
        verifier: PKCE; whoever intercepts the code cannot redeem it.
        ticket: the approval to return to, "" for none.
        expires: Unix seconds.
    """

    state: str = field(repr=False)
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)
    ticket: str
    expires: int


@dataclass(frozen=True, slots=True)
class Demand:
    """What is asked of the identity provider.

    Attributes:
        client_id: the sign-in application.
        redirect_uri: where the code goes, exactly as registered.
        max_age: seconds since the person last authenticated.
        auth_context: Conditional Access authentication context (`c1` … `c99`), "" for none.
        prompt: "login" has the person authenticate again, "select_account" lets them choose who
            they are, "" leaves it to the provider.
    """

    client_id: str
    redirect_uri: str
    max_age: int
    auth_context: str = ""
    prompt: str = ""


def code_challenge(verifier: str) -> str:
    """S256 of a verifier (RFC 7636 §4.2).

    Raises:
        ValueError: it is no verifier.
    """
    if not _VERIFIER.fullmatch(verifier):
        raise ValueError("a code verifier has 43 to 128 unreserved characters")
    digest = hashlib.sha256(verifier.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")


def authorization_url(endpoint: str, demand: Demand, attempt: Attempt) -> str:
    """Where the browser goes to sign in (OpenID Connect Core §3.1.2.1)."""
    fields = {
        "client_id": demand.client_id,
        "response_type": "code",
        "response_mode": "query",
        "redirect_uri": demand.redirect_uri,
        "scope": SCOPES,
        "state": attempt.state,
        "nonce": attempt.nonce,
        "code_challenge": code_challenge(attempt.verifier),
        "code_challenge_method": "S256",
        "max_age": str(demand.max_age),
    }
    if demand.prompt:
        fields["prompt"] = demand.prompt
    if demand.auth_context:
        # https://learn.microsoft.com/entra/identity-platform/developer-guide-conditional-access-authentication-context
        wanted = {"id_token": {"acrs": {"essential": True, "value": demand.auth_context}}}
        fields["claims"] = orjson.dumps(wanted).decode()
    return f"{endpoint}?{urlencode(fields)}"


def authorization_code(fields: dict[str, list[str]], attempt: Attempt, now: int) -> str:
    """The code in the provider's answer, if it is the answer to this attempt.

    Args:
        fields: the parsed query of the redirect.
        attempt: from this browser's sealed cookie.
        now: Unix seconds.

    Raises:
        Unauthenticated: too late, another browser's answer, or the provider says no.
        InvalidRequest: the answer is malformed.
    """
    state = _one(fields, "state")
    if not hmac.compare_digest(state.encode(), attempt.state.encode()):
        raise Unauthenticated("this answer belongs to another sign-in", advice="sign in again")
    if now >= attempt.expires:
        raise Unauthenticated("the sign-in took too long", advice="sign in again")
    if "error" in fields:
        word = _one(fields, "error")
        raise Unauthenticated(
            "the identity provider did not sign you in",
            advice="sign in again, or ask an administrator for access to this application",
            details=(("error", word),) if _ERROR.fullmatch(word) else (),
        )
    code = _one(fields, "code")
    if not _CODE.fullmatch(code):
        raise InvalidRequest("the identity provider's answer holds no code")
    return code


def _one(fields: dict[str, list[str]], name: str) -> str:
    values = fields.get(name, [])
    if len(values) != 1:
        raise InvalidRequest("the identity provider's answer is malformed", advice="sign in again")
    return values[0]
