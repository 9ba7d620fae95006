"""`chaperone demo`: the whole story in a minute, every step checked."""

import select
import sys
import time
from typing import Annotated

import typer
from rich.console import Console

from gateway.local.demo import Demo
from gateway.local.dev import Options, running
from gateway.local.supervisor import Stopped

_TIMER_SPEED = 12.0
"""The sweep over approvals comes every five seconds instead of every minute."""
_WATCH_SECONDS = 0.2


def demo(
    keep: Annotated[
        bool, typer.Option("--keep", help="Wait for Enter before everything is stopped.")
    ] = False,
    yes: Annotated[
        bool,
        typer.Option("--yes", help="A script decides what is held, not you in your browser."),
    ] = False,
) -> None:
    """An agent works through the gateway against a storage emulator, step by step.

    Starts everything, checks every step, and leaves nothing behind. Exit status 0 when each step
    did what it must, 1 with the step that did not.
    """
    console = Console(highlight=False)
    started = time.monotonic()
    console.print("[bold]Chaperone demo[/bold]: starting storage, identity provider and gateway …")
    try:
        with running(Options(access_log=True, timer_speed=_TIMER_SPEED)) as gateway:
            ready = time.monotonic() - started
            console.print(f"  Ready after {ready:.1f} s at {gateway.url}")
            Demo(gateway, console, scripted=yes).run()
            if keep:
                console.print(f"\nFiles are in {gateway.folder}. Enter ends the demo.")
                while not select.select([sys.stdin], [], [], _WATCH_SECONDS)[0]:
                    gateway.signals.check()
    except Stopped as stopped:
        console.print("\nStopped; nothing is left running.")
        raise typer.Exit(128 + stopped.signum) from None
    console.print(
        f"\n[bold green]Every step did what it must[/bold green] "
        f"({time.monotonic() - started:.0f} s). Nothing is left running."
    )
    console.print("Next: [bold]make dev[/bold] leaves the same gateway running to play with.")
