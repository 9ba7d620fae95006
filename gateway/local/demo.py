"""The demo: an agent, a gateway and storage, step by step; every step is checked.

A deviation from what a step must do is an error, not a remark: the demo is also a test.
"""

import json
import re
import shutil
import time
from collections import Counter
from pathlib import Path
from typing import Any

from azure.core.pipeline.transport import RequestsTransport
from azure.storage.blob import BlobServiceClient
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from gateway.errors import Reason
from gateway.evidence.answers import Ledger, records
from gateway.evidence.schema import Record
from gateway.local import demo_approvals, demo_findings, demo_steps, manifest, seed
from gateway.local.commands import TokenDesk, bare_environment, chaperone, environment, module
from gateway.local.demo_approvals import Asking, Deviation
from gateway.local.demo_findings import Approval
from gateway.local.demo_steps import Act
from gateway.local.dev import Running
from gateway.local.patients import canaries
from gateway.local.supervisor import Child

_AGENT_SECONDS = 60
_DELETION = "Delete Container"
_FIELDS_SHOWN = 12
_INDENT = 2
_REST_SECONDS = 0.15
_REQUEST = re.compile(r'^\S+ - - \[[^\]]*\] "[A-Z]+ /(\w+)', re.MULTILINE)


class Demo:
    """One run; the methods are the acts, in order.

    Args:
        running: a started gateway, its storage with an access log.
        console: where the story is told.
        scripted: a script signs in and decides what is held; a person is asked to otherwise.
    """

    def __init__(self, running: Running, console: Console, *, scripted: bool = True) -> None:
        self._running = running
        self._console = console
        self._asking = Asking(running, console, self._act, scripted=scripted)
        self._received = running.folder / "received"
        self._desk = TokenDesk(running.identity_provider, running.ca_file, running.supervisor)
        self._tokens: dict[tuple[str, ...], str] = {}
        self._number = 0

    def run(self) -> None:
        """All of it, in order.

        Raises:
            Deviation: a step did not do what it must.
        """
        self.work()
        self.masking()
        self.approvals()
        self.strangers()
        self.exfiltration()
        self.expiry()
        self.evidence()

    def work(self) -> None:
        """Point 1: what is allowed happens and is recorded; ePHI is withheld."""
        before = self._requests()
        self._headline(demo_steps.WORK.title)
        self._act(demo_steps.WORK)
        if self._requests() <= before:
            raise Deviation("the storage log shows no request of the allowed steps")

    def masking(self) -> None:
        """Point 2: a patient's record arrives masked, and does not come back over the original."""
        self._received.mkdir()
        state = self._fingerprint()
        self._headline(demo_steps.RECORD.title)
        self._act(demo_steps.RECORD)
        (saved,) = self._received.iterdir()
        patient = self._running.patients[0]
        if found := demo_findings.leaked(saved.read_bytes(), patient.canaries):
            raise Deviation(f"{len(found)} of the patient's values reached the agent")
        if self._fingerprint() != state:
            raise Deviation("something in the storage accounts has changed")
        fields = demo_findings.masked_fields(self._records(), saved.name)
        if not fields:
            raise Deviation("the recording does not say what was masked")
        self._console.print(masked(fields))
        self._console.print(
            f"  [green]None of the {len(patient.canaries)} values that identify the patient has "
            "reached the agent; the original is as it was.[/green]"
        )

    def approvals(self) -> None:
        """Point 3: what is risky waits for a person; the last of three is left to `expiry`."""
        self._headline(demo_steps.DELETIONS.title)
        self._asking.hold()
        self._asking.approve()
        self._asking.reject()

    def expiry(self) -> None:
        """Nobody has decided the third: it is denied, and that is on record soon after."""
        self._headline("Nobody has answered for the container scratch")
        self._asking.expire()
        demo_approvals.await_expiry(self._approvals)

    def strangers(self) -> None:
        """Point 4: who may not, does not."""
        before = self._requests()
        self._headline("The same requests with a token that is not good enough")
        for act in demo_steps.STRANGERS:
            self._console.print(f"  with [bold]{act.title}[/bold]:")
            self._act(act)
        self._nothing_reached(before)

    def exfiltration(self) -> None:
        """Point 5: every way out is closed, and storage has not even heard of the attempts."""
        state = self._fingerprint()
        before = self._requests()
        self._headline(demo_steps.EXFILTRATION.title)
        self._act(demo_steps.EXFILTRATION)
        self._nothing_reached(before)
        if self._fingerprint() != state:
            raise Deviation("something in the storage accounts has changed")
        self._console.print("  Containers, their access and every blob are as they were.")

    def evidence(self) -> None:
        """Point 6: the recording answers, is consistent, and shows where a byte was changed."""
        running = self._running
        # A gateway that ends closes its journal; storage stays until the end of the demo.
        running.supervisor.stop(running.host)
        folder = running.folder / "evidence"
        self._headline("The recording answers: who, what data, was it authorised")
        container = (
            f"{running.azurite.account_url(seed.EVIDENCE_ACCOUNT)}/{seed.EVIDENCE_CONTAINER}"
        )
        self._command(0, "evidence", "download", container, str(folder))
        for session in check_recording(folder):
            self._command(0, "evidence", "show", str(folder), "--session", session)
        found = approvals_of(folder)
        self._console.print("  [bold]What was held, who decided, what was carried out:[/bold]")
        self._console.print(demo_approvals.rendered(found))
        demo_approvals.check(found)
        whole = b"".join(path.read_bytes() for path in journals(folder))
        if demo_findings.leaked(whole, canaries(running.patients)):
            raise Deviation("the recording holds what identifies a patient")
        self._console.print("  [bold]Is the recording whole?[/bold]")
        self._command(0, "evidence", "verify", str(folder))
        copy = running.folder / "copy"
        shutil.copytree(folder, copy)
        journal, offset = flip_one_byte(copy)
        name = journal.relative_to(running.folder)
        self._console.print(f"  [bold]Byte {offset} of {name} is changed:[/bold]", soft_wrap=True)
        said = self._command(1, "evidence", "verify", str(copy))
        if journal.name not in said.replace("\n", "").replace(" ", ""):
            raise Deviation("the verifier does not say where the recording was changed")

    def _headline(self, text: str) -> None:
        self._number += 1
        self._console.print(f"\n[bold cyan]{self._number}. {text}[/bold cyan]")

    def _act(self, act: Act, patience: float = 0) -> list[dict[str, Any]]:
        """Let an agent process do its task; show and check each step."""
        reports = self._reports(act, patience)
        self._console.print(rendered(reports))
        compare(act, reports)
        return reports

    def _reports(self, act: Act, patience: float) -> list[dict[str, Any]]:
        order = {
            "task": act.task,
            "url": self._running.url,
            "ca_file": str(self._running.ca_file),
            "token": self._token(act.token),
            "session": demo_steps.SESSION,
            "foreign": f"{self._running.azurite.account_url('foreigndata')}/drop/bait.txt",
            "folder": str(self._received),
            "patience": patience,
        }
        agent = self._running.supervisor.start(
            "agent",
            module("gateway.local.demo_agent"),
            environment=bare_environment(),
            stdin=json.dumps(order).encode(),
        )
        said = self._finished(agent, 0, _AGENT_SECONDS + patience)
        return [json.loads(line) for line in said.splitlines()]

    def _token(self, wanted: tuple[str, ...]) -> str:
        """A token is good for an hour: each kind is asked for once."""
        if wanted not in self._tokens:
            self._tokens[wanted] = self._desk.ask(*wanted)
        return self._tokens[wanted]

    def _finished(self, child: Child, expected: int, seconds: float = _AGENT_SECONDS) -> str:
        """Wait for a child; what it wrote to standard output."""
        status = self._running.supervisor.finish(child, timeout_seconds=seconds)
        if status != expected:
            raise Deviation(
                f"{child.name} ended with status {status}, not {expected}", advice=child.tail()
            )
        return child.output.read_text("utf-8", "replace")

    def _command(self, expected: int, *arguments: str) -> str:
        """Run a command as a person would, show what it says, and check its exit status."""
        shown = " ".join(word.replace(f"{self._running.folder}/", "") for word in arguments)
        self._console.print(f"  [dim]$ chaperone {escape(shown)}[/dim]", soft_wrap=True)
        width = {"COLUMNS": str(self._console.width - _INDENT)}
        child = self._running.supervisor.start(
            "command",
            chaperone(*arguments),
            environment={**environment(self._running.environment), **width},
        )
        said = self._finished(child, expected)
        for line in said.splitlines():
            self._console.print(Text(f"{' ' * _INDENT}{line}"), soft_wrap=True)
        return said

    def _requests(self) -> int:
        """How many requests for the data accounts storage has received.

        A line is written after its answer has gone out, so the count is read until it rests.
        """
        count, before = 0, -1
        while count != before:
            before = count
            time.sleep(_REST_SECONDS)
            log = self._running.storage_log.read_text("utf-8", "replace")
            count = sum(account in manifest.DATA_ACCOUNTS for account in _REQUEST.findall(log))
        return count

    def _nothing_reached(self, before: int) -> None:
        if (after := self._requests()) != before:
            raise Deviation(f"{after - before} of the refused requests reached storage")
        self._console.print("  [green]Storage received none of these requests.[/green]")

    def _fingerprint(self) -> list[tuple[str, ...]]:
        """Every container with who may read it, every blob with its ETag, in all data accounts."""
        found: list[tuple[str, ...]] = []
        for account in manifest.DATA_ACCOUNTS:
            service = self._service(account)
            for container in service.list_containers():
                client = service.get_container_client(container.name)
                policy = client.get_container_access_policy()
                identifiers = policy.get("signed_identifiers") or []
                access = str(policy.get("public_access") or "")
                found.append((account, container.name, access, str(len(identifiers))))
                found += [
                    (account, container.name, blob.name, str(blob.etag))
                    for blob in client.list_blobs()
                ]
        return found

    def _records(self) -> list[Record]:
        """What is on record by now."""
        client = self._service(seed.EVIDENCE_ACCOUNT).get_container_client(seed.EVIDENCE_CONTAINER)
        lines: list[bytes] = []
        for blob in client.list_blobs(name_starts_with="journal/"):
            lines += client.download_blob(blob.name).readall().splitlines()
        return list(records(lines))

    def _approvals(self) -> list[Approval]:
        return demo_findings.approvals(self._records())

    def _service(self, account: str) -> BlobServiceClient:
        return BlobServiceClient.from_connection_string(
            self._running.azurite.connection_string(account),
            transport=RequestsTransport(use_env_settings=False),
            retry_total=0,
        )


