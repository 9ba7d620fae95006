"""What a session adds up to, journal by journal.

A summary covers one session in one journal, up to the line that `through` names. It is the fold
of those lines in their order: where reading stopped in between, or was done twice, leaves no trace
in it.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import orjson

from gateway.evidence.following import Place, Placed
from gateway.evidence.projection import Row, session_partition, shown
from gateway.evidence.schema import Record
from gateway.evidence.sections import ActorPart

SUMMARIES: Final = "s."
"""Keys of summaries begin with this."""

_WHO: Final = ("tid", "oid", "azp", "kind", "name", "agent", "sponsor")


@dataclass(frozen=True, slots=True)
class Summary:
    """A session, as far as one journal or several tell of it.

    Attributes:
        session: its id.
        label: its label.
        who: tid, oid, azp, kind, name, agent, sponsor: each as last recorded where not empty.
        first: moment of the first record.
        last: moment of the last one.
        counts: records by `decision.*`, `verdict.*`, `result.*`; exchanges by `effect.*`, each
            counted once; `exchanges`, `records`, `collected`.
        journals: names of the journals, sorted.
        through: byte offset behind the last record, for a summary of one journal.
    """

    session: str
    label: str = ""
    who: Mapping[str, str] = field(default_factory=dict)
    first: str = ""
    last: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)
    journals: tuple[str, ...] = ()
    through: int = 0


def summary_key(place: Place) -> str:
    """Key of a journal's summary in the partition of its session."""
    return f"{SUMMARIES}{place.journal.writer}.{place.journal.number:09d}"


def extended(before: Summary, lines: Iterable[Placed]) -> Summary:
    """The summary with further lines of its journal and session; those it has change nothing."""
    for place, record in lines:
        if place.offset >= before.through:
            before = _with(before, place, record)
    return before


def to_row(summary: Summary, place: Place) -> Row:
    """The row of a summary of one journal."""
    columns: dict[str, str | int] = {
        **{name: summary.who.get(name, "") for name in _WHO},
        "session": summary.session,
        "label": summary.label,
        "first": summary.first,
        "last": summary.last,
        "counts": orjson.dumps(dict(summary.counts), option=orjson.OPT_SORT_KEYS).decode(),
        "journal": str(place.journal),
        "through": summary.through,
    }
    return Row(session_partition(summary.session), summary_key(place), columns)


def from_row(row: Row) -> Summary:
    """The summary that a row holds.

    Raises:
        ValueError: it holds none.
    """
    text = {name: str(row.columns.get(name, "")) for name in (*_WHO, "session", "label", "journal")}
    counts = dict(orjson.loads(str(row.columns.get("counts", ""))))
    return Summary(
        session=text["session"],
        label=text["label"],
        who={name: text[name] for name in _WHO if text[name]},
        first=str(row.columns.get("first", "")),
        last=str(row.columns.get("last", "")),
        counts={str(name): int(count) for name, count in counts.items()},
        journals=(text["journal"],),
        through=int(row.columns.get("through", "")),
    )


def joined(parts: Sequence[Summary]) -> Summary:
    """One view of a session out of its summaries, at least one."""
    ordered = sorted(parts, key=lambda part: (part.last, part.journals))
    counts: Counter[str] = Counter()
    who: dict[str, str] = {}
    for part in ordered:
        counts.update(part.counts)
        who |= part.who
    return Summary(
        session=ordered[0].session,
        label=next((part.label for part in ordered if part.label), ""),
        who=who,
        first=min(part.first for part in ordered),
        last=ordered[-1].last,
        counts=dict(counts),
        journals=tuple(sorted({name for part in ordered for name in part.journals})),
    )


def _with(before: Summary, place: Place, record: Record) -> Summary:
    label, who = before.label, before.who
    match record["type"]:
        case "intent" | "held" | "executing" | "denied" | "collected":
            session, actor = record.get("session"), record.get("actor")
            label = shown(session["label"]) if session else label
            who = {**who, **_who(actor)} if actor else who
        case _:
            pass
    counts = Counter(before.counts)
    counts.update(_counted(record))
    return replace(
        before,
        label=label,
        who=who,
        first=before.first or record["ts"],
        last=record["ts"],
        counts=dict(counts),
        through=place.offset + place.length + 1,
    )


def _who(actor: ActorPart) -> dict[str, str]:
    fields: Mapping[str, object] = {**actor}
    return {name: shown(str(fields[name])) for name in _WHO if fields[name]}


def _counted(record: Record) -> list[str]:
    names = ["records"]
    match record["type"]:
        case "intent" | "held" | "denied":
            operation = record.get("operation")
            names += ["exchanges", f"decision.{record['decision']}"]
            names += [f"effect.{operation['effect']}"] if operation else []
        case "executing":
            # Its `held` record has counted the exchange and its effect.
            names.append(f"decision.{record['decision']}")
        case "outcome" | "executed":
            names.append(f"result.{record['result']}")
        case "indeterminate":
            names.append("result.indeterminate")
        case "decided":
            names.append(f"verdict.{record['verdict']}")
        case "collected":
            names.append("collected")
        case _:
            pass
    return names
