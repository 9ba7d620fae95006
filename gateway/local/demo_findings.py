"""What the demo finds in records and in what its agent received."""

import base64
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gateway.evidence.schema import Record

_ATTACHMENT = re.compile(rb'"data": ?"([A-Za-z0-9+/]+={0,2})"')


@dataclass(frozen=True, slots=True)
class Approval:
    """One held request and its end, as the recording tells it.

    Attributes:
        id: of the approval.
        resource: what the request is about.
        held: moment of the hold.
        verdict: approved, rejected, expired or revoked; "" for none.
        reviewer: sign-in name of the person who decided, "" for nobody.
        reason: the reviewer's words, or a code.
        executions: how often it was begun.
        results: how each of them ended, with the upstream's status.
        collected: how often the agent read the result.
    """

    id: str
    resource: str
    held: str
    verdict: str = ""
    reviewer: str = ""
    reason: str = ""
    executions: int = 0
    results: tuple[tuple[str, int], ...] = ()
    collected: int = 0


def approvals(records: Iterable[Record]) -> list[Approval]:
    """Every held request in order of time, whichever journals tell of it."""
    found = list(records)
    held = [record for record in found if record["type"] == "held"]
    held.sort(key=lambda record: record["ts"])
    return [
        _approval(record["id"], record["operation"]["accesses"][0]["resource"], record["ts"], found)
        for record in held
    ]


def _approval(ticket: str, resource: str, since: str, records: Sequence[Record]) -> Approval:
    verdict = reviewer = reason = ""
    executions = collected = 0
    results: list[tuple[str, int]] = []
    for record in records:
        match record["type"]:
            case "decided" if record["approval"] == ticket:
                # Two decisions would be one too many: both are shown.
                verdict += record["verdict"]
                person = record.get("reviewer")
                reviewer = person["name"] if person else ""
                reason = record["reason"]
            case "executing" if record["approval"] == ticket:
                executions += 1
            case "executed" if record["approval"] == ticket:
                upstream = record.get("upstream")
                results.append((record["result"], upstream["status"] if upstream else 0))
            case "collected" if record["approval"] == ticket:
                collected += 1
            case _:
                continue
    return Approval(
        ticket, resource, since, verdict, reviewer, reason, executions, tuple(results), collected
    )


def masked_fields(records: Iterable[Record], exchange: str) -> list[tuple[str, str, int]]:
    """(field, type, count) of what was masked in the answer of an exchange."""
    for record in records:
        if record["type"] == "outcome" and record["id"] == exchange:
            masking = record.get("masking")
            counts = masking.get("fields", {}) if masking else {}
            named = [(*_split(name), number) for name, number in counts.items()]
            return sorted(named, key=lambda item: (-item[2], item[0], item[1]))
    return []


def masked_types(fields: Iterable[tuple[str, str, int]]) -> Counter[str]:
    """How many values of each type."""
    total: Counter[str] = Counter()
    for _, kind, number in fields:
        total[kind] += number
    return total


def leaked(body: bytes, canaries: Iterable[str]) -> list[str]:
    """Which of the values are in a document or in what is attached to it in base64."""
    parts = [body, *map(base64.b64decode, _ATTACHMENT.findall(body))]
    return [value for value in canaries if any(value.encode() in part for part in parts)]


def _split(name: str) -> tuple[str, str]:
    field, _, kind = name.rpartition(" ")
    return field, kind
