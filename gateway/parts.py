"""The part of the composition root that a gateway and an operator's command have in common."""

import asyncio
import functools
import logging
import platform
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from azure.core.credentials_async import AsyncTokenCredential
from azure.data.tables.aio import TableServiceClient
from azure.identity.aio import DefaultAzureCredential, ManagedIdentityCredential
from azure.keyvault.secrets.aio import SecretClient
from azure.storage.blob.aio import ContainerClient
from pydantic import SecretStr

from gateway import __version__
from gateway.adapters.deny_table import AzureDenyTable
from gateway.adapters.development_secrets import UnsafeDevelopmentSecrets
from gateway.adapters.development_signer import UnsafeDevelopmentSigner
from gateway.adapters.entra_keys import EntraKeys
from gateway.adapters.evidence_append import DirectAppends, KeySignature, TokenSignature
from gateway.adapters.evidence_store import BlobEvidenceStore
from gateway.adapters.key_vault import VaultSecrets
from gateway.adapters.masked_cache import BlobMaskedCache
from gateway.adapters.package import package_digest
from gateway.adapters.signing_key import VaultSigner
from gateway.adapters.state_store import BlobStateStore
from gateway.adapters.system import SystemClock, SystemEntropy
from gateway.adapters.telemetry import azure_monitor
from gateway.authn.token import Accepted
from gateway.errors import ConfigurationError, GatewayError
from gateway.evidence.chain import Instance
from gateway.ports import (
    SILENT,
    Clock,
    DigestKeys,
    EvidenceStore,
    RetentionGuard,
    Secrets,
    Signer,
    StateStore,
    Telemetry,
    Verifier,
)
from gateway.ports.telemetry import Silent, Unfailing
from gateway.recording.journal import GroupCommitJournal
from gateway.recording.package_note import PackageNote
from gateway.refresh.digest_keys import SecretDigestKeys
from gateway.refresh.keyring import KeyRing
from gateway.refresh.manifest import ManifestWatch
from gateway.refresh.sealing_keys import SecretSealingKeys
from gateway.refresh.unenforced import UnenforcedRetention
from gateway.refresh.verifier import EntraVerifier
from gateway.settings import Environment, Settings

if TYPE_CHECKING:
    from azure.keyvault.keys.aio import KeyClient

    from gateway.recording.notary import Notary
    from gateway.recording.sequencer import Sequencer

_LOG = logging.getLogger(__name__)

_SIGN_OFF_SECONDS: Final = 10
ROOT: Final = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True)
class Parts:
    """What a gateway and an operator's command have in common.

    Attributes:
        notary: constructed by the first timer or command that asks for it, as no request does.
        sequencer: likewise.
    """

    clock: Clock
    store: EvidenceStore
    state: StateStore
    deny_table: AzureDenyTable
    secrets: Secrets
    digest_keys: DigestKeys
    manifests: ManifestWatch
    journal: GroupCommitJournal
    package: PackageNote
    verifier: Verifier
    key_ring: KeyRing
    signer: Signer
    notary: "Callable[[], Notary]"
    sequencer: "Callable[[], Sequencer]"
    tables: TableServiceClient
    identity: AsyncTokenCredential


async def parts_of(
    config: Settings,
    identity: AsyncTokenCredential,
    stack: AsyncExitStack,
    telemetry: Telemetry = SILENT,
    *,
    attests: bool = False,
) -> Parts:
    """Construct them; nothing is contacted yet.

    Args:
        config: the settings.
        identity: the gateway's, or an operator's.
        stack: closes them.
        telemetry: hears of what goes on.
        attests: this process signs checkpoints, a last one when its journal is closed.
    """
    clock = SystemClock()
    store = await _evidence(config, identity, clock, stack)
    connection_string = _secret_value(config.dev_storage_connection_string)
    state = BlobStateStore(await stack.enter_async_context(state_container(config, identity)))
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
        telemetry=telemetry,
    )
    key_ring = KeyRing(keys, clock, config.authority)
    signer = _signer(config, identity, secrets, clock, stack)

    @functools.cache
    def notary() -> "Notary":
        from gateway.recording.merkle_log import MerkleLog  # noqa: PLC0415 - see `Parts`
        from gateway.recording.notary import Notary  # noqa: PLC0415

        return Notary(
            log=MerkleLog(store, state, clock, telemetry),
            store=store,
            state=state,
            signer=signer,
            clock=clock,
            origin=f"{config.evidence_url.partition('://')[2]}/{config.evidence_container}",
            telemetry=telemetry,
        )

    @functools.cache
    def sequencer() -> "Sequencer":
        from gateway.adapters.projection_table import AzureProjections  # noqa: PLC0415
        from gateway.recording.sequencer import Sequencer  # noqa: PLC0415 - see `Parts`

        table = AzureProjections(tables.get_table_client(config.index_table))
        return Sequencer(store, state, table, clock)

    journal = GroupCommitJournal(
        store,
        clock,
        SystemEntropy(),
        instance,
        manifest=lambda: manifests.digest,
        telemetry=telemetry,
    )
    if attests:
        # Callbacks run last in, first out: the journal is closed by then.
        stack.push_async_callback(_sign_off, notary, journal)
    stack.push_async_callback(journal.close)
    return Parts(
        clock=clock,
        store=store,
        state=state,
        deny_table=AzureDenyTable(tables.get_table_client(config.deny_table)),
        secrets=secrets,
        digest_keys=SecretDigestKeys(secrets, config.digest_key_secret),
        manifests=manifests,
        journal=journal,
        package=PackageNote(state, instance.digest, telemetry),
        verifier=EntraVerifier(
            key_ring,
            accepted,
            clock,
            max_cached_seconds=config.token_max_cached_seconds,
        ),
        key_ring=key_ring,
        signer=signer,
        notary=notary,
        sequencer=sequencer,
        tables=tables,
        identity=identity,
    )


