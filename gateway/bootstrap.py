"""Composition root: the only place where adapters are constructed.

Nothing happens at import. `gateway()` builds one application per event loop on first use, so a
cold start pays once; a build that fails is tried again by the next request.
"""

import asyncio
import platform
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final
from weakref import WeakKeyDictionary

from azure.core.credentials_async import AsyncTokenCredential
from azure.data.tables.aio import TableServiceClient
from azure.identity.aio import DefaultAzureCredential, ManagedIdentityCredential
from azure.keyvault.secrets.aio import SecretClient
from azure.storage.blob.aio import ContainerClient
from pydantic import SecretStr

from gateway import __version__, settings
from gateway.adapters.authorizer import ConnectionAuthorizer
from gateway.adapters.deny_table import AzureDenyTable
from gateway.adapters.development_secrets import UnsafeDevelopmentSecrets
from gateway.adapters.entra_keys import EntraKeys
from gateway.adapters.entra_tokens import EntraTokens, azure_identity
from gateway.adapters.evidence_store import BlobEvidenceStore
from gateway.adapters.http_upstream import AiohttpUpstream
from gateway.adapters.key_vault import VaultSecrets
from gateway.adapters.package import package_digest
from gateway.adapters.state_store import BlobStateStore
from gateway.adapters.system import SystemClock, SystemEntropy
from gateway.approvals.closed import ClosedApprovals
from gateway.authn.bearer import challenge, resource
from gateway.authn.token import Accepted
from gateway.errors import GatewayError
from gateway.evidence.chain import Instance
from gateway.masking.masker import WithholdingMasker
from gateway.model.message import Answer, Request
from gateway.model.own import Own
from gateway.pipeline import Pipeline
from gateway.ports import (
    Clock,
    DenyRegister,
    DigestKeys,
    EvidenceStore,
    Journal,
    Manifests,
    Secrets,
    StateStore,
    Verifier,
)
from gateway.recording.counter import Counter
from gateway.recording.journal import GroupCommitJournal
from gateway.recording.sweeper import sweep
from gateway.refresh.denylist import PolledDenyList
from gateway.refresh.digest_keys import SecretDigestKeys
from gateway.refresh.keyring import KeyRing
from gateway.refresh.manifest import ManifestWatch
from gateway.refresh.verifier import EntraVerifier
from gateway.settings import Environment, Settings

SWEEP_IDLE: Final = timedelta(hours=2)
"""A journal is abandoned when it has not grown for two roll-over intervals."""

ROOT: Final = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True)
class Application:
    """One running gateway: what `gateway.ingress` needs of it."""

    settings: Settings
    pipeline: Pipeline
    manifests: Manifests
    store: EvidenceStore
    journal: GroupCommitJournal
    counter: Counter
    clock: Clock
    challenge: str
    resources: AsyncExitStack

    @property
    def public_url(self) -> str:
        """The origin that agents use."""
        return self.settings.public_url

    @property
    def max_request_bytes(self) -> int:
        """Bound on a request's body."""
        return self.settings.max_request_bytes

    async def handle(self, request: Request) -> Answer:
        """One request through the pipeline; raises GatewayError only."""
        return await self.pipeline.handle(request)

    async def speaks_xml(self, connection: str) -> bool:
        """Blob services answer in XML; what is not known answers in JSON."""
        try:
            policy = await self.manifests.current()
        except GatewayError:
            return False
        return connection in policy.connections

    async def ready(self) -> Mapping[str, str]:
        """Each thing without which every request would be refused."""
        checks = {
            "manifest": self.manifests.current,
            "digest-key": self.pipeline.digest_keys.current,
            "evidence": self._evidence_readable,
        }
        return {name: await _state(check) for name, check in checks.items()}

    async def tick(self, timer: str) -> None:
        """Timers of `function_app.py`.

        "sweep" closes abandoned journals; "count" writes counters and closes an idle journal.

        Raises:
            GatewayError: not done this time.
        """
        match timer:
            case "sweep":
                await sweep(self.store, self.journal, self.clock, SWEEP_IDLE)
            case "count":
                await self.counter.flush()
                await self.journal.tick()
            case _:
                raise GatewayError("no such timer")

    async def close(self) -> None:
        """Write the counters, close the journal, then every connection."""
        await self.resources.aclose()

    async def _evidence_readable(self) -> None:
        async for _ in self.store.list("manifests/"):
            return


@dataclass(frozen=True, slots=True)
class OperatorTools:
    """What the command line needs to act on a deployment, with the operator's own rights."""

    store: EvidenceStore
    state: StateStore
    journal: Journal
    clock: Clock
    verifier: Verifier
    deny_table: DenyRegister
    digest_keys: DigestKeys
    own: Own


_applications: WeakKeyDictionary[asyncio.AbstractEventLoop, "asyncio.Task[Application]"] = (
    WeakKeyDictionary()
)


async def gateway() -> Application:
    """The application of this event loop, built on first use.

    Raises:
        ConfigurationError: settings are wrong; says which.
    """
    loop = asyncio.get_running_loop()
    task = _applications.get(loop)
    if task is None or (task.done() and (task.cancelled() or task.exception() is not None)):
        task = _applications[loop] = loop.create_task(build(settings.load()))
    return await asyncio.shield(task)


async def shutdown() -> None:
    """Close this event loop's application, if there is one."""
    task = _applications.pop(asyncio.get_running_loop(), None)
    if task is not None:
        await (await task).close()


