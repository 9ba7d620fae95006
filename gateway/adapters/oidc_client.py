"""The identity provider's endpoints for people's sign-in, over strict HTTPS.

Discovery, then the token endpoint (RFC 6749 §4.1.3, §6) as a confidential client where a client
secret is configured, else as a public one; PKCE either way.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import orjson

from gateway.adapters.strict_https import FAILURES, TooLong, bounded, trusted
from gateway.authn.oidc import SCOPES
from gateway.errors import ConfigurationError, Reason, Unauthenticated, Unavailable
from gateway.ports import Clock, PersonTokens, Secrets

MAX_DOCUMENT_BYTES = 256 * 1024
_DISCOVERY_AGE = timedelta(hours=24)
_TIMEOUT_SECONDS = 10.0
_REFRESH_TOKEN = re.compile(r"[\x21-\x7e]{1,4096}", re.ASCII)

# RFC 6749 §5.2, OpenID Connect Core §3.1.2.6: answers that another sign-in can mend.
_SIGN_IN_AGAIN = frozenset(
    {"invalid_grant", "interaction_required", "login_required", "consent_required"}
)


@dataclass(frozen=True, slots=True)
class Client:
    """This gateway's registration for sign-in.

    Attributes:
        authority: https origin; all endpoints must be on it.
        tenant: whose people may sign in.
        client_id: application id.
        secret: name of the vault secret with the client secret, "" for a public client.
        redirect_uri: as registered.
    """

    authority: str
    tenant: str
    client_id: str
    secret: str
    redirect_uri: str


@dataclass(frozen=True, slots=True)
class _Endpoints:
    authorization: str
    token: str
    read_at: datetime


class EntraSignIn:
    """`ports.SignInProvider`; opens nothing until first use."""

    def __init__(
        self, client: Client, secrets: Secrets, clock: Clock, *, ca_file: Path | None = None
    ) -> None:
        """`ca_file` holds the only certificates to trust, for the development provider.

        Raises:
            ConfigurationError: the authority is no https origin, or the CA file cannot be read.
        """
        if urlsplit(client.authority).scheme != "https":
            raise ConfigurationError(
                "the authority must be an https origin", advice="set CHAPERONE_AUTHORITY"
            )
        self._registered = client
        self._secrets = secrets
        self._clock = clock
        self._tls = trusted(
            ca_file, "the development identity provider", "check CHAPERONE_DEV_CA_FILE"
        )
        self._session: aiohttp.ClientSession | None = None
        self._endpoints: _Endpoints | None = None

    async def authorization_endpoint(self) -> str:
        """See `ports.SignInProvider`."""
        return (await self._discover()).authorization

    async def redeem(self, code: str, verifier: str) -> PersonTokens:
        """See `ports.SignInProvider`."""
        return await self._tokens(
            {
                "grant_type": "authorization_code",
                "code": code,
                "code_verifier": verifier,
                "redirect_uri": self._registered.redirect_uri,
            }
        )

    async def renew(self, refresh_token: str) -> PersonTokens:
        """See `ports.SignInProvider`."""
        return await self._tokens({"grant_type": "refresh_token", "refresh_token": refresh_token})

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _tokens(self, grant: Mapping[str, str]) -> PersonTokens:
        endpoints = await self._discover()
        form = {"client_id": self._registered.client_id, "scope": SCOPES, **grant}
        if self._registered.secret:
            form["client_secret"] = (await self._secrets.get(self._registered.secret)).value
        status, document = await self._ask("POST", endpoints.token, form)
        if status != 200:  # noqa: PLR2004 - HTTP OK
            raise _refusal(status, str(document.get("error")))
        id_token, refresh_token = document.get("id_token"), document.get("refresh_token")
        if not isinstance(id_token, str):
            raise _unavailable("the identity provider gave no id token")
        if not isinstance(refresh_token, str) or not _REFRESH_TOKEN.fullmatch(refresh_token):
            raise _unavailable(
                "the identity provider gave no refresh token that can be kept",
                "allow the sign-in application the permission offline_access",
            )
        return PersonTokens(id_token, refresh_token)

    async def _discover(self) -> _Endpoints:
        known, now = self._endpoints, self._clock.now()
        if known is not None and timedelta(0) <= now - known.read_at < _DISCOVERY_AGE:
            return known
        issuer = f"{self._registered.authority}/{self._registered.tenant}/v2.0"
        status, document = await self._ask("GET", f"{issuer}/.well-known/openid-configuration")
        # OpenID Connect Discovery 1.0 §4.3: a document of another issuer must not be used.
        if status != 200 or document.get("issuer") != issuer:  # noqa: PLR2004 - HTTP OK
            raise _unavailable("the identity provider's discovery document cannot be used")
        self._endpoints = _Endpoints(
            self._own(document.get("authorization_endpoint")),
            self._own(document.get("token_endpoint")),
            now,
        )
        return self._endpoints

    def _own(self, url: object) -> str:
        """An endpoint on the authority's own host: secrets and people go nowhere else."""
        authority = urlsplit(self._registered.authority)
        try:
            parts = urlsplit(url if isinstance(url, str) else "")
            place = (parts.scheme, parts.hostname, parts.port or 443)
        except ValueError:
            raise _unavailable("the identity provider's discovery document is malformed") from None
        extra = parts.username is not None or parts.query or parts.fragment
        if place != ("https", authority.hostname, authority.port or 443) or extra:
            raise _unavailable("an endpoint of the identity provider is not on its own host")
        return parts.geturl()

    async def _ask(
        self, method: str, url: str, form: Mapping[str, str] | None = None
    ) -> tuple[int, Mapping[str, object]]:
        try:
            async with self._client().request(
                method,
                url,
                data=form,
                allow_redirects=False,
                ssl=self._tls,
                headers={"Accept": "application/json", "Accept-Encoding": "identity"},
            ) as response:
                body = await bounded(response.content, MAX_DOCUMENT_BYTES)
                status = response.status
        except TooLong:
            raise _unavailable("the identity provider's answer is too long") from None
        except FAILURES as error:
            raise _unavailable("the identity provider cannot be reached") from error
        try:
            document = orjson.loads(body)
        except orjson.JSONDecodeError:
            document = None
        if not isinstance(document, dict):
            raise _unavailable("the identity provider did not answer with a JSON object")
        return status, document

    def _client(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                trust_env=False,
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                timeout=aiohttp.ClientTimeout(total=_TIMEOUT_SECONDS, connect=5.0),
            )
        return self._session


def _refusal(status: int, error: str) -> Unauthenticated | Unavailable:
    if status == 400 and error in _SIGN_IN_AGAIN:  # noqa: PLR2004 - RFC 6749 §5.2
        return Unauthenticated(
            "the identity provider does not accept this sign-in any more", advice="sign in again"
        )
    if error in {"invalid_client", "unauthorized_client"}:
        return _unavailable(
            "the identity provider does not accept the sign-in application",
            "ask the gateway's operator to check the application's client secret",
        )
    return _unavailable("the identity provider gave no tokens")


def _unavailable(message: str, advice: str = "try again in a minute") -> Unavailable:
    return Unavailable(message, reason=Reason.SIGN_IN_UNAVAILABLE, advice=advice)
