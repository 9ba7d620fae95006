"""Checkpoints: what the log was at a moment, signed, in the text form of C2SP.

A checkpoint is a signed note (https://c2sp.org/signed-note) whose text has the lines of
https://c2sp.org/tlog-checkpoint: origin, number of leaves, root in base64. One extension line
follows, `time {moment}`: without it nobody could tell an idle log from one that was cut.
Signatures are ECDSA over P-256 with SHA-256 (type 0x02), in DER.
"""

import base64
import binascii
import re
from dataclasses import dataclass
from typing import Final

_TEXT: Final = re.compile(
    r"(?P<origin>[!-*,-~]{1,256})\n(?P<size>0|[1-9]\d{0,15})\n(?P<root>[A-Za-z0-9+/]{43}=)\n"
    r"time (?P<at>\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}Z)\n",
    re.ASCII,
)
_SIGNATURE: Final = re.compile(
    r"\N{EM DASH} (?P<name>[!-*,-~]{1,256}) (?P<value>[A-Za-z0-9+/]+={0,2})"
)
_KEY_ID: Final = 4
MAX_BYTES: Final = 64 * 1024
MAX_SIGNATURES: Final = 16


class NoteInvalid(Exception):
    """Bytes that are no checkpoint; says why, without quoting them."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What is signed.

    Attributes:
        origin: names the log.
        size: leaves in it.
        root: over them, 32 bytes.
        at: when it was signed, as in records.
    """

    origin: str
    size: int
    root: bytes
    at: str

    @property
    def text(self) -> bytes:
        """The bytes that a signature covers.

        Raises:
            ValueError: the parts do not make a checkpoint.
        """
        root = base64.b64encode(self.root).decode()
        text = f"{self.origin}\n{self.size}\n{root}\ntime {self.at}\n"
        if not _TEXT.fullmatch(text):
            raise ValueError("the parts do not make a checkpoint")
        return text.encode()


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """One signature line: the key's name, the first four bytes of its id, and the DER."""

    name: str
    key_id: bytes
    value: bytes


@dataclass(frozen=True, slots=True)
class Note:
    """A checkpoint with the signatures under it; parsed, not verified."""

    checkpoint: Checkpoint
    signatures: tuple[NoteSignature, ...]

    @property
    def encoded(self) -> bytes:
        """The note's bytes."""
        lines = [
            f"\N{EM DASH} {one.name} {base64.b64encode(one.key_id + one.value).decode()}\n"
            for one in self.signatures
        ]
        return self.checkpoint.text + b"\n" + "".join(lines).encode()


def parse(data: bytes) -> Note:
    """The note in these bytes.

    Raises:
        NoteInvalid: it is none, or too large.
    """
    if len(data) > MAX_BYTES:
        raise NoteInvalid("a note of more than 64 KiB")
    try:
        text, separator, rest = data.decode("utf-8").rpartition("\n\n")
    except UnicodeDecodeError:
        raise NoteInvalid("not UTF-8") from None
    match = _TEXT.fullmatch(f"{text}\n")
    if not separator or match is None:
        raise NoteInvalid("not the text of a checkpoint")
    lines = rest.split("\n")
    if lines.pop() or not 0 < len(lines) <= MAX_SIGNATURES:
        raise NoteInvalid("not signed, or signed too often")
    checkpoint = Checkpoint(
        match["origin"], int(match["size"]), _decoded(match["root"]), match["at"]
    )
    note = Note(checkpoint, tuple(_signature(line) for line in lines))
    if note.encoded != data:
        raise NoteInvalid("not in the one form that a note has")
    return note


def _signature(line: str) -> NoteSignature:
    if (match := _SIGNATURE.fullmatch(line)) is None:
        raise NoteInvalid("a signature line that is none")
    value = _decoded(match["value"])
    if len(value) <= _KEY_ID:
        raise NoteInvalid("a signature line without a signature")
    return NoteSignature(match["name"], value[:_KEY_ID], value[_KEY_ID:])


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise NoteInvalid("base64 that is none") from None
