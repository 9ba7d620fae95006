"""The manifest's schema: what may stand where. Unknown keys are errors everywhere.

Names that refer to other parts of the file are checked in `references.py`.
"""

from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from gateway.model.signals import RULE_ID
from gateway.policy.endpoint import endpoint, fhir_endpoint
from gateway.policy.profile_document import REPLACEMENT, Profile
from gateway.policy.scalars import OPTIONAL_NAME, Part, Text, plain_text, whole_number
from gateway.policy.syntax import Plain

_HEX = r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
NAME = r"^[a-z0-9][a-z0-9-]{0,62}$"
GUID = f"^{_HEX}$"
OPTIONAL_GUID = f"^({_HEX})?$"
VAULT_NAME = r"^[0-9A-Za-z-]{1,127}$"
OPTIONAL_VAULT_NAME = r"^[0-9A-Za-z-]{0,127}$"
SCOPE = r"^(https|api)://[A-Za-z0-9./-]{1,200}/\.default$"
ACTION = r"^[A-Za-z0-9./*_-]{1,256}$"
FORMS = {
    REPLACEMENT: "at most 64 characters on one line",
    NAME: "lower-case letters, digits and hyphens, at most 63",
    OPTIONAL_NAME: "lower-case letters, digits and hyphens, at most 63",
    GUID: "a GUID such as 5f0c2d4e-8a51-4b1e-9d3e-0f6b7a2c9e11",
    OPTIONAL_GUID: "a GUID such as 5f0c2d4e-8a51-4b1e-9d3e-0f6b7a2c9e11",
    VAULT_NAME: "the name of a Key Vault secret: letters, digits and hyphens, at most 127",
    OPTIONAL_VAULT_NAME: "the name of a Key Vault secret: letters, digits and hyphens, at most 127",
    SCOPE: "a token scope such as https://storage.azure.com/.default",
    ACTION: "an Azure action: letters, digits and . / _ - with * as wildcard",
    RULE_ID: "lower-case letters, digits and . _ -, at most 64",
}
"""What each pattern means, in words."""
STORAGE_SCOPE = "https://storage.azure.com/.default"
FHIR_AREA = r"^[A-Z][A-Za-z]{1,63}/\*\*$"
FORMS[FHIR_AREA] = "one resource type, such as Patient/**: a search finds every resource of it"


def _truth(value: object) -> object:
    if isinstance(value, Plain) and value in {"true", "false"}:
        return value == "true"
    raise PydanticCustomError("truth", "expected true or false, without quotes")


def _upstream(value: str) -> str:
    try:
        endpoint(value)
    except ValueError as error:
        raise PydanticCustomError("upstream", "{why}", {"why": str(error)}) from None
    return value


def _fhir_upstream(value: str) -> str:
    try:
        fhir_endpoint(value)
    except ValueError as error:
        raise PydanticCustomError("upstream", "{why}", {"why": str(error)}) from None
    return value


def _resource(value: str) -> str:
    segments = value.split("/")
    if "" in segments or {".", ".."} & set(segments):
        why = "a resource is connection/container/blob, without empty or dot segments"
        raise PydanticCustomError("resource", "{why}", {"why": why})
    if any("**" in segment and segment != "**" for segment in segments):
        why = '"**" stands alone between slashes; within a segment use "*"'
        raise PydanticCustomError("resource", "{why}", {"why": why})
    return value


def _guid(value: str) -> str:
    return value.lower()


Truth = Annotated[bool, BeforeValidator(_truth)]
Name = Annotated[
    str,
    Field(pattern=NAME, description=FORMS[NAME]),
    BeforeValidator(plain_text),
]
Guid = Annotated[
    str,
    Field(pattern=GUID, description="a GUID"),
    BeforeValidator(plain_text),
    AfterValidator(_guid),
]
SecretName = Annotated[
    str,
    Field(pattern=VAULT_NAME, description="name of a Key Vault secret"),
    BeforeValidator(plain_text),
]
Scope = Annotated[
    str,
    Field(pattern=SCOPE, description="token scope"),
    BeforeValidator(plain_text),
]
ActionText = Annotated[
    str,
    Field(
        pattern=ACTION,
        description="an Azure action or data action; `*` is anything, `/` included",
    ),
    BeforeValidator(plain_text),
]
ResourceText = Annotated[
    str,
    Field(
        min_length=1,
        max_length=1200,
        description="`*` is one segment or a part of one, `**` any number of segments",
    ),
    BeforeValidator(plain_text),
    AfterValidator(_resource),
]


class Sponsor(Part):
    """The person who answers for an agent."""

    name: Annotated[str, Field(min_length=1, max_length=256), BeforeValidator(plain_text)] = Field(
        description="user principal name, as records show it"
    )
    object_id: Guid = Field(description="the person's object id in Entra")


