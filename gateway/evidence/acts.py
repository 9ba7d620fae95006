"""Records of what the gateway and its operators do beside exchanges."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, Literal

from gateway.evidence.chain import moment
from gateway.evidence.clear import printable
from gateway.evidence.schema import Close
from gateway.model.canonical import Json
from gateway.model.principal import Principal

MAX_LISTED: Final = 1000


def activated(
    manifest: str,
    replaced: str,
    actor: Mapping[str, Json],
    act: Literal["activated", "rolled-back"] = "activated",
) -> dict[str, Json]:
    """A person made a manifest the active one; digests are `sha256:{hex}`, `replaced` may be "".

    `actor` is the person as `person()` or `records.actor()` describes one.
    """
    return {
        "type": "activated",
        "act": act,
        "manifest": manifest,
        "replaced": replaced,
        "actor": dict(actor),
    }


def person(tenant: str, object_id: str, name: str, application: str = "") -> dict[str, Json]:
    """An actor without a request: somebody at the command line."""
    return {
        "tid": tenant,
        "oid": object_id,
        "azp": application,
        "uti": "",
        "kind": "user",
        "name": name,
        "sponsor": "",
        "agent": "",
        "client_address": "",
        "purpose": "",
        "reason": "",
    }


def named(principal: Principal) -> dict[str, Json]:
    """A person as records of the deny list name one."""
    return {
        "tid": principal.tenant,
        "oid": principal.object_id,
        "name": printable(principal.name),
    }


def denylist(
    act: Literal["add", "remove"],
    kind: str,
    value: str,
    by: Mapping[str, Json],
    reason: str = "",
) -> dict[str, Json]:
    """A person put an identifier on the deny list, or took it off.

    `value` is in clear, whoever it names; `reason` is a keyed digest or "", since people write
    anything into it. `by` is the person as `named()` describes one.
    """
    return {
        "type": "denylist",
        "act": act,
        "kind": kind,
        "value": value,
        "reason": reason,
        "person": dict(by),
    }


def counted(
    name: str,
    since: datetime,
    until: datetime,
    counts: Mapping[str, int],
    principal: tuple[str, str] | None = None,
) -> dict[str, Json]:
    """Requests of one kind that were counted and not journalled one by one, by reason code.

    `principal` is the tenant and object id of who made them, None where that is not known.
    """
    fields: dict[str, Json] = {
        "type": "counted",
        "name": name,
        "since": moment(since),
        "until": moment(until),
        "counts": dict(counts),
    }
    if principal is not None:
        fields["principal"] = {"tid": principal[0], "oid": principal[1]}
    return fields


def swept(closed: Close, journal: str, intents: Sequence[str]) -> dict[str, Json]:
    """A journal that the sweeper fenced with the CLOSE record `closed`.

    `intents` are the ids of intents left without outcome; the first 1,000 are listed, all counted.
    """
    return {
        "type": "swept",
        "journal": journal,
        "count": closed["count"],
        "bytes": closed["bytes"],
        "tip": closed["tip"],
        "torn": closed["torn"],
        "indeterminate": len(intents),
        "intents": list(intents[:MAX_LISTED]),
    }
