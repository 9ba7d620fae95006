"""The deployment package, unpacked where nothing else is, in the library that runs it in Azure.

The package takes the place of the local host's app in a running stack: the same URL, stores,
identity provider, reviewer and agent, so what is proven of the code is seen of the package. What
the Functions host does is done by `tests.worker.functions_host`; which functions there are is what
Microsoft's library has indexed, and each of them must have run in the end.
"""

import json
import re
import ssl
import subprocess
import time
import urllib.error
import urllib.request
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from azure.core.exceptions import HttpResponseError
from azure.core.pipeline.transport import RequestsTransport
from azure.storage.queue import QueueClient
from rich.console import Console

from gateway.evidence.verify import verify
from gateway.local import seed
from gateway.local.commands import environment, module
from gateway.local.demo import Demo
from gateway.local.dev import Options, Running
from gateway.local.reviewer import Browser, Reviewer
from gateway.local.supervisor import Child
from infra.interpreter import interpreter
from infra.package import PYTHON_VERSION, ROOT, SITE_PACKAGES, _uv
from tests.integration.canaries import searched
from tests.integration.deployment import Deployment
from tests.integration.packaged import Built
from tests.integration.stack import ADMINISTRATOR, Both, Stack

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket, pytest.mark.timeout(300)]

# A minute of the timers' schedules in a second, ten minutes in ten.
TIMER_SPEED = 60.0
SECONDS = 60


@dataclass(frozen=True)
class Served:
    """The package in place of the stack's gateway."""

    running: Running
    folder: Path

    @property
    def triggers(self) -> dict[str, dict[str, Any]]:
        """What the library has indexed: the trigger of each function."""
        found: dict[str, dict[str, Any]] = json.loads((self.folder / "functions.json").read_text())
        return found

    def invocations(self) -> list[tuple[str, str]]:
        """(function, error) of each so far."""
        path = self.folder / "invocations.ndjson"
        lines = path.read_text("utf-8").splitlines() if path.exists() else []
        return [(told["function"], told["error"]) for told in map(json.loads, lines)]

    def times(self, function: str) -> int:
        """How often it has run without an error."""
        return Counter(self.invocations())[function, ""]

    def send(self, queue: str, text: str) -> None:
        """Put a message into a queue of the gateway."""
        string = self.running.azurite.connection_string(seed.STATE_ACCOUNT)
        with (
            closing(RequestsTransport(use_env_settings=False)) as transport,
            QueueClient.from_connection_string(string, queue, transport=transport) as client,
        ):
            client.send_message(text)

    def call(self, method: str, path: str, token: str = "", **body: object) -> tuple[int, Any]:
        """Status and JSON of a request."""
        request = urllib.request.Request(  # noqa: S310 - the gateway's https address
            f"{self.running.url}{path}",
            data=json.dumps(body).encode() if body else None,
            headers={"content-type": "application/json"},
            method=method,
        )
        if token:
            request.add_header("authorization", f"Bearer {token}")
        trust = ssl.create_default_context(cafile=self.running.ca_file)
        opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=trust)
        )
        try:
            with opener.open(request, timeout=30) as response:
                return response.status, json.loads(response.read())
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.loads(error.read())


