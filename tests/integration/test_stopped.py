"""A gateway in Microsoft's worker that is stopped: by SIGTERM it closes, by SIGKILL others do.

Real: the worker library, the app's own adapters, Azurite. The Functions host ends a Python worker
with SIGKILL (`WorkerProcess.Dispose` in Azure/azure-functions-host: the worker does not announce
HandlesWorkerTerminateMessage), and the worker listens for no signal.
"""

import base64
import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from azure.storage.blob import BlobServiceClient

from gateway import bootstrap
from gateway.application import SWEEP_IDLE
from gateway.evidence.findings import Kind
from gateway.local.dev import Running, parsed
from infra.interpreter import interpreter
from tests.integration.deployment import Deployment, fresh
from tests.integration.stack import ADMINISTRATOR, Both, Stack
from tests.integration.test_scale_out import Later
from tests.worker import environments

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket, pytest.mark.timeout(240)]

LINE = environments.LINES[-1]
_END_SECONDS = 30


@dataclass(frozen=True)
class Worker:
    """A process that has answered its calls and waits."""

    process: "subprocess.Popen[str]"
    results: list[dict[str, Any]]

    def end(self, number: signal.Signals) -> int:
        """Its exit code after a signal; negative where the signal ended it."""
        self.process.send_signal(number)
        return self.process.wait(_END_SECONDS)


@contextmanager
def worker(deployment: Deployment, calls: list[dict[str, Any]]) -> Iterator[Worker]:
    try:
        python = environments.environment(LINE)
    except environments.NoEnvironmentError as error:
        if os.environ.get("CI") and interpreter(LINE):
            raise
        pytest.skip(str(error))
    process = subprocess.Popen(
        [str(python), "-I", str(environments.ROOT / "tests" / "worker" / "stopped.py")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=environments.ROOT,
        env={
            "PATH": os.environ["PATH"],
            "HOME": os.environ.get("HOME", "/"),
            **deployment.environment,
        },
    )
    try:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps({"bootstrap": "real", "calls": calls}) + "\n")
        process.stdin.flush()
        yield Worker(process, json.loads(process.stdout.readline())["results"])
    finally:
        process.kill()
        process.wait(_END_SECONDS)
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()


@pytest.fixture
async def deployment(whole_stack: Running) -> Deployment:
    made = fresh(whole_stack)
    await made.activate(whole_stack.manifest.read_bytes())
    return made


def writes(stack: Stack, box: Both, number: int) -> list[dict[str, Any]]:
    """Calls that each write a blob."""
    token = stack.token(*ADMINISTRATOR)
    container = box.stored.container_name
    return [
        {
            "function": "proxy",
            "method": "PUT",
            "url": f"{stack.running.url}/c/research/{container}/b{place}",
            "headers": {
                "authorization": f"Bearer {token}",
                "content-length": "7",
                "x-ms-blob-type": "BlockBlob",
                "x-ms-version": "2025-11-05",
            },
            "body": base64.b64encode(b"content").decode(),
            "params": {"connection": "research", "path": f"{container}/b{place}"},
        }
        for place in range(number)
    ]


def journal_of(deployment: Deployment, exchange: str) -> tuple[str, list[dict[str, Any]]]:
    """The journal in which an exchange stands, and its records."""
    for name, data in deployment.journals().items():
        records = [json.loads(line) for line in data.splitlines()]
        if any(record.get("id") == exchange for record in records):
            return name, records
    raise AssertionError("no journal holds it")


def signed(deployment: Deployment) -> int:
    """Records under the last signed checkpoint."""
    string = deployment.environment["CHAPERONE_DEV_EVIDENCE_CONNECTION_STRING"]
    with BlobServiceClient.from_connection_string(string) as service:
        container = service.get_container_client(
            deployment.environment["CHAPERONE_EVIDENCE_CONTAINER"]
        )
        notes = list(container.list_blob_names(name_starts_with="log/checkpoints/"))
    return max((int(name.rpartition("-")[2].partition(".")[0]) for name in notes), default=0)


def test_sigterm_closes_the_journal_and_signs_a_last_checkpoint(
    stack: Stack, deployment: Deployment, research: Both
) -> None:
    with worker(deployment, writes(stack, research, 3)) as running:
        assert [result["status"] for result in running.results] == [201] * 3
        exchange = running.results[-1]["headers"]["x-chaperone-exchange"]
        code = running.end(signal.SIGTERM)

    assert code == -signal.SIGTERM, "it ends as the platform expects it to"
    _, records = journal_of(deployment, exchange)
    assert [record["type"] for record in records] == [
        "open",
        *["intent", "outcome"] * 3,
        "close",
    ]
    assert records[-1]["by"] == records[-1]["writer"]
    assert deployment.verify().findings == ()
    assert signed(deployment) == len(deployment.records())


async def test_after_sigkill_others_sign_within_a_minute_and_close_within_their_time(
    stack: Stack, deployment: Deployment, research: Both
) -> None:
    with worker(deployment, writes(stack, research, 3)) as running:
        assert [result["status"] for result in running.results] == [201] * 3
        exchange = running.results[-1]["headers"]["x-chaperone-exchange"]
        assert running.end(signal.SIGKILL) == -signal.SIGKILL

    name, records = journal_of(deployment, exchange)
    assert [record["type"] for record in records] == ["open", *["intent", "outcome"] * 3]
    assert signed(deployment) == 0

    other = await bootstrap.build(parsed(deployment.environment))
    try:
        await other.tick("attest")
        assert signed(deployment) == len(deployment.records()), "all that was acknowledged"
        late = Later(SWEEP_IDLE - timedelta(minutes=5))
        await replace(other, clock=late).tick("sweep")
        assert len(journal_of(deployment, exchange)[1]) == len(records), "it may only be quiet"
        later = Later(SWEEP_IDLE + timedelta(minutes=1))
        await replace(other, clock=later).tick("sweep")
    finally:
        await other.close()

    _, after = journal_of(deployment, exchange)
    assert after[-1]["type"] == "close"
    assert after[-1]["by"] != after[-1]["writer"]
    swept = [record for record in deployment.records() if record["type"] == "swept"]
    assert [
        (record["journal"], record["intents"]) for record in swept if record["journal"] == name
    ] == [(name, [])]
    assert {finding.kind for finding in deployment.verify().findings} <= {Kind.INDETERMINATE}
    assert signed(deployment) == len(deployment.records())
