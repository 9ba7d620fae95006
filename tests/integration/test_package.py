"""The deployment package, unpacked where nothing else is, in the library that runs it in Azure.

The package takes the place of the local host in a running stack: the same URL, stores, identity
provider and reviewer, so what is proven of the code is seen of the package. What the Functions
host does (routes, taking messages from queues) is done by `tests.worker.served` and this test.
"""

import _imp
import json
import os
import re
import shutil
import subprocess
import sys
import urllib.request
import uuid
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from ssl import create_default_context
from urllib.error import HTTPError
from urllib.parse import urlsplit

import pytest
from azure.core.exceptions import HttpResponseError
from azure.core.pipeline.transport import RequestsTransport
from azure.storage.queue import QueueClient

from gateway.adapters.package import package_digest
from gateway.local import seed
from gateway.local.dev import Options, Running
from gateway.local.reviewer import Browser, Reviewer
from gateway.local.supervisor import Child
from infra.interpreter import interpreter
from infra.package import PYTHON_VERSION, ROOT, SITE_PACKAGES, _uv, build_package, source_digest
from tests.integration.canaries import searched
from tests.integration.deployment import Deployment
from tests.integration.stack import Both, Stack

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket, pytest.mark.timeout(300)]

# Of byte code, the same in every release of Python 3.13 (PEP 3147).
MAGIC = (3571).to_bytes(2, "little") + b"\r\n"
MANIFEST = Path(__file__).with_name("approvals.yaml")


@dataclass(frozen=True)
class Built:
    """The archive, where it was unpacked, and the digest that the build gave."""

    archive: Path
    folder: Path
    digest: str


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    place = tmp_path_factory.mktemp("package")
    archive = place / "package.zip"
    try:
        digest = build_package(archive)
    except subprocess.CalledProcessError:
        if os.environ.get("CI"):
            raise
        pytest.skip("pinned packages cannot be fetched here")
    folder = place / "unpacked"
    with zipfile.ZipFile(archive) as package:
        package.extractall(folder)
    return Built(archive, folder, digest)


def test_the_same_sources_and_pins_give_the_same_bytes(built: Built, tmp_path: Path) -> None:
    again = tmp_path / "again.zip"
    assert build_package(again) == built.digest
    assert again.read_bytes() == built.archive.read_bytes()


def test_pip_gives_the_same_bytes_as_uv(built: Built, tmp_path: Path) -> None:
    python = interpreter(PYTHON_VERSION)
    if not python or not _uv():
        pytest.skip(f"needs uv and a Python {PYTHON_VERSION}")
    target = tmp_path / "pip.zip"
    code = (
        "import sys, pathlib, infra.package as package; package._uv = lambda: [];"
        "package.build_package(pathlib.Path(sys.argv[1]))"
    )
    command = [python, "-c", code, str(target)]
    if subprocess.run(
        [python, "-m", "pip", "--version"], capture_output=True, check=False
    ).returncode:
        pytest.skip(f"Python {PYTHON_VERSION} has no pip here")
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=280)
    assert target.read_bytes() == built.archive.read_bytes()


def test_the_package_holds_what_runs_and_nothing_of_the_machine(built: Built) -> None:
    with zipfile.ZipFile(built.archive) as package:
        names = package.namelist()
        infos = package.infolist()
        texts = (".py", ".pyc", ".txt")
        contents = {name: package.read(name) for name in names if name.endswith(texts)}
    assert names == sorted(names, key=lambda name: name.split("/"))
    assert {info.date_time for info in infos} == {(1980, 1, 1, 0, 0, 0)}
    top = {name.partition("/")[0] for name in names}
    assert top == {
        ".python_packages",
        "function_app.py",
        "__pycache__",
        "gateway",
        "host.json",
        "requirements.txt",
    }
    assert not [name for name in names if name.startswith(("gateway/local/", "gateway/cli/"))]
    assert not [name for name in names if "/bin/" in name]
    for path in (str(ROOT), sys.prefix, str(built.folder.parent)):
        assert not [name for name, data in contents.items() if path.encode() in data]
    binaries = [name for name in names if name.endswith(".so")]
    assert binaries
    assert not [
        name for name in binaries if "cpython-" in name and "cpython-313-x86_64-linux" not in name
    ]


def test_every_source_has_its_byte_code_which_python_takes_unseen(built: Built) -> None:
    version = PYTHON_VERSION.replace(".", "")
    sources = set(built.folder.rglob("*.py"))
    for path in sources:
        compiled = path.parent / "__pycache__" / f"{path.stem}.cpython-{version}.pyc"
        head = compiled.read_bytes()[:16]
        magic, flags, digest = head[:4], head[4:8], head[8:]
        assert magic == MAGIC
        # PEP 552: made from the hash of the source, and not compared with it at an import.
        assert flags == (1).to_bytes(4, "little")
        key = int.from_bytes(magic, "little")
        assert digest == _imp.source_hash(key, path.read_bytes()), path
    assert len(list(built.folder.rglob("*.pyc"))) == len(sources)


def test_the_digest_covers_byte_code_which_runs_in_place_of_its_source(
    built: Built, tmp_path: Path
) -> None:
    for name in ("__pycache__", "gateway", "function_app.py", "host.json", "requirements.txt"):
        source = built.folder / name
        copy = shutil.copytree if source.is_dir() else shutil.copyfile
        copy(source, tmp_path / name)
    assert package_digest(tmp_path) == built.digest
    one = next((tmp_path / "gateway" / "__pycache__").glob("pipeline.*.pyc"))
    one.write_bytes(one.read_bytes() + b"\0")
    assert package_digest(tmp_path) != built.digest


