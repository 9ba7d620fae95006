"""A manifest to a policy: names resolved, patterns split, conditions compiled, rules indexed."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import assert_never

from gateway.errors import Reason
from gateway.model.connection import (
    Area,
    Connection,
    ConnectionKind,
    Credential,
    CredentialKind,
    Endpoint,
    Masking,
    Sensitivity,
)
from gateway.model.own import Own, reaching
from gateway.policy import document
from gateway.policy.condition import ConditionInvalid
from gateway.policy.endpoint import endpoint, fhir_endpoint
from gateway.policy.expression import Condition, compile_condition
from gateway.policy.facts import COMMON, EXTRA
from gateway.policy.faults import Fault, ManifestInvalid
from gateway.policy.index import RuleIndex
from gateway.policy.manifest import Manifest
from gateway.policy.patterns import ActionPattern, ResourcePattern
from gateway.policy.policy import Agent, Place, Policy, Workflow
from gateway.policy.profile_compiler import profiles
from gateway.policy.profiles import BUILT_IN
from gateway.policy.rule import Rule, RuleEffect


def compile_manifest(manifest: Manifest, facts: Mapping[str, type] = EXTRA) -> Policy:
    """The policy that `manifest` describes.

    Args:
        manifest: as parsed.
        facts: names and types of the facts that operations add to the common ones.

    Raises:
        ManifestInvalid: a condition is not good over these facts.
    """
    table = MappingProxyType({**facts, **COMMON})
    source = manifest.document
    maskings = _maskings(source)
    connections = {
        name: _connection(name, connection, maskings)
        for name, connection in source.connections.items()
    }
    rules = tuple(
        _rule(manifest, order, rule, maskings, table) for order, rule in enumerate(source.rules)
    )
    return Policy(
        digest=manifest.digest,
        connections=MappingProxyType(connections),
        agents=MappingProxyType(
            {
                agent.application: Agent(
                    name,
                    agent.application,
                    agent.sponsor.name,
                    agent.sponsor.object_id,
                    agent.tenant,
                )
                for name, agent in source.agents.items()
            }
        ),
        groups=MappingProxyType({oid: name for name, oid in source.groups.items()}),
        workflows=MappingProxyType(
            {
                name: Workflow(
                    name,
                    frozenset(source.groups[group] for group in workflow.reviewers),
                    workflow.expires_minutes,
                    workflow.max_open,
                    workflow.teams_webhook,
                    workflow.expires_seconds,
                )
                for name, workflow in source.workflows.items()
            }
        ),
        rules=rules,
        facts=table,
        places=MappingProxyType({name: _place(found) for name, found in connections.items()}),
        index=RuleIndex.of(rules),
        shows_text=any(rule.accept_free_text for rule in rules),
    )


def check_own(manifest: Manifest, own: Own) -> None:
    """Refuse a manifest that makes the gateway a way into itself, or mixes up its tenants.

    Args:
        manifest: as parsed.
        own: what the deployment keeps to itself.

    Raises:
        ManifestInvalid: with GATEWAY_RESOURCE, naming each upstream or credential that is the
            gateway's own; else naming each agent that could be another tenant's.
    """
    faults = tuple(_own_things(manifest, own))
    if faults:
        raise ManifestInvalid(faults, reason=Reason.GATEWAY_RESOURCE)
    homeless = [name for name, agent in manifest.document.agents.items() if not agent.tenant]
    if own.serves_tenants and homeless:
        why = "the gateway accepts several tenants: say whose application this is, `tenant: GUID`"
        raise ManifestInvalid(manifest.fault(("agents", name), why) for name in homeless)


def _own_things(manifest: Manifest, own: Own) -> Iterator[Fault]:
    for name, connection in manifest.document.connections.items():
        if own.is_at(reaching(_endpoint(connection))):
            why = "this is one of the gateway's own endpoints; an upstream is an account of its own"
            yield manifest.fault(("connections", name, "upstream"), why)
        if own.holds(_credential(connection)):
            why = (
                "this may be the gateway's own identity or secret; name another one, a managed "
                "identity by its client_id"
            )
            yield manifest.fault(("connections", name, "credential"), why)


def _connection(
    name: str,
    source: document.Connection | document.FhirConnection,
    maskings: Mapping[str, Masking],
) -> Connection:
    return Connection(
        name=name,
        kind=ConnectionKind(source.kind),
        endpoint=_endpoint(source),
        credential=_credential(source),
        masking=_masking(source.masking, maskings),
        areas=tuple(Area(area.pattern, _masking(area, maskings)) for area in source.areas),
        names=Sensitivity(source.names),
        max_response_bytes=source.max_response_mib * 1024 * 1024,
    )


def _endpoint(source: document.Connection | document.FhirConnection) -> Endpoint:
    match source:
        case document.Connection():
            return endpoint(source.upstream)
        case document.FhirConnection():
            return fhir_endpoint(source.upstream)
        case _:
            assert_never(source)


def _credential(source: document.Connection | document.FhirConnection) -> Credential:
    match source.credential:
        case document.AccountKey(secret=secret):
            return Credential(CredentialKind.ACCOUNT_KEY, secret=secret)
        case (
            document.ManagedIdentity(client_id=client, scope=scope)
            | document.FhirIdentity(client_id=client, scope=scope)
        ):
            return Credential(CredentialKind.MANAGED_IDENTITY, client_id=client, scope=scope)
        case (
            document.ServicePrincipal(tenant=tenant, client_id=client, secret=secret, scope=scope)
            | document.FhirPrincipal(tenant=tenant, client_id=client, secret=secret, scope=scope)
        ):
            return Credential(CredentialKind.SERVICE_PRINCIPAL, secret, client, tenant, scope)
        case _:
            assert_never(source.credential)


def _maskings(source: document.Document) -> dict[str, Masking]:
    """Every profile by name; those of the manifest's own with definition and digest."""
    made = {
        name: Masking(name, profile.rank, ephi=False, digest=profile.digest, definition=profile)
        for name, profile in profiles(source.profiles).items()
        if name not in BUILT_IN
    }
    return {name: Masking(name, rank, ephi=False) for name, rank in BUILT_IN.items()} | made


