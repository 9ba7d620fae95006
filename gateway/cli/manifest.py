"""`chaperone manifest`: check, explain and activate what the gateway may let pass."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Annotated, Any, Protocol, TypeVar

import typer

from gateway.cli.options import PersonToken
from gateway.errors import ConfigurationError
from gateway.model.own import Own
from gateway.policy.active import blob_name
from gateway.policy.compiler import compile_manifest
from gateway.policy.faults import ManifestInvalid
from gateway.policy.lint import Lint, Severity, lint
from gateway.policy.manifest import parse
from gateway.policy.reference import json_schema, markdown
from gateway.policy.syntax import MAX_BYTES
from gateway.ports import Clock, EvidenceStore, Journal, StateStore, Verifier
from gateway.recording import activation

T = TypeVar("T")

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Check, explain and activate manifests."
)

_File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The manifest.")]
_Json = Annotated[bool, typer.Option("--json", help="One JSON object instead of text.")]
_Expect = Annotated[
    str | None,
    typer.Option(help="Only if this digest is active now ('' for none)."),
]


class Tools(Protocol):
    """What an operator's command acts with; `bootstrap.operator_tools` makes it."""

    @property
    def store(self) -> EvidenceStore:
        """Evidence: manifests and journals."""
        ...

    @property
    def state(self) -> StateStore:
        """The pointer."""
        ...

    @property
    def journal(self) -> Journal:
        """This command's journal."""
        ...

    @property
    def clock(self) -> Clock:
        """The time."""
        ...

    @property
    def verifier(self) -> Verifier:
        """Verifies the person's token."""
        ...

    @property
    def own(self) -> Own:
        """What the gateway keeps to itself."""
        ...


ToolsFactory = Callable[[], AbstractAsyncContextManager[Tools]]


@app.command()
def check(file: _File, as_json: _Json = False) -> None:
    """Show every fault and lint, with lines. Exit status 1 if it could not be activated."""
    try:
        manifest = parse(_read(file))
        policy = compile_manifest(manifest)
    except ManifestInvalid as error:
        _print_faults(file, error, as_json=as_json)
        raise typer.Exit(1) from None
    lints = lint(manifest, policy)
    good = all(item.severity is not Severity.ERROR for item in lints)
    if as_json:
        shown = [_lint_fields(item) for item in lints]
        _print_json({"ok": good, "digest": manifest.digest, "faults": [], "lints": shown})
    else:
        _print_lints(file, lints)
        rules, connections = len(policy.rules), len(policy.connections)
        print(
            f"{file}: {'ok' if good else 'not to be activated'}: {rules} rules, "
            f"{connections} connections, {manifest.digest}"
        )
    raise typer.Exit(0 if good else 1)


@app.command()
def schema(
    as_markdown: Annotated[
        bool, typer.Option("--markdown", help="docs/manifest.md instead of JSON Schema.")
    ] = False,
) -> None:
    """Print the JSON Schema of a manifest, for editors."""
    print(markdown().rstrip() if as_markdown else json.dumps(json_schema(), indent=2))


@app.command()
def explain(
    file: _File,
    method: Annotated[str, typer.Argument(help="HTTP method.")],
    url: Annotated[str, typer.Argument(help="/c/{connection}/… or the gateway's whole URL.")],
    as_agent: Annotated[str, typer.Option("--as", help="Agent name or application id.")],
    group: Annotated[
        list[str] | None, typer.Option(help="Group name or object id, repeatable.")
    ] = None,
    role: Annotated[list[str] | None, typer.Option(help="App role, repeatable.")] = None,
    header: Annotated[list[str] | None, typer.Option(help="'Name: value', repeatable.")] = None,
    body: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="File with the body.")
    ] = None,
    at: Annotated[str, typer.Option(help="Moment, 2026-08-03T12:00:00Z; now if left out.")] = "",
    as_json: _Json = False,
) -> None:
    """Show what the rules say about one request: which match, and why others do not.

    Guardrails come after the rules and are not part of this. Exit status 0 whatever the decision.
    """
    # `check` needs neither operations nor upstreams, and they take a while to import.
    from gateway.cli import explanation  # noqa: PLC0415

    manifest = parse(_read(file))
    policy = compile_manifest(manifest)
    content = body.read_bytes() if body else b""
    request = explanation.gateway_request(method, url, header or [], content)
    principal = explanation.principal(manifest, as_agent, group or [], role or [])
    operation = explanation.classified(policy, request)
    found = policy.explain(principal, operation, request, explanation.moment(at))
    if as_json:
        _print_json(explanation.fields(manifest, operation, found))
        return
    for line in explanation.lines(operation, found):
        print(_clean(line))


@app.command()
def activate(
    ctx: typer.Context,
    file: _File,
    token: PersonToken,
    expect: _Expect = None,
    as_json: _Json = False,
) -> None:
    """Make FILE the active manifest: recorded, by the person whose token it is.

    Raises:
        GatewayError: not activated; says why.
    """
    data = _read(file)

    async def act(tools: Tools) -> activation.Activated:
        person = await tools.verifier.verify(token)
        return await activation.activate(_stores(tools), person, data, expected_previous=expect)

    _print_activated(file, _operate(ctx, act), as_json=as_json)