def check_recording(folder: Path) -> list[str]:
    """Every step of an identified agent is on record with its reason; the sessions, in order.

    Raises:
        Deviation: a step is missing, or stands there with another reason.
    """
    ledger = Ledger()
    for journal in journals(folder):
        ledger.add(journal.read_bytes().splitlines())
    rows = ledger.rows()
    expected = Counter(
        str(reason) for act in demo_steps.RECORDED for reason in act.expected.values()
    )
    # Deletions are told by `approvals_of`: how often an agent asks while it waits is not foreseen.
    found = Counter(row.reason for row in rows if row.operation != _DELETION)
    if found != expected:
        missing, more = dict(expected - found), dict(found - expected)
        raise Deviation(f"the recording lacks {missing} and has {more} too many")
    return list(dict.fromkeys(row.session for row in rows))


def approvals_of(folder: Path) -> list[Approval]:
    """Every held request of a downloaded recording."""
    lines = [line for path in journals(folder) for line in path.read_bytes().splitlines()]
    return demo_findings.approvals(records(lines))


def flip_one_byte(folder: Path) -> tuple[Path, int]:
    """Change one byte in the middle of the longest journal; which, and where."""
    journal = max(journals(folder), key=lambda path: path.stat().st_size)
    data = bytearray(journal.read_bytes())
    offset = len(data) // 2
    data[offset] ^= 1
    journal.write_bytes(data)
    return journal, offset


