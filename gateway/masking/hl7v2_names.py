"""What the fields of HL7 v2 messages name, learned before any of their text is masked."""

from collections.abc import Iterable
from functools import cache
from typing import Final

from gateway.masking.field_names import UNKNOWN, Field
from gateway.masking.hl7v2_fields import (
    ADDRESS,
    COMMON_PLACES,
    FIELDS,
    LEARNED,
    NAME,
    NUMBERED,
    ORGANISATION,
    PHONE,
    TYPED,
    asked,
    field_at,
    identifier,
    is_number,
)
from gateway.masking.hl7v2_separators import Separators
from gateway.masking.hl7v2_values import Masking
from gateway.masking.kinds import Kind
from gateway.masking.marks import is_mark

MAX_SEEN: Final = 100_000
_HEADERS = frozenset({"MSH", "FHS", "BHS"})
_SEGMENTS = frozenset(name for name, _ in FIELDS)
# Of XPN and XCN the names, of XON the name, of XAD streets, town and county, of XTN the numbers.
_PARTS: Final = {
    NAME: frozenset(range(4)),
    ORGANISATION: frozenset(range(3)),
    ADDRESS: frozenset({0, 1, 2, 7, 8, 9}),
    PHONE: frozenset(range(12)),
}


class Names:
    """Learns from the segments of one document."""

    def __init__(self, masking: Masking) -> None:
        self._known = masking.payload.known
        self._walk = masking.walk
        self._seen: set[tuple[str, int, str]] = set()

    def learn(self, lines: Iterable[str]) -> None:
        """Remember who and what is named in segments that follow each other."""
        separators = Separators()
        for line in lines:
            name = line[:3]
            if name in _HEADERS:
                before, separators = separators, Separators.of(line) or separators
                if before != separators:
                    self._seen.clear()
            if name not in _SEGMENTS:
                continue
            parts = line.split(separators.field)
            typed = parts[2] if name == "OBX" and len(parts) > 2 else ""  # noqa: PLR2004
            said = asked(parts, separators) if name == "OBX" else UNKNOWN
            if said is not UNKNOWN and said.kind:
                value = parts[5].split(separators.component)[0]
                self._walk.learn(said.kind, separators.plain(value), "OBX.5")
            for number, field in _fields(name, typed if typed in TYPED else ""):
                if number < len(parts) and parts[number]:
                    self._field(name, number, field, parts[number], separators)

    def _field(
        self, segment: str, number: int, field: Field, value: str, separators: Separators
    ) -> None:
        key = (segment, number, value)
        if key in self._seen:
            return
        if len(self._seen) >= MAX_SEEN:
            self._seen.clear()
        self._seen.add(key)
        path = f"{segment}.{number}"
        for repetition in value.split(separators.repetition):
            for kind, part in _named(field, repetition.split(separators.component)):
                for piece in part.split(separators.subcomponent):
                    plain = separators.plain(piece)
                    if field is ORGANISATION:
                        self._known.learn_phrase(plain, Kind.NAME)
                    elif kind and not is_mark(plain) and not _is_common(field, plain):
                        self._walk.learn(kind, plain, path)


@cache
def _fields(segment: str, typed: str) -> tuple[tuple[int, Field], ...]:
    """Numbers of the fields that name something, and what; `typed` is what OBX-2 says of OBX-5."""
    numbers = {number for name, number in FIELDS if name == segment}
    numbers |= {5} if segment == "OBX" else set()
    found = ((number, field_at(segment, number, typed)) for number in sorted(numbers))
    return tuple((number, field) for number, field in found if field in LEARNED)


def _is_common(field: Field, plain: str) -> bool:
    """A location whose name says nothing; people may be called Ed, Ward or West."""
    return field is ADDRESS and plain.lower() in COMMON_PLACES


def _named(field: Field, components: list[str]) -> Iterable[tuple[Kind | None, str]]:
    """The components that identify, and what they are."""
    if field in NUMBERED:
        kind = identifier(field, components).kind
        for index, part in enumerate(components):
            if not index or is_number(part, index):
                yield kind, part
        return
    for index, part in enumerate(components):
        if index in _PARTS[field]:
            # XAD-3 is the town, which a limited data set shows.
            yield Kind.CITY if field is ADDRESS and index == 2 else field.kind, part  # noqa: PLR2004
