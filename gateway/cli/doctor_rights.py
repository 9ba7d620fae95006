"""What the identities of a deployment may do with its stores: enough, and no more."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from typing import Final

from azure.core.credentials_async import AsyncTokenCredential
from azure.core.exceptions import AzureError
from azure.identity.aio import ManagedIdentityCredential
from azure.keyvault.secrets.aio import SecretClient
from azure.storage.blob.aio import ContainerClient

from gateway.adapters import rights_probe
from gateway.cli import diagnosis
from gateway.cli.diagnosis import Finding, State
from gateway.errors import GatewayError
from gateway.model.connection import CredentialKind
from gateway.parts import Parts, evidence_container, state_container
from gateway.settings import Settings

_SECONDS: Final = 30
_STORAGE: Final = "https://storage.azure.com/.default"
Identify = Callable[[str], AsyncTokenCredential]
"""The identity with a client id; to be closed by the caller."""


async def rights(
    config: Settings, identity: AsyncTokenCredential, parts: Parts, *, as_gateway: bool
) -> AsyncIterator[Finding]:
    """Rights on evidence, state and vault, of the gateway and of its identities for upstreams.

    Args:
        config: where the stores are.
        identity: the gateway's, or a person's.
        parts: say which identities the active manifest names.
        as_gateway: the identity is the gateway's: only then a right on the vault is one too many.
    """
    emulator = config.dev_evidence_connection_string is not None
    async with evidence_container(config, identity) as evidence:
        found = await rights_probe.rights(evidence)
    for finding in diagnosis.evidence_rights(found, emulator=emulator):
        yield finding
    async with state_container(config, identity) as state:
        found = await rights_probe.rights(state)
    for finding in diagnosis.state_rights(found):
        yield finding
    if config.dev_secrets_file is not None:
        says = "no vault: a development stand-in takes its place"
        yield Finding("vault: rights", State.DEVELOPMENT, says)
    elif not as_gateway:
        yield diagnosis.not_tried("vault: rights")
    else:
        async with SecretClient(config.vault_url, identity) as vault:
            for finding in diagnosis.vault_rights(await rights_probe.vault_rights(vault)):
                yield finding
    async for finding in _upstreams(config, parts, as_gateway=as_gateway):
        yield finding


async def upstream(config: Settings, client_id: str, identify: Identify) -> list[Finding]:
    """Whether an identity for upstreams is at hand, and has no right on the gateway's own stores.

    Args:
        config: where those are.
        client_id: of the identity.
        identify: gives it.
    """
    async with AsyncExitStack() as stack:
        identity = await stack.enter_async_context(identify(client_id))
        try:
            async with asyncio.timeout(_SECONDS):
                token = await identity.get_token(_STORAGE)
        except (AzureError, TimeoutError, OSError) as error:
            fix = "assign the identity to the app: `pulumi up`, or mend the manifest's client_id"
            says = f"no token ({type(error).__name__})"
            return [Finding(f"upstream {client_id}: token", State.FAILED, says, fix)]
        name = f"upstream {client_id}"
        told = diagnosis.token(name, token.token, _STORAGE.removesuffix("/.default"))
        found: dict[str, tuple[rights_probe.Right, str]] = {}
        for label, url, container in (
            ("evidence", config.evidence_url, config.evidence_container),
            ("state", config.state_url, config.state_container),
        ):
            client = ContainerClient(url, container, credential=identity)
            tried = await rights_probe.rights(await stack.enter_async_context(client))
            found |= {f"{label}, {name}": right for name, right in tried.items()}
        vault = await stack.enter_async_context(SecretClient(config.vault_url, identity))
        tried = await rights_probe.vault_rights(vault)
        found |= {f"vault, {name}": right for name, right in tried.items()}
        return [told, *diagnosis.upstream_rights(client_id, found)]


async def _upstreams(config: Settings, parts: Parts, *, as_gateway: bool) -> AsyncIterator[Finding]:
    try:
        policy = await parts.manifests.current()
    except GatewayError:
        return  # which another check says
    credentials = [connection.credential for connection in policy.connections.values()]
    wanted = {
        credential.client_id
        for credential in credentials
        if credential.kind is CredentialKind.MANAGED_IDENTITY
    }
    for client_id in sorted(wanted):
        if not as_gateway or config.dev_secrets_file is not None:
            yield diagnosis.not_tried(f"upstream {client_id}")
            continue
        for finding in await upstream(config, client_id, _managed):
            yield finding


def _managed(client_id: str) -> AsyncTokenCredential:
    return ManagedIdentityCredential(client_id=client_id)
