"""A key that seals what is stored: the version in force seals, every version opens."""

import base64
import binascii

from gateway.errors import Reason, Unavailable
from gateway.model.digest import DigestKey
from gateway.ports import Secret, Secrets


class SecretSealingKeys:
    """Reads base64 keys of 32 bytes or more from the secret store, which caches them."""

    def __init__(self, secrets: Secrets, name: str) -> None:
        self._secrets = secrets
        self._name = name

    async def current(self) -> DigestKey:
        """See `ports.SealingKeys`."""
        return self._key(await self._secrets.get(self._name))

    async def version(self, version: str) -> DigestKey:
        """See `ports.SealingKeys`."""
        current = await self._secrets.get(self._name)
        if current.version != version:
            current = await self._secrets.get(self._name, version)
        return self._key(current)

    def _key(self, secret: Secret) -> DigestKey:
        try:
            return DigestKey(secret.version, base64.b64decode(secret.value, validate=True))
        except (binascii.Error, ValueError):
            raise Unavailable(
                f"the key in the secret {self._name} is not base64 of at least 32 bytes",
                reason=Reason.CREDENTIAL_UNAVAILABLE,
                advice="store 32 random bytes, base64 encoded, in that secret",
            ) from None
