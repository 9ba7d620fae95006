"""`chaperone dev --json` as a script uses it, and Microsoft's SDK through what it starts."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import HttpResponseError
from azure.core.pipeline.transport import RequestsTransport
from azure.storage.blob import BlobServiceClient

from gateway.local import directory
from gateway.local.manifest import DEFAULT
from gateway.local.patients import canaries, generate
from gateway.local.seed import PATIENTS, SEED
from tests.integration.canaries import Place

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket, pytest.mark.timeout(120)]

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}


def chaperone(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "gateway.cli.main", *arguments]


def command(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        chaperone(*arguments),
        cwd=folder,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@dataclass(frozen=True, slots=True)
class Run:
    process: "subprocess.Popen[str]"
    facts: dict[str, Any]


@contextmanager
def running(folder: Path, *arguments: str) -> Iterator[Run]:
    with subprocess.Popen(
        chaperone("dev", "--json", *arguments),
        cwd=folder,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stderr is not None
            line = process.stdout.readline()
            assert line, process.stderr.read()
            started = Run(process, json.loads(line))
            yield started
            assert Place.told(started.facts).leaks() == []
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)
            assert process.stdout is not None
            assert process.stdout.read() == ""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("dev")


@pytest.fixture(scope="module")
def run(folder: Path) -> Iterator[Run]:
    with running(folder) as started:
        yield started


@dataclass(frozen=True, slots=True)
class Fixed:
    token: str

    def get_token(self, *scopes: str, **options: object) -> AccessToken:
        return AccessToken(self.token, 2**31)


def service(run: Run, folder: Path, connection: str, *token: str) -> BlobServiceClient:
    printed = command(folder, "token", *token)
    assert printed.returncode == 0, printed.stderr
    return BlobServiceClient(
        run.facts["connections"][connection],
        credential=Fixed(printed.stdout.strip()),
        transport=RequestsTransport(connection_verify=run.facts["ca_file"], use_env_settings=False),
        retry_total=0,
    )


def test_one_line_tells_scripts_everything(run: Run, folder: Path) -> None:
    facts = run.facts

    assert facts["gateway"].startswith("https://127.0.0.1:")
    assert facts["connections"] == {
        name: f"{facts['gateway']}/c/{name}" for name in ("clinic", "research")
    }
    assert facts["identity_provider"].startswith("https://127.0.0.1:")
    assert (facts["tenant"], facts["audience"]) == (directory.TENANT, directory.AUDIENCE)
    assert Path(facts["ca_file"]).read_text().startswith("-----BEGIN CERTIFICATE")
    assert facts["storage_connection_string"].startswith("DefaultEndpointsProtocol=http;")
    assert facts["evidence"]["container_url"].endswith("/chaperoneevidence/evidence")
    assert facts["groups"] == dict(directory.GROUPS)
    assert facts["pid"] == run.process.pid
    assert json.loads((folder / ".chaperone" / "dev.json").read_text()) == facts


def test_the_sdk_reads_and_writes_where_no_ephi_lies(run: Run, folder: Path) -> None:
    both = ("--group", "phi-readers", "--group", "data-writers")
    client = service(run, folder, "clinic", *both).get_blob_client("public", "from-test.txt")

    client.upload_blob(b"written through the gateway", overwrite=True)

    assert client.download_blob().readall() == b"written through the gateway"


def test_no_answer_about_ephi_shows_a_patient(run: Run, folder: Path) -> None:
    client = service(run, folder, "clinic", "--group", "phi-readers")
    container = client.get_container_client("phi")
    shown = " ".join(str(blob) for blob in container.list_blobs(include=["metadata", "tags"]))

    for blob in ("csv/patients.csv", "fhir/patient-0001.json", "hl7/patient-0002-adt.hl7"):
        record = container.download_blob(blob).readall().decode()
        assert "[name]" in record
        shown += record
    with pytest.raises(HttpResponseError) as caught:
        client.get_blob_client("notes", "patient-0001.txt").download_blob()
    assert getattr(caught.value, "error_code", "") == "ContentWithheld"
    shown += str(caught.value)

    assert not any(canary in shown for canary in canaries(generate(SEED, PATIENTS)))


def test_a_token_says_which_groups_it_carries(run: Run, folder: Path) -> None:
    client = service(run, folder, "clinic", "--group", "outsiders")

    with pytest.raises(HttpResponseError) as caught:
        client.get_blob_client("public", "guide.md").download_blob()

    assert getattr(caught.value, "error_code", "") == "NoRuleAllows"


def test_the_recording_can_be_read_while_the_gateway_runs(run: Run, folder: Path) -> None:
    evidence = run.facts["evidence"]
    place = [evidence["container_url"], "--connection-string", evidence["connection_string"]]

    shown = command(folder, "evidence", "show", *place, "--last")
    verified = command(folder, "evidence", "verify", *place)

    assert shown.returncode == 0, shown.stderr
    assert verified.returncode == 3, "a journal that is still open is incomplete"


def test_operators_commands_work_with_the_printed_environment(run: Run, folder: Path) -> None:
    token = command(folder, "token", "--person", "alice.admin").stdout.strip()

    done = subprocess.run(
        chaperone("deny", "add", "session", "f" * 32, "--reason", "a test"),
        cwd=folder,
        env={**ENVIRONMENT, **run.facts["environment"], "CHAPERONE_TOKEN": token},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    listed = command(folder, "deny", "list").stdout
    assert "f" * 32 in listed
    assert "alice.admin@clinic.example\ta test" in listed


def test_a_program_does_not_change_the_deny_list(run: Run, folder: Path) -> None:
    token = command(folder, "token").stdout.strip()

    done = command(folder, "deny", "add", "session", "e" * 32, "--reason", "r", "--token", token)

    assert done.returncode == 1
    assert "named person" in done.stderr


def test_a_second_run_takes_over_the_state_and_gives_it_back(run: Run, folder: Path) -> None:
    state = folder / ".chaperone" / "dev.json"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with running(folder, "--port", str(port)) as second:
        assert second.facts["gateway"] == f"https://127.0.0.1:{port}"
        assert json.loads(state.read_text()) == second.facts

    assert json.loads(state.read_text()) == run.facts
    assert second.process.returncode == 0


def test_a_manifest_of_ones_own_is_served(tmp_path: Path) -> None:
    own = DEFAULT.read_text().replace("  research:\n", "  archive:\n")
    own = own.replace('"research/**"', '"archive/**"')
    (tmp_path / "own.yaml").write_text(own)

    with running(tmp_path, "--manifest", "own.yaml") as started:
        assert set(started.facts["connections"]) == {"clinic", "archive"}

    assert started.process.returncode == 0
    assert not (tmp_path / ".chaperone").exists()


def test_a_broken_manifest_is_an_error_that_says_where(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text("version: 1\nruels: []\n")

    done = command(tmp_path, "dev", "--json", "--manifest", "own.yaml")

    assert done.returncode == 1
    assert done.stdout == ""
    assert 'did you mean "rules"' in done.stderr
    assert "Traceback" not in done.stderr


def test_a_port_that_is_taken_is_an_error(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = command(tmp_path, "dev", "--json", "--port", str(taken.getsockname()[1]))

    assert done.returncode == 1
    assert "gateway ended" in done.stderr


def test_people_get_addresses_and_an_example(tmp_path: Path) -> None:
    with subprocess.Popen(
        chaperone("dev"),
        cwd=tmp_path,
        env={**ENVIRONMENT, "NO_COLOR": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        shown = ""
        while "guide.md" not in shown:
            line = process.stdout.readline()
            assert line
            shown += line
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)

    assert process.returncode == 0
    assert "connection clinic" in shown
    assert "chaperone token --group phi-readers" in shown
