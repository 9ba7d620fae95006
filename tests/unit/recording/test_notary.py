"""Checkpoints: of what was read back, by the key in force, and no request waits for them."""

from datetime import timedelta

import pytest

from gateway.errors import StoreError, StoreUnavailable, Unavailable
from gateway.evidence.log import BATCHES, CHECKPOINTS, KEYS, Batch, parse_batch
from gateway.evidence.merkle import Edge, leaf
from gateway.evidence.note import parse
from gateway.evidence.signing_keys import read_keys
from gateway.evidence.verify import verify
from gateway.model.signals import Signal
from tests.builders.evidence import Written, finished
from tests.builders.log import ORIGIN, LogScene
from tests.fakes.evidence import FakeEvidenceStore, Fault

A, B = "a" * 16, "b" * 16


async def test_a_checkpoint_signs_the_root_with_the_key_that_is_published() -> None:
    scene = LogScene()
    written = finished(2, A)
    scene.lay(written)
    await scene.notary().attest()

    (name,) = scene.below(CHECKPOINTS)
    assert name == f"log/checkpoints/2026/08/03/120000-{6:020d}.note"
    note = parse(scene.store.blobs[name])
    assert (note.checkpoint.origin, note.checkpoint.size) == (ORIGIN, 6)
    assert note.checkpoint.at == "2026-08-03T12:00:00.000000Z"
    leaves = [leaf(line.removesuffix(b"\n")) for line in written.lines]
    assert note.checkpoint.root == Edge().extended(leaves).root
    (published,) = scene.below(KEYS)
    (key,) = read_keys(scene.store.blobs[published])
    assert published == f"log/keys/{key.kid}.json"
    assert key.verifies(note.checkpoint.text, note.signatures[0].value)


async def test_what_is_signed_is_not_signed_again_but_once_an_hour() -> None:
    scene = LogScene()
    scene.lay(finished(1, A))
    notary = scene.notary()
    for _ in range(61):
        await notary.attest()
        scene.clock.advance(60)
    assert len(scene.below(CHECKPOINTS)) == 2
    assert verify(scene.entries()).signature == "signed"


async def test_an_empty_log_is_not_signed() -> None:
    scene = LogScene()
    await scene.notary().attest()
    assert scene.below("log/") == []


async def test_a_key_outage_keeps_batches_coming_and_one_checkpoint_covers_them_later() -> None:
    scene = LogScene()
    written = Written(writer=A)
    scene.signer.outage = True
    notary = scene.notary()
    for number in range(3):
        written.exchange(f"{number:032x}")
        scene.lay(written)
        with pytest.raises(Unavailable):
            await notary.attest()
        scene.clock.advance(60)
    assert len(scene.below(BATCHES)) == 3
    assert scene.below(CHECKPOINTS) == []
    scene.signer.outage = False
    written.close()
    scene.lay(written)
    await notary.attest()

    assert len(scene.below(CHECKPOINTS)) == 1
    assert verify(scene.entries()).signature == "signed"


async def test_a_rotated_key_signs_from_then_on_and_the_earlier_one_still_verifies() -> None:
    scene = LogScene()
    written = Written(writer=A)
    scene.lay(written)
    notary = scene.notary()
    await notary.attest()
    old = await scene.signer.key()
    scene.signer.rotate()
    written.close()
    scene.lay(written)
    scene.clock.advance(60)
    await notary.attest()
    new = await scene.signer.key()

    report = verify(scene.entries())
    assert report.signatures is not None
    assert report.signatures.keys == tuple(sorted({old.kid, new.kid}))
    assert (report.signatures.checkpoints, report.findings) == (2, ())
    assert verify(scene.entries(), keys=(old, new)).signature == "signed"
    # Who knows the new key alone is told of checkpoints of another.
    assert [finding.message for finding in verify(scene.entries(), keys=(new,)).findings] == [
        "not signed with a key that was given"
    ]


async def test_a_second_instance_does_nothing_while_the_first_has_the_lease() -> None:
    scene = LogScene()
    scene.lay(finished(1, A))
    lease = await scene.state.lease("log/lease", 60)
    assert lease is not None
    await scene.notary().attest()
    assert scene.below("log/") == []
    scene.clock.advance(timedelta(seconds=61))
    await scene.notary().attest()
    assert len(scene.below(CHECKPOINTS)) == 1


async def test_a_batch_that_does_not_fit_the_journals_is_signalled_and_nothing_is_signed() -> None:
    scene = LogScene()
    scene.lay(finished(1, A))
    notary = scene.notary()
    await notary.log.advance()
    (name,) = scene.below(BATCHES)
    good = parse_batch(name, scene.store.blobs[name])
    forged = Edge().extended([leaf(b"x")] * good.edge.size)
    scene.store.blobs[name] = Batch(0, good.at, good.spans, forged).encoded
    for _ in range(2):
        with pytest.raises(StoreError, match="nothing more is signed"):
            await notary.attest()

    assert scene.below(CHECKPOINTS) == []
    assert [value for _, value in scene.heard.of(Signal.VERIFICATION_FAILED)] == [2]


async def test_a_batch_whose_journal_is_gone_or_cut_is_not_signed() -> None:
    for cut in (None, 300):
        scene = LogScene()
        written = finished(1, A)
        scene.lay(written)
        notary = scene.notary()
        await notary.log.advance()
        if cut is None:
            del scene.store.blobs[written.name]
        else:
            scene.store.blobs[written.name] = written.data[:cut]
        with pytest.raises(StoreError, match="nothing more is signed"):
            await notary.attest()
        assert scene.below(CHECKPOINTS) == []


async def test_journals_that_cannot_be_read_back_now_are_no_finding() -> None:
    scene = LogScene(FakeEvidenceStore(faulty=["read"]))
    scene.lay(finished(1, A))
    notary = scene.notary()
    await notary.log.advance()
    # Two batches are looked for, one is read, and then the journal.
    scene.store.faults.extend([Fault.NONE] * 3 + [Fault.FAIL])
    with pytest.raises(StoreUnavailable):
        await notary.attest()
    assert scene.heard.of(Signal.VERIFICATION_FAILED) == []
    await notary.attest()
    assert len(scene.below(CHECKPOINTS)) == 1


@pytest.mark.parametrize("fault", [Fault.FAIL, Fault.LOST, Fault.RETRIED])
async def test_a_checkpoint_or_key_whose_answer_is_lost_is_written_again_or_found(
    fault: Fault,
) -> None:
    for position in range(3):
        scene = LogScene(FakeEvidenceStore([Fault.NONE] * position + [fault], faulty=["put"]))
        scene.lay(finished(1, A))
        notary = scene.notary()
        for _ in range(3):
            try:
                await notary.attest()
            except StoreUnavailable:
                scene.clock.advance(60)
        assert verify(scene.entries()).signature == "signed"


async def test_a_journal_that_cannot_be_followed_does_not_keep_the_rest_from_being_signed() -> None:
    scene = LogScene()
    bad, good = finished(1, A), finished(1, B)
    scene.lay(bad, good)
    scene.store.blobs[bad.name] = b"{}\n" + bad.data
    with pytest.raises(StoreError, match="cannot be followed"):
        await scene.notary().attest()
    (name,) = scene.below(CHECKPOINTS)
    assert parse(scene.store.blobs[name]).checkpoint.size == len(good.lines)
