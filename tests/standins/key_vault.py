"""A stand-in for Key Vault's secrets and keys over TLS, with its authentication challenge.

There is no emulator on PyPI or npm. This one speaks what the real clients need: 401 with
`WWW-Authenticate` until a bearer token comes, then secrets with versions and attributes, and EC
keys that can be read in part and sign.
https://learn.microsoft.com/rest/api/keyvault/secrets/get-secret/get-secret
https://learn.microsoft.com/rest/api/keyvault/keys/sign/sign
"""

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature

from tests.standins.certificates import self_signed
from tests.standins.credentials import StandInCredential

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
class StoredKey:
    """One version of an EC key."""

    private: ec.EllipticCurvePrivateKey = field(repr=False)
    version: str = "1"
    enabled: bool = True


@dataclass
class KeyVaultStandIn:
    """Contents and behaviour of the stand-in, changed by tests while it runs.

    Attributes:
        secrets: the current version by name.
        older: earlier versions by (name, version).
        keys: versions of keys by name, the newest last.
        signatures: how many were made.
        spoil: change signatures on their way.
        status: what every authenticated request is answered with; 200 to serve.
        reads: names of the secrets that were asked for with a token.
        challenges: how many requests came without one.
        refuses: of `get`, `list` and `delete`, what nobody has a right to where a secret was not
            given to them; rights on single secrets are not modelled.
        firewall: nobody gets through, whatever the right.
    """

    secrets: dict[str, StoredSecret] = field(default_factory=dict)
    older: dict[tuple[str, str], StoredSecret] = field(default_factory=dict)
    keys: dict[str, list[StoredKey]] = field(default_factory=dict)
    signatures: int = 0
    spoil: bool = False
    status: int = 200
    delay: float = 0
    reads: list[str] = field(default_factory=list)
    challenges: int = 0
    refuses: frozenset[str] = frozenset()
    firewall: bool = False
    url: str = ""
    ca_file: Path = Path()

    def rotate(self, name: str, value: str) -> None:
        """Put a new version in force; the one before stays readable by its own name."""
        before = self.secrets.get(name)
        number = int(before.version) + 1 if before else 1
        if before is not None:
            self.older[name, before.version] = before
        self.secrets[name] = StoredSecret(value, version=str(number))

    def new_key(self, name: str, curve: ec.EllipticCurve | None = None) -> StoredKey:
        """Put a new version of a key in force; earlier ones go on signing by their own names."""
        versions = self.keys.setdefault(name, [])
        private = ec.generate_private_key(curve or ec.SECP256R1())
        versions.append(StoredKey(private, f"{len(versions) + 1:032x}"))
        return versions[-1]

    async def serve_key(self, request: web.Request) -> web.Response:
        """Get a key's public part, or sign with it."""
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            self.challenges += 1
            return web.Response(status=401, headers={"WWW-Authenticate": _CHALLENGE})
        if self.status != 200:
            return _error(self.status, "Simulated", f"the vault says {self.status}")
        name, *rest = request.match_info["path"].strip("/").split("/")
        operation = rest.pop() if request.method == "POST" else ""
        versions = self.keys.get(name, [])
        wanted = rest[0] if rest else ""
        key = next((one for one in reversed(versions) if wanted in {"", one.version}), None)
        if key is None:
            return _error(404, "KeyNotFound", f"A key with name {name} was not found")
        if not key.enabled:
            return _error(403, "Forbidden", f"Operation is not allowed on disabled {name}")
        identifier = f"{self.url}/keys/{name}/{key.version}"
        if operation == "sign":
            return await self._sign(request, key, identifier)
        numbers = key.private.public_key().public_numbers()
        size = (key.private.curve.key_size + 7) // 8
        curve = {"secp256r1": "P-256", "secp384r1": "P-384"}[key.private.curve.name]
        jwk = {
            "kid": identifier,
            "kty": "EC",
            "crv": curve,
            "key_ops": ["sign", "verify"],
            "x": _text(numbers.x.to_bytes(size)),
            "y": _text(numbers.y.to_bytes(size)),
        }
        return web.json_response({"key": jwk, "attributes": {"enabled": True}})

    async def _sign(self, request: web.Request, key: StoredKey, identifier: str) -> web.Response:
        asked = await request.json()
        if asked["alg"] != "ES256":
            return _error(400, "BadParameter", "the key does not sign so")
        digest = base64.urlsafe_b64decode(asked["value"] + "=" * (-len(asked["value"]) % 4))
        signature = key.private.sign(digest, ec.ECDSA(Prehashed(hashes.SHA256())))
        r, s = decode_dss_signature(signature)
        raw = bytearray(r.to_bytes(32) + s.to_bytes(32))
        raw[-1] ^= self.spoil
        self.signatures += 1
        return web.json_response({"kid": identifier, "value": _text(bytes(raw))})

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
        if secret is None and (refused := self._refused("get")):
            return refused
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

    async def serve_list(self, request: web.Request) -> web.Response:
        """Names of secrets."""
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            self.challenges += 1
            return web.Response(status=401, headers={"WWW-Authenticate": _CHALLENGE})
        listed = [{"id": f"{self.url}/secrets/{name}"} for name in self.secrets]
        return self._refused("list") or web.json_response({"value": listed})

    async def serve_delete(self, request: web.Request) -> web.Response:
        """Delete a secret; there is none that could be."""
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            self.challenges += 1
            return web.Response(status=401, headers={"WWW-Authenticate": _CHALLENGE})
        name = request.match_info["name"]
        if name in self.secrets:
            raise AssertionError("a probe deletes what is there")
        return self._refused("delete") or _error(404, "SecretNotFound", f"{name} was not found")

    def _refused(self, operation: str) -> web.Response | None:
        if not self.firewall and operation not in self.refuses:
            return None
        word = "ForbiddenByConnection" if self.firewall else "ForbiddenByRbac"
        error = {"code": "Forbidden", "message": "no", "innererror": {"code": word}}
        return web.json_response({"error": error}, status=403)


class VaultCredential(StandInCredential):
    """For this stand-in: the challenge names the tenant."""

    def __init__(self) -> None:
        super().__init__(TOKEN, "https://vault.azure.net/.default", tenant_id=TENANT)


@asynccontextmanager
async def key_vault(folder: Path) -> AsyncIterator[KeyVaultStandIn]:
    """Serve a stand-in on loopback; its certificate is written to `folder`."""
    standin = KeyVaultStandIn(ca_file=folder / "vault.pem")
    context = self_signed(standin.ca_file, "Key Vault stand-in")
    app = web.Application()
    app.router.add_get("/secrets/{name}/{version:.*}", standin.serve)
    app.router.add_get("/secrets/{name}", standin.serve)
    app.router.add_get("/secrets", standin.serve_list)
    app.router.add_delete("/secrets/{name}", standin.serve_delete)
    app.router.add_get("/keys/{path:.*}", standin.serve_key)
    app.router.add_post("/keys/{path:.*}", standin.serve_key)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
    await site.start()
    standin.url = f"https://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield standin
    finally:
        await runner.cleanup()


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _error(status: int, code: str, message: str) -> web.Response:
    return web.json_response({"error": {"code": code, "message": message}}, status=status)
