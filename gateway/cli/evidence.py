"""`chaperone evidence`: check the recording offline, read a session, fetch the journals."""

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar

import typer
from rich.console import Console

from gateway.cli import evidence_index
from gateway.cli.evidence_source import Source, locate
from gateway.cli.evidence_view import report_json, row_json, show_report, show_session
from gateway.errors import GatewayError
from gateway.evidence.answers import Ledger, last_session, of_session
from gateway.evidence.chain import JournalName
from gateway.evidence.verify import Verification

T = TypeVar("T")

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Show and verify the recording.")
evidence_index.register(app)

_Place = Annotated[
    str,
    typer.Argument(
        metavar="PATH|CONTAINER",
        help="A folder that holds journal/…, a container URL, or a container's name.",
    ),
]
_OptionalPlace = Annotated[
    str | None,
    typer.Argument(
        metavar="[PATH|CONTAINER]", help="As for verify; by default the container of the settings."
    ),
]
_ConnectionString = Annotated[
    str,
    typer.Option(
        envvar=[
            "CHAPERONE_DEV_EVIDENCE_CONNECTION_STRING",
            "CHAPERONE_DEV_STORAGE_CONNECTION_STRING",
        ],
        help="Opens a container with an account key, such as Azurite's.",
        show_default=False,
    ),
]
_Json = Annotated[bool, typer.Option("--json", help="One JSON document.")]


@app.command()
def verify(
    place: _Place,
    as_json: _Json = False,
    partial: Annotated[
        bool,
        typer.Option(help="Only some of the journals are there, on purpose."),
    ] = False,
    connection_string: _ConnectionString = "",
) -> None:
    """Check every journal: exit 0 consistent, 1 invalid, 3 indeterminate or incomplete.

    Exit 2: nothing was checked, because there is no such place or no journal in it.
    """
    verification = _reach(place, connection_string, _verified)
    if not verification.journals:
        _usage("no journal found", "expected files journal/yyyy/mm/dd/writer-n.ndjson below it")
    report = verification.report(partial=partial)
    if as_json:
        print(json.dumps(report_json(report), indent=2))
    else:
        show_report(Console(highlight=False), report)
    raise typer.Exit(int(report.verdict))


@app.command()
def show(
    place: _OptionalPlace = None,
    session: Annotated[str, typer.Option(help="Id or label of a session.")] = "",
    last: Annotated[bool, typer.Option("--last", help="The session used last.")] = False,
    indexed: evidence_index.Indexed = False,
    as_json: _Json = False,
    connection_string: _ConnectionString = "",
) -> None:
    """Print who asked, what data, whether it was authorised, and how it ended.

    Checks nothing: `verify` does. Exit 2: there is no such place or session.
    """
    if bool(session) == last:
        _usage("name one session", "either --session ID or --last")
    if indexed:
        if last or place is not None:
            _usage("--indexed goes with --session ID alone", "it uses the settings' gateway")
        rows = evidence_index.recorded(session)
    else:
        rows = _reach(place, connection_string, _joined).rows()
    wanted = last_session(rows) if last else session
    found = of_session(rows, wanted) if wanted else ()
    if not found:
        _usage("no such session", "session ids stand in every record under session.id")
    if as_json:
        print(json.dumps({"exchanges": [row_json(row) for row in found]}, indent=2))
    else:
        show_session(Console(highlight=False), found)


@app.command()
def download(
    place: Annotated[str, typer.Argument(metavar="CONTAINER", help="As for verify.")],
    folder: Annotated[Path, typer.Argument(help="Gets journal/…; made where absent.")],
    connection_string: _ConnectionString = "",
) -> None:
    """Copy every journal into a folder, where `verify` needs no Azure.

    Exit 1: some journals could not be read.
    """

    async def copied(source: Source) -> Counter[str]:
        counts: Counter[str] = Counter()
        async for name, data in source.journals():
            # Only a journal's own name becomes a path: the container is not trusted either.
            if data is None or JournalName.parse(name) is None:
                counts["left out"] += 1
                continue
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
            counts["copied"] += 1
        return counts

    counts = _reach(place, connection_string, copied)
    print(f"{counts['copied']} journal(s) copied, {counts['left out']} left out")
    raise typer.Exit(1 if counts["left out"] else 0)


async def _verified(source: Source) -> Verification:
    verification = Verification()
    async for name, data in source.journals():
        verification.add(name, data)
    return verification


async def _joined(source: Source) -> Ledger:
    ledger = Ledger()
    async for _, data in source.journals():
        ledger.add((data or b"").split(b"\n"))
    return ledger


def _reach(
    place: str | None,
    connection_string: str,
    work: Callable[[Source], Coroutine[Any, Any, T]],
) -> T:
    """Run over a source; exit 2 where it cannot be reached, which says nothing of its contents."""
    try:
        return asyncio.run(work(locate(place, connection_string)))
    except GatewayError as error:
        _usage(str(error), error.advice)


def _usage(message: str, advice: str) -> NoReturn:
    typer.echo(f"chaperone evidence: {message}", err=True)
    if advice:
        typer.echo(f"  {advice}", err=True)
    raise typer.Exit(2)
