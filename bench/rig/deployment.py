"""Everything that is measured, started on free loopback ports and gone afterwards."""

import asyncio
import base64
import contextlib
import http.client
import json
import os
import secrets
import shutil
import socket
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from bench.rig import documents, likeness, mitmproxy, upstream
from bench.rig.contender import Contender
from gateway import bootstrap
from gateway.local import azurite as emulator
from gateway.local import directory, seed, tls
from gateway.local.commands import LOOPBACK, TokenDesk, environment, module
from gateway.local.dev import OPERATOR, free_port, parsed
from gateway.local.supervisor import Child, Signals, Supervisor
from gateway.recording.activation import Stores, activate

ROOT = Path(__file__).resolve().parents[2]
DIRECT, NGINX, MITMPROXY = "direct", "nginx", "mitmproxy"
GATEWAY, UNRECORDED = "gateway", "gateway without recording"
UNMASKED, EMULATED = "gateway without masking", "gateway on Azurite"
HOST = "local host alone"
"""Names of the contenders."""

WORKING, MEASURED = 0, 1
"""Cores: what makes and answers load on one, what is measured on the other."""

_START_SECONDS = 60
_DOCUMENT = f"/{upstream.ACCOUNT}/phi/{{size}}.json"
_MANIFEST = """
version: 1
agents:
  triage-agent:
    application: {application}
    sponsor: {{name: dr.lee@clinic.example, object_id: 9e250000-0000-4000-8000-000000000002}}
groups:
  phi-readers: {group}
connections:
  clinic:
    kind: blob
    upstream: http://127.0.0.1:{port}/{account}
    credential: {{kind: account-key, secret: clinicdata-key}}
    masking: {{profile: safe-harbor, ephi: true}}
    areas:
      - {{pattern: "public/**", profile: none, ephi: false}}
rules:
{rules}
"""
_READ = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read"


@dataclass(frozen=True, slots=True)
class Rig:
    """The contenders that run, and why others do not.

    Attributes:
        masks: the gateway masks what it is asked for.
        versions: of the other programs, by name.
        unlike: where mitmproxy's documents differ from the gateway's, "" for nowhere.
    """

    contenders: Mapping[str, Contender]
    skipped: Mapping[str, str]
    masks: bool
    versions: Mapping[str, str]
    unlike: str
    supervisor: Supervisor = field(repr=False)

    def served(self) -> int:
        """Requests that the stub has answered, this one included; 0 where it does not count."""
        if upstream.NGINX is None:
            return 0
        connection = http.client.HTTPConnection(
            self.contenders["direct"].origin.removeprefix("http://"), timeout=10
        )
        connection.request("GET", upstream.COUNT)
        text = connection.getresponse().read()
        connection.close()
        return int(text.split()[9])


def pinned(core: int) -> list[str]:
    """Words before a command that keep it on one core; none where that cannot be done."""
    if shutil.which("taskset") and (os.cpu_count() or 1) > 1:
        return ["taskset", "-c", str(core)]
    return []


@contextlib.contextmanager
def running(*, azurite: bool = True, compared: bool = True) -> Iterator[Rig]:
    """Start all of it; stop it at the end of the block.

    Args:
        azurite: a gateway on the storage emulator, too.
        compared: mitmproxy, too.
    """
    with (
        Signals() as signals,
        tempfile.TemporaryDirectory(prefix="chaperone-bench-") as name,
        Supervisor(Path(name), signals, grace_seconds=4) as supervisor,
        contextlib.ExitStack() as stack,
    ):
        starter = _Starter(Path(name), supervisor)
        yield starter.start(stack, azurite=azurite, compared=compared)


