"""The typed configuration of a stack: safe where nothing is said, refused where it makes no sense.

`pulumi config set chaperone:<key> <value>`; the keys are the fields of `Configuration` in
camelCase.
"""

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

import pulumi

RETENTION_FLOOR_DAYS: Final = 2192
"""Six years of 45 CFR 164.316(b)(2)(i), leap days included."""
RETENTION_DAYS: Final = 2557
_NAME = re.compile(r"[a-z][a-z0-9]{2,10}\Z")
_SCOPE = re.compile(r"/subscriptions/[0-9a-f-]{36}(/[-\w.()/]+)?\Z", re.ASCII | re.IGNORECASE)
_SERVICE_TAG = re.compile(r"[A-Za-z][A-Za-z0-9.]{1,79}\Z", re.ASCII)
_SECRET = re.compile(r"[A-Za-z0-9-]{1,127}\Z", re.ASCII)
_AGENT = re.compile(r"[a-z][a-z0-9-]{0,62}\Z")
_SPACE: Final = range(16, 25)
"""Of the network's prefix: an eighth of a /24 is the /27 that Flex Consumption needs at least."""
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+\Z")


class Environment(StrEnum):
    """Which promises a stack makes; `production` holds ePHI."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"


class Replication(StrEnum):
    """Redundancy of the evidence account."""

    LOCAL = "LRS"
    ZONE = "ZRS"
    GEO = "GRS"
    GEO_ZONE = "GZRS"


class ConfigurationError(ValueError):
    """The stack's configuration is wrong; says which key, why and what to set."""


@dataclass(frozen=True, slots=True)
class FederatedAgent:
    """An agent that signs in with its own platform's token instead of a secret.

    Attributes:
        name: of the agent's application, lower case.
        issuer: https URL of the token issuer.
        subject: the `sub` of its tokens.
    """

    name: str
    issuer: str
    subject: str


@dataclass(frozen=True, slots=True)
class Configuration:
    """One stack.

    Attributes:
        environment: see `Environment`.
        name: 3 to 11 lower-case letters and digits, unique in Azure: it begins every name of a
            storage account, vault and app.
        location: Azure region, as `eastus2`.
        tenant: Entra tenant id.
        tags: on every resource that can have tags, beside the program's own.
        retention_days: of the evidence; at least 2,192 in production.
        bodies_retention_days: of the masked bodies.
        allow_irreversible_lock: lock the evidence policy. THIS CANNOT BE UNDONE: neither the
            container nor the account can be deleted before the last record's retention ends.
        replication: of the evidence account.
        customer_managed_key: encrypt evidence with a key in a vault of its own.
        address_space: of the virtual network, CIDR /16 to /24.
        fixed_egress_address: leave through a NAT gateway with one public address.
        egress_service_tags: Azure service tags that the app may call beside its own endpoints.
        egress_prefixes: address ranges likewise.
        ingress_prefixes: address ranges that may call the app, in CIDR; empty means every address.
        operator_prefixes: address ranges, of peered networks say, whose machines may reach the
            private endpoints of stores and vault.
        instance_memory_mb: 2048 or 4096.
        http_concurrency: requests at once per instance; Python's default would be 1.
        always_ready_instances: kept warm for HTTP.
        maximum_instances: 40 to 1000.
        watched_scopes: Resource Manager ids of what agents may reach, or of what holds it; role
            assignments there are alerted on, since emergency access is one. Empty means the
            subscription of the stack.
        alert_emails: who is told.
        reviewer_groups: object ids of the Entra groups whose members may sign in to decide; their
            tokens name these groups alone. Without any, everybody in the tenant may sign in, and
            nobody decides who is in more groups than a token can name. A manifest says which of
            them decides what.
        reviewer_auth_context: Entra authentication context that a reviewer must satisfy, c1 to
            c99; "" asks for none, and a second factor must come from a conditional access policy.
        upstream_secrets: names of secrets in the gateway's vault that connections and workflows of
            the manifest use, put there by an operator; the gateway may read these and its own.
        federated_agents: agents without a secret.
        operator_group: object id of the group that activates manifests, edits the deny list and
            rotates secrets; "" assigns nobody.
        auditor_group: object id of the group that reads evidence; "" assigns nobody.
    """

    environment: Environment
    name: str
    location: str
    tenant: str
    tags: Mapping[str, str]
    retention_days: int = RETENTION_DAYS
    bodies_retention_days: int = 90
    allow_irreversible_lock: bool = False
    replication: Replication = Replication.GEO_ZONE
    customer_managed_key: bool = False
    address_space: str = "10.64.0.0/20"
    fixed_egress_address: bool = False
    egress_service_tags: tuple[str, ...] = ()
    egress_prefixes: tuple[str, ...] = ()
    ingress_prefixes: tuple[str, ...] = ()
    operator_prefixes: tuple[str, ...] = ()
    instance_memory_mb: int = 2048
    http_concurrency: int = 16
    always_ready_instances: int = 0
    maximum_instances: int = 100
    watched_scopes: tuple[str, ...] = ()
    alert_emails: tuple[str, ...] = ()
    reviewer_groups: tuple[str, ...] = ()
    reviewer_auth_context: str = ""
    upstream_secrets: tuple[str, ...] = ()
    federated_agents: tuple[FederatedAgent, ...] = ()
    operator_group: str = ""
    auditor_group: str = ""

    @property
    def production(self) -> bool:
        """Whether ePHI may pass."""
        return self.environment is Environment.PRODUCTION

    def __post_init__(self) -> None:
        for key, wrong in _faults(self):
            place = "azure-native" if key == "location" else "chaperone"
            raise ConfigurationError(f"{place}:{key}: {wrong}")


