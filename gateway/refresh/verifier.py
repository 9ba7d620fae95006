"""Bearer token to principal, with verified tokens cached by digest."""

import hashlib
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta

from joserfc.jwk import RSAKey

from gateway.authn.header import MAX_TOKEN_CHARS, claimed_tenant, header
from gateway.authn.token import Accepted, verify
from gateway.errors import Unauthenticated
from gateway.model.principal import Principal
from gateway.ports import Clock
from gateway.refresh.keyring import KeyRing


@dataclass(frozen=True, slots=True)
class _Verified:
    """A verified token: no part of the token itself, and the key that it depends on."""

    principal: Principal
    kid: str
    key: RSAKey
    since: datetime
    until: datetime


class EntraVerifier:
    """Verifies Entra access tokens; a token seen before costs a digest and two look-ups.

    A cached entry holds no longer than the token, `max_cached_seconds` or its signing key. The
    deny list is asked by the pipeline for every request, cached or not.
    """

    def __init__(
        self,
        keys: KeyRing,
        accepted: Accepted,
        clock: Clock,
        *,
        max_cached_seconds: int = 300,
        max_entries: int = 4096,
    ) -> None:
        self._keys = keys
        self._accepted = accepted
        self._clock = clock
        self._max_cached = timedelta(seconds=max_cached_seconds)
        self._max_entries = max_entries
        self._verified: OrderedDict[bytes, _Verified] = OrderedDict()

    async def verify(self, token: str) -> Principal:
        """The principal of a good token.

        Raises:
            Unauthenticated: with the reason.
            Forbidden: GROUP_OVERAGE.
            Unavailable: keys cannot be had and no cached key answers.
        """
        if len(token) > MAX_TOKEN_CHARS or not token.isascii():
            raise Unauthenticated(f"a token is ASCII, at most {MAX_TOKEN_CHARS} characters")
        digest = hashlib.sha256(token.encode("ascii")).digest()
        entry = self._verified.get(digest)
        if entry is not None:
            principal = await self._still_good(digest, entry)
            if principal is not None:
                return principal
        return await self._verify(token, digest)

    async def _still_good(self, digest: bytes, entry: _Verified) -> Principal | None:
        # Asking the ring also keeps it fresh, so that a key withdrawn there is out here as well.
        key = await self._keys.key(entry.principal.tenant, entry.kid)
        if key is entry.key and entry.since <= self._clock.now() < entry.until:
            self._verified[digest] = entry
            self._verified.move_to_end(digest)
            return entry.principal
        self._verified.pop(digest, None)
        return None

    async def _verify(self, token: str, digest: bytes) -> Principal:
        kid = header(token).kid
        tenant = claimed_tenant(token, self._accepted.tenants)
        key = await self._keys.key(tenant, kid)
        now = self._clock.now()
        principal = verify(token, key, self._accepted, now)
        until = min(
            principal.expires_at + timedelta(seconds=self._accepted.leeway), now + self._max_cached
        )
        self._verified[digest] = _Verified(principal, kid, key, now, until)
        while len(self._verified) > self._max_entries:
            self._verified.popitem(last=False)
        return principal