async def build(config: Settings) -> Application:
    """Construct every adapter and wire the pipeline; nothing is contacted yet."""
    async with AsyncExitStack() as building:
        parts = await _parts(config, await _identity(config, building), building)
        # Known callers are on record one by one.
        counter = Counter(parts.journal, parts.clock, names=("unauthenticated",))
        building.push_async_callback(counter.flush)
        tokens = EntraTokens(parts.secrets, azure_identity(config.authority))
        building.push_async_callback(tokens.close)
        upstream = AiohttpUpstream()
        building.push_async_callback(upstream.close)
        pipeline = Pipeline(
            clock=parts.clock,
            entropy=SystemEntropy(),
            meter=counter,
            verifier=parts.verifier,
            deny_list=PolledDenyList(
                parts.deny_table, parts.clock, poll_seconds=config.deny_poll_seconds
            ),
            digest_keys=parts.digest_keys,
            manifests=parts.manifests,
            approvals=ClosedApprovals(),
            authorizer=ConnectionAuthorizer(parts.secrets, tokens, parts.clock),
            journal=parts.journal,
            upstream=upstream,
            masker=WithholdingMasker(),
            own=config.own,
        )
        return Application(
            settings=config,
            pipeline=pipeline,
            manifests=parts.manifests,
            store=parts.store,
            journal=parts.journal,
            counter=counter,
            clock=parts.clock,
            challenge=challenge(config.authority, config.tenants[0], resource(config.audiences)),
            resources=building.pop_all(),
        )


@asynccontextmanager
async def operator_tools(config: Settings) -> AsyncIterator[OperatorTools]:
    """The stores with a journal of their own, for one command; the journal is closed at the end."""
    async with AsyncExitStack() as stack:
        # A person's own sign-in (Azure CLI and the like): the gateway's identity is not theirs.
        identity = await stack.enter_async_context(DefaultAzureCredential())
        parts = await _parts(config, identity, stack)
        yield OperatorTools(
            store=parts.store,
            state=parts.state,
            journal=parts.journal,
            clock=parts.clock,
            verifier=parts.verifier,
            deny_table=parts.deny_table,
            digest_keys=parts.digest_keys,
            own=config.own,
        )


@dataclass(frozen=True, slots=True)
class _Parts:
    """What a gateway and an operator's command have in common."""

    clock: Clock
    store: EvidenceStore
    state: StateStore
    deny_table: AzureDenyTable
    secrets: Secrets
    digest_keys: DigestKeys
    manifests: ManifestWatch
    journal: GroupCommitJournal
    verifier: Verifier


async def _parts(config: Settings, identity: AsyncTokenCredential, stack: AsyncExitStack) -> _Parts:
    clock = SystemClock()
    store = BlobEvidenceStore(
        await stack.enter_async_context(
            _container(
                config.evidence_url,
                config.evidence_container,
                _secret_value(config.dev_evidence_connection_string),
                identity,
            )
        )
    )
    connection_string = _secret_value(config.dev_storage_connection_string)
    state = BlobStateStore(
        await stack.enter_async_context(
            _container(config.state_url, config.state_container, connection_string, identity)
        )
    )
    tables = await stack.enter_async_context(_tables(config, connection_string, identity))
    secrets = await _secrets(config, identity, clock, stack)
    keys = EntraKeys(config.authority, ca_file=config.dev_ca_file)
    stack.push_async_callback(keys.close)
    accepted = Accepted(
        tenants=frozenset(config.tenants),
        audiences=frozenset(config.audiences),
        authority=config.authority,
        leeway=config.token_leeway_seconds,
    )
    instance = Instance(platform.node(), __version__, package_digest(ROOT))
    manifests = ManifestWatch(
        store,
        state,
        clock,
        own=config.own,
        poll_seconds=config.manifest_poll_seconds,
        max_age_seconds=config.manifest_max_age_seconds,
    )
    journal = GroupCommitJournal(
        store, clock, SystemEntropy(), instance, manifest=lambda: manifests.digest
    )
    stack.push_async_callback(journal.close)
    return _Parts(
        clock=clock,
        store=store,
        state=state,
        deny_table=AzureDenyTable(tables.get_table_client(config.deny_table)),
        secrets=secrets,
        digest_keys=SecretDigestKeys(secrets, config.digest_key_secret),
        manifests=manifests,
        journal=journal,
        verifier=EntraVerifier(
            KeyRing(keys, clock, config.authority),
            accepted,
            clock,
            max_cached_seconds=config.token_max_cached_seconds,
        ),
    )


async def _identity(config: Settings, stack: AsyncExitStack) -> AsyncTokenCredential:
    """The gateway's own identity; in production only the managed identity it was given."""
    if config.environment is Environment.PRODUCTION:
        client_id = config.identity_client_id or None
        return await stack.enter_async_context(ManagedIdentityCredential(client_id=client_id))
    return await stack.enter_async_context(DefaultAzureCredential())


def _container(
    url: str, name: str, connection_string: str, identity: AsyncTokenCredential
) -> ContainerClient:
    if connection_string:
        return ContainerClient.from_connection_string(connection_string, name)
    return ContainerClient(url, name, credential=identity)


def _tables(
    config: Settings, connection_string: str, identity: AsyncTokenCredential
) -> TableServiceClient:
    if connection_string:
        return TableServiceClient.from_connection_string(connection_string)
    return TableServiceClient(config.table_url, credential=identity)


async def _secrets(
    config: Settings, identity: AsyncTokenCredential, clock: Clock, stack: AsyncExitStack
) -> Secrets:
    if config.dev_secrets_file is not None:
        return UnsafeDevelopmentSecrets(config.dev_secrets_file)
    client = SecretClient(config.vault_url, identity)
    return VaultSecrets(await stack.enter_async_context(client), clock)


def _secret_value(secret: SecretStr | None) -> str:
    return secret.get_secret_value() if secret is not None else ""


async def _state(check: Callable[[], Awaitable[object]]) -> str:
    try:
        await check()
    except GatewayError as error:
        return str(error.reason)
    return "ok"