def _faults(stack: Configuration) -> list[tuple[str, str]]:
    """(key, what is wrong and what to set) for every fault."""
    floor = RETENTION_FLOOR_DAYS if stack.production else 1
    checks: list[tuple[str, bool, str]] = [
        ("name", bool(_NAME.match(stack.name)), "3 to 11 lower-case letters and digits"),
        ("tenant", _is_guid(stack.tenant), "the tenant id, a GUID"),
        (
            "retentionDays",
            floor <= stack.retention_days <= 146_000,  # noqa: PLR2004 - Azure's own bound
            f"between {floor} and 146000 days",
        ),
        (
            "bodiesRetentionDays",
            1 <= stack.bodies_retention_days <= stack.retention_days,
            "at least 1 and not longer than the evidence",
        ),
        (
            "allowIrreversibleLock",
            stack.production or not stack.allow_irreversible_lock,
            "only a production stack is locked; a lock can never be taken back",
        ),
        (
            "replication",
            not stack.production or stack.replication is not Replication.LOCAL,
            "production evidence must survive a data centre: ZRS, GRS or GZRS",
        ),
        (
            "reviewerAuthContext",
            bool(re.fullmatch(r"(c[1-9][0-9]?)?", stack.reviewer_auth_context)),
            "c1 to c99, or nothing",
        ),
        ("instanceMemoryMb", stack.instance_memory_mb in {2048, 4096}, "2048 or 4096"),
        ("httpConcurrency", 1 <= stack.http_concurrency <= 1000, "1 to 1000"),  # noqa: PLR2004
        ("maximumInstances", 40 <= stack.maximum_instances <= 1000, "40 to 1000"),  # noqa: PLR2004
        (
            "alwaysReadyInstances",
            0 <= stack.always_ready_instances <= stack.maximum_instances
            and not (stack.production and stack.always_ready_instances == 1),
            "0 to maximumInstances; in production, where they lie in several zones, none or two",
        ),
        ("location", bool(re.fullmatch(r"[a-z0-9]{3,40}", stack.location)), "as in `eastus2`"),
        ("addressSpace", _is_space(stack.address_space), "private IPv4 in CIDR, /16 to /24"),
    ]
    checks += [*_network_checks(stack), *_people_checks(stack)]
    return [(key, wrong) for key, good, wrong in checks if not good]


def _people_checks(stack: Configuration) -> list[tuple[str, bool, str]]:
    """Who acts, who is told, and what may be read for whom."""
    secrets = stack.upstream_secrets
    checks: list[tuple[str, bool, str]] = [
        (
            "upstreamSecrets",
            all(_SECRET.match(one) and not one.startswith("chaperone-") for one in secrets)
            and len({one.lower() for one in secrets}) == len(secrets),
            "names of secrets: letters, digits and hyphens, and none of the gateway's own",
        ),
        (
            "federatedAgents",
            all(_is_agent(one) for one in stack.federated_agents)
            and len({one.name for one in stack.federated_agents}) == len(stack.federated_agents),
            "each a name of its own in lower-case letters and digits, an https issuer, a subject",
        ),
        (
            "watchedScopes",
            all(_SCOPE.match(one) for one in stack.watched_scopes),
            "Resource Manager ids, /subscriptions/…",
        ),
        (
            "alertEmails",
            (bool(stack.alert_emails) or not stack.production)
            and all(_ADDRESS.match(one) for one in stack.alert_emails),
            "mail addresses; in production at least one, or nobody hears an alert",
        ),
    ]
    checks += [
        (key, not value or _is_guid(value), "an object id, a GUID")
        for key, value in (
            *(("reviewerGroups", one) for one in stack.reviewer_groups),
            ("operatorGroup", stack.operator_group),
            ("auditorGroup", stack.auditor_group),
        )
    ]
    return checks


