"""Id token to person, with the same signing keys as access tokens."""

from gateway.authn.header import claimed_tenant, header
from gateway.authn.id_token import Expected, verify_id_token
from gateway.authn.token import Accepted
from gateway.model.principal import Principal
from gateway.ports import Clock
from gateway.refresh.keyring import KeyRing


class EntraIdTokens:
    """`ports.IdTokens`; nothing is cached, a person signs in seldom."""

    def __init__(self, keys: KeyRing, accepted: Accepted, clock: Clock) -> None:
        """`accepted` names the sign-in application as its only audience."""
        self._keys = keys
        self._accepted = accepted
        self._clock = clock

    async def verify(self, token: str, expected: Expected) -> Principal:
        """See `ports.IdTokens`."""
        kid = header(token).kid
        tenant = claimed_tenant(token, self._accepted.tenants)
        key = await self._keys.key(tenant, kid)
        return verify_id_token(token, key, self._accepted, expected, self._clock.now())
