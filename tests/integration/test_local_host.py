"""The local host as a process: what goes over the wire, and how it starts and stops."""

import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from gateway.local import tls

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket]

ROOT = Path(__file__).resolve().parents[2]
# Another name than the real app's, whose coverage is measured by name.
SCRIPT = ("--script", "sample_app.py")
APP = """
import json, pathlib, sys, types
import azure.functions as func
from gateway.ingress import functions
from gateway.model.message import Answer, Headers
from tests.fakes.gateway import FakeGateway

class Echo(FakeGateway):
    async def handle(self, request):
        body = json.dumps([request.method, str(request.target), len(request.body)]).encode()
        return Answer(200, Headers((("content-type", "application/json"),)), body)

async def shutdown():
    (pathlib.Path(__file__).parent / "closed").write_text("")

sys.modules["gateway.bootstrap"] = types.SimpleNamespace(shutdown=shutdown)
gateway = Echo(max_request_bytes=200 * 1024 * 1024)
app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)

@app.route(route="c/{connection}/{*path}")
async def proxy(req: func.HttpRequest) -> func.HttpResponse:
    return await functions.proxy(gateway.provide, req)

@app.route(route="ticks")
async def ticks(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse(json.dumps(gateway.ticks))

@app.timer_trigger(arg_name="timer", schedule="0 * * * * *")
async def count(timer: func.TimerRequest) -> None:
    await functions.tick(gateway.provide, "count")
"""


def environment(**changes: str) -> dict[str, str]:
    example = json.loads((ROOT / "local.settings.example.json").read_text())["Values"]
    return {**os.environ, **example, "PYTHONPATH": str(ROOT), **changes}


def command(folder: Path, *options: str) -> list[str]:
    _, cert, key = tls.create(folder / "tls")
    host = [sys.executable, "-m", "gateway.local.host", "--port", "0"]
    return [*host, "--cert", str(cert), "--key", str(key), "--app", str(folder), *SCRIPT, *options]


@dataclass(frozen=True)
class Host:
    process: subprocess.Popen[str]
    folder: Path
    port: int
    context: ssl.SSLContext

    def send(self, message: bytes) -> tuple[int, bytes]:
        """One raw message on a connection of its own: status and everything after the headers."""
        with (
            socket.create_connection(("127.0.0.1", self.port), timeout=10) as plain,
            self.context.wrap_socket(plain, server_hostname="localhost") as connection,
        ):
            connection.sendall(message)
            reader = connection.makefile("rb")
            status = int(reader.readline().split()[1])
            length = 0
            while (line := reader.readline()) not in {b"\r\n", b""}:
                name, _, value = line.partition(b":")
                length = int(value) if name.lower() == b"content-length" else length
            return status, b"" if message.startswith(b"HEAD") else reader.read(length)


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    folder = tmp_path_factory.mktemp("app")
    (folder / "sample_app.py").write_text(APP)
    (folder / "host.json").write_text('{"extensions": {"http": {"routePrefix": ""}}}')
    started = subprocess.Popen(
        command(folder, "--timer-speed", "120"),
        stdout=subprocess.PIPE,
        text=True,
        env=environment(),
        cwd=ROOT,
    )
    with started as process:
        assert process.stdout is not None
        word, _, facts = process.stdout.readline().partition(" ")
        assert word == "READY"
        context = ssl.create_default_context(cafile=str(folder / "tls" / "ca.pem"))
        yield Host(process, folder, json.loads(facts)["port"], context)
        if process.poll() is None:
            process.kill()


def message(target: str, *fields: str, method: str = "GET", body: bytes = b"") -> bytes:
    lines = [f"{method} {target} HTTP/1.1", *(fields or ("Host: localhost",)), "", ""]
    return "\r\n".join(lines).encode("latin-1") + body


def test_a_request_is_served_under_kestrels_url_rules(host: Host) -> None:
    status, body = host.send(message("/C/clinic/a/../b%28c?x=%2F"))
    assert (status, json.loads(body)) == (200, ["GET", "/b(c?x=%2F", 0])


