"""Secrets from Azure Key Vault, cached so that a short outage of the vault is survived."""

import asyncio
import logging
from collections import OrderedDict
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from http import HTTPStatus

from azure.core import exceptions
from azure.keyvault.secrets import KeyVaultSecret
from azure.keyvault.secrets.aio import SecretClient

from gateway.errors import Reason, Unavailable
from gateway.ports import Clock, Secret

_log = logging.getLogger(__name__)

_FAILURES = (
    exceptions.AzureError,
    exceptions.SerializationError,
    exceptions.DeserializationError,
    TimeoutError,
    OSError,
    ValueError,
)
# Answers that say nothing about the secret itself.
_TRANSIENT = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS, *range(500, 600)})


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """How long a secret is used.

    Attributes:
        fresh: without asking the vault again; a rotated secret is picked up within this time.
        usable: where the vault cannot be reached; then requests that need it fail.
        pause: between two attempts while the vault fails and a usable secret is there.
        call: bound for one call of the vault, retries included.
    """

    fresh: timedelta = timedelta(minutes=5)
    usable: timedelta = timedelta(hours=1)
    pause: timedelta = timedelta(seconds=10)
    call: timedelta = timedelta(seconds=15)


@dataclass(frozen=True, slots=True)
class _Cached:
    secret: Secret
    fetched_at: datetime
    ask_at: datetime
    expires_at: datetime


class _Refused(Exception):
    """The vault has answered: this secret may not be used."""


class _Unanswered(Exception):
    """The vault has not answered."""


class VaultSecrets:
    """`ports.Secrets` over one vault.

    Many callers that need one secret at the same time share one call. A secret that the vault
    refuses, no longer has or that has expired is forgotten at once; only silence is survived.

    Args:
        client: of the vault, closed by its owner.
        clock: decides freshness.
        lifetimes: see there.
        limit: secrets kept at most; the longest unused goes first.
    """

    def __init__(
        self,
        client: SecretClient,
        clock: Clock,
        *,
        lifetimes: Lifetimes | None = None,
        limit: int = 256,
    ) -> None:
        self._client = client
        self._clock = clock
        self._lifetimes = lifetimes or Lifetimes()
        self._limit = limit
        self._cache: OrderedDict[str, _Cached] = OrderedDict()
        self._calls: dict[str, asyncio.Task[Secret]] = {}

    def __repr__(self) -> str:
        return f"VaultSecrets({len(self._cache)} cached)"

    async def get(self, name: str, version: str = "") -> Secret:
        """See `ports.Secrets`."""
        name = f"{name}/{version}" if version else name
        cached = self._cache.get(name)
        if cached and self._clock.now() < cached.ask_at:
            self._cache.move_to_end(name)
            return cached.secret
        call = self._calls.get(name)
        if call is None:
            call = asyncio.create_task(self._refresh(name))
            self._calls[name] = call
            call.add_done_callback(lambda done: self._finished(name, done))
        # A caller that gives up does not end the call for the others.
        return await asyncio.shield(call)

    def _finished(self, name: str, call: "asyncio.Task[Secret]") -> None:
        self._calls.pop(name, None)
        if not call.cancelled():
            call.exception()  # seen, even where every caller has given up

    async def _refresh(self, name: str) -> Secret:
        try:
            cached = await self._fetch(name)
        except _Refused:
            self._cache.pop(name, None)
            raise _unavailable() from None
        except _Unanswered:
            return self._remembered(name)
        self._cache[name] = cached
        self._cache.move_to_end(name)
        while len(self._cache) > self._limit:
            self._cache.popitem(last=False)
        return cached.secret

    def _remembered(self, name: str) -> Secret:
        now = self._clock.now()
        cached = self._cache.get(name)
        if cached is None or now >= cached.expires_at:
            self._cache.pop(name, None)
            raise _unavailable()
        ask_at = min(now + self._lifetimes.pause, cached.expires_at)
        self._cache[name] = replace(cached, ask_at=ask_at)
        return cached.secret

    async def _fetch(self, name: str) -> _Cached:
        try:
            async with asyncio.timeout(self._lifetimes.call.total_seconds()):
                secret, _, version = name.partition("/")
                answer = await self._client.get_secret(secret, version or None)
        except _FAILURES as error:
            status = getattr(error, "status_code", None)
            _log.warning("secret %r: %s, status %s", name, type(error).__name__, status)
            if status is None or status in _TRANSIENT:
                raise _Unanswered from None
            raise _Refused from None
        return self._accept(answer)

    def _accept(self, answer: KeyVaultSecret) -> _Cached:
        now = self._clock.now()
        properties = answer.properties
        # The vault also returns secrets outside their validity; using one is our decision.
        early = properties.not_before is not None and now < properties.not_before
        late = properties.expires_on is not None and now >= properties.expires_on
        if not answer.value or properties.enabled is False or early or late:
            raise _Refused
        expires_at = now + self._lifetimes.usable
        if properties.expires_on is not None:
            expires_at = min(expires_at, properties.expires_on)
        secret = Secret(answer.value, properties.version or "")
        return _Cached(secret, now, min(now + self._lifetimes.fresh, expires_at), expires_at)


def _unavailable() -> Unavailable:
    return Unavailable(
        "a secret that the connection needs is not available",
        reason=Reason.CREDENTIAL_UNAVAILABLE,
        advice="ask the operator of the gateway to check its vault; its log names the secret",
    )
