"""A provider that misbehaves, spoken to over real TLS on loopback."""

import asyncio
import gzip
import inspect
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from gateway.adapters import strict_https
from gateway.adapters.entra_keys import MAX_DOCUMENT_BYTES, EntraKeys
from gateway.errors import ConfigurationError, Reason, Unavailable
from gateway.local import tls
from gateway.ports import KeyEndpoint
from tests.fakes.identity import TENANT, key_set, signing_key

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket]

DISCOVERY = f"/{TENANT}/v2.0/.well-known/openid-configuration"
KEYS = f"/{TENANT}/discovery/v2.0/keys"
DOCUMENT = key_set(signing_key())

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]
Answers = dict[str, Answer]


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    return tls.create(tmp_path_factory.mktemp("tls"))


class Provider:
    """A server whose two documents the test replaces."""

    def __init__(self, origin: str, answers: Answers) -> None:
        self.origin = origin
        self.answers = answers
        self.asked: list[str] = []

    def discovery(self, **changes: object) -> dict[str, object]:
        return {
            "issuer": f"{self.origin}/{TENANT}/v2.0",
            "jwks_uri": f"{self.origin}{KEYS}",
        } | changes

    def answer(self, path: str, document: object, status: int = 200) -> None:
        async def respond(_: web.Request) -> web.StreamResponse:
            return web.json_response(document, status=status)

        self.answers[path] = respond

    def raw(self, path: str, body: bytes, **headers: str) -> None:
        async def respond(_: web.Request) -> web.StreamResponse:
            return web.Response(body=body, headers=headers)

        self.answers[path] = respond


@pytest.fixture
async def provider(certificates: tuple[Path, Path, Path]) -> AsyncIterator[Provider]:
    answers: Answers = {}
    asked: list[str] = []

    async def dispatch(request: web.Request) -> web.StreamResponse:
        asked.append(request.path)
        return await answers[request.path](request)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", dispatch)
    server = TestServer(app, scheme="https", host="127.0.0.1")
    _, certificate, key = certificates
    await server.start_server(ssl=server_context(certificate, key))
    made = Provider(f"https://127.0.0.1:{server.port}", answers)
    made.asked = asked
    made.answer(DISCOVERY, made.discovery())
    made.answer(KEYS, DOCUMENT)
    yield made
    await server.close()


def server_context(certificate: Path, key: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    return context


@pytest.fixture
async def keys(
    provider: Provider, certificates: tuple[Path, Path, Path]
) -> AsyncIterator[EntraKeys]:
    endpoint = EntraKeys(provider.origin, ca_file=certificates[0], timeout_seconds=2)
    yield endpoint
    await endpoint.close()


async def refused(keys: KeyEndpoint, tenant: str = TENANT) -> str:
    with pytest.raises(Unavailable) as caught:
        await keys.fetch(tenant)
    assert caught.value.reason is Reason.KEYS_UNAVAILABLE
    return str(caught.value)


async def test_the_key_set_is_found_by_discovery(provider: Provider, keys: EntraKeys) -> None:
    assert await keys.fetch(TENANT) == DOCUMENT
    assert provider.asked == [DISCOVERY, KEYS]


@pytest.mark.parametrize("tenant", ["", "common", TENANT.upper().replace("1", "A"), f"{TENANT}/x"])
async def test_a_tenant_that_is_no_guid_reaches_no_url(
    provider: Provider, keys: EntraKeys, tenant: str
) -> None:
    assert "GUID" in await refused(keys, tenant)
    assert provider.asked == []


async def test_a_document_of_another_issuer_is_refused(provider: Provider, keys: EntraKeys) -> None:
    provider.answer(DISCOVERY, provider.discovery(issuer="https://evil.example/v2.0"))
    assert "another issuer" in await refused(keys)
    assert provider.asked == [DISCOVERY]


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/keys",
        "https://127.0.0.1/keys",
        "https://127.0.0.1:1/keys",
        "http://{host}/keys",
        "https://user@{host}/keys",
        "https://{host}.evil.example/keys",
        "//{host}/keys",
        "/keys",
        "https://[broken/keys",
        "https://127.0.0.1:port/keys",
        "",
        None,
        7,
    ],
)
async def test_a_key_set_elsewhere_is_refused(
    provider: Provider, keys: EntraKeys, url: str | None
) -> None:
    host = provider.origin.removeprefix("https://")
    place = url.replace("{host}", host) if isinstance(url, str) else url
    provider.answer(DISCOVERY, provider.discovery(jwks_uri=place))
    await refused(keys)
    assert provider.asked == [DISCOVERY]


