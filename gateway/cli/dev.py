"""`chaperone dev`: a gateway on this machine, until Ctrl-C."""

import json
import time
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console

from gateway.local import manifest as manifests
from gateway.local import state
from gateway.local.dev import Options, Running, running
from gateway.local.supervisor import Stopped

_WATCH_SECONDS = 0.2

_Port = typer.Option(min=0, max=65535, help="0 for any free port.", show_default=False)


def dev(
    as_json: Annotated[
        bool, typer.Option("--json", help="One line of JSON on stdout, once it is ready.")
    ] = False,
    manifest: Annotated[
        Path,
        typer.Option(
            exists=True,
            dir_okay=False,
            help="Manifest to serve; ${CLINICDATA_URL}, ${RESEARCHDATA_URL} and ${FOREIGNDATA_URL} "
            "stand for the emulator's accounts.",
            show_default="the sample",
        ),
    ] = manifests.DEFAULT,
    secrets: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="JSON file with secrets of the manifest."),
    ] = None,
    port: Annotated[int, _Port] = 0,
    idp_port: Annotated[int, _Port] = 0,
    azurite_blob_port: Annotated[int, _Port] = 0,
    azurite_queue_port: Annotated[int, _Port] = 0,
    azurite_table_port: Annotated[int, _Port] = 0,
) -> None:
    """Run a gateway with storage, identity provider and sample data on this machine.

    Prints where everything is and runs until Ctrl-C. What it makes is in memory or in a temporary
    folder, and gone afterwards; .chaperone/dev.json tells other commands about it meanwhile.
    """
    options = Options(
        manifest=manifest,
        secrets=secrets,
        port=port,
        idp_port=idp_port,
        blob_port=azurite_blob_port,
        queue_port=azurite_queue_port,
        table_port=azurite_table_port,
    )
    ready = False
    try:
        with running(options) as gateway, state.published(state.FOLDER, gateway.facts()):
            ready = True
            if as_json:
                print(json.dumps(gateway.facts()), flush=True)
            else:
                _show(gateway)
            _watch(gateway)
    except Stopped as stopped:
        # Ctrl-C is how a run ends; before it was ready, it did not do what it was asked for.
        raise typer.Exit(0 if ready else 128 + stopped.signum) from None


def _watch(gateway: Running) -> NoReturn:
    while True:
        gateway.supervisor.check()
        time.sleep(_WATCH_SECONDS)


def _show(gateway: Running) -> None:
    """Unwrapped lines, so that addresses can be copied."""
    console = Console(highlight=False, soft_wrap=True)
    lines = [("gateway", gateway.url)]
    lines += [(f"connection {name}", url) for name, url in gateway.connections.items()]
    lines += [
        ("CA certificate", str(gateway.ca_file)),
        ("identity provider", gateway.identity_provider),
        ("approvals, for reviewers", f"{gateway.review_pages}…"),
        ("storage emulator", gateway.azurite.blob_url),
        ("manifest", str(gateway.manifest)),
        ("all of it", str(state.FOLDER / state.LATEST)),
    ]
    console.print(
        "\n[bold yellow]Development only:[/bold yellow] the storage emulator enforces no "
        "retention. Evidence here can be changed and deleted."
    )
    width = max(len(name) for name, _ in lines)
    console.print("\n[bold]Chaperone is running.[/bold] Stop it with Ctrl-C.\n")
    for name, value in lines:
        console.print(f"  [cyan]{name:<{width}}[/cyan]  {value}")
    console.print("\nTry, in another terminal in this directory:\n")
    example = next(iter(gateway.connections.values()), f"{gateway.url}/c/…")
    console.print(f"  curl --cacert {gateway.ca_file} \\", markup=False)
    console.print(
        '    -H "Authorization: Bearer $(chaperone token --group phi-readers)" \\', markup=False
    )
    console.print('    -H "x-ms-version: 2025-11-05" \\', markup=False)
    console.print(f"    {example}/public/guide.md\n", markup=False)
