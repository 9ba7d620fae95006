"""The parts that records of schema v1 are made of; see `schema`."""

from typing import Annotated, Literal, NotRequired, TypeAlias

from pydantic import ConfigDict, Field

# pydantic needs the backport below Python 3.12 (https://errors.pydantic.dev/2/u/typed-dict-version).
from typing_extensions import TypedDict

from gateway.model.canonical import MAX_INTEGER

Natural: TypeAlias = Annotated[int, Field(ge=0, le=MAX_INTEGER)]
Hex16: TypeAlias = Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
Hex32: TypeAlias = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
Hex64: TypeAlias = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Moment: TypeAlias = Annotated[
    str,
    Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z$"),
]
EffectWord: TypeAlias = Literal["read", "write", "delete", "action"]

STRICT = ConfigDict(extra="forbid", strict=True)


class Envelope(TypedDict):
    """What the journal adds to every record."""

    __pydantic_config__ = STRICT  # type: ignore[misc]
    v: Literal[1]
    writer: Hex16
    seq: Natural
    ts: Moment
    prev: Hex64


class SessionPart(TypedDict):
    """Which session."""

    __pydantic_config__ = STRICT  # type: ignore[misc]
    id: Hex32
    label: str


class ActorPart(TypedDict):
    """Who."""

    __pydantic_config__ = STRICT  # type: ignore[misc]
    tid: str
    oid: str
    azp: str
    uti: str
    kind: Literal["application", "user"]
    name: str
    sponsor: str
    agent: str
    client_address: str
    purpose: str
    reason: str


class AccessPart(TypedDict):
    """One (action, resource) pair."""

    __pydantic_config__ = STRICT  # type: ignore[misc]
    action: str
    resource: str
    resource_digest: str
    effect: EffectWord
    data_action: bool


class OperationPart(TypedDict):
    """What it does."""

    __pydantic_config__ = STRICT  # type: ignore[misc]
    kind: str
    name: str
    connection: str
    effect: EffectWord
    accesses: Annotated[list[AccessPart], Field(min_length=1)]


class RequestPart(TypedDict):
    """The request; `digest` is of the whole, `body` of the body alone, both keyed."""

    __pydantic_config__ = STRICT  # type: ignore[misc]
    connection: str
    method: str
    target: str
    digest: str
    body: str
    size: Natural
    client_request_id: str


class ObligationsPart(TypedDict):
    """What the rules demand of the answer; `tokens` counts those turned into values, by kind."""

    __pydantic_config__ = STRICT  # type: ignore[misc]
    profile: str
    accept_free_text: bool
    tokens: NotRequired[dict[str, Natural]]


class CitePart(TypedDict):
    """A record of some journal."""

    __pydantic_config__ = STRICT  # type: ignore[misc]
    journal: str
    seq: Natural


class UpstreamPart(TypedDict):
    """What the upstream answered; `digest` is of the raw body, keyed."""

    __pydantic_config__ = STRICT  # type: ignore[misc]
    status: Natural
    request_id: str
    sends: Natural
    size: Natural
    digest: str


class ResponsePart(TypedDict):
    """What the agent was answered; `digest` is of the masked body, keyed."""

    __pydantic_config__ = STRICT  # type: ignore[misc]
    status: Natural
    size: Natural
    digest: str


class MaskingPart(TypedDict):
    """What masking did; `fields` counts by field and type, the most frequent ones, no value.

    `engine` is the version of the masking engine, where it masked content; `patients` how many
    patients its fields named, where they named any.
    """

    __pydantic_config__ = STRICT  # type: ignore[misc]
    profile: str
    digest: str
    key_version: str
    counts: dict[str, Natural]
    engine: NotRequired[str]
    fields: NotRequired[dict[str, Natural]]
    patients: NotRequired[Natural]
    withheld: str


class TimingPart(TypedDict):
    """When; durations in whole microseconds."""

    __pydantic_config__ = STRICT  # type: ignore[misc]
    received: Moment
    before_us: NotRequired[Natural]
    upstream_us: NotRequired[Natural]


class BindingPart(TypedDict):
    """What a reviewer approves (see the approvals documents)."""

    __pydantic_config__ = STRICT  # type: ignore[misc]
    digest: str
    nonce: str
    expires: Moment


class ReviewerPart(TypedDict):
    """The person who decided."""

    __pydantic_config__ = STRICT  # type: ignore[misc]
    tid: str
    oid: str
    uti: str
    name: str
    authenticated: Moment
    methods: list[str]


class PrincipalPart(TypedDict):
    """Who is known by a token."""

    __pydantic_config__ = STRICT  # type: ignore[misc]
    tid: str
    oid: str


class PersonPart(TypedDict):
    """An operator at the command line."""

    __pydantic_config__ = STRICT  # type: ignore[misc]
    tid: str
    oid: str
    name: str


class PolicyUpdatePart(TypedDict):
    """One act on the retention policy, from Azure's own log of it."""

    __pydantic_config__ = STRICT  # type: ignore[misc]
    act: Literal["put", "lock", "extend", "unknown"]
    at: str
    days: Natural
    oid: str
    tid: str
    name: str


class PackagePart(TypedDict):
    """The deployed code."""

    __pydantic_config__ = STRICT  # type: ignore[misc]
    version: str
    digest: str


class BeforePart(TypedDict):
    """The last record of the writer's journal before, as far as the writer knows it."""

    __pydantic_config__ = STRICT  # type: ignore[misc]
    journal: str
    seq: Natural
    tip: Hex64
