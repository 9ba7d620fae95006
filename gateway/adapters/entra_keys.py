"""A tenant's signing keys from Entra: discovery document, then key set, over strict HTTPS."""

import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import orjson

from gateway.adapters.strict_https import FAILURES, TooLong, bounded, trusted
from gateway.errors import ConfigurationError, Reason, Unavailable

MAX_DOCUMENT_BYTES = 1024 * 1024
_TENANT = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)


class EntraKeys:
    """Reads `{authority}/{tenant}/v2.0/.well-known/openid-configuration` and its `jwks_uri`.

    No redirects, no proxy or credentials from the environment, at most 1 MiB a document.
    """

    def __init__(
        self,
        authority: str,
        *,
        session: aiohttp.ClientSession | None = None,
        ca_file: Path | None = None,
        timeout_seconds: float = 10.0,
    ) -> None:
        """Opens nothing; the session is made on first use unless one is given.

        Args:
            authority: https origin; the key set must be on the same host and port.
            session: its owner closes it.
            ca_file: the only certificates to trust, for the development provider.
            timeout_seconds: for each of the two documents.

        Raises:
            ConfigurationError: the authority is no https origin, or the CA file cannot be read.
        """
        parts = urlsplit(authority)
        if parts.scheme != "https" or not parts.hostname:
            raise ConfigurationError(
                "the authority must be an https origin", advice="set CHAPERONE_AUTHORITY"
            )
        self._authority = authority.rstrip("/")
        self._session = session
        self._owned: aiohttp.ClientSession | None = None
        self._tls = trusted(
            ca_file, "the development identity provider", "check CHAPERONE_DEV_CA_FILE"
        )
        self._timeout = aiohttp.ClientTimeout(
            total=timeout_seconds, connect=min(5.0, timeout_seconds)
        )

    async def fetch(self, tenant: str) -> Mapping[str, object]:
        """The key set as parsed JSON.

        Raises:
            Unavailable: KEYS_UNAVAILABLE: the endpoint failed, was too slow, or its answer is not
                what discovery promises.
        """
        if not _TENANT.fullmatch(tenant):
            raise _unavailable("a tenant id is a GUID in lower case")
        issuer = f"{self._authority}/{tenant}/v2.0"
        discovery = await self._get(f"{issuer}/.well-known/openid-configuration")
        # OpenID Connect Discovery 1.0 §4.3: a document of another issuer must not be used.
        if discovery.get("issuer") != issuer:
            raise _unavailable("the discovery document is for another issuer")
        return await self._get(self._key_url(discovery.get("jwks_uri")))

    async def close(self) -> None:
        """Close the session, if it was made here."""
        if self._owned is not None:
            await self._owned.close()
            self._owned = None

    def _key_url(self, url: object) -> str:
        authority = urlsplit(self._authority)
        try:
            parts = urlsplit(url if isinstance(url, str) else "")
            host, port = parts.hostname, parts.port or 443
        except ValueError:
            raise _unavailable("the discovery document names no key set") from None
        elsewhere = (host, port) != (authority.hostname, authority.port or 443)
        if elsewhere or parts.scheme != "https" or parts.username is not None:
            raise _unavailable("the key set is not on the authority's own host")
        return parts.geturl()

    async def _get(self, url: str) -> Mapping[str, object]:
        try:
            async with self._client().get(
                url,
                allow_redirects=False,
                timeout=self._timeout,
                ssl=self._tls,
                headers={"Accept": "application/json", "Accept-Encoding": "identity"},
            ) as response:
                if response.status != 200:  # noqa: PLR2004 - HTTP OK
                    raise _unavailable("the identity provider did not answer with 200")
                body = await bounded(response.content, MAX_DOCUMENT_BYTES)
        except TooLong:
            raise _unavailable("the identity provider's answer is over 1 MiB") from None
        except FAILURES as error:
            raise _unavailable("the identity provider cannot be reached") from error
        try:
            document = orjson.loads(body)
        except orjson.JSONDecodeError:
            raise _unavailable("the identity provider did not answer with JSON") from None
        if not isinstance(document, dict):
            raise _unavailable("the identity provider's answer is not a JSON object")
        return document

    def _client(self) -> aiohttp.ClientSession:
        if self._session is not None:
            return self._session
        if self._owned is None:
            self._owned = aiohttp.ClientSession(
                trust_env=False, cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False
            )
        return self._owned


def _unavailable(message: str) -> Unavailable:
    return Unavailable(message, reason=Reason.KEYS_UNAVAILABLE, advice="try again in a minute")
