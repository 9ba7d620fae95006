"""Every record is in the log once, whatever crashes, races and losses come in between."""

import asyncio
import random
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import StoreError, StoreUnavailable
from gateway.evidence.findings import Kind
from gateway.evidence.log import BATCHES, parse_batch
from gateway.evidence.verify import verify
from gateway.model.signals import Signal
from gateway.recording.log_state import HEAD
from gateway.recording.merkle_log import LOOKBACK, LogBounds
from tests.builders.evidence import Written, finished
from tests.builders.log import LogScene
from tests.fakes.evidence import FakeEvidenceStore, Fault

A, B, C = "a" * 16, "b" * 16, "c" * 16
SMALL = LogBounds(bytes=4096, step=512)


async def test_what_journals_gain_goes_into_batches_in_order() -> None:
    scene = LogScene()
    first, second = finished(2, A), Written(writer=B)
    scene.lay(first, second)
    log = scene.notary().log
    await log.advance()
    second.exchange("9" * 32)
    scene.lay(second)
    await log.advance()
    await log.advance()

    names = scene.below(BATCHES)
    batches = [parse_batch(name, scene.store.blobs[name]) for name in names]
    assert [(batch.first, batch.edge.size) for batch in batches] == [(0, 7), (7, 9)]
    assert [(str(span.journal), span.seq, span.count) for span in batches[0].spans] == [
        (first.name, 0, 6),
        (second.name, 0, 1),
    ]
    assert batches[0].spans[0].after.closed
    assert [(span.seq, span.count) for span in batches[1].spans] == [(1, 2)]


async def test_a_cut_record_that_a_fence_declares_is_no_leaf() -> None:
    scene = LogScene()
    written = Written(writer=A)
    torn = b'{"half":'
    whole = written.data
    head = written.head
    written.lines.append(torn + b"\n")
    written.close(by=B, torn=len(torn), head=replace(head, offset=len(whole) + len(torn) + 1))
    scene.lay(written)
    notary = scene.notary()
    await notary.attest()

    report = verify(scene.entries())
    assert {finding.kind for finding in report.findings} == {Kind.INCOMPLETE}
    assert report.signatures is not None
    assert report.signatures.leaves == report.records == 2


async def test_a_changed_journal_is_signalled_once_and_holds_up_no_other() -> None:
    scene = LogScene()
    bad, good = finished(2, A), finished(1, B)
    scene.lay(bad, good)
    data = bytearray(bad.data)
    data[len(bad.lines[0]) + 20] ^= 1
    scene.store.blobs[bad.name] = bytes(data)
    log = scene.notary().log
    for _ in range(3):
        with pytest.raises(StoreError, match="1 cannot be followed"):
            await log.advance()

    assert [value for _, value in scene.heard.of(Signal.VERIFICATION_FAILED)] == [1]
    report = verify(scene.entries())
    assert report.signatures is not None
    # The changed line shows only by the one after it, as `prev` covers the line before.
    assert report.signatures.leaves == 2 + len(good.lines)
    assert Kind.INVALID in {finding.kind for finding in report.findings}


async def test_a_journal_that_cannot_be_read_now_is_taken_later() -> None:
    scene = LogScene(FakeEvidenceStore(faulty=["read"]))
    scene.lay(finished(1, A), finished(1, B))
    log = scene.notary().log
    # The batch that is not there is looked for first.
    scene.store.faults.extend([Fault.NONE, Fault.FAIL])
    with pytest.raises(StoreUnavailable, match="1 journal"):
        await log.advance()
    await log.advance()
    assert [finding.kind for finding in verify(scene.entries()).findings] == [Kind.UNSIGNED] * 2


@pytest.mark.parametrize("lost", ["log/", HEAD, "log/1/"])
async def test_state_that_is_lost_or_set_back_puts_nothing_into_the_log_twice(lost: str) -> None:
    scene = LogScene()
    first, second = finished(3, A), Written(writer=B)
    scene.lay(first, second)
    notary = scene.notary(SMALL)
    await notary.attest()
    early = dict(scene.state.blobs)
    for number in range(4):
        second.exchange(f"{number:032x}")
        scene.lay(second)
        await notary.attest()
    for name in list(scene.state.blobs):
        if name.startswith(lost):
            del scene.state.blobs[name]
    await notary.attest()
    scene.state.blobs = early
    second.close()
    scene.lay(second)
    for _ in range(8):
        await notary.attest()

    report = verify(scene.entries())
    assert (report.findings, report.signature) == ((), "signed")


async def test_a_batch_that_is_none_stops_the_log_and_is_signalled() -> None:
    scene = LogScene()
    scene.lay(finished(1, A))
    scene.store.blobs[f"{BATCHES}{0:020d}.json"] = b"{}"
    with pytest.raises(StoreError, match="batch"):
        await scene.notary().log.advance()
    assert [value for _, value in scene.heard.of(Signal.VERIFICATION_FAILED)] == [1]


async def test_days_that_are_done_are_not_listed_again() -> None:
    scene = LogScene()
    scene.lay(finished(1, A))
    log = scene.notary().log
    await log.advance()
    scene.clock.advance(LOOKBACK + timedelta(days=3))
    await log.advance()
    scene.store.calls.clear()
    await log.advance()
    listed = [name for kind, name in scene.store.calls if kind == "list"]
    assert "journal/2026/08/03/" not in listed
    assert "journal/" not in listed
    assert listed


@given(
    st.integers(0, 2**32), st.integers(1, 3), st.lists(st.sampled_from(list(Fault)), max_size=60)
)
async def test_crashes_and_races_leave_every_record_in_the_log_once(
    seed: int, processes: int, faults: list[Fault]
) -> None:
    """Random growth, several notaries at once without the lease's help, failures of both stores."""
    draw = random.Random(seed)  # noqa: S311 - a test's dice
    scene = LogScene(FakeEvidenceStore(faults, faulty=["read", "put", "list"]))
    journals = [Written(writer=writer) for writer in (A, B, C)]
    notaries = [scene.notary(SMALL) for _ in range(processes)]
    for _ in range(6):
        for written in journals:
            for _ in range(draw.randrange(3)):
                written.exchange(f"{draw.getrandbits(128):032x}")
        cut = [(written, draw.randrange(len(written.data) + 1)) for written in journals]
        for written, size in cut:
            before = scene.store.blobs.get(written.name, b"")
            scene.store.blobs[written.name] = max(before, written.data[:size], key=len)
        if draw.random() < 0.3:
            scene.state.fail_next()
        if draw.random() < 0.2:
            scene.state.blobs.clear()
        runs = [notary.log.advance() for notary in notaries]
        results = await asyncio.gather(*runs, return_exceptions=True)
        assert all(error is None or isinstance(error, StoreError) for error in results)
        scene.clock.advance(60)
    scene.store.faults.clear()
    scene.state.failures.clear()
    for written in journals:
        written.close()
        scene.lay(written)
    for _ in range(60):
        await notaries[0].attest()
        scene.clock.advance(60)

    report = verify(scene.entries())
    assert (report.findings, report.signature) == ((), "signed")
    assert report.signatures is not None
    assert report.signatures.leaves == sum(len(written.lines) for written in journals)
