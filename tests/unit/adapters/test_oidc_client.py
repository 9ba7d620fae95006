"""A provider that misbehaves at sign-in, spoken to over real TLS on loopback."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from gateway.adapters import oidc_client
from gateway.adapters.oidc_client import MAX_DOCUMENT_BYTES, Client, EntraSignIn
from gateway.authn.oidc import SCOPES
from gateway.errors import ConfigurationError, GatewayError, Reason, Unauthenticated, Unavailable
from gateway.local import tls
from gateway.ports import PersonTokens
from tests.fakes.identity import TENANT
from tests.fakes.secrets import FakeSecrets
from tests.fakes.time import FakeClock

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket]

DISCOVERY = f"/{TENANT}/v2.0/.well-known/openid-configuration"
TOKEN = f"/{TENANT}/oauth2/v2.0/token"
GOOD = {"token_type": "Bearer", "id_token": "a.b.c", "refresh_token": "r", "access_token": "x"}

Respond = Callable[[web.Request], Awaitable[web.StreamResponse]]


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    return tls.create(tmp_path_factory.mktemp("tls"))


class Provider:
    """A server whose two documents the test replaces."""

    def __init__(self, ca_file: Path) -> None:
        self.ca_file = ca_file
        self.origin = ""
        self.forms: list[dict[str, str]] = []
        self.asked: list[str] = []
        self.answers: dict[str, Respond] = {}
        self.clock = FakeClock()
        self.secrets = FakeSecrets({"signin": "s3cret"})

    def discovery(self, **changes: object) -> dict[str, object]:
        return {
            "issuer": f"{self.origin}/{TENANT}/v2.0",
            "authorization_endpoint": f"{self.origin}/{TENANT}/oauth2/v2.0/authorize",
            "token_endpoint": f"{self.origin}{TOKEN}",
        } | changes

    def answer(self, path: str, document: Any, status: int = 200) -> None:
        async def respond(_: web.Request) -> web.StreamResponse:
            if isinstance(document, bytes):
                return web.Response(body=document, status=status)
            return web.json_response(document, status=status)

        self.answers[path] = respond

    def client(self, vault_name: str = "signin") -> EntraSignIn:
        registered = Client(
            self.origin, TENANT, "client-1", vault_name, "https://gw.example/callback"
        )
        return EntraSignIn(registered, self.secrets, self.clock, ca_file=self.ca_file)

    async def dispatch(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request.path)
        if request.method == "POST":
            self.forms.append({name: str(value) for name, value in (await request.post()).items()})
        return await self.answers[request.path](request)


@pytest.fixture
async def provider(certificates: tuple[Path, Path, Path]) -> AsyncIterator[Provider]:
    ca_file, certificate, key = certificates
    made = Provider(ca_file)
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", made.dispatch)
    server = TestServer(app, scheme="https", host="127.0.0.1")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    await server.start_server(ssl=context)
    made.origin = f"https://127.0.0.1:{server.port}"
    made.answer(DISCOVERY, made.discovery())
    made.answer(TOKEN, GOOD)
    yield made
    await server.close()


@pytest.fixture
async def signin(provider: Provider) -> AsyncIterator[EntraSignIn]:
    made = provider.client()
    yield made
    await made.close()


async def refused(signin: EntraSignIn) -> GatewayError:
    with pytest.raises((Unauthenticated, Unavailable)) as caught:
        await signin.redeem("code-1", "verifier-1")
    assert "code-1" not in str(caught.value)
    return caught.value


async def test_a_code_is_redeemed_as_a_confidential_client_with_its_verifier(
    provider: Provider, signin: EntraSignIn
) -> None:
    tokens = await signin.redeem("code-1", "verifier-1")
    assert tokens == PersonTokens("a.b.c", "r")
    assert provider.forms == [
        {
            "client_id": "client-1",
            "client_secret": "s3cret",
            "scope": SCOPES,
            "grant_type": "authorization_code",
            "code": "code-1",
            "code_verifier": "verifier-1",
            "redirect_uri": "https://gw.example/callback",
        }
    ]
    assert "a.b.c" not in repr(tokens)


async def test_a_public_client_sends_no_secret(provider: Provider) -> None:
    public = provider.client("")
    await public.renew("refresh-1")
    await public.close()
    assert provider.forms == [
        {
            "client_id": "client-1",
            "scope": SCOPES,
            "grant_type": "refresh_token",
            "refresh_token": "refresh-1",
        }
    ]
    assert provider.secrets.asked == []


async def test_discovery_is_read_once_a_day(provider: Provider, signin: EntraSignIn) -> None:
    endpoint = f"{provider.origin}/{TENANT}/oauth2/v2.0/authorize"
    assert await signin.authorization_endpoint() == endpoint
    provider.clock.advance(timedelta(hours=24) - timedelta(seconds=1))
    assert await signin.authorization_endpoint() == endpoint
    assert provider.asked == [DISCOVERY]
    provider.clock.advance(1)
    await signin.authorization_endpoint()
    assert provider.asked == [DISCOVERY, DISCOVERY]


@pytest.mark.parametrize(
    "changes",
    [
        {"issuer": "https://evil.example/v2.0"},
        {"token_endpoint": "https://evil.example/token"},
        {"token_endpoint": None},
        {"token_endpoint": "https://127.0.0.1:1/token"},
        {"authorization_endpoint": "http://127.0.0.1/authorize"},
        {"authorization_endpoint": "https://[broken/authorize"},
    ],
)
async def test_a_discovery_document_that_leads_elsewhere_is_not_used(
    provider: Provider, signin: EntraSignIn, changes: dict[str, object]
) -> None:
    provider.answer(DISCOVERY, provider.discovery(**changes))
    assert (await refused(signin)).reason is Reason.SIGN_IN_UNAVAILABLE
    assert provider.forms == []


@pytest.mark.parametrize("suffix", ["?x=1", "#x"])
async def test_an_endpoint_with_a_query_is_not_used(
    provider: Provider, signin: EntraSignIn, suffix: str
) -> None:
    endpoint = f"{provider.origin}/authorize{suffix}"
    provider.answer(DISCOVERY, provider.discovery(authorization_endpoint=endpoint))
    await refused(signin)


@pytest.mark.parametrize(
    "error", ["invalid_grant", "interaction_required", "login_required", "consent_required"]
)
async def test_what_another_sign_in_can_mend_asks_for_one(
    provider: Provider, signin: EntraSignIn, error: str
) -> None:
    provider.answer(TOKEN, {"error": error, "error_description": "code-1 ..."}, 400)
    assert isinstance(await refused(signin), Unauthenticated)


@pytest.mark.parametrize(
    ("document", "status"),
    [
        ({"error": "invalid_client"}, 401),
        ({"error": "unauthorized_client"}, 400),
        ({"error": "server_error"}, 500),
        ({"error": ["invalid_grant"]}, 400),
        ({"error": "invalid_grant"}, 500),
        ({}, 302),
        ({"refresh_token": "r"}, 200),
        ({"id_token": 7, "refresh_token": "r"}, 200),
        ({"id_token": "a.b.c"}, 200),
        ({"id_token": "a.b.c", "refresh_token": "r r"}, 200),
        ({"id_token": "a.b.c", "refresh_token": "r" * 4097}, 200),
        ([], 200),
        (b"<html>", 200),
        (b"x" * (MAX_DOCUMENT_BYTES + 1), 200),
    ],
)
async def test_everything_else_is_a_provider_that_cannot_be_used_now(
    provider: Provider, signin: EntraSignIn, document: Any, status: int
) -> None:
    provider.answer(TOKEN, document, status)
    assert isinstance(await refused(signin), Unavailable)


async def test_a_provider_that_is_slow_or_away_is_unavailable(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(_: web.Request) -> web.StreamResponse:
        await asyncio.sleep(60)
        return web.Response()

    provider.answers[TOKEN] = never
    monkeypatch.setattr(oidc_client, "_TIMEOUT_SECONDS", 0.3)
    slow = provider.client()
    await refused(slow)
    await slow.close()
    registered = Client("https://127.0.0.1:1", TENANT, "c", "", "https://gw.example/callback")
    away = EntraSignIn(registered, provider.secrets, provider.clock, ca_file=provider.ca_file)
    await refused(away)
    await away.close()


async def test_a_certificate_of_somebody_else_is_not_accepted(
    provider: Provider, tmp_path: Path
) -> None:
    other, _, _ = tls.create(tmp_path / "other")
    provider.ca_file = other
    signin = provider.client()
    await refused(signin)
    await signin.close()
    assert provider.asked == []


async def test_the_client_secret_is_needed_where_it_is_configured(
    provider: Provider, signin: EntraSignIn
) -> None:
    provider.secrets.values = {}
    assert isinstance(await refused(signin), Unavailable)
    assert provider.forms == []


def test_a_wrong_configuration_does_not_start(provider: Provider, tmp_path: Path) -> None:
    registered = Client(provider.origin, TENANT, "c", "", "https://gw.example/callback")
    plain = replace(registered, authority="http://127.0.0.1")
    with pytest.raises(ConfigurationError, match="https"):
        EntraSignIn(plain, provider.secrets, provider.clock)
    with pytest.raises(ConfigurationError, match="CA file"):
        EntraSignIn(registered, provider.secrets, provider.clock, ca_file=tmp_path / "missing.pem")
    EntraSignIn(registered, provider.secrets, provider.clock)
