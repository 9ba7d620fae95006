"""A region is lost: another deployment goes on from a replica of the evidence, and of nothing else.

The replica is what Azure's asynchronous replication may leave: every blob as it was at some moment,
journals still open, and what was acknowledged later not there.
"""

import asyncio
import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, closing, contextmanager
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure.core.pipeline.transport import RequestsTransport
from azure.identity.aio import DefaultAzureCredential
from azure.storage.blob import BlobServiceClient, BlobType, ContainerClient
from typer.testing import CliRunner, Result

from gateway.cli.evidence import app
from gateway.local import seed
from gateway.local.dev import parsed
from gateway.parts import parts_of
from tests.integration.deployment import Deployment, Host
from tests.integration.stack import ADMINISTRATOR, Fixed, Stack

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket, pytest.mark.timeout(300)]

LABEL = str(uuid.UUID(int=29))


class Region:
    """One deployment as its operators and its agent see it."""

    def __init__(self, stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
        self.stack = stack
        self.deployment: Deployment = stack.deployment
        self._monkeypatch = monkeypatch
        self._token = Fixed(stack.token(*ADMINISTRATOR))

    def read(self, host: Host, container: str) -> bytes:
        service = self.stack.service("research", self._token, url=host.url)
        blob = service.get_blob_client(container, "a.txt")
        return blob.download_blob(headers={"x-chaperone-session": LABEL}).readall()

    def activate(self) -> str:
        manifest = self.stack.running.manifest.read_bytes()
        return asyncio.run(self.deployment.activate(manifest))

    def chaperone(self, *arguments: str) -> Result:
        for name, value in self.deployment.environment.items():
            self._monkeypatch.setenv(name, value)
        return CliRunner().invoke(app, list(arguments))

    def verified(self) -> dict[str, Any]:
        given = self.deployment.environment
        string = given["CHAPERONE_DEV_EVIDENCE_CONNECTION_STRING"]
        place = given["CHAPERONE_EVIDENCE_CONTAINER"]
        done = self.chaperone("verify", place, "--connection-string", string, "--json")
        assert done.stdout, done.output
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def session(self) -> dict[str, Any]:
        listed = self.chaperone("sessions", "--json")
        assert listed.exit_code == 0, listed.output
        (found,) = (one for one in json.loads(listed.stdout)["sessions"] if one["label"] == LABEL)
        return dict(found)

    def exchanges(self, *options: str) -> list[dict[str, Any]]:
        shown = self.chaperone("show", "--session", self.session()["session"], *options, "--json")
        assert shown.exit_code == 0, shown.output
        return list(json.loads(shown.stdout)["exchanges"])

    def attest(self) -> None:
        """As the timer does."""
        asyncio.run(self._attest())

    async def _attest(self) -> None:
        async with AsyncExitStack() as stack:
            identity = await stack.enter_async_context(DefaultAzureCredential())
            parts = await parts_of(parsed(self.deployment.environment), identity, stack)
            await parts.notary().attest()


Replica = dict[str, tuple[BlobType, bytes]]
"""Kind and content of each blob, by name."""


@contextmanager
def container_of(deployment: Deployment) -> Iterator[ContainerClient]:
    """The container of the evidence as its owner has it, past the rights of the gateway."""
    string = deployment.running.azurite.connection_string(seed.EVIDENCE_ACCOUNT)
    name = deployment.environment["CHAPERONE_EVIDENCE_CONTAINER"]
    with (
        closing(RequestsTransport(use_env_settings=False)) as transport,
        BlobServiceClient.from_connection_string(string, transport=transport) as service,
    ):
        yield service.get_container_client(name)


def replicated(deployment: Deployment) -> Replica:
    """Every blob of the evidence, as it is now."""
    with container_of(deployment) as container:
        return {
            str(blob.name): (BlobType(blob.blob_type), container.download_blob(blob.name).readall())
            for blob in container.list_blobs()
        }


def fail_over(deployment: Deployment, replica: Replica) -> None:
    """The account's name leads to the replica from now on."""
    with container_of(deployment) as container:
        for blob in list(container.list_blob_names()):
            container.delete_blob(blob)
        for name, (kind, data) in replica.items():
            # A replica keeps the kind: journals are there to be closed.
            container.upload_blob(name, data, blob_type=kind)


def test_a_deployment_goes_on_from_a_replica_of_the_evidence_alone(
    deployed: Callable[..., Stack], monkeypatch: pytest.MonkeyPatch
) -> None:
    lost = Region(deployed(), monkeypatch)
    same = lost.deployment.environment["CHAPERONE_EVIDENCE_CONTAINER"]
    found = Region(deployed(CHAPERONE_EVIDENCE_CONTAINER=same), monkeypatch)
    container = lost.stack.both("research", f"test-{uuid.uuid4().hex}")
    container.put("a.txt", b"hello")
    name = container.through.container_name
    manifest = lost.activate()
    with lost.deployment.host() as host:
        for _ in range(3):
            assert lost.read(host, name) == b"hello"
        lost.attest()
        assert lost.chaperone("reindex").exit_code == 0
        before, shown = lost.session(), lost.exchanges()
        replica = replicated(lost.deployment)
        assert {one.partition("/")[0] for one in replica} >= {"journal", "log", "manifests"}
        # Acknowledged, and not replicated any more.
        assert lost.read(host, name) == b"hello"
        host.kill()
    fail_over(found.deployment, replica)
    assert before["counts"]["exchanges"] == 3

    # What is left is whole as far as it goes, and signed; it says itself that it has no end.
    verified = found.verified()
    assert (verified["verdict"], verified["signature"]) == ("indeterminate", "signed")
    assert {one["kind"] for one in verified["findings"]} == {"incomplete"}

    rebuilt = found.chaperone("reindex")
    assert rebuilt.exit_code == 0, rebuilt.output
    assert found.session() == before
    assert found.exchanges() == found.exchanges("--indexed") == shown

    # Nobody is served before somebody says again by which rules.
    with found.deployment.host() as host, pytest.raises(HttpResponseError) as refused:
        found.read(host, name)
    assert refused.value.status_code == 503

    assert found.activate() == manifest
    with found.deployment.host() as host:
        assert found.read(host, name) == b"hello"
        found.attest()
    assert found.chaperone("reindex").exit_code == 0
    counts = found.session()["counts"]
    assert (counts["exchanges"], counts["decision.allowed"]) == (5, 4)
    after = found.verified()
    assert (after["verdict"], after["signature"]) == ("indeterminate", "signed")
    assert after["checkpoints"]["leaves"] > verified["checkpoints"]["leaves"]


def test_a_replica_that_lacks_what_a_checkpoint_covers_is_no_valid_evidence(
    deployed: Callable[..., Stack], monkeypatch: pytest.MonkeyPatch
) -> None:
    lost = Region(deployed(), monkeypatch)
    same = lost.deployment.environment["CHAPERONE_EVIDENCE_CONTAINER"]
    found = Region(deployed(CHAPERONE_EVIDENCE_CONTAINER=same), monkeypatch)
    container = lost.stack.both("research", f"test-{uuid.uuid4().hex}")
    container.put("a.txt", b"hello")
    name = container.through.container_name
    lost.activate()
    with lost.deployment.host() as host:
        lost.read(host, name)
        # Blobs are replicated each by itself: the log may be ahead of a journal.
        early = replicated(lost.deployment)
        lost.read(host, name)
        lost.attest()
    late = replicated(lost.deployment)
    journals = {one: blob for one, blob in early.items() if one.startswith("journal/")}
    fail_over(found.deployment, late | journals)
    verified = found.verified()
    assert verified["exit"] == 1
    assert {one["kind"] for one in verified["findings"]} & {"missing", "invalid"}


def test_a_copy_under_another_name_is_to_be_read_and_not_gone_on_in(
    deployed: Callable[..., Stack], monkeypatch: pytest.MonkeyPatch
) -> None:
    lost, other = (Region(deployed(), monkeypatch) for _ in range(2))
    lost.activate()
    lost.attest()
    fail_over(other.deployment, replicated(lost.deployment))
    assert other.verified()["signature"] == "signed"
    other.activate()
    other.attest()
    # A log says whose it is, and this one would be of two.
    verified = other.verified()
    assert verified["exit"] == 1
    assert {one["message"] for one in verified["findings"]} >= {"origin: of another log"}
