"""`chaperone evidence reindex` and `sessions`: the index of the journals, made anew and asked."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from gateway import settings
from gateway.errors import StoreError
from gateway.evidence.answers import Answers, answers, plain
from gateway.evidence.summary import Summary

if TYPE_CHECKING:
    from gateway.bootstrap import OperatorTools
    from gateway.recording.index import Stopped

T = TypeVar("T")

Indexed = Annotated[
    bool,
    typer.Option("--indexed", help="Find the session's records by the index; needs its id."),
]
_Principal = Annotated[str, typer.Option(help="Object id of a principal; by default, everybody.")]
_Since = Annotated[
    datetime | None,
    typer.Option(formats=["%Y-%m-%d"], help="First UTC day; by default, six days ago."),
]
_Limit = Annotated[int, typer.Option(min=1, max=10_000, help="How many sessions, latest first.")]
_Json = Annotated[bool, typer.Option("--json", help="One JSON document.")]


def register(app: typer.Typer) -> None:
    """Add the commands to `chaperone evidence`."""
    app.command()(reindex)
    app.command()(sessions)


def reindex() -> None:
    """Build the index of sessions, principals and resources anew from all journals.

    The index in use answers until the new one is complete. Exit 1: some journal could not be read
    beyond a line, which is named; `verify` says more.
    """
    progress = _run(lambda tools: tools.sequencer.reindex())
    print(
        f"{progress.records} record(s), {progress.bytes} bytes projected;"
        f" {progress.dropped} row(s) of earlier indexes removed"
    )
    for fault in progress.faults:
        typer.echo(f"{plain(fault.journal)}: byte {fault.offset}: {plain(fault.message)}", err=True)
    raise typer.Exit(1 if progress.faults else 0)


def sessions(
    principal: _Principal = "",
    since: _Since = None,
    limit: _Limit = 100,
    as_json: _Json = False,
) -> None:
    """List sessions with who, when and how often, as the index has them.

    The index follows the journals within a minute or so. It is no evidence: `show` and `verify`
    read the journals themselves.
    """

    async def asked(tools: "OperatorTools") -> tuple[Sequence[Summary], Sequence["Stopped"]]:
        day = since.date() if since else None
        found = await tools.index.sessions(principal=principal, since=day, limit=limit)
        return found, await tools.index.stopped()

    found, stopped = _run(asked)
    if as_json:
        print(json.dumps(document(found, stopped), indent=2))
        return
    show_sessions(Console(highlight=False), found)
    for journal in stopped:
        where = f"{plain(journal.journal)}, byte {journal.offset}"
        typer.echo(f"not all is here: {where}: {plain(journal.message)}", err=True)


def document(found: Sequence[Summary], stopped: Sequence["Stopped"]) -> dict[str, Any]:
    """What `sessions --json` prints."""
    listed = [
        {
            **{name: value for name, value in asdict(one).items() if name != "through"},
            "who": dict(one.who),
            "counts": dict(one.counts),
        }
        for one in found
    ]
    return {"sessions": listed, "stopped": [asdict(journal) for journal in stopped]}


def show_sessions(console: Console, found: Sequence[Summary]) -> None:
    """One line for each session."""
    table = Table(box=box.SIMPLE, pad_edge=False, collapse_padding=True)
    table.add_column("Last, UTC", max_width=16)
    # Whole, since the other commands want it so.
    table.add_column("Session", no_wrap=True, min_width=32)
    table.add_column("Who", overflow="fold", max_width=16)
    table.add_column("Exchanges", overflow="fold", max_width=24)
    for one in found:
        who = one.who.get("agent") or one.who.get("name") or one.who.get("oid", "")
        cells = (_minute(one.last), one.session, plain(who), _amounts(one))
        table.add_row(*map(Text, cells))
    console.print(table)
    console.print(Text(f"{len(found)} session(s)"))


def recorded(session: str) -> tuple[Answers, ...]:
    """The exchanges of a session, from the very lines that the index points to.

    Raises:
        StoreError: the journal has something else there.
        Unavailable: there is no index yet.
    """

    async def read(tools: "OperatorTools") -> list[bytes]:
        wanted = session.strip().lower()
        pointers = [
            pointer for one in await tools.index.exchanges(wanted) for pointer in one.records
        ]
        lines = [
            await tools.store.read(pointer.journal, pointer.offset, pointer.length)
            for pointer in pointers
        ]
        # A line of another session would be left out without a word.
        if any(f'"id":"{wanted}"'.encode() not in line for line in lines):
            raise StoreError(
                "the index does not fit the journals",
                advice="run `chaperone evidence reindex`, or leave out --indexed",
            )
        return lines

    return answers(_run(read))


def _amounts(summary: Summary) -> str:
    """Such as `12: 9 allowed, 3 denied`."""
    parts = [
        f"{count} {name.partition('.')[2]}"
        for name, count in sorted(summary.counts.items())
        if name.startswith("decision.")
    ]
    return f"{summary.counts.get('exchanges', 0)}: {', '.join(parts)}"


def _minute(moment: str) -> str:
    try:
        return f"{datetime.fromisoformat(moment).astimezone(UTC):%Y-%m-%d %H:%M}"
    except ValueError:
        return ""


def _run(work: Callable[["OperatorTools"], Awaitable[T]]) -> T:
    async def with_tools() -> T:
        # Late: it loads every adapter, which `--help` does not need.
        from gateway.bootstrap import operator_tools  # noqa: PLC0415

        async with operator_tools(settings.load()) as tools:
            return await work(tools)

    return asyncio.run(with_tools())
