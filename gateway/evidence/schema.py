"""Record schema v1: the wire format of a journal line, and its strict parser.

Append-only: a field is never renamed, retyped or reused. New fields make a new `v`. The verifier
refuses what this file does not name, so the gateway checks every line with it before writing.
`docs/evidence-format.md` describes each field for readers without this code.
"""

import re
from functools import cache
from typing import Annotated, Final, Literal, NotRequired, TypeAlias

from pydantic import ConfigDict, Discriminator, TypeAdapter, ValidationError

from gateway.evidence.sections import (
    ActorPart,
    BeforePart,
    BindingPart,
    CitePart,
    EffectWord,
    Envelope,
    Hex16,
    Hex32,
    Hex64,
    MaskingPart,
    Moment,
    Natural,
    ObligationsPart,
    OperationPart,
    PackagePart,
    PersonPart,
    PolicyUpdatePart,
    PrincipalPart,
    RequestPart,
    ResponsePart,
    ReviewerPart,
    SessionPart,
    TimingPart,
    UpstreamPart,
)

VERSION: Final = 1


class Open(Envelope):
    """First line."""

    type: Literal["open"]
    journal: str
    number: Natural
    instance: str
    package: PackagePart
    manifest: str
    before: NotRequired[BeforePart]


class Close(Envelope):
    """Last line: `by` its writer, or a sweeper whose CLOSE fences the journal."""

    type: Literal["close"]
    by: Hex16
    count: Natural
    bytes: Natural
    tip: Hex64
    torn: Natural
    seal: Hex64


class _Exchange(Envelope):
    id: Hex32
    session: SessionPart
    actor: ActorPart
    operation: OperationPart
    manifest: str
    rule: str
    reason: str
    approval: str
    request: RequestPart
    obligations: ObligationsPart
    subjects: list[str]
    timing: TimingPart


class Intent(_Exchange):
    """Durable before the upstream can change anything or the agent sees anything."""

    type: Literal["intent"]
    decision: Literal["allowed", "approved"]


class Held(_Exchange):
    """A person must decide first."""

    type: Literal["held"]
    decision: Literal["held"]
    binding: BindingPart


class Executing(_Exchange):
    """The intent of an approved request that the gateway executes itself."""

    type: Literal["executing"]
    decision: Literal["approved"]
    binding: BindingPart


class Decided(Envelope):
    """A person's decision on a held request, or its end without one.

    `session` and `binding` are missing where what was stored of the request cannot be trusted.
    """

    type: Literal["decided"]
    id: Hex32
    session: NotRequired[SessionPart]
    approval: str
    verdict: Literal["approved", "rejected", "expired", "revoked"]
    binding: NotRequired[BindingPart]
    reviewer: NotRequired[ReviewerPart]
    page: str
    mac: str
    reason: str


class Denied(Envelope):
    """Refused before anything was sent; holds what was known by then."""

    type: Literal["denied"]
    id: Hex32
    session: NotRequired[SessionPart]
    actor: NotRequired[ActorPart]
    operation: NotRequired[OperationPart]
    manifest: str
    rule: str
    decision: Literal["denied"]
    reason: str
    details: dict[str, str]
    approval: str
    request: RequestPart
    subjects: list[str]
    timing: TimingPart


class _Result(Envelope):
    id: Hex32
    intent: CitePart
    session: SessionPart
    effect: EffectWord
    result: Literal["answered", "withheld", "unreachable", "interrupted", "failed", "abandoned"]
    reason: str
    upstream: NotRequired[UpstreamPart]
    response: NotRequired[ResponsePart]
    masking: NotRequired[MaskingPart]
    subjects: list[str]
    timing: TimingPart


class Outcome(_Result):
    """How an intent ended; durable before the agent sees a byte."""

    type: Literal["outcome"]


class Executed(_Result):
    """How an `executing` ended."""

    type: Literal["executed"]
    approval: str