def journals(folder: Path) -> list[Path]:
    """The journals of a downloaded recording."""
    return sorted((folder / "journal").rglob("*.ndjson"))


def compare(act: Act, reports: list[dict[str, Any]]) -> None:
    """Pass an agent that did exactly the expected steps with the expected ends.

    Raises:
        Deviation: names the first step that is missing, unforeseen or ended otherwise.
    """
    seen = {str(report["step"]): str(report["code"]) for report in reports}
    if list(seen) != list(act.expected):
        odd = sorted(set(seen) ^ set(act.expected))
        raise Deviation(f"other steps were done than expected: {', '.join(odd) or 'their order'}")
    for step, code in act.expected.items():
        if seen[step] != code:
            raise Deviation(
                f"“{step}” ended with {seen[step] or 'success'}, not {code or 'success'}"
            )


def rendered(reports: list[dict[str, Any]]) -> Table:
    """What an agent reported, one row for each step."""
    table = Table(box=None, padding=(0, 1), show_header=False)
    table.add_column(width=8)
    table.add_column(ratio=2)
    table.add_column(ratio=3, overflow="fold")
    for report in reports:
        table.add_row(*_row(report))
    return table


def masked(fields: list[tuple[str, str, int]]) -> Table:
    """What was masked by field and type, the most frequent first, and all of it by type."""
    table = Table(box=box.SIMPLE, pad_edge=False, collapse_padding=True)
    for title in ("Masked field", "Type", "Values"):
        table.add_column(title, overflow="fold", justify="right" if title == "Values" else "left")
    for name, kind, number in fields[:_FIELDS_SHOWN]:
        table.add_row(escape(name), escape(kind), str(number))
    if rest := fields[_FIELDS_SHOWN:]:
        table.add_row(f"{len(rest)} more", "", str(sum(number for *_, number in rest)))
    totals = demo_findings.masked_types(fields)
    table.add_section()
    amounts = ", ".join(f"{number} {kind}" for kind, number in sorted(totals.items()))
    table.add_row("all", escape(amounts), str(totals.total()))
    return table


def _row(report: dict[str, Any]) -> tuple[Text, str, str]:
    """One step for the reader: what came of it, what it was, why."""
    match report:
        case {"code": "", "step": step, "text": text}:
            return Text("allowed", "green"), escape(step), escape(text)
        case {"code": Reason.CONTENT_WITHHELD, "step": step, "text": text}:
            return Text("withheld", "yellow"), escape(step), _why(report["code"], text)
        case {"code": Reason.APPROVAL_PENDING, "step": step, "text": text}:
            return Text("held", "yellow"), escape(step), _why(report["code"], text)
        case {"code": code, "step": step, "text": text}:
            return Text("refused", "red"), escape(step), _why(code, text)
        case _:
            raise Deviation("the agent reports in another form")


def _why(code: str, text: str) -> str:
    return f"[bold]{escape(code)}[/bold]: {escape(text)}"
