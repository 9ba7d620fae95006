"""The facts that conditions may use: flat names with one type each, never absent.

A fact that an operation does not have holds its type's zero value, so that no condition fails
because something is not there.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType

from gateway.model.message import Request
from gateway.model.operation import Access, Operation
from gateway.model.principal import Principal

Fact = str | int | bool | list[str]

MAX_LIST = 256
"""Groups and roles that one condition sees; more is an error, and an error denies."""

MAX_INTEGER = 2**63 - 1
"""CEL's int has 64 bits."""

COMMON: Mapping[str, type] = MappingProxyType(
    {
        "tenant": str,
        "object_id": str,
        "application": str,
        "agent": str,
        "principal_kind": str,
        "groups": list,
        "roles": list,
        "kind": str,
        "operation": str,
        "action": str,
        "effect": str,
        "connection": str,
        "container": str,
        "blob": str,
        "version": str,
        "hour": int,
        "weekday": int,
        "method": str,
        "client_address": str,
        "size": int,
    }
)
"""What every request has; docs/manifest.md explains each."""

EXTRA: Mapping[str, type] = MappingProxyType(
    {
        "access_tier": str,
        "blob_type": str,
        "copy_source": str,
        "copy_source_authorization": bool,
        "copy_source_foreign": bool,
        "copy_source_sas": bool,
        "copy_tags": bool,
        "cors": int,
        "create_only": bool,
        "delete_permanent": bool,
        "delete_snapshots": str,
        "delimiter": str,
        "encryption_key": bool,
        "encryption_scope": str,
        "expiry": str,
        "immutability": str,
        "include": str,
        "lease_action": str,
        "legal_hold": str,
        "page_write": str,
        "prefix": str,
        "public_access": str,
        "sas": bool,
        "service_version": str,
        "soft_delete": str,
        "source_container": str,
        "static_website": bool,
        "stored_access_policies": int,
        "structured_body": bool,
        "system_container": bool,
        "version_kind": str,
        "conditional": bool,
        "entries": int,
        "hard_delete": bool,
        "interaction": str,
        "page_size": int,
        "reached_types": str,
        "resource_type": str,
        "search_parameters": str,
        "token_count": int,
        "token_kinds": str,
        "token_owner": str,
        "token_scope": str,
    }
)
"""What operations add: the same names and types as `gateway.operations` (a test compares them)."""

MEANING: Mapping[str, str] = MappingProxyType(
    {
        "tenant": "tenant id of the caller",
        "object_id": "object id of the caller",
        "application": "application id of the caller",
        "agent": "the agent's name in `agents`",
        "principal_kind": "`application` or `user`",
        "groups": "names from `groups` that the caller is in",
        "roles": "app roles of the caller",
        "kind": "kind of the connection, `blob` or `fhir`, or `tokens`",
        "operation": "the service's name of the operation, `Put Block List`",
        "action": "the Azure action that is judged, in lower case",
        "effect": "`read`, `write`, `delete` or `action`, of the access that is judged",
        "connection": "connection of the resource that is judged",
        "container": "its container, or the type of a FHIR resource",
        "blob": "its blob name, or the id of a FHIR resource",
        "version": "its snapshot or version id",
        "hour": "hour of the day in UTC, 0 to 23",
        "weekday": "day of the week in UTC, 0 is Monday",
        "method": "HTTP method",
        "client_address": "caller's address as the front reports it; a hint, it can be forged",
        "size": "length of the request body in bytes",
    }
)

_ZERO: Mapping[type, Fact] = {str: "", int: 0, bool: False}


class FactsInvalid(Exception):
    """Facts that no condition may be judged on: a wrong type or a list over the bound."""


def gather(
    table: Mapping[str, type],
    base: Mapping[str, Fact],
    access: Access,
) -> dict[str, Fact]:
    """Every fact of `table` for one access; `base` holds what all accesses of a request share.

    Raises:
        FactsInvalid: a value has not the type that the table promises.
    """
    path = access.resource.path
    own: dict[str, Fact] = {
        "action": access.action.lower(),
        "effect": access.effect.value,
        "connection": access.resource.connection,
        "container": path[0] if path else "",
        "blob": "/".join(path[1:]),
        "version": access.resource.version,
    }
    facts: dict[str, Fact] = {}
    for name, kind in table.items():
        value = own[name] if name in own else base.get(name, _ZERO.get(kind, []))
        _check(value, kind)
        facts[name] = value
    return facts


def shared(
    principal: Principal,
    names: tuple[str, frozenset[str]],
    operation: Operation,
    request: Request,
    now: datetime,
) -> dict[str, Fact]:
    """Facts that all accesses of a request share; what the gateway knows goes over `operation`.

    Args:
        principal: who asks.
        names: its agent's name in the manifest, and the manifest names of its groups.
        operation: what it would do; its facts are included.
        request: the message.
        now: the moment of the decision, timezone aware.
    """
    agent, groups = names
    moment = now.astimezone(UTC)
    return {
        **operation.facts,
        "method": request.method,
        "client_address": request.client_address,
        "size": len(request.body),
        "tenant": principal.tenant,
        "object_id": principal.object_id,
        "application": principal.application,
        "agent": agent,
        "principal_kind": principal.kind.value,
        "groups": sorted(groups),
        "roles": sorted(principal.roles),
        "kind": operation.kind,
        "operation": operation.name,
        "hour": moment.hour,
        "weekday": moment.weekday(),
    }


def _check(value: object, kind: type) -> None:
    # `type() is`, since True is an int to isinstance and not to CEL.
    if type(value) is not kind:
        raise FactsInvalid
    if isinstance(value, list) and len(value) > MAX_LIST:
        raise FactsInvalid
    if isinstance(value, int) and abs(value) > MAX_INTEGER:
        raise FactsInvalid
