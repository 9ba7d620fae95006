"""Journal lines as rows of an index: which record concerns which session, principal, resource.

A row is a function of one line and its place (a fact), or of its own key (a link), so that rows
may be written in any order and any number of times. What a session adds up to is in `summary`.
Rows hold nothing that the journal does not hold, and point to it.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from gateway.evidence.answers import plain
from gateway.evidence.following import Place, Placed
from gateway.evidence.schema import (
    Collected,
    Decided,
    Denied,
    Executed,
    Executing,
    Held,
    Indeterminate,
    Intent,
    Outcome,
)
from gateway.evidence.sections import ActorPart, OperationPart

Columns: TypeAlias = Mapping[str, str | int]
Asked: TypeAlias = Intent | Held | Executing | Denied
Ended: TypeAlias = Outcome | Executed

MAX_TEXT: Final = 1024
"""Characters of a column; the whole stands in the journal."""

# Characters that a key may have as they are; table services forbid / \ # ? and control characters.
_KEY: Final = re.compile(r"[A-Za-z0-9:@_-]{1,200}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Row:
    """One row: `key` is unique in its partition, and rows of a partition are in order of keys."""

    partition: str
    key: str
    columns: Columns


def session_partition(session: str) -> str:
    """What belongs to a session: its summaries (`s.…`) and its records (`r.…`)."""
    return f"session.{key_part(session)}"


def principal_partition(object_id: str) -> str:
    """Links to the sessions of a principal, by day."""
    return f"principal.{key_part(object_id)}"


def day_partition(day: str) -> str:
    """Links to the sessions with records on a UTC day, yyyy-mm-dd."""
    return f"day.{key_part(day)}"


def resource_partition(digest: str) -> str:
    """The accesses to a resource, by its keyed digest."""
    return f"resource.{key_part(digest)}"


def name_partition(resource: str) -> str:
    """Links from a resource as records name it to its keyed digests."""
    return f"name.{hashlib.sha256(resource.encode()).hexdigest()}"


def key_part(text: str) -> str:
    """The text where it can stand in a key, otherwise its SHA-256."""
    if _KEY.fullmatch(text):
        return text
    return "sha256_" + hashlib.sha256(text.encode()).hexdigest()


def place_key(place: Place, seq: int) -> str:
    """A key that sorts by writer, and for each writer in the order of its records."""
    return f"{place.journal.writer}.{place.journal.number:09d}.{seq:012d}"


def session_of(line: Placed) -> str:
    """Id of the session that a record belongs to, "" for none."""
    record = line.record
    match record["type"]:
        case "open" | "close" | "activated" | "counted" | "swept" | "policy":
            return ""
        case _:
            session = record.get("session")
            return str(session["id"]) if isinstance(session, dict) else ""


def rows(line: Placed) -> Iterator[Row]:
    """The facts and links of one record."""
    session = session_of(line)
    if session:
        yield _of_session(line, session)
        day = line.record["ts"][:10]
        yield Row(day_partition(day), session, {"session": session, "day": day})
    match line.record["type"]:
        case "intent" | "held" | "executing" | "denied":
            if session and (actor := line.record.get("actor")):
                yield _of_principal(actor, session, line.record["ts"][:10])
            yield from _of_resources(line.place, line.record, session)
        case "collected":
            yield _of_principal(line.record["actor"], session, line.record["ts"][:10])
        case _:
            return


def pointer(place: Place) -> dict[str, str | int]:
    """The columns by which a line is found again; `length` is without the newline."""
    return {"journal": str(place.journal), "offset": place.offset, "length": place.length}


def shown(text: str) -> str:
    """Text as a column holds it: no control characters, and not endless."""
    safe = text if text.isascii() and text.isprintable() else plain(text)
    return safe if len(safe) <= MAX_TEXT else safe[: MAX_TEXT - 1] + "…"


def _of_session(line: Placed, session: str) -> Row:
    record = line.record
    columns: dict[str, str | int] = {
        **pointer(line.place),
        "seq": record["seq"],
        "ts": record["ts"],
        "type": record["type"],
        "session": session,
    }
    match record["type"]:
        case "intent" | "held" | "executing" | "denied":
            columns |= _asked(record)
        case "outcome" | "executed":
            columns |= _ended(record)
        case "decided" | "indeterminate" | "collected":
            columns |= _other(record)
        case _:
            pass
    return Row(
        session_partition(session), "r." + place_key(line.place, record["seq"]), _shown(columns)
    )


def _asked(record: Asked) -> dict[str, str | int]:
    actor, operation = record.get("actor"), record.get("operation")
    return {
        "id": record["id"],
        "decision": record["decision"],
        "reason": record["reason"],
        "rule": record["rule"],
        "manifest": record["manifest"],
        "approval": record["approval"],
        **(_who(actor) if actor else {}),
        **(_what(operation) if operation else {}),
        "method": record["request"]["method"],
        "target": record["request"]["target"],
    }


def _who(actor: ActorPart) -> dict[str, str | int]:
    return {
        "oid": actor["oid"],
        "azp": actor["azp"],
        "agent": actor["agent"],
        "sponsor": actor["sponsor"],
    }


def _what(operation: OperationPart) -> dict[str, str | int]:
    first = operation["accesses"][0]
    return {
        "connection": operation["connection"],
        "operation": operation["name"],
        "effect": operation["effect"],
        "resource": first["resource"],
        "accesses": len(operation["accesses"]),
    }


def _ended(record: Ended) -> dict[str, str | int]:
    response, upstream = record.get("response"), record.get("upstream")
    status = response["status"] if response else upstream["status"] if upstream else 0
    return {
        "id": record["id"],
        "result": record["result"],
        "reason": record["reason"],
        "status": status,
        "intent_journal": record["intent"]["journal"],
        "intent_seq": record["intent"]["seq"],
    }


def _other(record: Decided | Indeterminate | Collected) -> dict[str, str | int]:
    columns: dict[str, str | int] = {"id": record["id"], "approval": record["approval"]}
    match record["type"]:
        case "decided":
            reviewer = record.get("reviewer")
            columns |= {"verdict": record["verdict"], "reason": record["reason"]}
            columns |= {"reviewer": reviewer["oid"]} if reviewer else {}
        case "indeterminate":
            columns["reason"] = record["reason"]
        case "collected":
            columns["status"] = record["response"]["status"]
    return columns


def _of_principal(actor: ActorPart, session: str, day: str) -> Row:
    # Nothing but what the key says: the same session gives the same row from every record.
    return Row(
        principal_partition(actor["oid"]), f"{day}.{session}", {"session": session, "day": day}
    )


def _of_resources(place: Place, record: Asked, session: str) -> Iterator[Row]:
    operation, actor = record.get("operation"), record.get("actor")
    if operation is None:
        return
    for number, access in enumerate(operation["accesses"]):
        digest = access["resource_digest"]
        columns = {
            **pointer(place),
            "seq": record["seq"],
            "ts": record["ts"],
            "type": record["type"],
            "id": record["id"],
            "session": session,
            "oid": actor["oid"] if actor else "",
            "agent": actor["agent"] if actor else "",
            "decision": record["decision"],
            "rule": record["rule"],
            "operation": operation["name"],
            "action": access["action"],
            "effect": access["effect"],
            "resource": access["resource"],
            "digest": digest,
        }
        key = f"{place_key(place, record['seq'])}.{number:05d}"
        yield Row(resource_partition(digest), key, _shown(columns))
        yield Row(name_partition(access["resource"]), key_part(digest), {"digest": shown(digest)})


def _shown(columns: Columns) -> Columns:
    return {
        name: shown(value) if isinstance(value, str) else value for name, value in columns.items()
    }
