"""HL7 v2 in its ER7 encoding: fields by segment, text segments as free text.

Separators and escapes are those of chapter 2 of HL7 v2.5.1. A message, a batch (BHS … BTS) and a
file of batches (FHS … FTS) are segments one after another; each header may bring separators of its
own. Segments are masked many at a time: a name that the text of one introduces is masked in the
others too, and a value that comes again in the same field is judged once.
"""

import re
from typing import Final

from gateway.errors import Reason, Withheld
from gateway.masking.field_names import UNKNOWN, Field
from gateway.masking.hl7v2_fields import TYPED, asked
from gateway.masking.hl7v2_names import Names
from gateway.masking.hl7v2_separators import Separators
from gateway.masking.hl7v2_values import ENCAPSULATED, FieldValues, Masking
from gateway.masking.memo import Entry, Memo, Place

BATCH: Final = 500
MAX_BATCH: Final = 5_000
MAX_FIELDS: Final = 4_096
MAX_PLACES: Final = 20_000
# Where readers may see the end of a segment: other line ends and the frame of MLLP (0x0b … 0x1c).
_ENDS = re.compile(
    "([\r\n]+|[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]+(?=[\r\n]|[A-Z][A-Z0-9]{2}[^\\w\\s]|\\Z))"
)
_HEADERS = frozenset({"MSH", "FHS", "BHS"})
_TRAILERS = {"BTS": "BHS", "FTS": "FHS"}
_NAME = re.compile(r"[A-Z][A-Z0-9]{2}\Z")
_LEADS = "\n\x0b\x1c"
_Places = dict[int, Place]
_Table = dict[tuple[str, str, Field], _Places]
"""Of the segments under the same separators; for OBX with the type and the question of OBX-5."""
_Row = tuple[str, list[str], list[tuple[int, Entry]]]
"""A separator, what it joins, and which of it becomes what."""


class Hl7v2Masker:
    """Masks the messages of one document."""

    def __init__(self, masking: Masking) -> None:
        self._masking = masking
        self._memo = Memo(masking.payload, masking.walk)
        self._separators: Separators | None = None
        self._opened: dict[str, Separators | None] = {}
        self._tables: dict[Separators, _Table] = {}
        self._table: _Table = {}
        self._count = 0
        self._rows: list[_Row] = []
        self._done: list[str] = []

    def document(self, body: bytes) -> bytes:
        """All segments, masked; line ends stay as they are.

        Raises:
            Withheld: a message does not start with a header, or a segment has no name.
        """
        parts = _ENDS.split(body.decode("utf-8"))
        Names(self._masking).learn(line.lstrip(_LEADS) for line in parts[::2])
        for index, line in enumerate(parts):
            if index % 2 or not line.strip():
                self._rows.append(("", [line], []))
            else:
                self._line(line)
        self._write()
        self._memo.forget()
        return "".join(self._done).encode()

    def _line(self, line: str) -> None:
        text = line.lstrip(_LEADS)
        name = text[:3]
        size = len(self._rows)
        if (size >= BATCH and name in _HEADERS) or size >= MAX_BATCH:
            self._write()
        if name in _HEADERS:
            self._separators = self._opened[name] = Separators.of(text)
        elif name in _TRAILERS:
            # A message within may have had others.
            self._separators = self._opened.get(_TRAILERS[name])
        separators = self._separators
        if separators is None or not _NAME.match(name) or text[3:4] not in {separators.field, ""}:
            raise _unreadable()
        fields = text.split(separators.field)
        if len(fields) > MAX_FIELDS:
            raise _unreadable()
        if name in _HEADERS or name in _TRAILERS:
            self._table = self._tables.setdefault(separators, {})
        self._follow(name, fields, separators)
        masked = self._segment(name, fields, separators)
        # What may stand before a name stays: 0x0b begins a message in MLLP.
        fields[0] = line[: len(line) - len(text)] + fields[0]
        self._rows.append((separators.field, fields, masked))

    def _segment(
        self, name: str, fields: list[str], separators: Separators
    ) -> list[tuple[int, Entry]]:
        """What the fields of a segment become, by their index."""
        # MSH-1 is the separator itself, which splitting has eaten.
        first, shift = (2, 1) if name in _HEADERS else (1, 0)
        typed = fields[2] if name == "OBX" and len(fields) > 2 else ""  # noqa: PLR2004
        typed = typed if typed in TYPED or typed in ENCAPSULATED else ""
        said = asked(fields, separators) if name == "OBX" else UNKNOWN
        places = self._table.get((name, typed, said))
        if places is None:
            places = self._table[name, typed, said] = {}
        memo = self._memo
        found: list[tuple[int, Entry]] = []
        for index, value in enumerate(fields):
            if not value or index < first:
                continue
            place = places.get(index) or self._place(
                places,
                index,
                FieldValues(self._masking, name, index + shift, typed, separators, said),
            )
            entry = place.entries.get(value)
            if entry is None:
                entry = memo.judged(place, value)
            else:
                entry.repeats += 1
            found.append((index, entry))
        return found

    def _place(self, places: _Places, index: int, values: FieldValues) -> Place:
        self._count += 1
        place = places[index] = values.place()
        return place

    def _follow(self, name: str, fields: list[str], separators: Separators) -> None:
        """Whose the next segments are: PID-3 says it, a new message ends it."""
        if name not in {"MSH", "PID"}:
            return
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
        self._memo.settle(entry for _, _, masked in self._rows for _, entry in masked)
        for separator, fields, masked in self._rows:
            for index, entry in masked:
                fields[index] = entry.text
            self._done.append(separator.join(fields))
        self._rows.clear()
        if self._count > MAX_PLACES:
            self._memo.forget()
            self._tables.clear()
            self._table = {}
            self._count = 0


def _unreadable() -> Withheld:
    return Withheld(
        "The content is not an HL7 v2 message that can be read.", reason=Reason.MASKING_FAILED
    )