def wait_for(what: Callable[[], object]) -> None:
    """Pass as soon as it is true."""
    deadline = time.monotonic() + SECONDS
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.fixture(scope="module")
def libraries(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Microsoft's worker library, and nothing else."""
    uv = _uv()
    if not interpreter(PYTHON_VERSION) or not uv:
        pytest.skip(f"needs uv and a Python {PYTHON_VERSION}, for which the package is built")
    target = tmp_path_factory.mktemp("libraries")
    options = ["--no-deps", "--require-hashes", f"--python-version={PYTHON_VERSION}"]
    subprocess.run(
        [
            *(*uv, "pip", "install", "--quiet", "--no-config", *options),
            *(f"--target={target}", "--requirement", str(ROOT / "requirements-worker.txt")),
        ],
        check=True,
    )
    return target


def start(run: Running, package: Path, libraries: Path) -> Running:
    """The same stack with the package in the place of its gateway."""
    pair = [str(run.folder / "tls" / name) for name in ("server.pem", "server.key")]
    places = ("--port", str(urlsplit(run.url).port), "--cert", pair[0], "--key", pair[1])
    how = ("--python", interpreter(PYTHON_VERSION), "--timer-speed", str(TIMER_SPEED))
    child = run.supervisor.start(
        "package",
        module("tests.worker.functions_host", str(package), str(libraries), *places, *how),
        environment=environment(run.environment),
    )
    run.supervisor.ready(child, timeout_seconds=SECONDS)
    return replace(run, host=child)


@pytest.fixture(scope="module")
def demonstrated(built: Built, libraries: Path) -> Iterator[Served]:
    """The package after the whole demo: its last act ends the gateway and checks the evidence."""
    with searched(Options(access_log=True)) as run:
        run.supervisor.stop(run.host)
        served = Served(start(run, built.folder, libraries), libraries)
        Demo(served.running, Console(file=StringIO(), width=100)).run()
        yield served


@pytest.fixture(scope="module")
def served(demonstrated: Served, built: Built) -> Iterator[Served]:
    """The package started once more, after the demo."""
    run = start(demonstrated.running, built.folder, demonstrated.folder)
    yield replace(demonstrated, running=run)
    if run.host.process.returncode is None:
        run.supervisor.stop(run.host)


@pytest.fixture
def stack(served: Served) -> Iterator[Stack]:
    with ExitStack() as resources:
        run = served.running
        yield Stack(run, Deployment(run, run.environment), resources)


def ended(child: Child) -> bool:
    """Whether host and worker ended by themselves, the gateway's journal closed."""
    return child.process.returncode == 0


def test_the_demos_agent_does_every_step_through_the_package(demonstrated: Served) -> None:
    assert ended(demonstrated.running.host), demonstrated.running.host.tail()
    ran = Counter(demonstrated.invocations())
    assert {function for function, _ in ran} <= set(demonstrated.triggers)
    # A deletion that a person approved came to its execution by a message.
    assert ran["execute", ""] == 1
    assert ran["notify", ""] == 3
    for function in ("proxy", "approval", "signin", "signin_callback", "expire"):
        assert ran[function, ""] > 0, function


def test_the_evidence_of_the_demo_verifies(demonstrated: Served) -> None:
    """As the demo downloaded it, with code that the package does not hold."""
    folder = demonstrated.running.folder / "evidence"
    paths = sorted((folder / "journal").rglob("*.ndjson"))
    found = verify([(path.relative_to(folder).as_posix(), path.read_bytes()) for path in paths])
    assert found.findings == ()
    lines = [line for path in paths for line in path.read_bytes().splitlines()]
    kinds = Counter(json.loads(line)["type"] for line in lines)
    assert kinds["intent"] == kinds["outcome"] > 0
    assert (kinds["held"], kinds["executing"], kinds["executed"]) == (3, 1, 1)


@pytest.fixture
def box(stack: Stack) -> Both:
    return stack.both("research", f"test-{uuid.uuid4().hex}")


def test_a_call_is_proxied_by_the_sdk_and_recorded(stack: Stack, box: Both) -> None:
    client = box.through.get_blob_client("report.txt")
    client.upload_blob(b"all well")
    assert box.holds("report.txt") == b"all well"
    assert client.download_blob().readall() == b"all well"
    assert [blob.name for blob in box.through.list_blobs()] == ["report.txt"]
    kinds = [record["type"] for record in stack.deployment.records()]
    assert kinds.count("intent") == kinds.count("outcome") >= 3


def test_its_journal_says_which_package_it_is(stack: Stack, box: Both, built: Built) -> None:
    box.through.exists()
    opened = [record for record in stack.deployment.records() if record["type"] == "open"]
    assert built.digest in {record["package"]["digest"] for record in opened}


def test_a_held_request_is_approved_and_carried_out_once_by_messages(
    served: Served, stack: Stack
) -> None:
    box = stack.both("clinic", f"exports-{uuid.uuid4().hex}")
    before = served.times("execute")
    with pytest.raises(HttpResponseError) as caught:
        box.through.delete_container()
    url = re.search(r"reviewurl:(\S+)", str(caught.value), re.IGNORECASE)
    assert url is not None
    ticket = url[1].rpartition("/")[2]
    rita = Reviewer("rita.reviewer", Browser(stack.running.ca_file))
    listed = rita.read(f"{stack.running.url}/approvals")
    assert box.stored.container_name in listed.text
    assert served.times("execute") == before
    assert box.stored.exists()

    rita.decide(url[1], "approve", "Agreed.")

    wait_for(lambda: served.times("execute") > before)
    assert not box.stored.exists()
    # A message that comes twice does nothing.
    served.send("chaperone-execute", ticket)
    wait_for(lambda: served.times("execute") == before + 2)
    records = [record for record in stack.deployment.records() if record.get("approval") == ticket]
    assert [record["type"] for record in records].count("executed") == 1
    status, told = served.call("GET", f"/operations/{ticket}", stack.token(*ADMINISTRATOR))
    assert (status, told["status"]) == (200, "Succeeded")
    leave = next(form for form in listed.forms if form.action == "/signout")
    assert rita.browser.submit(listed, leave).status == 200
    assert served.times("signout") == 1


def test_messages_that_failed_too_often_are_taken_from_the_poison_queues(
    served: Served, stack: Stack
) -> None:
    box = stack.both("clinic", f"exports-{uuid.uuid4().hex}")
    with pytest.raises(HttpResponseError) as caught:
        box.through.delete_container()
    url = re.search(r"reviewurl:(\S+)", str(caught.value), re.IGNORECASE)
    assert url is not None
    ticket = url[1].rpartition("/")[2]
    for queue in ("chaperone-notify-poison", "chaperone-execute-poison"):
        served.send(queue, ticket)
    wait_for(lambda: served.times("notify_poison") == served.times("execute_poison") == 1)
    assert box.stored.exists()


def test_it_is_alive_and_ready_and_tells_no_values_without_a_rule(
    served: Served, stack: Stack
) -> None:
    assert served.call("GET", "/healthz") == (200, {"status": "ok"})
    status, ready = served.call("GET", "/readyz")
    assert (status, set(ready["components"].values())) == (200, {"ok"})
    asked = {"connection": "clinic", "tokens": ["[name:x]"], "reason": "call back"}
    token = stack.token(*ADMINISTRATOR)
    status, refused = served.call("POST", "/detokenize", token, **asked)
    assert (status, refused["error"]["code"]) == (403, "NoRuleAllows")


def test_every_function_that_the_library_indexed_has_run_and_none_has_failed(
    served: Served,
) -> None:
    """After all others: of HTTP and queue functions they have seen to it, timers come by time."""
    timers = {
        name for name, trigger in served.triggers.items() if trigger["type"] == "timerTrigger"
    }
    wait_for(lambda: all(served.times(timer) for timer in timers))
    ran = served.invocations()
    assert [pair for pair in ran if pair[1]] == []
    assert {function for function, _ in ran} == set(served.triggers)


def test_nothing_was_loaded_from_elsewhere_and_the_journal_verifies(
    served: Served, stack: Stack, built: Built
) -> None:
    """Last: it ends the package's processes."""
    child = served.running.host
    assert served.running.supervisor.stop(child) == 0, child.tail()
    loaded = json.loads((served.folder / "modules.json").read_text("utf-8"))
    python = Path(interpreter(PYTHON_VERSION)).resolve().parents[1]
    standard = python / "lib" / f"python{PYTHON_VERSION}"
    allowed = (str(built.folder), str(served.folder), str(ROOT / "tests" / "worker"))
    for name, file in loaded.items():
        place = Path(file).resolve()
        if not str(place).startswith(allowed):
            assert place.is_relative_to(standard), (name, file)
            assert "site-packages" not in place.parts, (name, file)
        assert not name.startswith(("gateway.local", "gateway.cli")), name
    assert loaded["aiohttp"].startswith(str(built.folder / SITE_PACKAGES))
    assert stack.deployment.verify().findings == ()
