"""`chaperone deny`: keep a principal, a client, a token or a session out, on every instance."""

import asyncio
import getpass
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, TypeVar

import typer

from gateway.cli.deployment import configured
from gateway.ports import DenyEntry, DenyRegister

T = TypeVar("T")


class Kind(StrEnum):
    """What is denied."""

    OID = "oid"
    AZP = "azp"
    UTI = "uti"
    SESSION = "session"


app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Deny a principal (oid), client (azp), token (uti) or session; effective within 30 s.",
)

_Kind = Annotated[Kind, typer.Argument(help="oid, azp, uti or session.")]
_Value = Annotated[str, typer.Argument(help="The identifier, as in the records.")]


@app.command()
def add(
    kind: _Kind,
    value: _Value,
    reason: Annotated[str, typer.Option(help="Why, for other operators.")],
    by: Annotated[str, typer.Option(help="Who you are; by default the login name.")] = "",
) -> None:
    """Deny from now on; every instance follows within 30 s.

    Raises:
        GatewayError: the identifier is malformed, or the table cannot be changed.
    """
    now = datetime.now(UTC).isoformat(timespec="seconds")
    entry = DenyEntry(kind.value, value, reason=reason, by=by or getpass.getuser(), at=now)
    _run(lambda table: table.add(entry))
    print(f"denied: {kind} {value.strip().lower()} (on every instance within 30 s)")


@app.command()
def remove(kind: _Kind, value: _Value) -> None:
    """Deny no longer.

    Raises:
        GatewayError: there is no such entry, or the table cannot be changed.
    """
    _run(lambda table: table.remove(kind.value, value))
    print(f"no longer denied: {kind} {value.strip().lower()} (within 30 s)")


@app.command("list")
def show() -> None:
    """Show every entry: kind, value, since, by, reason, separated by tabs.

    Raises:
        GatewayError: the table cannot be read.
    """
    for entry in sorted(_run(lambda table: table.entries()), key=lambda one: (one.kind, one.value)):
        fields = (entry.kind, entry.value, entry.at, entry.by, entry.reason)
        # What is in the table may have been typed anywhere: no control sequences to a terminal.
        print("\t".join("".join(c if c.isprintable() else "?" for c in field) for field in fields))


def _run(work: Callable[[DenyRegister], Awaitable[T]]) -> T:
    async def with_table() -> T:
        # Late: it loads every adapter, which `--help` does not need.
        from gateway.bootstrap import operator_tools  # noqa: PLC0415

        async with operator_tools(configured()) as tools:
            return await work(tools.deny_table)

    return asyncio.run(with_table())