@app.command()
def rollback(
    ctx: typer.Context,
    digest: Annotated[str, typer.Argument(help="sha256:… of a stored manifest.")],
    token: PersonToken,
    expect: _Expect = None,
    as_json: _Json = False,
) -> None:
    """Make an earlier manifest the active one again: recorded, as activating is.

    Raises:
        GatewayError: not activated; says why.
    """

    async def act(tools: Tools) -> activation.Activated:
        person = await tools.verifier.verify(token)
        return await activation.rollback(_stores(tools), person, digest, expected_previous=expect)

    _print_activated(Path(blob_name(digest)), _operate(ctx, act), as_json=as_json)


@app.command()
def history(ctx: typer.Context, as_json: _Json = False) -> None:
    """List activations, newest first, each as its journal record says. Exit 1 if one is missing."""

    async def act(tools: Tools) -> list[activation.Entry]:
        return [entry async for entry in activation.history(tools.store, tools.state)]

    entries = _operate(ctx, act)
    for entry in entries:
        fields = _entry_fields(entry)
        print(json.dumps(fields) if as_json else "  ".join(_clean(str(v)) for v in fields.values()))
    if not entries and not as_json:
        print("no manifest was activated yet")
    raise typer.Exit(1 if any(entry.record is None for entry in entries) else 0)


@app.command()
def active(
    ctx: typer.Context,
    show: Annotated[bool, typer.Option("--show", help="Print the manifest itself.")] = False,
    as_json: _Json = False,
) -> None:
    """Show which manifest is active. Exit status 1 if none is, or if no record confirms it.

    Raises:
        GatewayError: the stores cannot be read.
    """

    async def act(tools: Tools) -> tuple[activation.Entry, bytes] | None:
        async for entry in activation.history(tools.store, tools.state):
            return entry, await activation.stored(tools.store, entry.activation.digest)
        return None

    found = _operate(ctx, act)
    if found is None:
        raise ConfigurationError(
            "no manifest is active", advice="activate one: `chaperone manifest activate FILE`"
        )
    entry, data = found
    fields = _entry_fields(entry)
    if show:
        print(data.decode("utf-8"), end="")
    elif as_json:
        _print_json(fields)
    else:
        print("  ".join(_clean(str(value)) for value in fields.values()))
    raise typer.Exit(1 if entry.record is None else 0)


def _operate(ctx: typer.Context, act: Callable[[Tools], Awaitable[T]]) -> T:
    factory: ToolsFactory = ctx.obj or _deployment

    async def run() -> T:
        async with factory() as tools:
            return await act(tools)

    return asyncio.run(run())


def _deployment() -> AbstractAsyncContextManager[Tools]:
    # Azure's libraries take a second to import, and `check` needs none of them.
    from gateway import bootstrap  # noqa: PLC0415
    from gateway.cli import deployment  # noqa: PLC0415

    return bootstrap.operator_tools(deployment.configured())


def _stores(tools: Tools) -> activation.Stores:
    return activation.Stores(tools.store, tools.state, tools.journal, tools.own)


def _read(file: Path) -> bytes:
    with file.open("rb") as stream:
        # One byte over the bound is enough for `parse` to refuse it.
        return stream.read(MAX_BYTES + 1)


def _print_faults(file: Path, error: ManifestInvalid, *, as_json: bool) -> None:
    if as_json:
        faults = [
            {
                "line": fault.position.line,
                "column": fault.position.column,
                "path": fault.path,
                "message": fault.message,
            }
            for fault in error.faults
        ]
        _print_json({"ok": False, "faults": faults, "lints": []})
        return
    for fault in error.faults:
        where = f"{file}:{fault.position.line}:{fault.position.column}"
        print(_clean(f"{where}: error: {fault.path}: {fault.message}"))
    print(f"{file}: {len(error.faults)} to mend")


def _print_lints(file: Path, lints: Iterable[Lint]) -> None:
    for item in lints:
        subject = f"rule {item.rule}: " if item.rule else ""
        print(_clean(f"{file}:{item.line}: {item.severity}: {subject}{item.message} [{item.id}]"))


def _print_activated(file: Path, done: activation.Activated, *, as_json: bool) -> None:
    record = {
        "journal": done.receipt.journal,
        "seq": done.receipt.seq,
        "offset": done.receipt.offset,
        "length": done.receipt.length,
    }
    if as_json:
        lints = [_lint_fields(item) for item in done.warnings]
        fields = {"digest": done.digest, "previous": done.previous, "record": record}
        _print_json({**fields, "lints": lints})
        return
    _print_lints(file, done.warnings)
    print(f"active: {done.digest}")
    print(f"before: {done.previous or 'none'}")
    print(f"record: {done.receipt.journal}, number {done.receipt.seq}")


def _entry_fields(entry: activation.Entry) -> dict[str, str]:
    record = entry.record
    if record is None:
        return {"digest": entry.activation.digest, "act": "not confirmed by its journal"}
    return {
        "digest": entry.activation.digest,
        "act": record.act,
        "at": record.ts,
        "by": record.actor.name,
        "object_id": record.actor.oid,
    }


def _lint_fields(item: Lint) -> dict[str, str | int]:
    return {
        "id": item.id,
        "severity": item.severity.value,
        "rule": item.rule,
        "line": item.line,
        "message": item.message,
    }


def _print_json(fields: Mapping[str, Any]) -> None:
    print(json.dumps(fields))


def _clean(text: str) -> str:
    """Without control characters: a manifest or a name must not drive the terminal."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)
