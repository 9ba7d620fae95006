"""The key of tokens in masked content, from a secret whose version names the key."""

import base64
import binascii

from gateway.errors import Reason, Unavailable
from gateway.masking.tokens import KEY_BYTES, TokenKey
from gateway.ports import Secrets


class SecretTokenKeys:
    """`ports.TokenKeys` over the secret store, which caches and notices a new version."""

    def __init__(self, secrets: Secrets, name: str) -> None:
        self._secrets = secrets
        self._name = name
        self._key: TokenKey | None = None

    async def current(self) -> TokenKey:
        """The version in force.

        Raises:
            Unavailable: the secret cannot be read, or holds no base64 key of 64 bytes.
        """
        secret = await self._secrets.get(self._name)
        if self._key is None or self._key.version != secret.version:
            try:
                self._key = TokenKey(secret.version, base64.b64decode(secret.value, validate=True))
            except (binascii.Error, ValueError):
                raise Unavailable(
                    f"the token key is not base64 of {KEY_BYTES} bytes",
                    reason=Reason.CREDENTIAL_UNAVAILABLE,
                    advice=f"store {KEY_BYTES} random bytes, base64 encoded, in the token key's "
                    "secret",
                ) from None
        return self._key
