"""A whole gateway on one machine: storage, identity provider, certificate, manifest, host.

Everything is made for this run and gone after it: ports and keys are fresh, storage is in memory,
files lie in a folder of the run's own. Several runs at once do not meet.
"""

import asyncio
import base64
import contextlib
import json
import logging
import os
import random
import secrets
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from gateway.adapters.development_signer import new_development_key
from gateway.errors import ConfigurationError
from gateway.local import directory, manifest, seed, tls
from gateway.local.azurite import Azurite
from gateway.local.commands import LOOPBACK, TokenDesk, environment, module
from gateway.local.patients_model import Patient
from gateway.local.supervisor import Child, Signals, Supervisor
from gateway.policy.manifest import parse
from gateway.settings import Settings

OPERATOR = "alice.admin"
"""Who activates the manifest of a development gateway."""

_START_SECONDS = 60
_SECRETS = "secrets.json"


EvidenceFront: TypeAlias = Callable[[str], str]
"""From the connection string of the evidence account to the one that the gateway is given."""


@dataclass(frozen=True, slots=True)
class Options:
    """What a run may be asked for; a port of 0 is any free one.

    Attributes:
        manifest: file to serve.
        secrets: JSON file `{name: value}` with secrets that the manifest names, or None.
        access_log: keep a line for each request that storage receives.
        evidence_front: what stands before the evidence account and is given to the gateway in its
            place: a proxy that refuses what the emulator would let pass.
        timer_speed: how many seconds of the timers' schedules pass in one.
    """

    manifest: Path = manifest.DEFAULT
    secrets: Path | None = None
    port: int = 0
    idp_port: int = 0
    blob_port: int = 0
    queue_port: int = 0
    table_port: int = 0
    access_log: bool = False
    timer_speed: float = 1.0
    evidence_front: EvidenceFront | None = None


@dataclass(frozen=True, slots=True)
class Running:
    """A started gateway and everything around it.

    Attributes:
        url: the gateway's origin.
        connections: gateway URL by connection, as `account_url` for the SDK.
        identity_provider: its origin.
        ca_file: PEM, trusted for both.
        environment: the gateway's settings, for operators' commands.
        storage_log: one line for each request that storage received, where asked for.
    """

    url: str
    connections: Mapping[str, str]
    identity_provider: str
    ca_file: Path
    manifest: Path
    azurite: Azurite = field(repr=False)
    patients: list[Patient] = field(repr=False)
    environment: Mapping[str, str] = field(repr=False)
    storage_log: Path
    folder: Path
    host: Child
    signals: Signals = field(repr=False)
    supervisor: Supervisor = field(repr=False)

    @property
    def review_pages(self) -> str:
        """Where held requests are decided: an approval's id follows."""
        return f"{self.url}/approvals/"

    def facts(self) -> dict[str, object]:
        """All of it as JSON values, for scripts; holds the emulator's keys."""
        strings = {
            account: self.azurite.connection_string(account) for account in self.azurite.keys
        }
        return {
            "gateway": self.url,
            "ca_file": str(self.ca_file),
            "connections": dict(self.connections),
            "identity_provider": self.identity_provider,
            "tenant": directory.TENANT,
            "audience": directory.AUDIENCE,
            "storage_connection_string": strings["clinicdata"],
            "storage_connection_strings": strings,
            "evidence": {
                "container_url": f"{self.azurite.account_url(seed.EVIDENCE_ACCOUNT)}"
                f"/{seed.EVIDENCE_CONTAINER}",
                "connection_string": strings[seed.EVIDENCE_ACCOUNT],
            },
            "manifest": str(self.manifest),
            "agents": {agent.name: agent.application for agent in directory.AGENTS.values()},
            "groups": dict(directory.GROUPS),
            "review_pages": self.review_pages,
            "persons": {
                person.name: {
                    "username": person.username,
                    "object_id": person.object_id,
                    "groups": list(person.groups),
                }
                for person in directory.PERSONS.values()
            },
            "environment": dict(self.environment),
            "pid": os.getpid(),
        }


@contextlib.contextmanager
def running(options: Options | None = None) -> Iterator[Running]:
    """Start everything, and stop it at the end of the block whatever happens.

    Main thread only: signals are handled here. SIGINT, SIGTERM and SIGHUP raise `Stopped`.

    Raises:
        ConfigurationError: something did not start, or the manifest is not good.
    """
    wanted = options or Options()
    manifest.check(wanted.manifest)
    # What the gateway's code logs in this process is in the gateway's own log as well.
    logging.getLogger("gateway").addHandler(logging.NullHandler())
    with (
        Signals() as signals,
        _folder(signals) as folder,
        Supervisor(folder, signals) as supervisor,
    ):
        yield _start(wanted, folder, signals, supervisor)


