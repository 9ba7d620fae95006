"""The states of one exchange: each stage of the pipeline takes one and returns the next.

    Received → Authenticated → Classified → Authorised → Screened → Approved → Prepared
             → Intended → Forwarded → Masked → Concluded

A type checker rejects a skipped stage: `forward()` takes an `Intended`, and only the journal
makes one. Each state holds the one before it, so nothing is optional that is known.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.model.connection import Connection
from gateway.model.decision import Obligations
from gateway.model.message import Answer, Request, Timings, UpstreamRequest, UpstreamResponse
from gateway.model.operation import Operation
from gateway.model.principal import Principal, Session
from gateway.model.representation import Plan
from gateway.model.subjects import NOBODY, Subjects


@dataclass(frozen=True, slots=True)
class Received:
    """A bounded, well-formed HTTP request. `id` is 32 random hex digits and joins its records."""

    id: str
    request: Request
    timings: Timings


@dataclass(frozen=True, slots=True)
class Authenticated:
    """The caller is known.

    `body_digest` is the keyed digest of the request's body, "" for an empty one: records and the
    request's own digest take it from here, since a body may be 100 MiB.
    """

    received: Received
    principal: Principal
    session: Session
    body_digest: str


@dataclass(frozen=True, slots=True)
class Classified:
    """What it would do is known, in the vocabulary of policies.

    `manifest` is the digest of the manifest that every later stage uses, `sha256:{hex}`.
    """

    authenticated: Authenticated
    manifest: str
    connection: Connection
    operation: Operation
    request_digest: str


@dataclass(frozen=True, slots=True)
class Authorised:
    """Rules allow it, perhaps after a person has been asked (`workflow` in the obligations)."""

    classified: Classified
    rule: str
    sponsor: str
    obligations: Obligations
    needs_approval: bool
    agent: str = ""


@dataclass(frozen=True, slots=True)
class Screened:
    """No guardrail objects."""

    authorised: Authorised


@dataclass(frozen=True, slots=True)
class Approved:
    """No person needs to be asked, or one has approved; `approval` is the ticket's id or ""."""

    screened: Screened
    approval: str


@dataclass(frozen=True, slots=True)
class Settled:
    """Carried out earlier, on a person's approval; `answer` is the stored, masked result."""

    screened: Screened
    approval: str
    answer: Answer


@dataclass(frozen=True, slots=True)
class Prepared:
    """The exact bytes for the upstream, credential injected; whatever could fail has not.

    `plan` says how its answer will be masked, None where that is to be found out then.
    """

    approved: Approved
    upstream: UpstreamRequest = field(repr=False)
    plan: Plan | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """Where a durable record stands: proof that it was written, made by the journal alone."""

    journal: str
    seq: int
    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class Intended:
    """The intent is durable in WORM storage."""

    prepared: Prepared
    intent: Receipt


@dataclass(frozen=True, slots=True)
class Forwarded:
    """The upstream has answered."""

    intended: Intended
    response: UpstreamResponse
    timings: Timings


@dataclass(frozen=True, slots=True)
class MaskSummary:
    """What masking did, by type and count; never a value.

    Attributes:
        profile: the profile's name.
        digest: of the profile's definition, `sha256:{hex}`, or "" where nothing was masked.
        key_version: of the token key, "" where no token was made.
        counts: masked values by type.
        withheld: reason code where content was withheld, or "".
        paths: (field, type, count), never a value.
        engine: version of the masking engine, "" where it masked no content.
        subjects: the patients that the masked content is about.
    """

    profile: str
    digest: str = ""
    key_version: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)
    withheld: str = ""
    paths: tuple[tuple[str, str, int], ...] = ()
    engine: str = ""
    subjects: Subjects = NOBODY


@dataclass(frozen=True, slots=True)
class Masked:
    """The answer as the agent may see it."""

    forwarded: Forwarded
    answer: Answer
    summary: MaskSummary


@dataclass(frozen=True, slots=True)
class Concluded:
    """The outcome is durable: the answer may go out."""

    masked: Masked
    outcome: Receipt
