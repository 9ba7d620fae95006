"""What is known of one operation: how requests for it look, and what it does."""

from dataclasses import dataclass
from enum import StrEnum

from gateway.model.operation import Shape
from gateway.operations.blob.actions import Grant


class Level(StrEnum):
    """What the path of a request names."""

    ACCOUNT = "account"
    CONTAINER = "container"
    BLOB = "blob"


class Scope(StrEnum):
    """The resource that an operation's own accesses are about."""

    TARGET = "target"
    ACCOUNT = "account"


class Body(StrEnum):
    """What the request's body may be; for XML, the root element that it must have."""

    NONE = "none"
    BYTES = "bytes"
    SERVICE_PROPERTIES = "StorageServiceProperties"
    SIGNED_IDENTIFIERS = "SignedIdentifiers"
    KEY_INFO = "KeyInfo"
    TAGS = "Tags"
    BLOCK_LIST = "BlockList"

    @property
    def is_xml(self) -> bool:
        """Whether a body is parsed at all."""
        return self not in {Body.NONE, Body.BYTES}


class Variant(StrEnum):
    """Operations whose accesses depend on more than the table and the common headers."""

    NONE = ""
    DELETE_BLOB = "delete"
    SET_EXPIRY = "expiry"
    RESTORE_CONTAINER = "restore"
    RENAME_CONTAINER = "rename"


@dataclass(frozen=True, slots=True)
class Spec:
    """One operation of the Blob service.

    Attributes:
        name: as Microsoft's REST reference calls it.
        levels: what the path may name.
        methods: HTTP methods.
        grants: what the target's side needs in every case.
        shape: of the answer's body.
        restype: the parameter's value in lower case, "" for absent.
        comp: likewise.
        parameters: further query parameters that may occur; `timeout` always may.
        required: those of them that must.
        headers: headers of `headers.EFFECTS` that may occur.
        needs: headers that tell this operation from others of the same form; must be present.
        lacks: headers that must be absent for the same reason.
        body: what the body may be.
        scope: the resource of `grants`.
        refused: why it is not carried out, or "".
        reads_content: discloses stored content even without a copy source.
        variant: see Variant.
    """

    name: str
    levels: frozenset[Level]
    methods: frozenset[str]
    grants: tuple[Grant, ...]
    shape: Shape = Shape.NONE
    restype: str = ""
    comp: str = ""
    parameters: frozenset[str] = frozenset()
    required: frozenset[str] = frozenset()
    headers: frozenset[str] = frozenset()
    needs: frozenset[str] = frozenset()
    lacks: frozenset[str] = frozenset()
    body: Body = Body.NONE
    scope: Scope = Scope.TARGET
    refused: str = ""
    reads_content: bool = False
    variant: Variant = Variant.NONE
