"""What the evidence tells of executions, whatever somebody may have put beside it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.approvals.ticket import Cite
from gateway.errors import AlreadyExists, Unavailable
from gateway.evidence import approval_records
from gateway.evidence.approval_records import Binding
from gateway.recording import pieces
from gateway.recording.executions import Execution, Executions
from tests.builders.evidence import KEYS, NOON, Written, classified, outcome, prepared
from tests.fakes.evidence import FakeEvidenceStore, Fault

TICKET = "4bf92f3577b34da6a3ce929d0e0e4736"
CITE = Cite("journal/2026/11/23/0123456789abcdef/0.jsonl", 7, 4096)


async def test_a_name_is_taken_once_and_says_where_the_record_stands() -> None:
    executions = Executions(FakeEvidenceStore())
    assert await executions.find(TICKET) is None
    await executions.take(TICKET, CITE)
    with pytest.raises(AlreadyExists):
        await executions.take(TICKET, Cite("elsewhere", 1, 1))
    assert await executions.find(TICKET) == Execution(CITE)


async def test_what_cannot_be_read_is_not_taken_for_nothing() -> None:
    store = FakeEvidenceStore()
    await Executions(store).take(TICKET, CITE)
    store.faults.append(Fault.FAIL)
    with pytest.raises(Unavailable):
        await Executions(store).find(TICKET)


@pytest.mark.parametrize(
    ("content", "cite"),
    [
        (b"journal/2026/11/23/0123456789abcdef/0.jsonl 7\n", Cite(CITE.journal, 7, 0)),
        (b"", Cite("", 0, 0)),
        (b"\xff\xfe x y\n", Cite("\ufffd\ufffd", 0, 0)),
        (b"one -1 2\n", Cite("one", 0, 2)),
    ],
)
async def test_what_an_older_or_broken_name_says_is_read_as_far_as_it_goes(
    content: bytes, cite: Cite
) -> None:
    store = FakeEvidenceStore()
    store.blobs[f"executions/{TICKET}"] = content
    found = await Executions(store).find(TICKET)
    assert found == Execution(cite)


def executing(written: Written) -> Cite:
    """The intent of the ticket's execution, and where it stands."""
    binding = Binding("d" * 64, "n" * 32, NOON + timedelta(hours=1))
    offset, asked = written.head.offset, prepared(classified(TICKET), TICKET)
    seq = written.add(approval_records.executing(asked, binding, KEYS))
    return Cite(written.name, seq, offset)


@pytest.mark.parametrize("size", [100, 997, 4096, pieces.PIECE])
async def test_an_execution_and_its_end_are_found_wherever_pieces_end(
    size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pieces, "PIECE", size)
    store, first = FakeEvidenceStore(), Written()
    first.exchange("1" * 32)
    began = first.now
    cite = executing(first)
    first.exchange("2" * 32)
    first.close()
    after = Written(number=1, before=first.before, now=first.now)
    store.blobs |= {first.name: first.data, after.name: after.data}
    executions = Executions(store)
    await executions.take(TICKET, cite)
    known = Execution(cite, began)
    assert await executions.find(TICKET) == known

    after.exchange("3" * 32)
    after.add(approval_records.executed(outcome(cite.journal, cite.seq, TICKET), TICKET))
    # Under way: what is not whole is not there yet.
    store.blobs[after.name] = after.data[:-1]
    assert await executions.find(TICKET) == known
    store.blobs[after.name] = after.data
    assert await executions.find(TICKET) == replace(known, result="answered")
