"""Checkpoints as text: one form for each, and none for anything else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.evidence.note import Checkpoint, Note, NoteInvalid, NoteSignature, parse

AT = "2026-08-03T12:00:00.000000Z"
GOOD = Note(
    Checkpoint("log.example/evidence", 3, b"r" * 32, AT),
    (NoteSignature("log.example/evidence", b"kkkk", b"signature"),),
)
names = st.text(
    st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="+"), min_size=1
)
signatures = st.builds(
    NoteSignature, names, st.binary(min_size=4, max_size=4), st.binary(min_size=1, max_size=80)
)


def test_the_text_is_that_of_the_specification() -> None:
    assert GOOD.encoded.decode() == (
        "log.example/evidence\n3\ncnJycnJycnJycnJycnJycnJycnJycnJycnJycnJycnI=\n"
        f"time {AT}\n\n\N{EM DASH} log.example/evidence a2tra3NpZ25hdHVyZQ==\n"
    )


@given(
    names,
    st.integers(0, 10**16 - 1),
    st.binary(min_size=32, max_size=32),
    st.lists(signatures, min_size=1, max_size=16),
)
def test_what_is_written_is_read_again(
    origin: str, size: int, root: bytes, signed: list[NoteSignature]
) -> None:
    note = Note(Checkpoint(origin, size, root, AT), tuple(signed))
    assert parse(note.encoded) == note


@given(st.binary())
def test_bytes_that_are_no_note_are_refused(data: bytes) -> None:
    with pytest.raises(NoteInvalid):
        parse(data)


@given(st.integers(0, len(GOOD.encoded) - 1), st.integers(0, 255))
def test_a_changed_byte_gives_another_note_or_none(at: int, value: int) -> None:
    data = bytearray(GOOD.encoded)
    data[at] = value
    try:
        found = parse(bytes(data))
    except NoteInvalid:
        return
    assert found.encoded == bytes(data)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("\n3\n", "\n03\n"),
        ("\n3\n", "\n-3\n"),
        ("\n3\n", "\n\N{ARABIC-INDIC DIGIT THREE}\n"),
        ("log.example/evidence\n", "log example\n"),
        ("log.example/evidence\n", "log+example\n"),
        ("time ", "later "),
        ("\n\n", "\n"),
        ("\N{EM DASH}", "-"),
        ("a2tra3NpZ25hdHVyZQ==", "a2tra3NpZ25hdHVyZR=="),
        ("a2tra3NpZ25hdHVyZQ==", "a2tr"),
        ("==\n", "=="),
    ],
)
def test_forms_that_a_lenient_reader_would_take_are_refused(old: str, new: str) -> None:
    text = GOOD.encoded.decode()
    assert old in text
    with pytest.raises(NoteInvalid):
        parse(text.replace(old, new, 1).encode())


def test_too_many_signatures_and_too_many_bytes_are_refused() -> None:
    with pytest.raises(NoteInvalid, match="too often"):
        parse(Note(GOOD.checkpoint, GOOD.signatures * 17).encoded)
    with pytest.raises(NoteInvalid, match="64 KiB"):
        parse(b"x" * 70_000)


@pytest.mark.parametrize(
    "checkpoint",
    [
        Checkpoint("", 1, b"r" * 32, AT),
        Checkpoint("a b", 1, b"r" * 32, AT),
        Checkpoint("log", -1, b"r" * 32, AT),
        Checkpoint("log", 1, b"r", AT),
        Checkpoint("log", 1, b"r" * 32, "now\n"),
    ],
)
def test_parts_that_make_no_checkpoint_are_refused(checkpoint: Checkpoint) -> None:
    with pytest.raises(ValueError, match="checkpoint"):
        _ = checkpoint.text