def test_a_name_that_decoding_would_change_is_refused(host: Host) -> None:
    status, body = host.send(message("/c/clinic/a%2520b"))
    assert status == 400
    assert b"TargetInvalid" in body


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (message("http://localhost/c/clinic/x"), 400),
        (message("/c/clinic/x", "X: y"), 400),
        (message("/c/clinic/x", "Host: a", "Host: b"), 400),
        (message("/c/clinic/x\x01"), 400),
        (message("*", method="OPTIONS"), 400),
        (message("/nowhere"), 404),
        (message("/c/clinic/x", "Host: a", "Content-Length: 104857601", method="PUT"), 413),
    ],
)
def test_what_kestrel_refuses_is_refused(host: Host, sent: bytes, status: int) -> None:
    assert host.send(sent)[0] == status


def test_a_chunked_upload_is_refused_with_411(host: Host) -> None:
    chunked = message(
        "/c/clinic/x",
        "Host: a",
        "Transfer-Encoding: chunked",
        method="PUT",
        body=b"2\r\nab\r\n0\r\n\r\n",
    )
    status, body = host.send(chunked)
    assert status == 411
    assert b"Content-Length" in body


def test_a_large_body_arrives_whole(host: Host) -> None:
    size = 20 * 1024 * 1024
    sent = message("/c/clinic/x", "Host: a", f"Content-Length: {size}", method="PUT")
    status, body = host.send(sent + bytes(size))
    assert (status, json.loads(body)) == (200, ["PUT", "/x", size])


def test_head_has_no_body(host: Host) -> None:
    assert host.send(message("/c/clinic/x", method="HEAD")) == (200, b"")


def test_timers_fire_by_schedule_at_the_given_speed(host: Host) -> None:
    for _ in range(100):
        _, body = host.send(message("/ticks"))
        if "count" in json.loads(body):
            return
        threading.Event().wait(0.05)
    pytest.fail("a timer of every minute, at speed 120, did not fire in five seconds")


def test_sigterm_closes_the_gateway_and_stdout_had_the_one_line(host: Host) -> None:
    assert not (host.folder / "closed").exists()
    host.process.send_signal(signal.SIGTERM)
    assert host.process.wait(timeout=15) == 0
    assert host.process.stdout is not None
    assert host.process.stdout.read() == ""
    assert (host.folder / "closed").exists()


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"CHAPERONE_ENVIRONMENT": "production"}, "does not run with production settings"),
        ({"CHAPERONE_ENVIRONMENT": ""}, "CHAPERONE_ENVIRONMENT"),
        ({"CHAPERONE_TENANTS": ""}, "CHAPERONE_TENANTS"),
    ],
)
def test_settings_that_are_wrong_or_productions_are_refused(
    tmp_path: Path, changes: dict[str, str], expected: str
) -> None:
    refused = subprocess.run(
        command(tmp_path),
        capture_output=True,
        text=True,
        check=False,
        env=environment(**changes),
        cwd=ROOT,
        timeout=30,
    )
    assert refused.returncode == 2
    assert expected in refused.stderr
    assert "Traceback" not in refused.stderr
    assert refused.stdout == ""


def start(folder: Path, app: str) -> subprocess.Popen[str]:
    (folder / "sample_app.py").write_text(app)
    (folder / "host.json").write_text("{}")
    return subprocess.Popen(
        command(folder),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
        cwd=ROOT,
    )


def test_a_journal_that_cannot_be_closed_shows_in_the_exit_code(tmp_path: Path) -> None:
    broken = 'raise errors.EvidenceUnavailable("the journal is still open")'
    app = APP.replace('(pathlib.Path(__file__).parent / "closed").write_text("")', broken)
    with start(tmp_path, "from gateway import errors\n" + app) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, log = process.communicate(timeout=15)
    assert process.returncode == 1
    assert log == "the journal is still open.\n"


def test_an_interrupt_while_the_app_loads_ends_it_without_a_traceback(tmp_path: Path) -> None:
    with start(tmp_path, "raise KeyboardInterrupt") as process:
        _, log = process.communicate(timeout=15)
    assert process.returncode == 130
    assert "Traceback" not in log