def test_every_module_that_runs_is_covered_by_the_source_digest(tmp_path: Path) -> None:
    before = source_digest()
    for name in ("function_app.py", "host.json", "requirements.txt"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    for path in (ROOT / "gateway").rglob("*.py"):
        copy = tmp_path / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(path.read_bytes())
    (tmp_path / "gateway" / "errors.py").write_text("changed")
    assert source_digest(tmp_path) != before


@dataclass(frozen=True)
class Served:
    """The package in place of the stack's gateway."""

    running: Running
    child: Child
    modules: Path

    def make_due(self, function: str, message: str = "") -> tuple[int, str]:
        """Invoke a queue or timer function, as the host does; status and error text."""
        url = f"{self.running.url}/host/{function}"
        request = urllib.request.Request(url, message.encode(), method="POST")  # noqa: S310
        context = create_default_context(cafile=self.running.ca_file)
        try:
            with urllib.request.urlopen(request, context=context, timeout=60) as response:  # noqa: S310
                return response.status, ""
        except HTTPError as error:
            return error.code, error.read().decode()

    def messages(self, queue: str) -> list[str]:
        """Take all messages of a queue, as the host does."""
        string = self.running.azurite.connection_string(seed.STATE_ACCOUNT)
        with (
            closing(RequestsTransport(use_env_settings=False)) as transport,
            QueueClient.from_connection_string(string, queue, transport=transport) as client,
        ):
            found = list(client.receive_messages())
            for message in found:
                client.delete_message(message)
            return [message.content for message in found]


@pytest.fixture(scope="module")
def served(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    python = interpreter(PYTHON_VERSION)
    uv = _uv()
    if not python or not uv:
        pytest.skip(f"needs uv and a Python {PYTHON_VERSION}, for which the package is built")
    libraries = tmp_path_factory.mktemp("libraries")
    options = ["--no-deps", "--require-hashes", f"--python-version={PYTHON_VERSION}"]
    subprocess.run(
        [
            *(*uv, "pip", "install", "--quiet", "--no-config", *options),
            *(f"--target={libraries}", "--requirement", str(ROOT / "requirements-worker.txt")),
        ],
        check=True,
    )
    with searched(Options(manifest=MANIFEST)) as run:
        run.supervisor.stop(run.host)
        script = ROOT / "tests" / "worker" / "served.py"
        pair = [str(run.folder / "tls" / name) for name in ("server.pem", "server.key")]
        port = str(urlsplit(run.url).port)
        child = run.supervisor.start(
            "package",
            [python, "-I", "-S", str(script), str(built.folder), str(libraries), port, *pair],
            environment={**run.environment, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"},
        )
        ready = json.loads(run.supervisor.ready(child, timeout_seconds=60))
        assert {"proxy", "execute", "project"} <= set(ready["functions"])
        yield Served(run, child, libraries / "modules.json")
        if child.process.returncode is None:
            run.supervisor.stop(child)


@pytest.fixture
def stack(served: Served) -> Iterator[Stack]:
    with ExitStack() as resources:
        run = served.running
        yield Stack(run, Deployment(run, run.environment), resources)


@pytest.fixture
def box(stack: Stack) -> Both:
    return stack.both("clinic", f"test-{uuid.uuid4().hex}")


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


def test_a_held_request_is_approved_and_carried_out_by_a_message(
    served: Served, stack: Stack, box: Both
) -> None:
    with pytest.raises(HttpResponseError) as caught:
        box.through.delete_container()
    url = re.search(r"reviewurl:(\S+)", str(caught.value), re.IGNORECASE)
    assert url is not None
    ticket = url[1].rpartition("/")[2]
    assert served.messages("chaperone-notify") == [ticket]
    assert served.make_due("notify", ticket) == (200, "")
    assert served.messages("chaperone-execute") == []

    Reviewer("rita.reviewer", Browser(stack.running.ca_file)).decide(url[1], "approve", "Agreed.")

    assert box.stored.exists()
    assert served.messages("chaperone-execute") == [ticket]
    assert served.make_due("execute", ticket) == (200, "")
    assert not box.stored.exists()
    # A message that comes twice does nothing.
    assert served.make_due("execute", ticket) == (200, "")
    executed = [record for record in stack.deployment.records() if record["type"] == "executed"]
    assert len(executed) == 1


@pytest.mark.parametrize("timer", ["sweep", "count", "project", "expire"])
def test_timers_run(served: Served, timer: str) -> None:
    assert served.make_due(timer) == (200, "")


def test_nothing_was_loaded_from_elsewhere_and_the_journal_verifies(
    served: Served, stack: Stack, built: Built
) -> None:
    """Last: it ends the package's process."""
    assert served.running.supervisor.stop(served.child) == 0, served.child.tail()
    loaded = json.loads(served.modules.read_text("utf-8"))
    python = Path(interpreter(PYTHON_VERSION)).resolve().parents[1]
    standard = python / "lib" / f"python{PYTHON_VERSION}"
    allowed = (str(built.folder), str(served.modules.parent), str(ROOT / "tests" / "worker"))
    for name, file in loaded.items():
        place = Path(file).resolve()
        if not str(place).startswith(allowed):
            assert place.is_relative_to(standard), (name, file)
            assert "site-packages" not in place.parts, (name, file)
        assert not name.startswith(("gateway.local", "gateway.cli")), name
    assert loaded["aiohttp"].startswith(str(built.folder / SITE_PACKAGES))
    assert stack.deployment.verify().findings == ()
