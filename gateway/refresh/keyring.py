"""The signing keys of each accepted tenant: cached, refreshed, and kept through an outage."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from joserfc.jwk import RSAKey

from gateway.authn.issuers import issuers
from gateway.authn.keys import signing_keys
from gateway.errors import Reason, Unauthenticated, Unavailable
from gateway.ports import Clock, KeyEndpoint
from gateway.refresh.age import within


@dataclass(frozen=True, slots=True)
class KeyAges:
    """How long keys are good, and how often the endpoint may be asked.

    Attributes:
        refresh: older sets are read again on the next use: a withdrawn key is out by then.
        maximum: without an answer of the endpoint, keys of this age are not used any more.
        retry: at most one request per tenant in this time, whatever key ids callers name.
        cold_retry: the same while there is no key at all, so that a start recovers quickly.
    """

    refresh: timedelta = timedelta(hours=1)
    maximum: timedelta = timedelta(hours=24)
    retry: timedelta = timedelta(seconds=30)
    cold_retry: timedelta = timedelta(seconds=5)


@dataclass(slots=True)
class _Ring:
    """What is known of one tenant's keys."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    keys: Mapping[str, RSAKey] = field(default_factory=dict)
    read_at: datetime | None = None
    attempted_at: datetime | None = None
    failed: bool = False

    def usable(self, maximum: timedelta, now: datetime) -> Mapping[str, RSAKey]:
        return self.keys if within(self.read_at, maximum, now) else {}


class KeyRing:
    """Finds the key for (tenant, kid).

    The caller asks only for tenants of the allow-list, so the number of rings is bounded.
    """

    def __init__(
        self, endpoint: KeyEndpoint, clock: Clock, authority: str, ages: KeyAges | None = None
    ) -> None:
        self._endpoint = endpoint
        self._clock = clock
        self._authority = authority
        self._ages = ages or KeyAges()
        self._rings: dict[str, _Ring] = {}

    async def key(self, tenant: str, kid: str) -> RSAKey:
        """The signing key, the same object for as long as the endpoint publishes it.

        Raises:
            Unauthenticated: the tenant does not sign with such a key.
            Unavailable: KEYS_UNAVAILABLE: that cannot be known now.
        """
        ring = self._rings.setdefault(tenant, _Ring())
        now = self._clock.now()
        known = ring.usable(self._ages.maximum, now).get(kid)
        # While another request refreshes an ageing set, its keys still serve the others.
        if known is not None and (ring.lock.locked() or not self._due(ring, kid, now)):
            return known
        async with ring.lock:
            if self._due(ring, kid, self._clock.now()):
                await self._refresh(ring, tenant)
        return self._answer(ring, kid, self._clock.now())

    def _due(self, ring: _Ring, kid: str, now: datetime) -> bool:
        keys = ring.usable(self._ages.maximum, now)
        if kid in keys and within(ring.read_at, self._ages.refresh, now):
            return False
        pause = self._ages.retry if keys else self._ages.cold_retry
        return not within(ring.attempted_at, pause, now)

    async def _refresh(self, ring: _Ring, tenant: str) -> None:
        started = self._clock.now()
        try:
            document = await self._endpoint.fetch(tenant)
            fresh = signing_keys(document, tenant, issuers(self._authority, tenant))
        except Unavailable:
            # The old keys stay, up to their maximum age; `_answer` says so where none is left.
            ring.failed = True
        else:
            ring.keys = {kid: _same(ring.keys.get(kid), key) for kid, key in fresh.items()}
            ring.read_at = started
            ring.failed = False
        # Counted from the end: those who waited for a slow failure must not repeat it one by one.
        ring.attempted_at = self._clock.now()

    def _answer(self, ring: _Ring, kid: str, now: datetime) -> RSAKey:
        keys = ring.usable(self._ages.maximum, now)
        if kid in keys:
            return keys[kid]
        if ring.failed or not keys:
            raise Unavailable(
                "the identity provider's signing keys cannot be read now",
                reason=Reason.KEYS_UNAVAILABLE,
                advice="try again in a minute",
            )
        raise Unauthenticated("the token is signed with a key that its tenant does not publish")


def _same(old: RSAKey | None, new: RSAKey) -> RSAKey:
    """The old object where the key has not changed: identity then means "still published"."""
    return old if old is not None and old.thumbprint() == new.thumbprint() else new