def _network_checks(stack: Configuration) -> list[tuple[str, bool, str]]:
    ranges = "address ranges in CIDR, such as 203.0.113.0/24, and not every address"
    checks = [
        (key, all(_is_range(one) for one in values), ranges)
        for key, values in (
            ("egressPrefixes", stack.egress_prefixes),
            ("ingressPrefixes", stack.ingress_prefixes),
            ("operatorPrefixes", stack.operator_prefixes),
        )
    ]
    # `Internet` and the like would undo the subnet's rules.
    tags = all(
        _SERVICE_TAG.match(one) and one.lower() not in {"internet", "virtualnetwork", "azurecloud"}
        for one in stack.egress_service_tags
    )
    return [
        *checks,
        ("egressServiceTags", tags, "names of services' tags, such as Storage.EastUS2"),
    ]


def load() -> Configuration:
    """The configuration of the current stack.

    Raises:
        ConfigurationError: a key is missing or wrong.
    """
    given = pulumi.Config("chaperone")
    environment = given.require("environment")
    if environment not in {one.value for one in Environment}:
        raise ConfigurationError("chaperone:environment: development or production")
    values: dict[str, object] = {
        "environment": Environment(environment),
        "name": given.require("name"),
        "tenant": given.require("tenant"),
        "location": pulumi.Config("azure-native").require("location"),
        "tags": given.get_object("tags") or {},
    }
    for field in fields(Configuration):
        if field.name not in values and (value := _read(given, field.name)) is not None:
            values[field.name] = value
    return Configuration(**values)  # type: ignore[arg-type]


def key_of(name: str) -> str:
    """The full key of a field, such as `chaperone:retentionDays`."""
    return "azure-native:location" if name == "location" else f"chaperone:{_camel(name)}"


def _read(given: pulumi.Config, name: str) -> object:
    key = _camel(name)
    if name in {"allow_irreversible_lock", "customer_managed_key", "fixed_egress_address"}:
        return given.get_bool(key)
    if name in {
        "egress_service_tags",
        "egress_prefixes",
        "ingress_prefixes",
        "operator_prefixes",
        "watched_scopes",
        "alert_emails",
        "reviewer_groups",
        "upstream_secrets",
    }:
        found = _list(given, key)
        return None if found is None else tuple(str(item) for item in found)
    if name == "federated_agents":
        agents = _list(given, key)
        return None if agents is None else tuple(_agent(agent) for agent in agents)
    if name == "replication":
        text = given.get(key)
        return None if text is None else _replication(text)
    if name.endswith(("_days", "_mb", "_instances", "_concurrency")):
        return given.get_int(key)
    return given.get(key)


def _list(given: pulumi.Config, key: str) -> list[Any] | None:
    found = given.get_object(key)
    if found is not None and not isinstance(found, list):
        raise ConfigurationError(
            f"chaperone:{key}: a list, `pulumi config set --path '{key}[0]' …`"
        )
    return found


def _agent(given: Any) -> FederatedAgent:
    try:
        return FederatedAgent(**{key: str(value) for key, value in given.items()})
    except (AttributeError, TypeError):
        wanted = ", ".join(field.name for field in fields(FederatedAgent))
        raise ConfigurationError(
            f"chaperone:federatedAgents: each an object of {wanted}, and nothing else"
        ) from None


def _replication(text: str) -> Replication:
    try:
        return Replication(text)
    except ValueError:
        known = ", ".join(Replication)
        raise ConfigurationError(f"chaperone:replication: one of {known}") from None


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(word.capitalize() for word in rest)


def _is_space(text: str) -> bool:
    try:
        space = ipaddress.IPv4Network(text)
    except ValueError:
        return False
    return space.is_private and space.prefixlen in _SPACE


def _is_range(text: str) -> bool:
    try:
        return "/" in text and ipaddress.ip_network(text).prefixlen > 0
    except ValueError:
        return False


def _is_agent(agent: FederatedAgent) -> bool:
    named = bool(_AGENT.match(agent.name)) and bool(agent.subject)
    return named and agent.issuer.startswith("https://")


def _is_guid(text: str) -> bool:
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False
