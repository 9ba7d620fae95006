"""`chaperone doctor`: is this deployment what it must be?"""

import asyncio
import json
from contextlib import AsyncExitStack
from typing import Annotated

import typer
from azure.identity.aio import DefaultAzureCredential
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from gateway.adapters.system import SystemClock
from gateway.cli import diagnosis
from gateway.cli.deployment import configured
from gateway.cli.diagnosis import Finding, State
from gateway.cli.doctor_inside import inside
from gateway.cli.doctor_outside import exposed, outside, vault_exposed
from gateway.errors import ConfigurationError
from gateway.parts import gateway_identity
from gateway.settings import Settings

_COLOURS = {
    State.OK: "green",
    State.DEVELOPMENT: "yellow",
    State.WARNING: "yellow",
    State.FAILED: "bold red",
    State.SKIPPED: "dim",
}


def doctor(
    url: Annotated[
        str, typer.Option(help="Look at this gateway from outside only.", show_default=False)
    ] = "",
    as_gateway: Annotated[
        bool, typer.Option("--as-gateway", help="With the app's managed identity, not your own.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Check a deployment from outside and inside; exit status 1 when something is wrong.

    Uses the settings of the environment, or of a `chaperone dev` that runs here. Nothing is
    changed: rights are tried on names of blobs that do not exist.
    """
    findings = asyncio.run(_examine(url.rstrip("/"), as_gateway=as_gateway))
    if as_json:
        print(json.dumps(diagnosis.report(findings)))
    else:
        _show(findings)
    raise typer.Exit(1 if diagnosis.failed(findings) else 0)


async def _examine(url: str, *, as_gateway: bool) -> list[Finding]:
    clock = SystemClock()
    if url:
        return await outside(url, clock)
    try:
        config = configured()
    except ConfigurationError as error:
        return [Finding("settings", State.FAILED, str(error), error.advice)]
    found = await outside(
        config.public_url, clock, audiences=config.audiences, ca_file=config.dev_ca_file
    )
    evidence, state = config.evidence_url, config.state_url
    emulator = config.dev_evidence_connection_string is not None
    found.append(await exposed("evidence", evidence, config.evidence_container, emulator=emulator))
    emulator = config.dev_storage_connection_string is not None
    found.append(await exposed("state", state, config.state_container, emulator=emulator))
    emulator = config.dev_secrets_file is not None
    found.append(await vault_exposed(config.vault_url, emulator=emulator))
    return found + await _inside(config, as_gateway=as_gateway)


async def _inside(config: Settings, *, as_gateway: bool) -> list[Finding]:
    async with AsyncExitStack() as stack:
        if as_gateway:
            identity = await gateway_identity(config, stack)
            return await inside(config, identity, as_gateway=True)
        person = await stack.enter_async_context(DefaultAzureCredential())
        return await inside(config, person, as_gateway=False)


def _show(findings: list[Finding]) -> None:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in ("check", "state", "found", "to do"):
        table.add_column(column, overflow="fold")
    for found in findings:
        colour = _COLOURS[found.state]
        table.add_row(
            Text(_plain(found.check)),
            Text(found.state.value, style=colour),
            Text(_plain(found.says)),
            Text(_plain(found.fix)),
        )
    console = Console(highlight=False)
    console.print(table)
    wrong = sum(found.state is State.FAILED for found in findings)
    console.print(f"{wrong} to mend" if wrong else "nothing to mend")


def _plain(text: str) -> str:
    """Without control characters: what a server says must not drive the terminal."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)