class Indeterminate(Envelope):
    """Whoever carried out the execution cited has gone without a word: its end is unknown."""

    type: Literal["indeterminate"]
    id: Hex32
    intent: CitePart
    session: NotRequired[SessionPart]
    approval: str
    reason: str


class Collected(Envelope):
    """An agent reads the stored result of an approved request."""

    type: Literal["collected"]
    id: Hex32
    session: SessionPart
    actor: ActorPart
    approval: str
    response: ResponsePart
    subjects: list[str]
    timing: TimingPart


class Activated(Envelope):
    """A named person made a manifest the active one."""

    type: Literal["activated"]
    act: Literal["activated", "rolled-back"]
    manifest: str
    replaced: str
    actor: ActorPart


class Denylist(Envelope):
    """A named person changed the deny list; `value` is an identifier, `reason` a keyed digest."""

    type: Literal["denylist"]
    act: Literal["add", "remove"]
    kind: Literal["oid", "azp", "uti", "session"]
    value: str
    reason: str
    person: PersonPart


class Counted(Envelope):
    """Requests that are counted and not journalled one by one, by reason code."""

    type: Literal["counted"]
    name: str
    since: Moment
    until: Moment
    counts: dict[str, Natural]
    principal: NotRequired[PrincipalPart]


class Swept(Envelope):
    """A sweeper closed an abandoned journal; lists the intents it left without outcome."""

    type: Literal["swept"]
    journal: str
    count: Natural
    bytes: Natural
    tip: Hex64
    torn: Natural
    indeterminate: Natural
    intents: list[str]


class Policy(Envelope):
    """The retention policy of the evidence container, as observed."""

    type: Literal["policy"]
    container: str
    state: Literal["locked", "unlocked", "none", "unknown"]
    days: Natural
    protected_append: Literal["none", "append", "all", "unknown"]
    legal_hold: bool
    etag: str
    resource: NotRequired[str]
    updates: NotRequired[list[PolicyUpdatePart]]


Record: TypeAlias = (
    Open
    | Close
    | Intent
    | Outcome
    | Denied
    | Held
    | Decided
    | Executing
    | Executed
    | Indeterminate
    | Collected
    | Activated
    | Denylist
    | Counted
    | Swept
    | Policy
)


@cache
def _record() -> TypeAdapter[Record]:
    """Built with the first record: it takes longer than all that an answer without one needs."""
    # Values hardly repeat, so that caching them costs more than it saves.
    return TypeAdapter(
        Annotated[Record, Discriminator("type")], config=ConfigDict(cache_strings="keys")
    )


_FIELD: Final = re.compile("[a-z_]{1,24}")


class RecordInvalid(ValueError):
    """A line is no record of schema v1; `str()` names the field and the fault, never a value."""


def parse(line: bytes) -> Record:
    """A stored line without its newline.

    Raises:
        RecordInvalid: not JSON, an unknown `v` or `type`, a missing, extra or mistyped field.
    """
    try:
        return _record().validate_json(line)
    except ValidationError as error:
        # The union's error location starts with the tag, which says the type of the record.
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        raise RecordInvalid(_sentence(first["type"], first["loc"])) from None


def _sentence(kind: str, location: tuple[int | str, ...]) -> str:
    # An extra field is named by the line itself: only its section is ours to repeat.
    if kind == "extra_forbidden":
        location = location[:-1]
    where = ".".join(_part(part) for part in location) or "the line"
    match kind:
        case "json_invalid":
            return "not JSON"
        case "union_tag_invalid" | "union_tag_not_found":
            return "unknown record type"
        case "extra_forbidden":
            return f"{where}: a field that schema v1 does not have"
        case "missing":
            return f"{where}: missing"
        case _:
            return f"{where}: not a value of schema v1 ({kind})"


def _part(part: int | str) -> str:
    # The keys of `counts` and `details` come from the line.
    return str(part) if isinstance(part, int) or _FIELD.fullmatch(part) else "*"