@contextlib.contextmanager
def _folder(signals: Signals) -> Iterator[Path]:
    """A private folder (mode 0700) that is gone afterwards."""
    with signals.shield():
        folder = Path(tempfile.mkdtemp(prefix="chaperone-"))
    try:
        yield folder
    finally:
        with signals.shield():
            shutil.rmtree(folder, ignore_errors=True)


def _start(wanted: Options, folder: Path, signals: Signals, supervisor: Supervisor) -> Running:
    ca_file, certificate, key = tls.create(folder / "tls")
    storage = module(
        "gateway.local.azurite",
        *_ports(blob=wanted.blob_port, queue=wanted.queue_port, table=wanted.table_port),
        *(["--access-log"] if wanted.access_log else []),
    )
    starting = supervisor.start("storage", storage, environment=environment({}))
    pair = ("--cert", str(certificate), "--key", str(key))
    provider = supervisor.start(
        "identity-provider",
        module("gateway.local.identity_provider", "--port", str(wanted.idp_port), *pair),
        environment=environment({"CHAPERONE_ENVIRONMENT": "development"}),
    )
    found = json.loads(supervisor.ready(starting, timeout_seconds=_START_SECONDS))
    log = Path(found.pop("output"))
    azurite = Azurite(**found)
    source = _manifest(wanted, azurite, folder)
    write_secrets(wanted, azurite, folder)
    seed.own(azurite)
    signals.check()
    line = supervisor.ready(provider, timeout_seconds=_START_SECONDS)
    authority = json.loads(line)["identity_provider"]
    values = settings_of(azurite, authority, ca_file, folder)
    if wanted.evidence_front is not None:
        values |= _evidence_behind(wanted.evidence_front, values)
    # The gateway starts while this process writes what it will read on its first request.
    host, values = _host(wanted, values, pair, supervisor)
    token = TokenDesk(authority, ca_file, supervisor).ask("--person", OPERATOR)
    asyncio.run(_activate(values, source.read_bytes(), token))
    signals.check()
    patients = seed.data(azurite)
    supervisor.ready(host, timeout_seconds=_START_SECONDS)
    url = values["CHAPERONE_PUBLIC_URL"]
    return Running(
        url=url,
        connections={
            name: f"{url}/c/{name}" for name in parse(source.read_bytes()).document.connections
        },
        identity_provider=authority,
        ca_file=ca_file,
        manifest=source,
        azurite=azurite,
        patients=patients,
        environment=values,
        storage_log=log,
        folder=folder,
        host=host,
        signals=signals,
        supervisor=supervisor,
    )


async def _activate(values: Mapping[str, str], data: bytes, token: str) -> None:
    """Make the manifest the active one, as a recorded act of a person."""
    # Late: it loads every adapter, and the children are starting meanwhile.
    from gateway import bootstrap  # noqa: PLC0415
    from gateway.recording.activation import Stores, activate  # noqa: PLC0415

    async with bootstrap.operator_tools(parsed(values)) as tools:
        stores = Stores(tools.store, tools.state, tools.journal, tools.own)
        await activate(stores, await tools.verifier.verify(token), data)


def _host(
    wanted: Options, values: Mapping[str, str], pair: tuple[str, ...], supervisor: Supervisor
) -> tuple[Child, dict[str, str]]:
    """Start the gateway; its URL is a setting, so the port is chosen before it listens."""
    port = wanted.port or free_port()
    complete = {**values, "CHAPERONE_PUBLIC_URL": f"https://{LOOPBACK}:{port}"}
    speed = ("--timer-speed", str(wanted.timer_speed))
    command = module("gateway.local.host", "--port", str(port), *pair, *speed)
    return supervisor.start("gateway", command, environment=environment(complete)), complete


def parsed(values: Mapping[str, str]) -> Settings:
    """Settings from environment variables, without looking at this process's own.

    Raises:
        ValueError: they are not good.
    """
    prefix = "CHAPERONE_"
    return Settings.model_validate(
        {name.removeprefix(prefix).lower(): text for name, text in values.items()}
    )


