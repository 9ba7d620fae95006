"""What somebody who can replace files might do to log and journals, and how each shows."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.evidence.findings import Kind, Verdict
from gateway.evidence.log import BATCHES, CHECKPOINTS, KEYS, Batch, parse_batch
from gateway.evidence.merkle import Edge
from gateway.evidence.note import Note, NoteSignature, parse
from gateway.evidence.signing_keys import read_keys
from gateway.evidence.verify import Verification, verify
from tests.builders.evidence import NOON, Written, finished
from tests.builders.log import ORIGIN, LogScene

A, B = "a" * 16, "b" * 16
Blobs = dict[str, bytes]


async def scene_of(turns: int = 3, seconds: int = 60) -> LogScene:
    """A finished journal and a growing one, a batch and a checkpoint for each turn."""
    scene = LogScene()
    growing = Written(writer=B)
    scene.lay(finished(2, A))
    notary = scene.notary()
    for number in range(turns):
        growing.now = scene.clock.now()
        growing.exchange(f"{number:032x}")
        if number == turns - 1:
            growing.close()
        scene.lay(growing)
        await notary.attest()
        scene.clock.advance(seconds)
    return scene


def found(blobs: Blobs, **more: object) -> list[tuple[str, str]]:
    report = verify(sorted(blobs.items()), **more)  # type: ignore[arg-type]
    return [(finding.kind.value, finding.message) for finding in report.findings]


async def test_everything_is_signed() -> None:
    scene = await scene_of()
    report = verify(scene.entries())

    assert (report.verdict, report.signature, report.findings) == (Verdict.CONSISTENT, "signed", ())
    assert report.signatures is not None
    assert report.signatures.leaves == report.signatures.signed == report.records == 14
    assert (report.signatures.checkpoints, report.signatures.trusted) == (3, False)
    assert report.signatures.newest == "2026-08-03T12:02:00.000000Z"
    trusted = verify(scene.entries(), keys=(await scene.signer.key(),))
    assert trusted.signatures is not None
    assert (trusted.signature, trusted.signatures.trusted) == ("signed", True)


async def test_a_journal_that_was_recomputed_as_a_whole_shows() -> None:
    scene = await scene_of()
    (name,) = (name for name in scene.store.blobs if A in name)
    forged = Written(writer=A)
    forged.exchange("f" * 32)
    forged.exchange("e" * 32)
    forged.close()
    assert not verify([(name, forged.data)]).findings, "the chain alone does not show it"
    blobs = scene.store.blobs | {name: forged.data}

    assert found(blobs) == [("invalid", "the record with seq 5 is not the one that the log has")]


async def test_a_tail_that_was_cut_shows_and_so_does_a_journal_that_is_gone() -> None:
    scene = await scene_of()
    (name,) = (name for name in scene.store.blobs if B in name)
    lines = scene.store.blobs[name].splitlines(keepends=True)
    cut = scene.store.blobs | {name: b"".join(lines[:-1])}
    assert ("missing", "the log has 8 record(s) of it, and it holds 7: cut") in found(cut)
    gone = {other: data for other, data in scene.store.blobs.items() if other != name}
    assert found(gone) == [("missing", "in the log, and not here")]
    assert found(gone, partial=True) == [("incomplete", "in the log, and not here")]


@pytest.mark.parametrize("minutes", [-60, 60])
async def test_a_journal_that_was_planted_is_not_signed(minutes: int) -> None:
    scene = await scene_of()
    planted = finished(1, "f" * 16, NOON + timedelta(minutes=minutes))
    blobs = scene.store.blobs | {planted.name: planted.data}
    report = verify(sorted(blobs.items()))
    assert [finding.kind for finding in report.findings] == [Kind.UNSIGNED]
    assert (report.verdict, report.signature) == (Verdict.INDETERMINATE, "partly")


async def test_without_the_newest_checkpoint_the_rest_is_not_signed() -> None:
    scene = await scene_of(seconds=3600)
    newest = scene.below(CHECKPOINTS)[-1]
    del scene.store.blobs[newest]
    assert found(scene.store.blobs) == [
        ("unsigned", "3 record(s) at the end that no signed checkpoint covers")
    ]


@pytest.mark.parametrize(("seconds", "faults"), [(599, 0), (600, 1)])
async def test_the_records_since_the_last_checkpoint_are_signed_in_part(
    seconds: int, faults: int
) -> None:
    scene = await scene_of()
    signed = datetime.fromisoformat("2026-08-03T12:02:00Z")
    late = Written(writer="e" * 16, now=signed + timedelta(seconds=seconds))
    late.close()
    report = verify(sorted((scene.store.blobs | {late.name: late.data}).items()))
    assert len(report.findings) == faults
    assert report.signature == "partly"
    assert report.verdict is (Verdict.INDETERMINATE if faults else Verdict.CONSISTENT)


async def test_without_any_log_it_is_unsigned_and_refused_where_keys_are_given() -> None:
    scene = await scene_of()
    key = await scene.signer.key()
    bare = {name: data for name, data in scene.store.blobs.items() if name.startswith("journal/")}
    report = verify(sorted(bare.items()))
    assert (report.verdict, report.signature, report.signatures) == (0, "unsigned", None)
    assert ("missing", "no checkpoint here is signed with a key that was given") in found(
        bare, keys=(key,)
    )


async def test_a_log_that_was_cut_shows_against_a_checkpoint_that_was_kept() -> None:
    scene = await scene_of()
    kept = scene.store.blobs[scene.below(CHECKPOINTS)[-1]]

    verification = Verification((await scene.signer.key(),))
    verification.remember("kept.note", kept)
    for name, data in scene.entries():
        if name not in {scene.below(BATCHES)[-1], scene.below(CHECKPOINTS)[-1]}:
            verification.add(name, data)
    messages = {finding.journal: finding for finding in verification.report().findings}
    assert messages["kept.note"].kind is Kind.MISSING
    assert "signs 14 records, and the log here has 11" in messages["kept.note"].message


async def test_forged_notes_are_refused_each_for_its_reason() -> None:
    scene = await scene_of()
    name = scene.below(CHECKPOINTS)[0]
    note = parse(scene.store.blobs[name])
    line = note.signatures[0]
    stranger = LogScene()
    signed = await stranger.signer.sign(note.checkpoint.text)
    cases: dict[str, tuple[Note, str]] = {
        "another signature": (
            Note(note.checkpoint, (NoteSignature(ORIGIN, line.key_id, signed.value),)),
            "the signature does not fit: forged or changed",
        ),
        "another key": (
            Note(note.checkpoint, (NoteSignature(ORIGIN, signed.key.key_id, signed.value),)),
            "signed with a key that is not here",
        ),
        "another name": (
            Note(note.checkpoint, (NoteSignature("other", line.key_id, line.value),)),
            "signed with a key that is not here",
        ),
    }
    for forged, message in cases.values():
        blobs = scene.store.blobs | {name: forged.encoded}
        assert [text for _, text in found(blobs)] == [message]
    published = f"{KEYS}{signed.key.kid}.json"
    own = scene.store.blobs | {
        name: cases["another key"][0].encoded,
        published: signed.key.published,
    }
    report = verify(sorted(own.items()))
    assert report.signatures is not None
    assert len(report.signatures.keys) == 2, "both keys are named, for who compares them"
    assert found(own, keys=(await scene.signer.key(),)) == [
        ("invalid", "not signed with a key that was given")
    ]


async def test_a_checkpoint_of_another_root_shows_although_its_signature_is_good() -> None:
    scene = await scene_of(1)
    other = LogScene(signer=scene.signer)
    other.lay(finished(3, A), finished(0, B))
    other.clock.advance(1)
    await other.notary().attest()
    (foreign,) = other.below(CHECKPOINTS)
    same = [text for _, text in found(scene.store.blobs | {foreign: other.store.blobs[foreign]})]
    assert same == ["signs another root than that of the log"]


async def test_batches_that_are_left_out_doubled_or_changed_show() -> None:
    scene = await scene_of()
    first, second, third = scene.below(BATCHES)
    blobs = scene.store.blobs

    without = {name: data for name, data in blobs.items() if name != second}
    assert ("missing", "follows 11 records, and the batches before it hold 9") in found(without)
    batch = parse_batch(second, blobs[second])
    moved = Batch(10, batch.at, batch.spans, Edge(12, tuple([b"x" * 32] * 2)))
    assert ("invalid", "records of a journal twice, or left out") in found(
        blobs | {moved.name: moved.encoded}
    )
    forged = Batch(batch.first, batch.at, batch.spans, Edge(11, tuple([b"x" * 32] * 3)))
    assert ("invalid", "root: not that of the records") in found(blobs | {second: forged.encoded})
    assert ("invalid", "not a batch of version 1") in found(blobs | {third: b"{}"})
    assert ("invalid", "not the batch of this name") in found(blobs | {third: blobs[first]})


@pytest.mark.parametrize(
    "name", ["log/other", f"{BATCHES}1.json", f"{CHECKPOINTS}x.note", f"{KEYS}short.json"]
)
async def test_names_that_are_not_the_logs_are_invalid(name: str) -> None:
    scene = await scene_of(1)
    assert ("invalid", "the name is not one of the log's") in found(scene.store.blobs | {name: b""})


async def test_a_key_under_anothers_name_is_invalid() -> None:
    scene = await scene_of(1)
    stranger = await LogScene().signer.key()
    (name,) = scene.below(KEYS)
    assert ("invalid", "not the key that the name is the thumbprint of") in found(
        scene.store.blobs | {name: stranger.published}
    )


async def test_what_cannot_be_read_is_unreadable() -> None:
    scene = await scene_of(1)
    entries: list[tuple[str, bytes | None]] = list(scene.entries())
    entries = [(name, None if name.startswith(KEYS) else data) for name, data in entries]
    kinds = {finding.kind for finding in verify(entries).findings}
    assert Kind.UNREADABLE in kinds


def _bits(data: bytes, at: int) -> bytes:
    changed = bytearray(data)
    changed[at // 8 % len(data)] ^= 1 << at % 8
    return bytes(changed)


@given(st.integers(0, 2**16), st.integers(0, 2**16))
async def test_one_changed_bit_anywhere_shows(which: int, bit: int) -> None:
    scene = await scene_of()
    names = sorted(scene.store.blobs)
    name = names[which % len(names)]
    changed = _bits(scene.store.blobs[name], bit)
    blobs = scene.store.blobs | {name: changed}
    assert found(blobs) or _says_the_same(name, scene.store.blobs[name], changed)


def _says_the_same(name: str, before: bytes, after: bytes) -> bool:
    """Whether only hints differ, which nothing rests on: sources of keys, times and offsets."""
    if name.startswith(KEYS):
        return [key.kid for key in read_keys(before)] == [key.kid for key in read_keys(after)]
    old, new = parse_batch(name, before), parse_batch(name, after)
    return (old.first, old.edge) == (new.first, new.edge) and [
        (span.journal, span.seq, span.count, span.after.tip) for span in old.spans
    ] == [(span.journal, span.seq, span.count, span.after.tip) for span in new.spans]
