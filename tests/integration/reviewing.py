"""Reviewers' pages as processes: the development provider, and the local host with held requests
that a test puts there. No storage is needed."""

import base64
import http.client
import json
import os
import secrets
import ssl
import subprocess
import sys
import urllib.parse
import urllib.request
import uuid
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from typing import Any

from gateway.local import directory, tls
from gateway.local.dev import free_port
from gateway.local.reviewer import Browser, Reviewer

ROOT = Path(__file__).resolve().parents[2]
APP = """
import contextlib, dataclasses, json, types
import azure.functions as func
from gateway import bootstrap, reception, settings
from gateway.adapters.development_secrets import UnsafeDevelopmentSecrets
from gateway.adapters.entra_keys import EntraKeys
from gateway.adapters.system import SystemClock
from gateway.ingress import functions
from gateway.refresh.keyring import KeyRing
from tests.fakes.reviews import FakeReviews, WallClock, view
from tests.fakes.store import FakeStateStore

stack = contextlib.AsyncExitStack()
reviews = FakeReviews(WallClock())
state = FakeStateStore(WallClock())
built = []
app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)

async def shutdown():
    await stack.aclose()

bootstrap.shutdown = shutdown

async def gateway():
    if not built:
        config = settings.load()
        keys = EntraKeys(config.authority, ca_file=config.dev_ca_file)
        stack.push_async_callback(keys.close)
        ring = KeyRing(keys, SystemClock(), config.authority)
        vault = UnsafeDevelopmentSecrets(config.dev_secrets_file)
        pages = reception.review_pages(config, vault, state, ring, reviews, stack=stack)
        built.append(types.SimpleNamespace(pages=pages))
    return built[0]

@app.route(route="approvals/{id}", methods=["GET", "HEAD", "POST"])
async def approval(req: func.HttpRequest) -> func.HttpResponse:
    return await functions.page(gateway, req, "ticket")

@app.route(route="approvals", methods=["GET", "HEAD"])
async def approvals(req: func.HttpRequest) -> func.HttpResponse:
    return await functions.page(gateway, req, "tickets")

@app.route(route="signin", methods=["GET"])
async def signin(req: func.HttpRequest) -> func.HttpResponse:
    return await functions.page(gateway, req, "signin")

@app.route(route="signin/callback", methods=["GET"])
async def signin_callback(req: func.HttpRequest) -> func.HttpResponse:
    return await functions.page(gateway, req, "callback")

@app.route(route="signout", methods=["POST"])
async def signout(req: func.HttpRequest) -> func.HttpResponse:
    return await functions.page(gateway, req, "signout")

@app.route(route="test/hold", methods=["POST"])
async def hold(req: func.HttpRequest) -> func.HttpResponse:
    wanted = json.loads(req.get_body())
    held = reviews.hold(view(held_at=WallClock().now(), **wanted))
    return func.HttpResponse(json.dumps({"id": held.id}))

@app.route(route="test/seen", methods=["GET"])
async def seen(req: func.HttpRequest) -> func.HttpResponse:
    ticket = reviews.tickets[req.params["id"]]
    decided = [
        {"by": who.name, "oid": who.object_id, "decision": what, "reason": why, "digest": digest,
         "methods": sorted(who.methods), "uti": who.token_id, "groups": sorted(who.groups)}
        for held, who, what, why, digest in reviews.decisions if held == ticket.id
    ]
    return func.HttpResponse(json.dumps({"state": ticket.state, "decisions": decided}))
"""