@pytest.mark.parametrize("path", [DISCOVERY, KEYS])
async def test_a_redirect_is_not_followed(provider: Provider, keys: EntraKeys, path: str) -> None:
    async def redirect(_: web.Request) -> web.StreamResponse:
        return web.Response(status=307, headers={"Location": f"{provider.origin}/elsewhere"})

    provider.answers[path] = redirect
    assert "200" in await refused(keys)
    assert "/elsewhere" not in provider.asked


@pytest.mark.parametrize("status", [204, 400, 401, 404, 500, 503])
async def test_another_status_than_200_is_refused(
    provider: Provider, keys: EntraKeys, status: int
) -> None:
    provider.answer(KEYS, None if status == 204 else DOCUMENT, status)
    assert "200" in await refused(keys)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"7", b"\xff", b"[" * 5000], ids=range(6))
async def test_what_is_no_json_object_is_refused(
    provider: Provider, keys: EntraKeys, body: bytes
) -> None:
    provider.raw(KEYS, body)
    assert "JSON" in await refused(keys)


async def test_an_oversized_document_is_refused(provider: Provider, keys: EntraKeys) -> None:
    provider.raw(KEYS, b" " * (MAX_DOCUMENT_BYTES + 1))
    assert "1 MiB" in await refused(keys)


async def test_a_compressed_document_is_not_expanded(provider: Provider, keys: EntraKeys) -> None:
    bomb = gzip.compress(b'{"keys":[' + b" " * 50_000_000 + b"]}")
    provider.raw(KEYS, bomb, **{"Content-Encoding": "gzip"})
    assert "JSON" in await refused(keys)


async def test_a_slow_answer_is_given_up(
    provider: Provider, certificates: tuple[Path, Path, Path]
) -> None:
    async def slow(_: web.Request) -> web.StreamResponse:
        await asyncio.sleep(5)
        return web.Response()

    provider.answers[KEYS] = slow
    async with AsyncExitStack() as stack:
        keys = EntraKeys(provider.origin, ca_file=certificates[0], timeout_seconds=0.2)
        stack.push_async_callback(keys.close)
        assert "reached" in await refused(keys)


async def test_an_unreachable_provider_is_unavailable(
    certificates: tuple[Path, Path, Path],
) -> None:
    keys = EntraKeys("https://127.0.0.1:1", ca_file=certificates[0])
    assert "reached" in await refused(keys)
    await keys.close()


async def test_a_certificate_of_another_authority_is_refused(provider: Provider) -> None:
    keys = EntraKeys(provider.origin)
    assert "reached" in await refused(keys)
    await keys.close()
    assert provider.asked == []


async def test_a_given_session_is_used_and_left_open(
    provider: Provider, certificates: tuple[Path, Path, Path]
) -> None:
    async with aiohttp.ClientSession() as session:
        keys = EntraKeys(provider.origin, session=session, ca_file=certificates[0])
        assert await keys.fetch(TENANT) == DOCUMENT
        await keys.close()
        assert not session.closed


async def test_a_proxy_of_the_environment_is_not_used(
    keys: EntraKeys, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert await keys.fetch(TENANT) == DOCUMENT


@pytest.mark.parametrize("authority", ["http://127.0.0.1:1", "login.microsoftonline.com", ""])
def test_an_authority_that_is_no_https_origin_is_a_configuration_error(authority: str) -> None:
    with pytest.raises(ConfigurationError):
        EntraKeys(authority)


def test_a_ca_file_that_cannot_be_read_is_a_configuration_error(tmp_path: Path) -> None:
    (tmp_path / "empty.pem").write_text("")
    for name in ("absent.pem", "empty.pem"):
        with pytest.raises(ConfigurationError):
            EntraKeys("https://127.0.0.1:1", ca_file=tmp_path / name)


def test_every_exception_of_the_client_is_translated() -> None:
    found = [
        one
        for one in vars(aiohttp).values()
        if inspect.isclass(one)
        and issubclass(one, Exception)
        and not issubclass(one, Warning)
        and one.__module__ == "aiohttp.client_exceptions"
    ]
    assert len(found) > 15
    # Websockets are not used: the one that only they raise is a TypeError.
    found.remove(aiohttp.WSMessageTypeError)
    assert not [one for one in found if not issubclass(one, strict_https.FAILURES)]
