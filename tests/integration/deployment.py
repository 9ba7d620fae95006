"""A gateway's stores and its processes: one deployment, any number of hosts."""

import asyncio
import json
import signal
import time
import uuid
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import psutil
from azure.core.credentials import AccessToken
from azure.core.pipeline.transport import AioHttpTransport, RequestsTransport
from azure.data.tables import TableServiceClient
from azure.storage.blob import BlobServiceClient
from azure.storage.blob.aio import BlobServiceClient as AsyncBlobServiceClient

from gateway import bootstrap
from gateway.cli.token import Provider, request_token
from gateway.evidence.findings import Report
from gateway.evidence.verify import verify
from gateway.local import directory, seed
from gateway.local.commands import LOOPBACK, environment, module
from gateway.local.dev import OPERATOR, Running, free_port, parsed
from gateway.local.supervisor import Child
from gateway.recording.activation import Stores, activate

_START_SECONDS = 60
HOST = "gateway.local.host"


@dataclass(frozen=True, slots=True)
class Host:
    """A gateway process."""

    url: str
    child: Child
    running: Running

    @property
    def pid(self) -> int:
        return self.child.process.pid

    def kill(self) -> None:
        """End it without a chance to close anything."""
        self.child.process.send_signal(signal.SIGKILL)
        self.running.supervisor.stop(self.child)

    async def end(self) -> None:
        """The same while this event loop, through which it may reach its stores, goes on."""
        self.child.process.send_signal(signal.SIGTERM)
        process = psutil.Process(self.pid)
        while process.status() != psutil.STATUS_ZOMBIE:  # noqa: ASYNC110 - another's state
            await asyncio.sleep(0.01)
        self.stop()

    def stop(self) -> float:
        """End it as a deployment does: it closes its journal; how many seconds that took."""
        started = time.monotonic()
        status = self.running.supervisor.stop(self.child)
        assert status == 0, self.child.tail()
        return time.monotonic() - started


@dataclass(frozen=True, slots=True)
class Deployment:
    """Settings, and the containers that they name."""

    running: Running
    environment: Mapping[str, str]

    @contextmanager
    def host(self, *, command: str = HOST, **settings: str) -> Iterator[Host]:
        """Another process of this deployment; `settings` are those that differ."""
        host = self.start(command=command, **settings)
        try:
            yield host
        finally:
            if host.child.process.returncode is None:
                self.running.supervisor.stop(host.child)

    def start(self, *, command: str = HOST, **settings: str) -> Host:
        """The same, stopped by the caller or with the whole stack; `command` is its module."""
        port = free_port()
        url = f"https://{LOOPBACK}:{port}"
        values = {**self.environment, **settings, "CHAPERONE_PUBLIC_URL": url}
        tls = self.running.folder / "tls"
        pair = ("--cert", str(tls / "server.pem"), "--key", str(tls / "server.key"))
        child = self.running.supervisor.start(
            f"gateway-{port}",
            module(command, "--port", str(port), *pair),
            environment=environment(values),
        )
        self.running.supervisor.ready(child, timeout_seconds=_START_SECONDS)
        return Host(url, child, self.running)

    async def activate(self, manifest: bytes) -> str:
        """Make a manifest the active one, as `chaperone manifest activate` does; its digest."""
        agent = directory.AGENTS[directory.DEFAULT_AGENT]
        form = [
            ("grant_type", "client_credentials"),
            ("client_id", agent.application),
            ("client_secret", directory.CLIENT_SECRET),
            ("scope", f"{directory.AUDIENCE}/.default"),
            ("dev_person", OPERATOR),
        ]
        provider = Provider(self.running.identity_provider, self.running.ca_file)
        token = request_token(provider, form)
        async with bootstrap.operator_tools(parsed(self.environment)) as tools:
            stores = Stores(tools.store, tools.state, tools.journal, tools.own)
            done = await activate(stores, await tools.verifier.verify(token), manifest)
        return done.digest

    def journals(self) -> dict[str, bytes]:
        """Every journal in the evidence container, read with the account's key."""
        string = self.environment["CHAPERONE_DEV_EVIDENCE_CONNECTION_STRING"]
        with (
            closing(RequestsTransport(use_env_settings=False)) as transport,
            BlobServiceClient.from_connection_string(string, transport=transport) as service,
        ):
            container = service.get_container_client(
                self.environment["CHAPERONE_EVIDENCE_CONTAINER"]
            )
            return {
                name: container.download_blob(name).readall()
                for name in container.list_blob_names(name_starts_with="journal/")
            }

    def records(self) -> list[dict[str, Any]]:
        """Every record on file; a journal's last line may be under way."""
        return [
            json.loads(line)
            for data in self.journals().values()
            for line in data.splitlines(keepends=True)
            if line.endswith(b"\n")
        ]

    def verify(self) -> Report:
        """What an auditor would find."""
        return verify(sorted(self.journals().items()))


def fresh(running: Running, **settings: str) -> Deployment:
    """A deployment with stores of its own, and no manifest yet, beside the running one."""
    name = f"test-{uuid.uuid4().hex}"
    table = f"t{uuid.uuid4().hex}"
    azurite = running.azurite
    with closing(RequestsTransport(use_env_settings=False)) as transport:
        for account in (seed.EVIDENCE_ACCOUNT, seed.STATE_ACCOUNT):
            string = azurite.connection_string(account)
            BlobServiceClient.from_connection_string(string, transport=transport).create_container(
                name
            )
        with TableServiceClient.from_connection_string(
            azurite.connection_string(seed.STATE_ACCOUNT), transport=transport
        ) as tables:
            tables.create_table(table)
    return Deployment(
        running,
        {
            **running.environment,
            "CHAPERONE_EVIDENCE_CONTAINER": name,
            "CHAPERONE_STATE_CONTAINER": name,
            "CHAPERONE_DENY_TABLE": table,
            "CHAPERONE_INDEX_TABLE": f"i{table}",
            # Its queues would be the running one's.
            "CHAPERONE_QUEUE_URL": "",
            **settings,
        },
    )


@asynccontextmanager
async def async_service(
    url: str, token: str, ca_file: Path, **options: Any
) -> AsyncIterator[AsyncBlobServiceClient]:
    """The asynchronous SDK as an agent sets it up, without retries."""

    class Fixed:
        async def get_token(self, *_scopes: str, **_options: Any) -> AccessToken:
            return AccessToken(token, int(time.time()) + 3600)

        async def close(self) -> None:
            return

        async def __aenter__(self) -> Self:
            return self

        async def __aexit__(self, *_: object) -> None:
            return

    transport = AioHttpTransport(connection_verify=str(ca_file), use_env_settings=False)
    async with AsyncBlobServiceClient(
        url, credential=Fixed(), transport=transport, **{"retry_total": 0, **options}
    ) as service:
        yield service
