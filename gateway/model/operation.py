"""What a request would do, in Azure RBAC vocabulary."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from gateway.model.detokenize import Detokenization
from gateway.model.fhir import FhirCall


class Effect(StrEnum):
    """Worst thing the operation does. The HTTP method does not decide this."""

    READ = "read"
    WRITE = "write"
    DELETE = "delete"
    ACTION = "action"


class Shape(StrEnum):
    """What a successful answer's body holds, so that masking knows what it handles."""

    NONE = "none"  # no body, or one that carries nothing
    CONTENT = "content"  # stored bytes: ePHI where the resource holds ePHI
    LISTING = "listing"  # names, properties, perhaps metadata and tags, of many resources
    METADATA = "metadata"  # metadata or tag values of one resource
    PROTOCOL = "protocol"  # XML or JSON of the service about itself: ranges, block ids, properties


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource of one account or service: `account[/container[/path]]`.

    Attributes:
        connection: name of the connection that reaches it, or "" for a foreign resource.
        authority: account or host, lower case, such as `devstoreaccount1` or
            `clinic.blob.core.windows.net`; for foreign resources it is the URL's host.
        path: decoded path segments below the account, () for the account itself. A blob is
            (container, name) where the name may hold "/", a FHIR resource is (type, id).
        version: snapshot or version id, "" for the current one.
    """

    connection: str
    authority: str
    path: tuple[str, ...] = ()
    version: str = ""

    def __str__(self) -> str:
        """`connection/container/blob` as rules name it; foreign ones as `//host/…`."""
        root = self.connection or f"//{self.authority}"
        return "/".join((root, *self.path))


@dataclass(frozen=True, slots=True)
class Access:
    """One (action, resource) pair; all pairs of an operation must be allowed.

    Attributes:
        action: an operation of Azure's resource provider list, such as
            `Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read`.
        resource: what it touches.
        effect: of this pair alone: a copy's source is a read.
        data_action: whether Azure lists it under dataActions.
    """

    action: str
    resource: Resource
    effect: Effect
    data_action: bool = True


@dataclass(frozen=True, slots=True)
class Operation:
    """A classified request.

    Attributes:
        kind: the connection kind that classified it, such as `blob`.
        name: the service's own name of the operation, such as `Put Block List`.
        effect: the worst effect of its accesses.
        accesses: every pair it touches, the target first; never empty.
        shape: of the body of a successful answer.
        refused: why the gateway does not carry it out at all (batch, query), or "".
        facts: further flat facts for conditions and guardrails (lease action, public access
            level, copy source …); strings, integers and booleans only.
        reads_content: the operation discloses or moves stored content (download, copy).
        fhir: the request taken apart, None for other kinds.
        detokenization: what is asked of the gateway itself, None for what goes to an upstream.
        holdable: it may wait for a person. A batch may not: each of its requests is one's own
            decision, and repetitions are never identical.
    """

    kind: str
    name: str
    effect: Effect
    accesses: tuple[Access, ...]
    shape: Shape
    refused: str = ""
    facts: Mapping[str, str | int | bool] = field(default_factory=dict)
    reads_content: bool = False
    fhir: FhirCall | None = None
    detokenization: Detokenization | None = None
    holdable: bool = True

    def __post_init__(self) -> None:
        if not self.accesses:
            # An operation that touches nothing would be allowed by every rule set.
            raise ValueError("an operation touches at least one resource")