def settings_of(azurite: Azurite, authority: str, ca_file: Path, folder: Path) -> dict[str, str]:
    """The gateway's settings, all but its own URL."""
    state = azurite.connection_string(seed.STATE_ACCOUNT)
    return {
        "CHAPERONE_ENVIRONMENT": "development",
        "CHAPERONE_TENANTS": directory.TENANT,
        "CHAPERONE_AUDIENCES": f"{directory.AUDIENCE},{directory.AUDIENCE_ID}",
        "CHAPERONE_AUTHORITY": authority,
        "CHAPERONE_EVIDENCE_URL": azurite.account_url(seed.EVIDENCE_ACCOUNT),
        "CHAPERONE_EVIDENCE_CONTAINER": seed.EVIDENCE_CONTAINER,
        "CHAPERONE_STATE_URL": azurite.account_url(seed.STATE_ACCOUNT),
        "CHAPERONE_STATE_CONTAINER": seed.STATE_CONTAINER,
        "CHAPERONE_TABLE_URL": f"{azurite.table_url}/{seed.STATE_ACCOUNT}",
        "CHAPERONE_DENY_TABLE": seed.DENY_TABLE,
        "CHAPERONE_QUEUE_URL": f"{azurite.queue_url}/{seed.STATE_ACCOUNT}",
        "CHAPERONE_DEV_STORAGE_CONNECTION_STRING": state,
        "CHAPERONE_DEV_EVIDENCE_CONNECTION_STRING": azurite.connection_string(
            seed.EVIDENCE_ACCOUNT
        ),
        "CHAPERONE_SIGNIN_CLIENT_ID": directory.SIGN_IN_ID,
        "CHAPERONE_SIGNIN_SECRET": "chaperone-signin-secret",
        "CHAPERONE_DEV_SECRETS_FILE": str(folder / _SECRETS),
        "CHAPERONE_DEV_CA_FILE": str(ca_file),
    }


def _evidence_behind(front: EvidenceFront, values: Mapping[str, str]) -> dict[str, str]:
    string = front(values["CHAPERONE_DEV_EVIDENCE_CONNECTION_STRING"])
    parts = dict(part.split("=", 1) for part in string.split(";"))
    return {
        "CHAPERONE_EVIDENCE_URL": parts["BlobEndpoint"],
        "CHAPERONE_DEV_EVIDENCE_CONNECTION_STRING": string,
    }


def _manifest(wanted: Options, azurite: Azurite, folder: Path) -> Path:
    """The manifest to serve, with this run's addresses."""
    urls = {account: azurite.account_url(account) for account in manifest.DATA_ACCOUNTS}
    rendered = folder / "manifest.yaml"
    rendered.write_bytes(manifest.render(wanted.manifest, urls))
    return rendered


def write_secrets(wanted: Options, azurite: Azurite, folder: Path) -> None:
    """The development secret store: account keys, the digest key, the user's own."""
    store: dict[str, object] = {
        manifest.secret_name(account): azurite.keys[account] for account in manifest.DATA_ACCOUNTS
    }
    store["chaperone-digest-key"] = base64.b64encode(secrets.token_bytes(32)).decode()
    store["chaperone-token-key"] = base64.b64encode(secrets.token_bytes(64)).decode()
    store["chaperone-cache-key"] = base64.b64encode(secrets.token_bytes(32)).decode()
    for name in ("chaperone-held-key", "chaperone-decision-key"):
        store[name] = base64.b64encode(secrets.token_bytes(32)).decode()
    store["chaperone-cookie-key"] = base64.b64encode(secrets.token_bytes(32)).decode()
    store["chaperone-checkpoint"] = new_development_key()
    store["chaperone-signin-secret"] = directory.CLIENT_SECRET
    if wanted.secrets is not None:
        try:
            store |= json.loads(wanted.secrets.read_text("utf-8"))
        except (OSError, ValueError, TypeError) as error:
            raise ConfigurationError(
                "the secrets file cannot be read", advice="give a JSON object of names and values"
            ) from error
    path = folder / _SECRETS
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(store, file)


def _ports(**ports: int) -> list[str]:
    return [word for name, port in ports.items() for word in (f"--{name}-port", str(port))]


def free_port() -> int:
    """Below what Linux and macOS give to outgoing connections, so that none takes it meanwhile."""
    draw = random.SystemRandom()
    while True:
        port = draw.randrange(20_000, 30_000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind((LOOPBACK, port))
            return port
