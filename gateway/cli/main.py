"""The command `chaperone`: loads only the part that was asked for, and says errors in one line."""

import importlib
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from gateway import __version__
from gateway.errors import GatewayError


@dataclass(frozen=True, slots=True)
class _Entry:
    """Where a command lives: a Typer app, or a function that is one command."""

    module: str
    name: str
    help: str


COMMANDS = {
    "demo": _Entry("demo", "demo", "An agent works through the gateway, step by step."),
    "dev": _Entry("dev", "dev", "Run a gateway on this machine until Ctrl-C."),
    "token": _Entry("token", "token", "Print an access token for a running `chaperone dev`."),
    "operation": _Entry("operation", "operation", "Show how a request is classified."),
    "mask": _Entry("mask", "mask", "Mask documents as an agent would see them."),
    "manifest": _Entry("manifest", "app", "Check, explain and activate manifests."),
    "evidence": _Entry("evidence", "app", "Show and verify the recording."),
    "settings": _Entry("settings", "settings", "List every setting with its meaning."),
    "doctor": _Entry("doctor", "doctor", "Check a deployment from outside and inside."),
    "deny": _Entry("deny", "app", "Deny a principal, a token or a session at once."),
}


class _Lazy(TyperGroup):
    """Commands stand in the help by name; the module is imported when one is called."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - Click's signature
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002 - Click's signature
        entry = COMMANDS.get(cmd_name)
        return TyperCommand(cmd_name, help=entry.help) if entry else None

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        name, command, rest = super().resolve_command(ctx, args)
        return name, _load(name) if name in COMMANDS else command, rest


def _load(name: str) -> Any:
    entry = COMMANDS[name]
    target = getattr(importlib.import_module(f"gateway.cli.{entry.module}"), entry.name)
    return get_command(target if isinstance(target, typer.Typer) else _single(target))


def _single(function: Callable[..., object]) -> typer.Typer:
    app = typer.Typer(add_completion=False)
    app.command()(function)
    return app


app = typer.Typer(
    cls=_Lazy,
    no_args_is_help=True,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
    help="Chaperone: the one door between autonomous agents and Azure.",
)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"chaperone {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Chaperone: the one door between autonomous agents and Azure."""


def run() -> NoReturn:
    """Entry point.

    Exit status: 0 done, 1 an error or a finding, 2 wrong usage, 3 withheld by `mask`, 130 Ctrl-C.
    """
    try:
        app(prog_name="chaperone")
    except GatewayError as error:
        print(f"chaperone: {error}", file=sys.stderr)
        if error.advice:
            print(f"  {error.advice}", file=sys.stderr)
        sys.exit(1)
    finally:
        _flush()
    sys.exit(0)


def _flush() -> None:
    """Without a traceback at exit where the reader has gone, as with `| head`."""
    if sys.stdout is None:  # the caller has closed it
        return
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    run()
