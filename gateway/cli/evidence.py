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
from gateway.evidence.log import is_log_name
from gateway.evidence.signing_keys import KeyInvalid, PublicKey, read_keys
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
    keys: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            dir_okay=False,
            help="JWK Set with the keys that you know to be the gateway's: without a checkpoint"
            " signed by one of them the evidence does not verify.",
        ),
    ] = None,
    checkpoint: Annotated[
        list[Path] | None,
        typer.Option(
            exists=True,
            dir_okay=False,
            help="A checkpoint that you kept: the log must still fit it. May be repeated.",
        ),
    ] = None,
    connection_string: _ConnectionString = "",
) -> None:
    """Check every journal: exit 0 consistent, 1 invalid, 3 indeterminate or incomplete.

    Exit 2: nothing was checked, because there is no such place or no journal in it.
    """
    verification = Verification(_trusted(keys) if keys else ())
    for kept in checkpoint or ():
        verification.remember(str(kept), kept.read_bytes())
    _reach(place, connection_string, lambda source: _check(source, verification))
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
    folder: Annotated[Path, typer.Argument(help="Gets journal/… and log/…; made where absent.")],
    connection_string: _ConnectionString = "",
) -> None:
    """Copy every journal and the log into a folder, where `verify` needs no Azure.

    Exit 1: some of it could not be read.
    """
    counts = _reach(place, connection_string, lambda source: _copied(source, folder))
    print(
        f"{counts['journal']} journal(s) copied, {counts['left out']} left out;"
        f" {counts['log']} blob(s) of the log"
    )
    raise typer.Exit(1 if counts["left out"] else 0)


async def _copied(source: Source, folder: Path) -> Counter[str]:
    counts: Counter[str] = Counter()
    for blobs in (source.log(), source.journals()):
        async for name, data in blobs:
            # Only names of their own become paths: the container is not trusted either.
            if data is None or not (JournalName.parse(name) or is_log_name(name)):
                counts["left out"] += 1
                continue
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
            counts[name.partition("/")[0]] += 1
    return counts


async def _check(source: Source, verification: Verification) -> None:
    for blobs in (source.log(), source.journals()):
        async for name, data in blobs:
            verification.add(name, data)


def _trusted(file: Path) -> tuple[PublicKey, ...]:
    try:
        return read_keys(file.read_bytes())
    except KeyInvalid as error:
        _usage(f"--keys: {error}", "give a JSON Web Key Set with EC keys on P-256")


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
