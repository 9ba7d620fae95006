"""What the evidence tells of executions, whatever somebody may have put beside it."""

import pytest

from gateway.approvals.ticket import Cite
from gateway.errors import AlreadyExists, Unavailable
from gateway.recording.executions import Execution, Executions
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