class Agent(Part):
    """An agent: the application that its tokens are issued to."""

    application: Guid = Field(description="application (client) id: the token's `azp` or `appid`")
    tenant: Annotated[
        str, Field(pattern=OPTIONAL_GUID), BeforeValidator(plain_text), AfterValidator(_guid)
    ] = Field(
        default="",
        description="tenant id, the token's `tid`; required where several tenants are accepted",
    )
    sponsor: Sponsor = Field(description="the person who answers for it")


class AccountKey(Part):
    """The storage account's key, for Shared Key."""

    kind: Literal["account-key"]
    secret: SecretName = Field(description="Key Vault secret that holds the key, base64")


class ManagedIdentity(Part):
    """A managed identity of the gateway's app, other than the gateway's own."""

    kind: Literal["managed-identity"]
    client_id: Annotated[
        str, Field(pattern=OPTIONAL_GUID), BeforeValidator(plain_text), AfterValidator(_guid)
    ] = Field(
        default="", description="client id of a user-assigned identity; required in production"
    )
    scope: Scope = Field(default=STORAGE_SCOPE, description="token scope")


class ServicePrincipal(Part):
    """An application with a client secret."""

    kind: Literal["service-principal"]
    tenant: Guid = Field(description="tenant id")
    client_id: Guid = Field(description="application (client) id")
    secret: SecretName = Field(description="Key Vault secret that holds the client secret")
    scope: Scope = Field(default=STORAGE_SCOPE, description="token scope")


class PlaceMasking(Part):
    """How a connection is masked."""

    profile: Name = Field(description="masking profile, built-in or from `profiles`")
    ephi: Truth = Field(description="whether ePHI lies there")


class Area(Part):
    """A part of a connection with masking of its own; the first that matches wins."""

    pattern: ResourceText = Field(description="resource pattern below the connection")
    profile: Name = Field(description="masking profile")
    ephi: Truth = Field(description="whether ePHI lies there")


class FhirArea(Part):
    """A resource type of a FHIR service with masking of its own; the first that matches wins."""

    pattern: Annotated[
        str,
        Field(pattern=FHIR_AREA, description="a resource type below the connection: `Patient/**`"),
        BeforeValidator(plain_text),
    ] = Field(description="a resource type below the connection: `Patient/**`")
    profile: Name = Field(description="masking profile")
    ephi: Truth = Field(description="whether ePHI lies there")


class FhirIdentity(Part):
    """A managed identity of the gateway's app for a FHIR service."""

    kind: Literal["managed-identity"]
    client_id: Annotated[
        str, Field(pattern=OPTIONAL_GUID), BeforeValidator(plain_text), AfterValidator(_guid)
    ] = Field(
        default="", description="client id of a user-assigned identity; required in production"
    )
    scope: Scope = Field(description="the service's URL and `/.default`")


class FhirPrincipal(Part):
    """An application with a client secret for a FHIR service."""

    kind: Literal["service-principal"]
    tenant: Guid = Field(description="tenant id")
    client_id: Guid = Field(description="application (client) id")
    secret: SecretName = Field(description="Key Vault secret that holds the client secret")
    scope: Scope = Field(description="the service's URL and `/.default`")


class FhirConnection(Part):
    """A FHIR R4 service of Azure Health Data Services, and what opens it."""

    kind: Literal["fhir"] = Field(description="protocol")
    upstream: Annotated[Text, AfterValidator(_fhir_upstream)] = Field(
        description="https://{workspace}-{service}.fhir.azurehealthcareapis.com, or on loopback "
        "http://127.0.0.1:p"
    )
    credential: Annotated[FhirIdentity | FhirPrincipal, Field(discriminator="kind")] = Field(
        description="what the gateway authenticates with; the agent never sees it"
    )
    masking: PlaceMasking = Field(description="the least masking that holds here")
    areas: tuple[FhirArea, ...] = Field(
        default=(), max_length=200, description="resource types that differ"
    )
    names: Literal["plain", "ephi"] = Field(
        default="ephi",
        description="whether resource ids stand in records as keyed digests (`ephi`) or in clear",
    )
    max_response_mib: Annotated[int, Field(ge=1, le=1024), BeforeValidator(whole_number)] = Field(
        default=100, description="largest answer, in MiB"
    )


class Connection(Part):
    """A storage account, and what opens it."""

    kind: Literal["blob"] = Field(description="protocol")
    upstream: Annotated[Text, AfterValidator(_upstream)] = Field(
        description="https://{account}.blob.core.windows.net, or on loopback http://127.0.0.1:p/acct"
    )
    credential: Annotated[
        AccountKey | ManagedIdentity | ServicePrincipal, Field(discriminator="kind")
    ] = Field(description="what the gateway authenticates with; the agent never sees it")
    masking: PlaceMasking = Field(description="the least masking that holds here")
    areas: tuple[Area, ...] = Field(default=(), max_length=200, description="parts that differ")
    names: Literal["plain", "ephi"] = Field(
        default="plain", description="whether container and blob names carry ePHI"
    )
    max_response_mib: Annotated[int, Field(ge=1, le=1024), BeforeValidator(whole_number)] = Field(
        default=100, description="largest answer, in MiB"
    )