@dataclass(slots=True)
class _Starter:
    folder: Path
    supervisor: Supervisor
    token: str = ""
    authority: str = ""
    ca_file: Path = Path()
    upstream_port: int = 0
    contenders: dict[str, Contender] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)

    def start(self, stack: contextlib.ExitStack, *, azurite: bool, compared: bool) -> Rig:
        self._identity()
        self._stub()
        self._nginx()
        store = self._store()
        self._gateway(GATEWAY, store)
        self._variants()
        self._gateway(UNRECORDED, store, "--without-recording")
        if azurite:
            self._azurite(stack)
        else:
            self.skipped[EMULATED] = "not asked for"
        gateway = self.contenders[GATEWAY]
        masks = b"masked-" in likeness.fetch(gateway, "2k")[1]
        if compared:
            self._mitmproxy(masks=masks)
        else:
            self.skipped[MITMPROXY] = "not asked for"
        for contender in self.contenders.values():
            status, _ = likeness.fetch(contender, "2k")
            if status != http.client.OK:
                raise RuntimeError(f"{contender.name} answers {status}: {self.tail()}")
        other = self.contenders.get(MITMPROXY)
        unlike = likeness.difference(gateway, other, "2k") if other else ""
        versions = {"nginx": upstream.version(), **self.versions}
        return Rig(self.contenders, self.skipped, masks, versions, unlike, self.supervisor)

    def tail(self) -> str:
        """The last words of everything that was started."""
        logs = sorted(self.folder.glob("*.log"))
        return "\n".join(path.read_text("utf-8", "replace")[-2000:] for path in logs)

    def _identity(self) -> None:
        self.ca_file, certificate, key = tls.create(self.folder / "tls")
        command = module(
            "gateway.local.identity_provider", "--cert", str(certificate), "--key", str(key)
        )
        values = environment({"CHAPERONE_ENVIRONMENT": "development"})
        child = self.supervisor.start("identity-provider", command, environment=values)
        line = self.supervisor.ready(child, timeout_seconds=_START_SECONDS)
        self.authority = json.loads(line)["identity_provider"]
        desk = TokenDesk(self.authority, self.ca_file, self.supervisor)
        self.token = desk.ask("--agent", "triage-agent", "--group", "phi-readers")

    def _stub(self) -> None:
        root = self.folder / "root"
        for area in ("phi", "public"):
            below = root / upstream.ACCOUNT / area
            below.mkdir(parents=True)
            for size, length in documents.SIZES.items():
                (below / f"{size}.json").write_bytes(documents.document(length))
        # nginx gives up root's rights for its worker, which must still read these.
        self.folder.chmod(0o755)
        self.upstream_port = free_port()
        command = upstream.stub_command(self.folder, root, self.upstream_port)
        child = self._child("stub", command, WORKING, self.upstream_port)
        self._add(DIRECT, self.upstream_port, _DOCUMENT, child)

    def _nginx(self) -> None:
        if upstream.NGINX is None:
            self.skipped[NGINX] = "nginx is not installed (Debian: apt-get install nginx-light)"
            return
        port = free_port()
        command = upstream.proxy_command(self.folder, port, self.upstream_port)
        child = self._child(NGINX, command, MEASURED, port)
        self._add(NGINX, port, _DOCUMENT, child)

    def _mitmproxy(self, *, masks: bool) -> None:
        try:
            program = mitmproxy.executable()
        except mitmproxy.Unavailable as error:
            self.skipped[MITMPROXY] = str(error)
            return
        port = free_port()
        command = mitmproxy.command(program, self.folder, port, self.upstream_port)
        values = {**os.environ, "BENCH_MASKS": "1" if masks else "0"}
        child = self._child(MITMPROXY, command, MEASURED, port, values)
        self._add(MITMPROXY, port, _DOCUMENT, child)
        self.versions[MITMPROXY] = mitmproxy.version(program)

    def _variants(self) -> None:
        """The same process, asked for less: without masking, and without the gateway."""
        whole = self.contenders[GATEWAY]
        self.contenders[UNMASKED] = replace(
            whole, name=UNMASKED, path=whole.path.replace("/phi/", "/public/")
        )
        self.contenders[HOST] = replace(
            whole, name=HOST, path="/healthz", headers={}, sizes=("2k",), reaches=False
        )

    def _store(self) -> str:
        port = free_port()
        command = [sys.executable, "-m", "bench.rig.store", "--port", str(port)]
        self._child("append stand-in", command, WORKING, port, environment({}))
        return f"http://127.0.0.1:{port}"

    def _gateway(self, name: str, store: str, *switches: str) -> None:
        key = base64.b64encode(b"k" * 64).decode()
        text = _connection_string(store, seed.EVIDENCE_ACCOUNT, key)
        state = _connection_string(store, seed.STATE_ACCOUNT, key)
        self._host(name, {"evidence": (store, text), "state": (store, state)}, store, *switches)

    def _azurite(self, stack: contextlib.ExitStack) -> None:
        found = stack.enter_context(emulator.start()).azurite
        seed.own(found)
        stores = {
            "evidence": (found.blob_url, found.connection_string(seed.EVIDENCE_ACCOUNT)),
            "state": (found.blob_url, found.connection_string(seed.STATE_ACCOUNT)),
        }
        self._host(EMULATED, stores, found.table_url)

    def _host(
        self, name: str, stores: Mapping[str, tuple[str, str]], tables: str, *switches: str
    ) -> None:
        port = free_port()
        values = self._settings(port, stores, tables, name)
        asyncio.run(self._activate(values))
        command = [sys.executable, "-m", "bench.rig.host", "--port", str(port), *switches]
        child = self._child(name, command, MEASURED, port, environment(values))
        headers = {"Authorization": f"Bearer {self.token}", "x-ms-version": "2023-11-03"}
        sizes = ("2k",) if name == EMULATED else tuple(documents.SIZES)
        self._add(name, port, "/c/clinic/phi/{size}.json", child, headers, sizes)

    def _settings(
        self, port: int, stores: Mapping[str, tuple[str, str]], tables: str, name: str
    ) -> dict[str, str]:
        (evidence, evidence_string), (state, state_string) = stores["evidence"], stores["state"]
        vault = self.folder / f"secrets-{port}.json"
        vault.touch(0o600)
        vault.write_text(
            json.dumps(
                {
                    "clinicdata-key": base64.b64encode(b"u" * 64).decode(),
                    "chaperone-digest-key": _random_key(32),
                    "chaperone-token-key": _random_key(64),
                    "chaperone-cache-key": _random_key(32),
                }
            )
        )
        # Each gateway has containers of its own, unless they are the emulator's seeded ones.
        own = name != EMULATED
        return {
            "CHAPERONE_ENVIRONMENT": "development",
            "CHAPERONE_PUBLIC_URL": f"http://127.0.0.1:{port}",
            "CHAPERONE_TENANTS": directory.TENANT,
            "CHAPERONE_AUDIENCES": f"{directory.AUDIENCE},{directory.AUDIENCE_ID}",
            "CHAPERONE_AUTHORITY": self.authority,
            "CHAPERONE_EVIDENCE_URL": f"{evidence}/{seed.EVIDENCE_ACCOUNT}",
            "CHAPERONE_EVIDENCE_CONTAINER": f"e{port}" if own else seed.EVIDENCE_CONTAINER,
            "CHAPERONE_STATE_URL": f"{state}/{seed.STATE_ACCOUNT}",
            "CHAPERONE_STATE_CONTAINER": f"s{port}" if own else seed.STATE_CONTAINER,
            "CHAPERONE_TABLE_URL": f"{tables}/{seed.STATE_ACCOUNT}",
            "CHAPERONE_DENY_TABLE": seed.DENY_TABLE,
            "CHAPERONE_DEV_STORAGE_CONNECTION_STRING": state_string,
            "CHAPERONE_DEV_EVIDENCE_CONNECTION_STRING": evidence_string,
            "CHAPERONE_DEV_SECRETS_FILE": str(vault),
            "CHAPERONE_DEV_CA_FILE": str(self.ca_file),
        }

    async def _activate(self, values: Mapping[str, str]) -> None:
        desk = TokenDesk(self.authority, self.ca_file, self.supervisor)
        person = desk.ask("--person", OPERATOR)
        async with bootstrap.operator_tools(parsed(values)) as tools:
            stores = Stores(tools.store, tools.state, tools.journal, tools.own)
            await activate(stores, await tools.verifier.verify(person), self._manifest())

    def _manifest(self) -> bytes:
        """A hundred rules, of which one allows what is asked."""
        rules = [
            f"  - {{id: read-{number}, effect: allow, groups: [phi-readers], "
            f'actions: ["{_READ}"], resources: ["clinic/other{number}/**"]}}'
            for number in range(98)
        ]
        rules += [
            f'  - {{id: read-{area}, effect: allow, groups: [phi-readers], actions: ["{_READ}"], '
            f'resources: ["clinic/{area}/**"]}}'
            for area in ("phi", "public")
        ]
        return _MANIFEST.format(
            application=directory.AGENTS["triage-agent"].application,
            group=directory.GROUPS["phi-readers"],
            port=self.upstream_port,
            account=upstream.ACCOUNT,
            rules="\n".join(rules),
        ).encode()

    def _child(
        self,
        name: str,
        command: Sequence[str],
        core: int,
        port: int,
        values: Mapping[str, str] | None = None,
    ) -> Child:
        file = name.replace(" ", "-")
        child = self.supervisor.start(file, [*pinned(core), *command], environment=values)
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            self.supervisor.check()
            with contextlib.suppress(OSError), socket.create_connection((LOOPBACK, port), 1):
                return child
            time.sleep(0.05)
        raise RuntimeError(f"{name} does not listen: {child.tail()}")

    def _add(  # noqa: PLR0913, PLR0917 - one word for each field of a contender
        self,
        name: str,
        port: int,
        path: str,
        child: Child,
        headers: Mapping[str, str] | None = None,
        sizes: tuple[str, ...] = tuple(documents.SIZES),
    ) -> None:
        self.contenders[name] = Contender(
            name, f"http://127.0.0.1:{port}", path, child.process.pid, headers or {}, sizes
        )


def _random_key(length: int) -> str:
    """Base64 of so many random bytes, as the secret store holds keys."""
    return base64.b64encode(secrets.token_bytes(length)).decode()


def _connection_string(origin: str, account: str, key: str) -> str:
    parts = ("DefaultEndpointsProtocol=http", f"AccountName={account}", f"AccountKey={key}")
    ends = (f"BlobEndpoint={origin}/{account}", f"TableEndpoint={origin}/{account}")
    return ";".join((*parts, *ends))
