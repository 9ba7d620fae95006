"""Executions of approved requests, as the evidence tells of them.

Each takes the name `executions/{ticket}` before its first byte is sent. Nothing there can be
changed or deleted, so what became of a ticket is read here and not in the row that says so.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from gateway.approvals.ticket import Cite
from gateway.errors import NotFound
from gateway.evidence.chain import JournalName
from gateway.evidence.lines import Lines
from gateway.evidence.schema import Executed, Record, RecordInvalid, parse
from gateway.ports import EvidenceStore
from gateway.recording.pieces import pieces
from gateway.recording.register import reachable

ABANDONED: Final = "abandoned"
"""Result of an execution that sent nothing."""
_JOURNALS: Final = 3
"""An outcome stands in the journal of its intent, or in one that its writer opened soon after."""


@dataclass(frozen=True, slots=True)
class Execution:
    """One execution.

    Attributes:
        cite: where its `executing` record stands.
        began: when that was written, None where it cannot be found.
        result: of its `executed` record, "" where there is none.
    """

    cite: Cite
    began: datetime | None = None
    result: str = ""


@dataclass(frozen=True, slots=True)
class Executions:
    """The names of executions, and the journals that they lead to."""

    evidence: EvidenceStore

    async def take(self, ticket_id: str, cite: Cite) -> None:
        """Take the name of a ticket's one execution.

        Raises:
            AlreadyExists: it was taken before.
            Unavailable: it may or may not have been taken.
        """
        text = f"{cite.journal} {cite.seq} {cite.offset}\n"
        with reachable():
            await self.evidence.put(_name(ticket_id), text.encode())

    async def find(self, ticket_id: str) -> Execution | None:
        """What is known of a ticket's execution, None where nothing was sent for it.

        Raises:
            Unavailable: it cannot be known now.
        """
        with reachable():
            try:
                data = await self.evidence.read(_name(ticket_id))
            except NotFound:
                return None
        cite = _cite(data)
        found = Execution(cite)
        name, offset = JournalName.parse(cite.journal), cite.offset
        for _ in range(_JOURNALS):
            if name is None:
                break
            with reachable():
                try:
                    found = await self._read_on(found, ticket_id, name, offset)
                except NotFound:
                    break
            if found.result:
                break
            name, offset = replace(name, number=name.number + 1), 0
        return found

    async def _read_on(
        self, found: Execution, ticket_id: str, name: JournalName, offset: int
    ) -> Execution:
        """What one journal adds."""
        lines, wanted = Lines(), ticket_id.encode()
        async for piece in pieces(self.evidence, str(name), offset):
            # A journal holds many exchanges, and parsing is slow.
            for line in (line for line in lines.feed(piece) if wanted in line):
                found = _with(found, line, ticket_id, started=str(name) == found.cite.journal)
        return found


def _name(ticket_id: str) -> str:
    return f"executions/{ticket_id}"


def _cite(data: bytes) -> Cite:
    """The citation in a name's content; older ones say no offset."""
    words = data.decode("ascii", "replace").split()
    numbers = [int(word) if word.isdecimal() else 0 for word in words[1:3]]
    return Cite(words[0] if words else "", *(*numbers, 0, 0)[:2])


def _with(found: Execution, line: bytes, ticket_id: str, *, started: bool) -> Execution:
    """What one line of the execution's journals adds."""
    record = _parsed(line)
    if record is None or record.get("id") != ticket_id:
        return found
    cite = found.cite
    if record["type"] == "executing" and started and record["seq"] == cite.seq:
        return replace(found, began=datetime.fromisoformat(record["ts"]))
    if record["type"] == "executed" and _cites(record, cite):
        return replace(found, result=record["result"])
    return found


def _cites(record: Executed, cite: Cite) -> bool:
    return (record["intent"]["journal"], record["intent"]["seq"]) == (cite.journal, cite.seq)


def _parsed(line: bytes) -> Record | None:
    try:
        return parse(line)
    except RecordInvalid:
        return None