def _masking(
    source: document.PlaceMasking | document.Area | document.FhirArea,
    maskings: Mapping[str, Masking],
) -> Masking:
    return replace(maskings[source.profile], ephi=source.ephi)


def _place(connection: Connection) -> Place:
    maskings = (connection.masking, *(area.masking for area in connection.areas))
    strictest = max(maskings, key=lambda masking: masking.rank)
    return Place(
        tuple(
            (ResourcePattern.of(f"{connection.name}/{area.pattern}"), area.masking)
            for area in connection.areas
        ),
        connection.masking,
        replace(strictest, ephi=any(masking.ephi for masking in maskings)),
    )


def _rule(
    manifest: Manifest,
    order: int,
    source: document.Rule,
    maskings: Mapping[str, Masking],
    facts: Mapping[str, type],
) -> Rule:
    wanted = source.obligations
    return Rule(
        order=order,
        line=manifest.line("rules", order),
        id=source.id,
        effect=RuleEffect(source.effect),
        groups=frozenset(source.groups),
        agents=frozenset(source.agents),
        roles=frozenset(source.roles),
        actions=tuple(map(ActionPattern.of, source.actions)),
        not_actions=tuple(map(ActionPattern.of, source.not_actions)),
        resources=tuple(map(ResourcePattern.of, source.resources)),
        condition=_condition(manifest, order, source.when, facts),
        masking=maskings[wanted.masking] if wanted.masking else None,
        accept_free_text=wanted.free_text == "accept",
        any_search=wanted.searches == "any",
        resolve_tokens=wanted.tokens == "resolve",
        workflow=wanted.workflow,
        description=source.description,
    )


def _condition(
    manifest: Manifest, order: int, source: str, facts: Mapping[str, type]
) -> Condition | None:
    if not source:
        return None
    try:
        return compile_condition(source, facts)
    except ConditionInvalid as error:
        raise ManifestInvalid([manifest.fault(("rules", order, "when"), str(error))]) from None
