"""The cookies' form after the Functions worker and host have rewritten them, in a real browser.

The worker parses `Set-Cookie` and sends an empty domain along; the host, as far as its source
shows, writes that out (`domain=`). A cookie with the `__Host-` prefix must survive it.
"""

import contextlib
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from gateway.ingress.sessions import SESSION
from gateway.local import tls
from tests.browser.chromium import browsing, program

CHROMIUM = program()

pytestmark = [
    pytest.mark.browser,
    pytest.mark.integration,
    pytest.mark.enable_socket,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on the PATH (Debian: chromium)"),
]

ATTRIBUTES = "domain=; path=/; secure; samesite=lax; httponly"


class Respond(BaseHTTPRequestHandler):
    """Sets the cookie at /set, ends it at /end, says at / what it received."""

    timeout = 5
    """Seconds for a connection that the browser opened in advance and does not use."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        # A browser asks for an icon, too, whenever it likes.
        if self.path in {"/set", "/end"}:
            age, value = (900, "1~v1.1.abc-_") if self.path == "/set" else (0, "")
            self.send_header("Set-Cookie", f"{SESSION}={value}; max-age={age}; {ATTRIBUTES}")
        self.end_headers()
        self.wfile.write(f"[{self.headers.get('Cookie', '')}]".encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        return


class Server(ThreadingHTTPServer):
    """Ends when every connection has ended: one answer for each (HTTP/1.0), in its own thread.

    A server on the test's event loop would outlive it: a browser opens connections in advance,
    and one whose handshake is under way is not yet known to the server that should close it.
    """

    daemon_threads = False

    def __init__(self, certificate: Path, key: Path) -> None:
        super().__init__(("127.0.0.1", 0), Respond)
        self._tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._tls.load_cert_chain(certificate, key)

    def finish_request(self, request: Any, client_address: Any) -> None:
        request.settimeout(Respond.timeout)
        with (
            contextlib.suppress(OSError),  # the browser went away
            self._tls.wrap_socket(request, server_side=True) as secured,
        ):
            super().finish_request(secured, client_address)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    _, certificate, key = tls.create(tmp_path / "tls")
    with Server(certificate, key) as made:
        serving = threading.Thread(target=made.serve_forever)
        serving.start()
        yield made
        made.shutdown()
        serving.join()


async def test_a_host_cookie_with_an_empty_domain_is_kept_and_ended(
    server: Server, tmp_path: Path
) -> None:
    origin = f"https://127.0.0.1:{server.server_port}"
    certificate = tmp_path / "tls" / "server.pem"
    async with browsing(str(CHROMIUM), tmp_path / "profile", certificate) as tab:
        await tab.open(f"{origin}/set")
        await tab.open(f"{origin}/")
        assert await tab.text() == f"[{SESSION}=1~v1.1.abc-_]"
        await tab.open(f"{origin}/end")
        await tab.open(f"{origin}/")
        assert await tab.text() == "[]"
