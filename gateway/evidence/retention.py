"""The retention policy of the evidence container: what Azure says of it, and whether it is enough.

Records are kept six years from their creation or from when they last were in effect (45 CFR
164.316(b)(2)(i)); a locked time-based policy is what keeps everybody, its owner included, from
changing or deleting them before (https://learn.microsoft.com/azure/storage/blobs/
immutable-time-based-retention-policy-overview).
"""

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from gateway.evidence import clear
from gateway.model.canonical import Json

FLOOR_DAYS: Final = 2192
"""Six years with their leap days: 6 * 365 + 2."""

State: TypeAlias = Literal["locked", "unlocked", "none", "unknown"]
Appends: TypeAlias = Literal["none", "append", "all", "unknown"]
Act: TypeAlias = Literal["put", "lock", "extend", "unknown"]

_MAX_UPDATES: Final = 20  # Azure keeps seven retention commands


@dataclass(frozen=True, slots=True)
class Update:
    """One act on the policy, from the log that Azure keeps with it.

    Attributes:
        act: what was done.
        at: when, as Azure writes it (RFC 3339).
        days: the period that was set.
        object_id: who did it.
        tenant: whose token that was.
        name: the person's sign-in name, "" for an application.
    """

    act: Act
    at: str
    days: int
    object_id: str = ""
    tenant: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Retention:
    """A container's immutability policy as Azure reports it.

    Attributes:
        state: of the time-based retention policy.
        days: its period, 0 for none.
        protected_append: `append` is allowProtectedAppendWrites, `all` is …WritesAll.
        legal_hold: whether one is on.
        etag: of the policy.
        updates: its log, oldest first.
    """

    state: State
    days: int
    protected_append: Appends
    legal_hold: bool = False
    etag: str = ""
    updates: tuple[Update, ...] = ()


def fault(retention: Retention, floor_days: int) -> str:
    """Why records would not be safe under this policy, "" where they are."""
    if retention.state != "locked":
        return "the retention policy of the evidence container is not locked"
    if retention.days < max(floor_days, FLOOR_DAYS):
        return "the retention policy of the evidence container keeps records for too short a time"
    if retention.protected_append not in {"append", "all"}:
        return "the retention policy of the evidence container does not let records be appended"
    return ""


def policy(container: str, retention: Retention, resource: str = "") -> dict[str, Json]:
    """The record of an observation.

    Args:
        container: its name.
        retention: what Azure says.
        resource: Resource Manager's id of the storage account, "" where it is not known.
    """
    record: dict[str, Json] = {
        "type": "policy",
        "container": container,
        "state": retention.state,
        "days": retention.days,
        "protected_append": retention.protected_append,
        "legal_hold": retention.legal_hold,
        "etag": clear.printable(retention.etag),
    }
    if resource:
        record["resource"] = resource
    if retention.updates:
        record["updates"] = [_update(update) for update in retention.updates[-_MAX_UPDATES:]]
    return record


def _update(update: Update) -> dict[str, Json]:
    return {
        "act": update.act,
        "at": clear.printable(update.at),
        "days": update.days,
        "oid": clear.printable(update.object_id),
        "tid": clear.printable(update.tenant),
        "name": clear.printable(update.name),
    }
