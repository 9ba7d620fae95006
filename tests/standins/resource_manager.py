"""A stand-in for the part of Azure Resource Manager that says how a container keeps its blobs.

Real HTTPS, bearer tokens, and the shapes of Microsoft.Storage's blobServices/containers and
immutabilityPolicies resources.
https://learn.microsoft.com/rest/api/storagerp/blob-containers/get-immutability-policy
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web

from tests.standins.certificates import self_signed
from tests.standins.credentials import StandInCredential

TOKEN = "token-for-resource-manager"
ACCOUNT = (
    "/subscriptions/11111111-2222-4333-8444-555555555555/resourceGroups/rg-evidence"
    "/providers/Microsoft.Storage/storageAccounts/evidence"
)
PUT = {
    "update": "put",
    "immutabilityPeriodSinceCreationInDays": 2557,
    "timestamp": "2026-08-01T09:00:00.0000000Z",
    "objectIdentifier": "22222222-2222-4222-8222-222222222222",
    "tenantId": "11111111-1111-4111-8111-111111111111",
    "upn": "alice@example.org",
}
LOCK = {**PUT, "update": "lock", "timestamp": "2026-08-01T10:00:00.0000000Z"}


@dataclass
class ResourceManagerStandIn:
    """Contents and behaviour of the stand-in, changed by tests while it runs.

    Attributes:
        policy: properties of the container's policy; None for no such resource.
        updates: the log of the policy.
        legal_hold: whether the container has one.
        status: what every authenticated request is answered with; 200 to serve.
        body: sent in place of every answer, where not None.
        asked: path and query of every authenticated request.
    """

    policy: dict[str, object] | None = field(
        default_factory=lambda: {
            "immutabilityPeriodSinceCreationInDays": 2557,
            "state": "Locked",
            "allowProtectedAppendWrites": True,
            "allowProtectedAppendWritesAll": False,
        }
    )
    updates: list[dict[str, object]] = field(default_factory=lambda: [dict(PUT), dict(LOCK)])
    legal_hold: bool = False
    status: int = 200
    body: bytes | None = None
    asked: list[str] = field(default_factory=list)
    url: str = ""
    ca_file: Path = Path()

    async def serve(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return _error(401, "InvalidAuthenticationToken")
        self.asked.append(request.path_qs)
        if self.status != 200:
            return _error(self.status, "Simulated")
        if self.body is not None:
            return web.Response(body=self.body, content_type="application/json")
        assert "api-version" in request.query
        container = f"{ACCOUNT}/blobServices/default/containers/evidence"
        if request.path == container:
            return web.json_response(self._container(container))
        if request.path == f"{container}/immutabilityPolicies/default" and self.policy is not None:
            return web.json_response(
                {"etag": '"8d9"', "name": "default", "properties": self.policy}
            )
        return _error(404, "ContainerNotFound")

    def _container(self, identifier: str) -> dict[str, object]:
        log = {"etag": '"8d9"', "properties": self.policy, "updateHistory": self.updates}
        return {
            "id": identifier,
            "name": "evidence",
            "properties": {
                "hasImmutabilityPolicy": self.policy is not None,
                "hasLegalHold": self.legal_hold,
                **({"immutabilityPolicy": log} if self.policy is not None else {}),
                "legalHold": {"hasLegalHold": self.legal_hold, "tags": []},
            },
        }


class ResourceManagerCredential(StandInCredential):
    """For this stand-in, at its URL."""

    def __init__(self, url: str) -> None:
        super().__init__(TOKEN, f"{url}/.default")


@asynccontextmanager
async def resource_manager(folder: Path) -> AsyncIterator[ResourceManagerStandIn]:
    """Serve a stand-in on loopback; its certificate is written to `folder`."""
    standin = ResourceManagerStandIn(ca_file=folder / "resource-manager.pem")
    context = self_signed(standin.ca_file, "Resource Manager stand-in")
    app = web.Application()
    app.router.add_get("/{path:.*}", standin.serve)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
    await site.start()
    standin.url = f"https://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield standin
    finally:
        await runner.cleanup()


def _error(status: int, code: str) -> web.Response:
    content = {"error": {"code": code, "message": f"Resource Manager says {status}"}}
    return web.json_response(content, status=status)
