"""Reports and sessions for people, at 80 columns and in pipes, and as JSON."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from gateway.evidence.answers import Answers, plain
from gateway.evidence.findings import Report, Signatures, Verdict

_DIGEST = re.compile(r"(hmac-sha256:[^:/?&=@]*:[0-9a-f]{8})[0-9a-f]{56}")
_COLOURS = {
    Verdict.CONSISTENT: "green",
    Verdict.INVALID: "bold red",
    Verdict.INDETERMINATE: "yellow",
}
_SENTENCES = {
    Verdict.CONSISTENT: "consistent, ",
    Verdict.INVALID: "INVALID",
    Verdict.INDETERMINATE: "indeterminate or incomplete, otherwise consistent; ",
}
_SIGNED = {"signed": "signed", "partly": "signed in part", "unsigned": "unsigned"}


def report_json(report: Report) -> dict[str, Any]:
    """The document of `verify --json`; `signed`: a good checkpoint covers every record."""
    found = report.signatures
    return {
        "verdict": report.verdict.word,
        "exit": int(report.verdict),
        "signed": report.signature == "signed",
        "signature": report.signature,
        "checkpoints": None if found is None else asdict(found),
        "journals": report.journals,
        "records": report.records,
        "bytes": report.bytes,
        "counts": dict(Counter(finding.kind.value for finding in report.findings)),
        "findings": [
            {
                "journal": finding.journal,
                "line": finding.line,
                "offset": finding.offset,
                "kind": finding.kind.value,
                "message": finding.message,
            }
            for finding in report.findings
        ],
    }


def show_report(console: Console, report: Report) -> None:
    """Findings first, each with its place; the verdict last, where the eye ends."""
    for finding in report.findings:
        where = f"line {finding.line}, byte {finding.offset}" if finding.line else "whole journal"
        console.print(Text(plain(finding.journal)), soft_wrap=True)
        console.print(Text(f"  {where}: {finding.kind}: {plain(finding.message)}"), soft_wrap=True)
    size = f"{report.journals} journal(s), {report.records} record(s), {report.bytes} bytes"
    signed = "" if report.verdict is Verdict.INVALID else _SIGNED[report.signature]
    console.print(Text(_SENTENCES[report.verdict] + signed, style=_COLOURS[report.verdict]))
    console.print(Text(f"{size}, {len(report.findings)} finding(s)"))
    if (found := report.signatures) is not None:
        _show_signatures(console, found)


def _show_signatures(console: Console, found: Signatures) -> None:
    """How far checkpoints reach, and whose keys signed: who verifies must know these."""
    until = f", the last of {plain(found.newest)}" if found.newest else ""
    console.print(
        Text(f"{found.checkpoints} good checkpoint(s){until}, over {found.signed} record(s)"),
        soft_wrap=True,
    )
    for kid in found.keys:
        console.print(Text(f"signed with key {kid}"), soft_wrap=True)
    if found.keys and not found.trusted:
        says = "The keys came with the evidence: compare them with the vault's, or give --keys."
        console.print(Text(says, style="yellow"), soft_wrap=True)


def row_json(row: Answers) -> dict[str, Any]:
    """One exchange as `show --json` prints it."""
    return {**asdict(row), "who": dict(row.who), "end": row.end}


def show_session(console: Console, rows: Sequence[Answers]) -> None:
    """Who, then one line for each exchange: what data, authorised by what, and the end."""
    console.print(Text(f"Session {rows[0].session}  {rows[0].label}"), soft_wrap=True)
    manifests = list(dict.fromkeys(row.manifest for row in rows if row.manifest))
    for who in _callers(rows):
        console.print(Text(f"Who     {who}"), soft_wrap=True)
    table = Table(box=box.SIMPLE, pad_edge=False, collapse_padding=True)
    for title, width in (("UTC", 8), ("What", 14), ("Data", None), ("Authorised", 16)):
        table.add_column(title, overflow="fold", max_width=width)
    table.add_column("Outcome", overflow="fold", max_width=14)
    for row in rows:
        table.add_row(*(Text(cell) for cell in _cells(row, manifests)))
    console.print(table)
    for number, manifest in enumerate(manifests, start=1):
        console.print(Text(f"m{number} = {manifest}"), soft_wrap=True)


def _callers(rows: Sequence[Answers]) -> list[str]:
    """Each caller once, as the record with most to say describes it: a refusal may know less."""
    callers: dict[tuple[str, ...], str] = {}
    for row in rows:
        who = row.who
        ids = [f"{key} {who[key]}" for key in ("azp", "oid", "tid") if key in who]
        kind = "person" if who.get("kind") == "user" else "agent"
        name = who.get("agent") or who.get("name") or ""
        sponsor = [f"sponsor {who['sponsor']}"] if "sponsor" in who else []
        text = "\n        ".join([f"{kind} {name}".strip(), *sponsor, *ids])
        callers[tuple(ids)] = max(text, callers.get(tuple(ids), ""), key=len)
    return list(callers.values())


def _cells(row: Answers, manifests: Sequence[str]) -> tuple[str, str, str, str, str]:
    data = "\n".join(f"{item.effect} {_short(item.resource)}" for item in row.touched)
    basis = [row.decision]
    if row.rule:
        basis.append(f"rule {row.rule}")
    if row.manifest:
        basis.append(f"m{manifests.index(row.manifest) + 1}")
    if row.approval:
        basis.append(f"approval {row.approval}")
    if row.verdict:
        # Without a name nobody has decided: it expired, or the gateway took it back.
        basis.append(f"{row.verdict} by {row.reviewer}" if row.reviewer else row.verdict)
    end = [row.end, str(row.status) if row.status else "", row.reason]
    return (
        row.at[11:19],
        _short(row.operation),
        data,
        "\n".join(basis),
        "\n".join(part for part in end if part),
    )


def _short(text: str) -> str:
    """Digests cut to what tells them apart in a table; `--json` has them whole."""
    return _DIGEST.sub(r"\1…", text)