class Workflow(Part):
    """Who is asked, and for how long an answer counts."""

    reviewers: Annotated[tuple[Name, ...], Field(min_length=1, max_length=20)] = Field(
        description="groups whose members may decide"
    )
    expires_minutes: Annotated[int, Field(ge=1, le=10080), BeforeValidator(whole_number)] = Field(
        default=60, description="a request that nobody decided is denied after this time"
    )
    expires_seconds: Annotated[int, Field(ge=0, le=3600), BeforeValidator(whole_number)] = Field(
        default=0,
        description="a time in seconds instead, for trying things out; 0 for `expires_minutes`",
    )
    max_open: Annotated[int, Field(ge=1, le=100), BeforeValidator(whole_number)] = Field(
        default=10, description="requests of one agent that may wait at a time; more are denied"
    )
    teams_webhook: Annotated[
        str, Field(pattern=OPTIONAL_VAULT_NAME), BeforeValidator(plain_text)
    ] = Field(
        default="",
        description="Key Vault secret with the URL of a Teams workflow that tells reviewers",
    )


class Obligations(Part):
    """What must happen when the rule lets a request pass."""

    masking: Annotated[str, Field(pattern=OPTIONAL_NAME), BeforeValidator(plain_text)] = Field(
        default="",
        description="masking profile; stricter than the place's or without effect",
    )
    free_text: Literal["withhold", "accept"] = Field(
        default="withhold", description="whether masked free text from an ePHI place may be shown"
    )
    searches: Literal["shown", "any"] = Field(
        default="shown",
        description="FHIR: whether a search may compare values that are masked in the answer, "
        "which confirms guesses",
    )
    tokens: Literal["refuse", "resolve"] = Field(
        default="refuse",
        description="FHIR: whether tokens in ids and equality searches are turned back into values",
    )
    workflow: Annotated[str, Field(pattern=OPTIONAL_NAME), BeforeValidator(plain_text)] = Field(
        default="",
        description="approval workflow, for `effect: approve`",
    )


class Rule(Part):
    """One rule. Deny goes over approve, approve over allow; what no rule allows is denied."""

    id: Annotated[str, Field(pattern=RULE_ID), BeforeValidator(plain_text)] = Field(
        description="unique; stands in records and answers"
    )
    description: Annotated[str, Field(max_length=500), BeforeValidator(plain_text)] = Field(
        default="", description="for people"
    )
    effect: Literal["deny", "approve", "allow"] = Field(description="what the rule does")
    groups: tuple[Name, ...] = Field(
        default=(), max_length=100, description="any of these; for `deny`, none means everyone"
    )
    agents: tuple[Name, ...] = Field(default=(), max_length=100, description="only these agents")
    roles: tuple[
        Annotated[str, Field(min_length=1, max_length=120), BeforeValidator(plain_text)], ...
    ] = Field(default=(), max_length=100, description="only callers with any of these app roles")
    actions: tuple[ActionText, ...] = Field(
        min_length=1, max_length=100, description="any of these"
    )
    not_actions: tuple[ActionText, ...] = Field(
        default=(), max_length=100, description="actions taken out of `actions` again"
    )
    resources: tuple[ResourceText, ...] = Field(
        min_length=1, max_length=200, description="any of these: connection/container/blob"
    )
    when: Annotated[str, Field(max_length=1000), BeforeValidator(plain_text)] = Field(
        default="", description="condition in CEL over the facts listed below"
    )
    obligations: Obligations = Field(default=Obligations(), description="for allow and approve")


class Document(Part):
    """A manifest, version 1."""

    version: Annotated[Literal[1], BeforeValidator(whole_number)] = Field(description="always 1")
    agents: dict[Name, Agent] = Field(min_length=1, max_length=1000, description="who may ask")
    groups: dict[Name, Guid] = Field(
        default={}, max_length=200, description="names for Entra group object ids"
    )
    profiles: dict[Name, Profile] = Field(
        default={}, max_length=50, description="masking profiles of your own"
    )
    connections: dict[Name, Annotated[Connection | FhirConnection, Field(discriminator="kind")]] = (
        Field(default={}, max_length=200, description="upstreams, by the name in gateway URLs")
    )
    workflows: dict[Name, Workflow] = Field(
        default={}, max_length=100, description="how people are asked"
    )
    rules: tuple[Rule, ...] = Field(
        default=(), max_length=5000, description="none means that everything is denied"
    )