def open_telemetry(config: Settings, stack: AsyncExitStack) -> Unfailing | Silent:
    """Telemetry to Application Insights where a connection string is configured.

    Raises:
        ConfigurationError: the connection string is none.
    """
    connection_string = _secret_value(config.telemetry_connection_string)
    if not connection_string:
        return SILENT
    try:
        monitor = azure_monitor(
            connection_string,
            identity=config.identity_client_id
            if "AAD" in config.telemetry_authentication
            else None,
            trace_percent=config.telemetry_trace_percent,
        )
    except ValueError:
        raise ConfigurationError(
            "APPLICATIONINSIGHTS_CONNECTION_STRING is not a connection string",
            advice="copy it from the Application Insights component, or unset it",
        ) from None
    telemetry = Unfailing(monitor)
    stack.push_async_callback(asyncio.to_thread, telemetry.close)
    return telemetry


async def masked_cache(
    config: Settings, identity: AsyncTokenCredential, parts: Parts, stack: AsyncExitStack
) -> BlobMaskedCache:
    """The cache of masked representations, in a container of its own."""
    connection_string = _secret_value(config.dev_storage_connection_string)
    container = await stack.enter_async_context(
        _container(config.state_url, config.masked_container, connection_string, identity)
    )
    return BlobMaskedCache(
        container,
        SecretDigestKeys(parts.secrets, config.cache_key_secret, "cache key"),
        parts.clock,
        lifetime=timedelta(seconds=config.masked_cache_seconds),
    )


def _signer(
    config: Settings,
    identity: AsyncTokenCredential,
    secrets: Secrets,
    clock: Clock,
    stack: AsyncExitStack,
) -> Signer:
    """The key that signs checkpoints, in the vault; in development one from the secrets file."""
    if config.dev_secrets_file is not None:
        return UnsafeDevelopmentSigner(secrets, config.checkpoint_key)

    def client() -> "KeyClient":
        # Late: no request needs it, and it costs a cold start a tenth of a second.
        from azure.keyvault.keys.aio import KeyClient  # noqa: PLC0415

        return KeyClient(config.vault_url, identity)

    signer = VaultSigner(client, config.checkpoint_key, clock)
    stack.push_async_callback(signer.close)
    return signer


async def _sign_off(notary: "Callable[[], Notary]", journal: GroupCommitJournal) -> None:
    """Let a checkpoint cover what this process has written to its end, if that can be had at once.

    Where it cannot, another instance's timer sees to it.
    """
    if not journal.begun:
        return
    try:
        async with asyncio.timeout(_SIGN_OFF_SECONDS):
            await notary().attest()
    except (GatewayError, TimeoutError) as error:
        _LOG.info("no last checkpoint: %s", type(error).__name__)


def retention_guard(
    config: Settings, identity: AsyncTokenCredential, parts: Parts, stack: AsyncExitStack
) -> RetentionGuard:
    """What keeps the gateway from serving without a locked policy; in development nothing does."""
    if not config.evidence_resource_id:
        _LOG.warning(
            "DEVELOPMENT ONLY: no retention policy is checked, and the storage emulator enforces "
            "none: records can be changed and deleted"
        )
        return UnenforcedRetention()
    from gateway.adapters.resource_manager import ResourceManagerPolicies  # noqa: PLC0415
    from gateway.refresh import retention  # noqa: PLC0415 - see the branch above

    place = retention.Container(
        config.evidence_resource_id,
        config.evidence_container,
        config.evidence_retention_floor_days,
    )
    policies = ResourceManagerPolicies(
        identity,
        place.resource_id,
        place.name,
        endpoint=config.resource_manager_url,
        ca_file=config.dev_ca_file,
    )
    watch = retention.RetentionWatch(
        policies=policies,
        state=parts.state,
        journal=parts.journal,
        keys=SecretSealingKeys(parts.secrets, config.decision_key_secret),
        clock=parts.clock,
        container=place,
        ages=retention.RetentionAges(maximum=timedelta(seconds=config.policy_max_age_seconds)),
    )
    stack.push_async_callback(watch.close)
    enforced = config.environment is Environment.PRODUCTION
    return watch if enforced else retention.ObservedRetention(watch)


def evidence_container(config: Settings, identity: AsyncTokenCredential) -> ContainerClient:
    """A client of the evidence container itself, to be closed by the caller."""
    connection_string = _secret_value(config.dev_evidence_connection_string)
    return _container(config.evidence_url, config.evidence_container, connection_string, identity)


def state_container(config: Settings, identity: AsyncTokenCredential) -> ContainerClient:
    """A client of the container for pointers and leases, to be closed by the caller."""
    connection_string = _secret_value(config.dev_storage_connection_string)
    return _container(config.state_url, config.state_container, connection_string, identity)


async def _evidence(
    config: Settings, identity: AsyncTokenCredential, clock: Clock, stack: AsyncExitStack
) -> EvidenceStore:
    """The evidence container; records are appended past the SDK, see `evidence_append`."""
    connection_string = _secret_value(config.dev_evidence_connection_string)
    container = await stack.enter_async_context(evidence_container(config, identity))
    sign: KeySignature | TokenSignature = TokenSignature(identity, clock)
    if connection_string:
        parts = dict(part.split("=", 1) for part in connection_string.split(";") if "=" in part)
        sign = KeySignature(parts.get("AccountName", ""), parts.get("AccountKey", ""), clock)
    store = DirectAppends(BlobEvidenceStore(container), container.url, sign)
    stack.push_async_callback(store.close)
    return store


async def gateway_identity(config: Settings, stack: AsyncExitStack) -> AsyncTokenCredential:
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
