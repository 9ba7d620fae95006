"""Entra tokens for managed identities and service principals, by azure-identity."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable
from typing import Protocol

from azure.core import exceptions
from azure.core.credentials import AccessToken
from azure.identity.aio import ClientSecretCredential, ManagedIdentityCredential

from gateway.errors import Reason, Unavailable
from gateway.model.connection import Credential, CredentialKind
from gateway.ports import Secret, Secrets

_log = logging.getLogger(__name__)

_FAILURES = (
    exceptions.AzureError,
    exceptions.SerializationError,
    exceptions.DeserializationError,
    TimeoutError,
    OSError,
    ValueError,  # azure-identity's word for a tenant or client id that cannot be one
)


class TokenSource(Protocol):
    """What is used of an azure-identity credential; it caches tokens until they near expiry."""

    async def get_token(self, *scopes: str) -> AccessToken:
        """A token for the scopes."""
        ...

    async def close(self) -> None:
        """Free its connections."""
        ...


Factory = Callable[[Credential, Secret | None], TokenSource]
"""Makes the source for an identity; the secret is the client's, None for managed identities."""

_Identity = tuple[Credential, str]  # with the version of its secret


def azure_identity(authority: str = "https://login.microsoftonline.com") -> Factory:
    """The factory for real use.

    Args:
        authority: Entra authority host, for national clouds.
    """

    def make(credential: Credential, secret: Secret | None) -> TokenSource:
        if secret is None:
            return ManagedIdentityCredential(client_id=credential.client_id or None)
        return ClientSecretCredential(
            credential.tenant, credential.client_id, secret.value, authority=authority
        )

    return make


class EntraTokens:
    """`ports.Tokens`. Sources are made when first needed and closed by `close`.

    Args:
        secrets: holds client secrets.
        factory: see `azure_identity`.
        timeout_seconds: bound for getting one token.
        limit: sources kept at most; the longest unused is closed first.
    """

    def __init__(
        self,
        secrets: Secrets,
        factory: Factory | None = None,
        *,
        timeout_seconds: float = 20,
        limit: int = 64,
    ) -> None:
        self._secrets = secrets
        self._factory = factory or azure_identity()
        self._timeout = timeout_seconds
        self._limit = limit
        self._sources: OrderedDict[_Identity, TokenSource] = OrderedDict()
        self._calls: dict[_Identity, asyncio.Task[str]] = {}

    async def token(self, credential: Credential) -> str:
        """See `ports.Tokens`."""
        secret = await self._secret(credential)
        identity = (credential, secret.version if secret else "")
        call = self._calls.get(identity)
        if call is None:
            call = asyncio.create_task(self._request(identity, secret))
            self._calls[identity] = call
            call.add_done_callback(lambda done: self._finished(identity, done))
        # Callers that come at the same time share one call; one that gives up ends nothing.
        return await asyncio.shield(call)

    async def close(self) -> None:
        """Close every source; the object can be used again afterwards."""
        while self._sources:
            _, source = self._sources.popitem()
            await _close(source)

    async def _secret(self, credential: Credential) -> Secret | None:
        match credential.kind:
            case CredentialKind.MANAGED_IDENTITY:
                return None
            case CredentialKind.SERVICE_PRINCIPAL:
                return await self._secrets.get(credential.secret)
            case _:
                raise _unavailable()

    def _finished(self, identity: _Identity, call: "asyncio.Task[str]") -> None:
        self._calls.pop(identity, None)
        if not call.cancelled():
            call.exception()  # seen, even where every caller has given up

    async def _request(self, identity: _Identity, secret: Secret | None) -> str:
        credential = identity[0]
        if not credential.scope:
            raise _unavailable()
        try:
            source = await self._source(identity, secret)
            async with asyncio.timeout(self._timeout):
                answer = await source.get_token(credential.scope)
        except _FAILURES as error:
            # Messages of azure-identity can hold tenant ids and responses; the class says enough.
            _log.warning("no token for a %s: %s", credential.kind, type(error).__name__)
            raise _unavailable() from None
        return answer.token

    async def _source(self, identity: _Identity, secret: Secret | None) -> TokenSource:
        source = self._sources.get(identity)
        if source is None:
            source = self._sources[identity] = self._factory(identity[0], secret)
            await self._discard(identity)
        self._sources.move_to_end(identity)
        return source

    async def _discard(self, new: _Identity) -> None:
        """Close what `new` supersedes and what is over the limit, unless it is in use."""
        superseded = [key for key in self._sources if _supersedes(new, key)]
        surplus = list(self._sources)[: max(0, len(self._sources) - self._limit)]
        for key in dict.fromkeys(superseded + surplus):
            if key not in self._calls:
                await _close(self._sources.pop(key))


def _supersedes(new: _Identity, old: _Identity) -> bool:
    return old != new and old[0] == new[0]


async def _close(source: TokenSource) -> None:
    try:
        await source.close()
    except _FAILURES as error:
        _log.warning("an identity could not be closed: %s", type(error).__name__)


def _unavailable() -> Unavailable:
    return Unavailable(
        "no token can be had for the connection's identity",
        reason=Reason.CREDENTIAL_UNAVAILABLE,
        advice="ask the operator of the gateway to check the identity and its role assignments",
    )
