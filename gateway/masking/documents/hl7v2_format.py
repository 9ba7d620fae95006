"""HL7 v2 in its ER7 encoding: fields by segment, text segments as free text.

Separators and escapes are those of chapter 2 of HL7 v2.5.1. A message, a batch (BHS … BTS) and a
file of batches (FHS … FTS) are segments one after another; each header may bring separators of its
own. Segments are masked many at a time: a name that the text of one introduces is masked in the
others too, and a value that comes again in the same field is judged once.
"""

import re
from collections.abc import Iterable, Mapping
from itertools import repeat
from typing import Final

from gateway.errors import Reason, Withheld
from gateway.masking.hl7v2.names import Names
from gateway.masking.hl7v2.segments import Segments
from gateway.masking.hl7v2.separators import Separators
from gateway.masking.hl7v2.values import Masking
from gateway.masking.memo import Entry, Joined, Memo, Place

BATCH: Final = 250
MAX_BATCH: Final = 2_500
"""Lines, those of segments and blank ones."""
MAX_FIELDS: Final = 4_096
MAX_PLACES: Final = 20_000
# Where readers may see the end of a segment: other line ends and the frame of MLLP (0x0b … 0x1c).
_ENDS = re.compile(
    "([\r\n]+|[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]+(?=[\r\n]|[A-Z][A-Z0-9]{2}[^\\w\\s]|\\Z))"
)
_OTHER_ENDS = re.compile("[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_HEADERS = frozenset({"MSH", "FHS", "BHS"})
_TRAILERS = {"BTS": "BHS", "FTS": "FHS"}
_NAME = re.compile(r"[A-Z][A-Z0-9]{2}\Z")
_LEADS = "\n\x0b\x1c"
_Waiting = Entry | Joined
_Row = tuple[str, list[str], str, list[tuple[int, _Waiting]]]
"""A separator, what it joins, the end of the line, and which of it becomes what."""


class Hl7v2Masker:
    """Masks the messages of one document."""

    def __init__(self, masking: Masking) -> None:
        self._masking = masking
        self._memo = Memo(masking.payload, masking.walk)
        self._separators: Separators | None = None
        self._opened: dict[str, Separators | None] = {}
        self._tables: dict[Separators, Segments] = {}
        self._segments: Segments | None = None
        self._rows: list[_Row] = []
        self._done: list[str] = []

    def document(self, body: bytes) -> bytes:
        """All segments, masked; line ends stay as they are.

        Raises:
            Withheld: a message does not start with a header, or a segment has no name.
        """
        lines, ends = _lines(body.decode("utf-8"))
        Names(self._masking).learn(line.lstrip(_LEADS) for line in lines)
        for line, end in zip(lines, ends, strict=False):
            if line and not line.isspace():
                self._line(line, end)
            else:
                self._rows.append(("", [line], end, []))
        self._write()
        self._memo.forget()
        return "".join(self._done).encode()

    def _line(self, line: str, end: str) -> None:
        text = line.lstrip(_LEADS)
        name = text[:3]
        size = len(self._rows)
        if size >= BATCH and (name in _HEADERS or size >= MAX_BATCH):
            self._write()
        if name in _HEADERS or name in _TRAILERS:
            self._turn(name, text)
        separators, segments = self._separators, self._segments
        if separators is None or segments is None or text[3:4] not in ("", separators.field):
            raise _unreadable()
        fields = text.split(separators.field)
        if len(fields) > MAX_FIELDS or not (name in segments or _NAME.match(name)):
            raise _unreadable()
        if name in {"MSH", "PID"}:
            self._follow(name, fields, separators)
        waiting = self._judge(fields, segments.places(name, fields))
        # What may stand before a name stays: 0x0b begins a message in MLLP.
        if text is not line:
            fields[0] = line[: len(line) - len(text)] + fields[0]
        self._rows.append((separators.field, fields, end, waiting))

    def _judge(self, fields: list[str], places: Mapping[int, Place]) -> list[tuple[int, _Waiting]]:
        """Mask what can be masked at once; what is known when the memo settles, by its index."""
        waiting: list[tuple[int, _Waiting]] = []
        for index, value in enumerate(fields):
            if not value:
                continue
            place = places[index]
            entry = place.entries.get(value)
            if entry is not None:
                entry.repeats += 1
                waiting.append((index, entry))
                continue
            cell = self._memo.judged(place, value)
            if isinstance(cell, str):
                fields[index] = cell
            else:
                waiting.append((index, cell))
        return waiting

    def _turn(self, name: str, text: str) -> None:
        """Take the separators of a header, or those that hold again behind a trailer."""
        if name in _HEADERS:
            self._separators = self._opened[name] = Separators.of(text)
        else:
            # A message within may have had others.
            self._separators = self._opened.get(_TRAILERS[name])
        separators = self._separators
        if separators is not None:
            self._segments = self._tables.get(separators)
            if self._segments is None:
                made = Segments(self._masking, self._memo, separators)
                self._segments = self._tables[separators] = made

    def _follow(self, name: str, fields: list[str], separators: Separators) -> None:
        """Whose the next segments are: PID-3 says it, a new message ends it."""
        number = fields[3] if name == "PID" and len(fields) > 3 else ""  # noqa: PLR2004
        patient = number.split(separators.repetition)[0].split(separators.component)[0]
        payload = self._masking.payload
        payload.about(patient)
        if payload.shifts:  # dates are judged by whose they are
            self._write()
            self._memo.forget()
            self._masking.rules.patient(patient)

    def _write(self) -> None:
        """Mask what has been gathered."""
        self._masking.payload.check()
        rows = self._rows
        self._memo.settle(cell for *_, waiting in rows for _, cell in waiting)
        for separator, fields, end, waiting in rows:
            for index, cell in waiting:
                fields[index] = cell.text
            self._done += (separator.join(fields), end)
        rows.clear()
        if sum(segments.size for segments in self._tables.values()) > MAX_PLACES:
            self._memo.forget()
            for segments in self._tables.values():
                segments.clear()


def _lines(text: str) -> tuple[list[str], Iterable[str]]:
    """The lines of a document, and the end of each."""
    end = next((end for end in ("\r\n", "\r", "\n") if end in text), "\r")
    lines = text.split(end)
    # Nearly all documents have one kind of end, and no blank lines.
    plain = "".join(lines) if end == "\r\n" else text
    other = {"\r\n": "\r", "\r": "\n", "\n": "\r"}[end]
    if "" in lines[:-1] or other in plain or _OTHER_ENDS.search(text):
        parts = _ENDS.split(text)
        return parts[::2], [*parts[1::2], ""]
    return lines, [*repeat(end, len(lines) - 1), ""]


def _unreadable() -> Withheld:
    return Withheld(
        "The content is not an HL7 v2 message that can be read.", reason=Reason.MASKING_FAILED
    )
