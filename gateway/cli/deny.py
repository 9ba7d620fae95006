"""`chaperone deny`: keep a principal, a client, a token or a session out, on every instance."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from enum import StrEnum
from typing import Annotated, Protocol, TypeVar

import typer

from gateway.cli.options import PersonToken
from gateway.ports import Clock, DenyRegister, DigestKeys, Journal, Verifier
from gateway.recording import denying

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


class Tools(Protocol):
    """What these commands act with; `bootstrap.operator_tools` makes it."""

    @property
    def deny_table(self) -> DenyRegister:
        """The table."""
        ...

    @property
    def journal(self) -> Journal:
        """This command's journal."""
        ...

    @property
    def digest_keys(self) -> DigestKeys:
        """For the reason, in the record."""
        ...

    @property
    def clock(self) -> Clock:
        """The time."""
        ...

    @property
    def verifier(self) -> Verifier:
        """Verifies the person's token."""
        ...


ToolsFactory = Callable[[], AbstractAsyncContextManager[Tools]]


@app.command()
def add(
    ctx: typer.Context,
    kind: _Kind,
    value: _Value,
    reason: Annotated[str, typer.Option(help="Why, for other operators.")],
    token: PersonToken,
) -> None:
    """Deny from now on, recorded, by the person whose token it is; effective within 30 s.

    Raises:
        GatewayError: the identifier is malformed, the token is not a person's, or it cannot be
            recorded or done.
    """

    async def act(tools: Tools) -> None:
        person = await tools.verifier.verify(token)
        await denying.deny(_register(tools), person, kind.value, value, reason)

    _operate(ctx, act)
    print(f"denied: {kind} {value.strip().lower()} (on every instance within 30 s)")


@app.command()
def remove(ctx: typer.Context, kind: _Kind, value: _Value, token: PersonToken) -> None:
    """Deny no longer, recorded, by the person whose token it is.

    Raises:
        GatewayError: there is no such entry, the token is not a person's, or it cannot be recorded
            or done.
    """

    async def act(tools: Tools) -> None:
        person = await tools.verifier.verify(token)
        await denying.relent(_register(tools), person, kind.value, value)

    _operate(ctx, act)
    print(f"no longer denied: {kind} {value.strip().lower()} (within 30 s)")


@app.command("list")
def show(ctx: typer.Context) -> None:
    """Show every entry: kind, value, since, by, reason, separated by tabs.

    Raises:
        GatewayError: the table cannot be read.
    """
    entries = _operate(ctx, lambda tools: tools.deny_table.entries())
    for entry in sorted(entries, key=lambda one: (one.kind, one.value)):
        fields = (entry.kind, entry.value, entry.at, entry.by, entry.reason)
        # What is in the table may have been typed anywhere: no control sequences to a terminal.
        print("\t".join("".join(c if c.isprintable() else "?" for c in field) for field in fields))


def _register(tools: Tools) -> denying.Register:
    return denying.Register(tools.deny_table, tools.journal, tools.digest_keys, tools.clock)


def _operate(ctx: typer.Context, act: Callable[[Tools], Awaitable[T]]) -> T:
    factory: ToolsFactory = ctx.obj or _deployment

    async def run() -> T:
        async with factory() as tools:
            return await act(tools)

    return asyncio.run(run())


def _deployment() -> AbstractAsyncContextManager[Tools]:
    # Late: they load every adapter, which `--help` does not need.
    from gateway import bootstrap  # noqa: PLC0415
    from gateway.cli import deployment  # noqa: PLC0415

    return bootstrap.operator_tools(deployment.configured())
