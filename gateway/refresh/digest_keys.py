"""The key of keyed digests, from a secret whose version names the key."""

import base64
import binascii

from gateway.errors import Reason, Unavailable
from gateway.model.digest import DigestKey
from gateway.ports import Secrets


class SecretDigestKeys:
    """Reads the base64 key from the secret store, which caches it and notices a new version."""

    def __init__(self, secrets: Secrets, name: str, what: str = "digest key") -> None:
        """`what` says in errors what the key is for."""
        self._what = what
        self._secrets = secrets
        self._name = name
        self._key: DigestKey | None = None

    async def current(self) -> DigestKey:
        """The version in force.

        Raises:
            Unavailable: the secret cannot be read or holds no base64 key of 32 bytes or more.
        """
        secret = await self._secrets.get(self._name)
        if self._key is None or self._key.version != secret.version:
            try:
                key = base64.b64decode(secret.value, validate=True)
                self._key = DigestKey(secret.version, key)
            except (binascii.Error, ValueError):
                raise Unavailable(
                    f"the {self._what} is not base64 of at least 32 bytes",
                    reason=Reason.CREDENTIAL_UNAVAILABLE,
                    advice=f"store 32 random bytes, base64 encoded, in the {self._what} secret",
                ) from None
        return self._key
