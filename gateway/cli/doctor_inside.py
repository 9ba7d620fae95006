"""Checks of a deployment with an identity: tokens, keys, policy, stores; rights stand apart."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, timedelta
from typing import Final

from azure.core.credentials_async import AsyncTokenCredential
from azure.core.exceptions import AzureError

from gateway.adapters.resource_manager import ResourceManagerPolicies
from gateway.adapters.teams import require_webhook
from gateway.cli import diagnosis
from gateway.cli.diagnosis import Finding, State, good
from gateway.cli.doctor_rights import rights
from gateway.errors import GatewayError
from gateway.evidence.log import checkpoint_day, checkpoint_time
from gateway.parts import Parts, parts_of
from gateway.ports import Signer
from gateway.settings import Environment, Settings

_SECONDS: Final = 30
_KEYS: Final = {
    "digest_key_secret": 32,
    "token_key_secret": 64,
    "held_key_secret": 32,
    "decision_key_secret": 32,
    "cookie_key_secret": 32,
    "cache_key_secret": 32,
}


async def inside(
    config: Settings, identity: AsyncTokenCredential, *, as_gateway: bool
) -> list[Finding]:
    """Everything that needs the deployment's settings, one check after the other."""
    async with AsyncExitStack() as stack:
        parts = await parts_of(config, identity, stack)
        found = [settings(config)]
        found += [finding async for finding in _tokens(config, identity)]
        granted = rights(config, identity, parts, as_gateway=as_gateway)
        found += [finding async for finding in granted]
        found.append(await _policy(config, identity))
        found += [finding async for finding in _stores(parts)]
        found += [finding async for finding in _keys(config, parts)]
        found.append(await _signing_key(config, parts.signer))
        found.append(await _checkpoint(config, parts))
        found += [finding async for finding in _webhooks(parts)]
        return found


def settings(config: Settings) -> Finding:
    """They have been read and are good."""
    if config.environment.value == "development":
        return Finding(
            "settings",
            State.DEVELOPMENT,
            "good, for development: stand-ins are accepted and no policy is required",
        )
    return good("settings", "good, for production")


async def _tokens(config: Settings, identity: AsyncTokenCredential) -> AsyncIterator[Finding]:
    """One token for each service that is reached by identity."""
    wanted = {
        "storage": ("https://storage.azure.com", not config.dev_evidence_connection_string),
        "vault": ("https://vault.azure.net", config.dev_secrets_file is None),
        "Resource Manager": (config.resource_manager_url, bool(config.evidence_resource_id)),
    }
    for name, (audience, needed) in wanted.items():
        if not needed:
            says = "not used: a development stand-in takes its place"
            yield Finding(f"identity: {name}", State.DEVELOPMENT, says)
            continue
        try:
            async with asyncio.timeout(_SECONDS):
                token = await identity.get_token(f"{audience}/.default")
        except (AzureError, TimeoutError, OSError) as error:
            fix = "sign in (`az login`), or check CHAPERONE_IDENTITY_CLIENT_ID of the app"
            says = f"no token ({type(error).__name__})"
            yield Finding(f"identity: {name}", State.FAILED, says, fix)
        else:
            yield diagnosis.token(name, token.token, audience)


async def _policy(config: Settings, identity: AsyncTokenCredential) -> Finding:
    if not config.evidence_resource_id:
        says = "none: the emulator enforces no retention, so records can be changed and deleted"
        return Finding("evidence policy", State.DEVELOPMENT, says)
    policies = ResourceManagerPolicies(
        identity,
        config.evidence_resource_id,
        config.evidence_container,
        endpoint=config.resource_manager_url,
        ca_file=config.dev_ca_file,
    )
    try:
        found = await policies.read()
    except GatewayError as error:
        return _wrong("evidence policy", error)
    return diagnosis.policy(found, config.evidence_retention_floor_days)


async def _stores(parts: Parts) -> AsyncIterator[Finding]:
    """What every request needs of the stores: the list of evidence, the pointer, the deny list."""

    async def evidence() -> None:
        async for _ in parts.store.list("manifests/"):
            return

    checks: dict[str, Callable[[], Awaitable[object]]] = {
        "evidence store": evidence,
        "active manifest": parts.manifests.current,
        "deny list": parts.deny_table.entries,
    }
    for name, check in checks.items():
        yield await _passes(name, check)


async def _keys(config: Settings, parts: Parts) -> AsyncIterator[Finding]:
    for setting, size in _KEYS.items():
        name = getattr(config, setting)
        try:
            secret = await parts.secrets.get(name)
        except GatewayError as error:
            yield _wrong(f"key {name}", error)
        else:
            yield diagnosis.key(name, secret.value, size)


async def _signing_key(config: Settings, signer: Signer) -> Finding:
    """The public part, which the gateway may read; nothing is signed here."""
    name = f"key {config.checkpoint_key}"
    try:
        public = await signer.key()
    except GatewayError as error:
        return _wrong(name, error)
    return good(name, f"EC P-256, {public.kid}")


async def _checkpoint(config: Settings, parts: Parts) -> Finding:
    """The newest of today and yesterday, in UTC."""
    now, newest = parts.clock.now().astimezone(UTC), None
    try:
        for day in (now - timedelta(days=1), now):
            async for blob in parts.store.list(checkpoint_day(day)):
                newest = checkpoint_time(blob.name) or newest
    except GatewayError as error:
        return _wrong("checkpoint", error)
    development = config.environment is Environment.DEVELOPMENT
    return diagnosis.checkpoint(newest, now, development=development)


async def _webhooks(parts: Parts) -> AsyncIterator[Finding]:
    """Where cards go: the address is checked, and nothing is sent there."""
    try:
        policy = await parts.manifests.current()
    except GatewayError:
        return
    names = {flow.teams_webhook for flow in policy.workflows.values() if flow.teams_webhook}
    for name in sorted(names):
        try:
            require_webhook((await parts.secrets.get(name)).value.strip())
        except GatewayError as error:
            yield _wrong(f"webhook {name}", error)
        else:
            yield good(f"webhook {name}", "the address of a Teams workflow")


async def _passes(name: str, check: Callable[[], Awaitable[object]]) -> Finding:
    try:
        async with asyncio.timeout(_SECONDS):
            await check()
    except TimeoutError:
        return Finding(name, State.FAILED, "no answer in time", "check the way there")
    except GatewayError as error:
        return _wrong(name, error)
    return good(name, "readable")


def _wrong(name: str, error: GatewayError) -> Finding:
    words = ", ".join(value for _, value in error.details)
    return Finding(name, State.FAILED, f"{error}{f' ({words})' if words else ''}", error.advice)