@dataclass(frozen=True)
class Stand:
    """The running processes, and people for them."""

    url: str
    identity_provider: str
    ca_file: Path

    def person(self, name: str = "rita.reviewer") -> Reviewer:
        return Reviewer(name, Browser(self.ca_file))

    def hold(self, **changes: Any) -> str:
        """A new held request; its page's URL."""
        wanted = {"ticket_id": uuid.uuid4().hex, **changes}
        return f"{self.url}/approvals/{self._ask('/test/hold', wanted)['id']}"

    def seen(self, url: str) -> dict[str, Any]:
        """State and decisions of a request."""
        return self._ask(f"/test/seen?id={url.rpartition('/')[2]}")

    def raw(
        self, method: str, url: str, body: str | None = None, **headers: str
    ) -> tuple[int, Message, bytes]:
        """One request as it is: no cookie jar, no redirect followed."""
        context = ssl.create_default_context(cafile=self.ca_file)
        parts = urllib.parse.urlsplit(url)
        connection = http.client.HTTPSConnection(parts.netloc, timeout=20, context=context)
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        if body is not None:
            headers = {"Content-Type": "application/x-www-form-urlencoded", **headers}
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            return response.status, response.headers, response.read()
        finally:
            connection.close()

    def change_person(self, name: str, **fields: str) -> None:
        """Other groups, or disabled; without fields all is as before."""
        form = urllib.parse.urlencode({"person": name, **fields}).encode()
        address = f"{self.identity_provider}/{directory.TENANT}/dev/persons"
        with self._open(urllib.request.Request(address, form)) as response:  # noqa: S310
            assert response.status == 200

    def _ask(self, path: str, body: Mapping[str, object] | None = None) -> dict[str, Any]:
        data = json.dumps(body).encode() if body is not None else None
        with self._open(urllib.request.Request(self.url + path, data)) as response:  # noqa: S310
            found: dict[str, Any] = json.load(response)
            return found

    def _open(self, request: urllib.request.Request) -> Any:
        context = ssl.create_default_context(cafile=self.ca_file)
        return urllib.request.urlopen(request, context=context, timeout=20)  # noqa: S310


@contextmanager
def running(folder: Path, **settings: str) -> Iterator[Stand]:
    """Both processes, stopped at the end of the block."""
    ca_file, cert, key = tls.create(folder / "tls")
    pair = ["--cert", str(cert), "--key", str(key)]
    with ExitStack() as stack:
        provider = ["-m", "gateway.local.identity_provider", "--port", "0", *pair]
        ready = stack.enter_context(_process(provider, {"CHAPERONE_ENVIRONMENT": "development"}))
        authority = ready["identity_provider"]
        port = free_port()
        url = f"https://127.0.0.1:{port}"
        values = _settings(folder, url, authority, ca_file) | settings
        (folder / "host.json").write_text('{"extensions": {"http": {"routePrefix": ""}}}')
        (folder / "reviewing_app.py").write_text(APP)
        script = ["--app", str(folder), "--script", "reviewing_app.py"]
        host = ["-m", "gateway.local.host", "--port", str(port), *pair, *script]
        stack.enter_context(_process(host, values))
        yield Stand(url, authority, ca_file)


def _settings(folder: Path, url: str, authority: str, ca_file: Path) -> dict[str, str]:
    example = json.loads((ROOT / "local.settings.example.json").read_text("utf-8"))["Values"]
    vault = folder / "secrets.json"
    stored = {
        "chaperone-cookie-key": base64.b64encode(secrets.token_bytes(32)).decode(),
        "chaperone-signin-secret": directory.CLIENT_SECRET,
    }
    vault.write_text(json.dumps(stored))
    vault.chmod(0o600)
    return {
        **example,
        "CHAPERONE_PUBLIC_URL": url,
        "CHAPERONE_TENANTS": directory.TENANT,
        "CHAPERONE_AUDIENCES": f"{directory.AUDIENCE},{directory.AUDIENCE_ID}",
        "CHAPERONE_AUTHORITY": authority,
        "CHAPERONE_DEV_SECRETS_FILE": str(vault),
        "CHAPERONE_DEV_CA_FILE": str(ca_file),
        "CHAPERONE_SIGNIN_CLIENT_ID": directory.SIGN_IN_ID,
        "CHAPERONE_SIGNIN_SECRET": "chaperone-signin-secret",
    }


@contextmanager
def _process(arguments: list[str], settings: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    own = {name: value for name, value in os.environ.items() if not name.startswith("CHAPERONE_")}
    process = subprocess.Popen(
        [sys.executable, *arguments],
        stdout=subprocess.PIPE,
        text=True,
        env={**own, **settings, "PYTHONPATH": str(ROOT)},
    )
    with process:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("READY "), line
        try:
            yield json.loads(line.removeprefix("READY "))
        finally:
            process.terminate()
            process.wait(timeout=20)
