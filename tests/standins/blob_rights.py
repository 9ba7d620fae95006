"""What a request to the Blob service needs, and what a locked retention policy refuses of it.

A table of its own, so that a mistake in the gateway's classification does not repeat itself here.
Sources: "Permissions for calling data operations" (Azure Storage, Authorize with Microsoft Entra
ID) for the data actions; "Immutable storage for blob data, allowed operations" for the policy.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import Enum, auto

_CONTAINER = "Microsoft.Storage/storageAccounts/blobServices/containers"
_BLOB = f"{_CONTAINER}/blobs"
READ, WRITE, ADD, DELETE = (
    f"{_BLOB}/read",
    f"{_BLOB}/write",
    f"{_BLOB}/add/action",
    f"{_BLOB}/delete",
)
TAGS_READ, TAGS_WRITE = f"{_BLOB}/tags/read", f"{_BLOB}/tags/write"
IMMUTABLE = f"{_BLOB}/immutableStorage/runAsSuperUser/action"
CONTAINER_READ, CONTAINER_WRITE = f"{_CONTAINER}/read", f"{_CONTAINER}/write"
CONTAINER_DELETE = f"{_CONTAINER}/delete"
NOBODY = "no role grants this"


class Effect(Enum):
    """What the policy looks at."""

    NONE = auto()  # changes no content, properties or metadata of a blob
    CREATE = auto()  # creates, or replaces what is there
    APPEND = auto()  # adds a block to an append blob
    CHANGE = auto()  # changes or deletes what is there
    CONTAINER = auto()  # deletes the container
    BATCH = auto()  # deletes or changes several, of which this looks at none


@dataclass(frozen=True)
class Need:
    """Any one of `actions` lets a request pass.

    Attributes:
        new: further actions that are enough where the blob is not there yet.
        also: actions that headers need beside one of the others; all of them.
    """

    operation: str
    actions: tuple[str, ...]
    effect: Effect = Effect.NONE
    new: tuple[str, ...] = ()
    also: tuple[str, ...] = ()


_BLOB_PUT: Mapping[str, Need] = {
    need.operation: need
    for need in (
        Need("", (WRITE,), Effect.CREATE, new=(ADD,)),
        Need("appendblock", (WRITE, ADD), Effect.APPEND),
        Need("block", (WRITE,), Effect.CREATE),
        Need("blocklist", (WRITE,), Effect.CREATE),
        Need("page", (WRITE,), Effect.CHANGE),
        Need("seal", (WRITE,), Effect.CHANGE),
        Need("properties", (WRITE,), Effect.CHANGE),
        Need("metadata", (WRITE,), Effect.CHANGE),
        Need("snapshot", (WRITE, ADD), Effect.CHANGE),
        Need("incrementalcopy", (WRITE,), Effect.CREATE),
        Need("lease", (WRITE,)),
        Need("tier", (WRITE,)),
        Need("undelete", (WRITE,)),
        Need("copy", (WRITE,)),
        Need("expiry", (WRITE,), Effect.CHANGE),
        Need("tags", (TAGS_WRITE,)),
        Need("immutabilitypolicies", (IMMUTABLE,)),
        Need("legalhold", (IMMUTABLE,)),
    )
}
_CONTAINER_GET = {"list": READ, "": CONTAINER_READ, "metadata": CONTAINER_READ, "acl": NOBODY}


# What a header of an upload or a copy needs beside the right to write.
_HEADERS: Mapping[str, str] = {
    "x-ms-tags": TAGS_WRITE,
    "x-ms-immutability-policy-mode": IMMUTABLE,
    "x-ms-immutability-policy-until-date": IMMUTABLE,
    "x-ms-legal-hold": IMMUTABLE,
}


def need(method: str, query: Mapping[str, str], headers: Mapping[str, str], *, blob: bool) -> Need:
    """What one request needs; what is not in the table needs what nobody has.

    Args:
        method: of HTTP.
        query: parameters.
        headers: looked up without regard to case.
        blob: it goes to a blob, otherwise to a container or the account.
    """
    comp = query.get("comp", "").lower()
    if method == "POST" and comp == "batch":
        return Need(comp, (NOBODY,), Effect.BATCH)
    found = _of_blob(method, comp) if blob else _of_container(method, comp, query)
    found = found or Need(comp, (NOBODY,), Effect.CHANGE)
    return replace(found, also=tuple(_HEADERS[name] for name in _HEADERS if name in headers))


def _of_blob(method: str, comp: str) -> Need | None:
    match method:
        case "PUT":
            return _BLOB_PUT.get(comp)
        case "GET" | "HEAD":
            return Need(comp, (TAGS_READ if comp == "tags" else READ,))
        case "DELETE":
            # A policy of the blob's own: the container's holds without it.
            if comp == "immutabilitypolicies":
                return Need(comp, (IMMUTABLE,))
            return Need(comp, (DELETE,), Effect.CHANGE)
        case _:
            return None


def _of_container(method: str, comp: str, query: Mapping[str, str]) -> Need | None:
    if query.get("restype") != "container":
        return None
    match method:
        case "GET" | "HEAD":
            return Need(comp, (_CONTAINER_GET.get(comp, NOBODY),))
        case "PUT":
            return Need(comp, (NOBODY if comp == "acl" else CONTAINER_WRITE,))
        case "DELETE":
            return Need(comp, (CONTAINER_DELETE,), Effect.CONTAINER)
        case _:
            return None


def allowed(need: Need, granted: Iterable[str], *, exists: bool) -> bool:
    """Whether data actions that were granted are enough; `*` stands for every one."""
    actions = need.actions if exists else (*need.actions, *need.new)
    given = set(granted)
    return "*" in given or (not given.isdisjoint(actions) and given.issuperset(need.also))


def immutable(need: Need, *, exists: bool, append_blob: bool, appends: bool) -> bool:
    """Whether a locked time-based policy of the container refuses it, whoever asks.

    Args:
        need: of the request.
        exists: whether the blob is there.
        append_blob: whether it is an append blob.
        appends: protected append writes are allowed.
    """
    match need.effect:
        case Effect.CREATE | Effect.CHANGE:
            return exists
        case Effect.APPEND:
            return exists and not (append_blob and appends)
        case Effect.CONTAINER | Effect.BATCH:
            return True
        case Effect.NONE:
            return False
