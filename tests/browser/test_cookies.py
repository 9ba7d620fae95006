"""The cookies' form after the Functions worker and host have rewritten them, in a real browser.

The worker parses `Set-Cookie` and sends an empty domain along; the host, as far as its source
shows, writes that out (`domain=`). A cookie with the `__Host-` prefix must survive it.
"""

import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from gateway.ingress.sessions import SESSION
from gateway.local import tls
from tests.browser.chromium import browsing, program

CHROMIUM = program()

pytestmark = [
    pytest.mark.browser,
    pytest.mark.integration,
    pytest.mark.enable_socket,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on the PATH (Debian: chromium)"),
    # The browser keeps connections open past the end of the event loop that served it.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

ATTRIBUTES = "domain=; path=/; secure; samesite=lax; httponly"


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[TestServer]:
    """Sets the cookie at /set, ends it at /end, says at / what it received."""

    async def respond(request: web.Request) -> web.StreamResponse:
        headers = {"Content-Type": "text/html"}
        if request.path != "/":
            age, value = (900, "1~v1.1.abc-_") if request.path == "/set" else (0, "")
            headers["Set-Cookie"] = f"{SESSION}={value}; max-age={age}; {ATTRIBUTES}"
        return web.Response(text=f"[{request.headers.get('Cookie', '')}]", headers=headers)

    app = web.Application()
    app.router.add_get("/{path:.*}", respond)
    _, certificate, key = tls.create(tmp_path / "tls")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    made = TestServer(app, scheme="https", host="127.0.0.1")
    await made.start_server(ssl=context)
    yield made
    await made.close()


async def test_a_host_cookie_with_an_empty_domain_is_kept_and_ended(
    server: TestServer, tmp_path: Path
) -> None:
    origin = f"https://127.0.0.1:{server.port}"
    certificate = tmp_path / "tls" / "server.pem"
    async with browsing(str(CHROMIUM), tmp_path / "profile", certificate) as tab:
        await tab.open(f"{origin}/set")
        await tab.open(f"{origin}/")
        assert await tab.text() == f"[{SESSION}=1~v1.1.abc-_]"
        await tab.open(f"{origin}/end")
        await tab.open(f"{origin}/")
        assert await tab.text() == "[]"
