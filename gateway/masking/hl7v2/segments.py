"""Segments of HL7 v2 messages: what masks each of their fields."""

from typing import Final

from gateway.masking.fields.names import UNKNOWN, Field
from gateway.masking.hl7v2.fields import TYPED, Questions
from gateway.masking.hl7v2.separators import Separators
from gateway.masking.hl7v2.values import ENCAPSULATED, FieldValues, Masking
from gateway.masking.memo import Entry, Memo, Place

MAX_OBSERVED: Final = 2_000
"""Kinds of observations, by OBX-2 and OBX-3, that are remembered."""
_HEADERS = frozenset({"MSH", "FHS", "BHS"})
_OBSERVATION = "OBX"
_VALUE = 5
_Key = tuple[str, str, Field]
"""A segment's name; for OBX the type of OBX-5, and what OBX-3 asks it for."""


class Segments:
    """The fields of all segments under the same separators.

    Attributes:
        size: how many fields have been met.
    """

    def __init__(self, masking: Masking, memo: Memo, separators: Separators) -> None:
        self.size = 0
        self._masking = masking
        self._memo = memo
        self._separators = separators
        self._questions = Questions(separators)
        self._segments: dict[str, _Fields] = {}
        self._observations: dict[_Key, _Fields] = {}
        self._observed: dict[tuple[str, str], _Fields] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._segments

    def clear(self) -> None:
        """Forget all fields."""
        self._segments.clear()
        self._observations.clear()
        self._observed.clear()
        self.size = 0

    def places(self, name: str, fields: list[str]) -> "_Fields":
        """What masks the fields of a segment, by their index."""
        if name == _OBSERVATION and len(fields) > _VALUE:
            return self._observation(fields)
        found = self._segments.get(name)
        if found is None:
            found = self._segments[name] = _Fields(self, name)
        return found

    def _observation(self, fields: list[str]) -> "_Fields":
        """The fields of an OBX, of which OBX-2 and OBX-3 say what OBX-5 is."""
        typed = fields[2]
        found = self._observed.get((typed, fields[3]))
        if found is None:
            known = typed if typed in TYPED or typed in ENCAPSULATED else ""
            key = _OBSERVATION, known, self._questions.asked(fields)
            found = self._observations.get(key)
            if found is None:
                found = self._observations[key] = _Fields(self, *key)
            if len(self._observed) >= MAX_OBSERVED:
                self._observed.clear()
            self._observed[typed, fields[3]] = found
        return found

    def place(self, name: str, typed: str, said: Field, index: int) -> Place:
        """What masks one field."""
        # MSH-1 is the separator itself, which splitting has eaten.
        first, shift = (2, 1) if name in _HEADERS else (1, 0)
        if index < first:
            return Place(_shown, at_once=str)
        self.size += 1
        separators = self._separators
        values = FieldValues(
            self._masking, self._memo, name, index + shift, typed, separators, said
        )
        return values.place()


def _shown(value: str) -> Entry:
    return Entry([value])


class _Fields(dict[int, Place]):
    """The fields of one segment, made when they are first met."""

    def __init__(
        self, segments: Segments, name: str, typed: str = "", said: Field = UNKNOWN
    ) -> None:
        super().__init__()
        self._segments = segments
        self._key = name, typed, said

    def __missing__(self, index: int) -> Place:
        place = self[index] = self._segments.place(*self._key, index)
        return place
