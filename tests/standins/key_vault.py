"""A stand-in for Key Vault's secrets over TLS, with its authentication challenge.

There is no emulator on PyPI or npm. This one speaks what the real client needs: 401 with
`WWW-Authenticate` until a bearer token comes, then secrets with versions and attributes.
https://learn.microsoft.com/rest/api/keyvault/secrets/get-secret/get-secret
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from aiohttp import web
from azure.core.credentials import AccessToken

from tests.standins.certificates import self_signed

TENANT = "11111111-2222-3333-4444-555555555555"
TOKEN = "token-for-the-vault"
_CHALLENGE = (
    f'Bearer authorization="https://login.windows.net/{TENANT}", resource="https://vault.azure.net"'
)


@dataclass
class StoredSecret:
    """One version of a secret; `attributes` as the vault sends them (`enabled`, `exp`, `nbf`)."""

    value: str = field(repr=False)
    version: str = "1"
    attributes: dict[str, object] = field(default_factory=lambda: {"enabled": True})


@dataclass
class KeyVaultStandIn:
    """Contents and behaviour of the stand-in, changed by tests while it runs.

    Attributes:
        secrets: the current version by name.
        older: earlier versions by (name, version).
        status: what every authenticated request is answered with; 200 to serve.
        reads: names of the secrets that were asked for with a token.
        challenges: how many requests came without one.
    """

    secrets: dict[str, StoredSecret] = field(default_factory=dict)
    older: dict[tuple[str, str], StoredSecret] = field(default_factory=dict)
    status: int = 200
    delay: float = 0
    reads: list[str] = field(default_factory=list)
    challenges: int = 0
    url: str = ""
    ca_file: Path = Path()

    def rotate(self, name: str, value: str) -> None:
        """Put a new version in force; the one before stays readable by its own name."""
        before = self.secrets.get(name)
        number = int(before.version) + 1 if before else 1
        if before is not None:
            self.older[name, before.version] = before
        self.secrets[name] = StoredSecret(value, version=str(number))

    async def serve(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            self.challenges += 1
            return web.Response(status=401, headers={"WWW-Authenticate": _CHALLENGE})
        name = request.match_info["name"]
        self.reads.append(name)
        if self.delay:
            await asyncio.sleep(self.delay)
        if self.status != 200:
            return _error(self.status, "Simulated", f"the vault says {self.status} about {name}")
        version = request.match_info.get("version", "").strip("/")
        secret = self.secrets.get(name)
        if version and (secret is None or secret.version != version):
            secret = self.older.get((name, version))
        if secret is None:
            return _error(404, "SecretNotFound", f"A secret with name {name} was not found")
        if secret.attributes.get("enabled") is False:
            return _error(403, "Forbidden", f"Operation get is not allowed on disabled {name}")
        return web.json_response(
            {
                "value": secret.value,
                "id": f"{self.url}/secrets/{name}/{secret.version}",
                "attributes": secret.attributes,
            }
        )


class VaultCredential:
    """Gives the stand-in's token, as azure-identity would give Entra's."""

    async def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        assert scopes == ("https://vault.azure.net/.default",)
        assert options.get("tenant_id") == TENANT
        return AccessToken(TOKEN, int(time.time()) + 3600)

    async def close(self) -> None:
        pass

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        pass


@asynccontextmanager
async def key_vault(folder: Path) -> AsyncIterator[KeyVaultStandIn]:
    """Serve a stand-in on loopback; its certificate is written to `folder`."""
    standin = KeyVaultStandIn(ca_file=folder / "vault.pem")
    context = self_signed(standin.ca_file, "Key Vault stand-in")
    app = web.Application()
    app.router.add_get("/secrets/{name}/{version:.*}", standin.serve)
    app.router.add_get("/secrets/{name}", standin.serve)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
    await site.start()
    standin.url = f"https://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield standin
    finally:
        await runner.cleanup()


def _error(status: int, code: str, message: str) -> web.Response:
    return web.json_response({"error": {"code": code, "message": message}}, status=status)
