"""What stands in for azure-identity's credentials beside a stand-in of a service."""

import time
from typing import Any, Self

from azure.core.credentials import AccessToken


class StandInCredential:
    """Gives a stand-in's own token for its scope, as azure-identity would give Entra's.

    Args:
        token: what the stand-in takes.
        scope: what has to be asked for.
        options: what has to be asked for besides, such as the tenant of a challenge.
    """

    def __init__(self, token: str, scope: str, **options: Any) -> None:
        self._token = token
        self._scope = scope
        self._options = options

    async def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        assert scopes == (self._scope,)
        assert self._options.items() <= options.items()
        return AccessToken(self._token, int(time.time()) + 3600)

    async def close(self) -> None:
        pass

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        pass
