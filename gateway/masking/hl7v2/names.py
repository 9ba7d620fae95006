"""What the fields of HL7 v2 messages name, learned before any of their text is masked."""

from collections import defaultdict
from collections.abc import Iterable
from functools import cache
from typing import Final

from gateway.masking.fields.names import UNKNOWN, Field
from gateway.masking.hl7v2.fields import (
    ADDRESS,
    COMMON_PLACES,
    FIELDS,
    LEARNED,
    NAME,
    ORGANISATION,
    PHONE,
    TYPED,
    Questions,
    field_at,
    identifier,
    is_number,
)
from gateway.masking.hl7v2.separators import Separators
from gateway.masking.hl7v2.values import Masking
from gateway.masking.kinds import Kind
from gateway.masking.marks import is_mark

MAX_SEEN: Final = 100_000
_HEADERS = frozenset({"MSH", "FHS", "BHS"})
_SEGMENTS = frozenset(name for name, _ in FIELDS)
# Of XPN and XCN the names, of XON the name, of XAD streets, town and county, of XTN the numbers.
_PARTS: Final = {
    id(NAME): frozenset(range(4)),
    id(ORGANISATION): frozenset(range(3)),
    id(ADDRESS): frozenset({0, 1, 2, 7, 8, 9}),
    id(PHONE): frozenset(range(12)),
}
_TOWN: Final = 2


class Names:
    """Learns from the segments of one document."""

    def __init__(self, masking: Masking) -> None:
        self._known = masking.payload.known
        self._walk = masking.walk
        self._seen: defaultdict[tuple[str, int], set[str]] = defaultdict(set)
        self._size = 0

    def learn(self, lines: Iterable[str]) -> None:
        """Remember who and what is named in segments that follow each other."""
        separators = Separators()
        questions = Questions(separators)
        for line in lines:
            name = line[:3]
            if name in _HEADERS:
                before, separators = separators, Separators.of(line) or separators
                if before != separators:
                    questions = Questions(separators)
                    self._seen.clear()
            if name not in _SEGMENTS:
                continue
            parts = line.split(separators.field)
            typed = ""
            if name == "OBX":
                typed = parts[2] if len(parts) > 2 else ""  # noqa: PLR2004
                said = questions.asked(parts)
                if said is not UNKNOWN and said.kind:
                    value = parts[5].split(separators.component)[0]
                    self._walk.learn(said.kind, separators.plain(value), "OBX.5")
            for number, field in _fields(name, typed if typed in TYPED else ""):
                if number >= len(parts):
                    break
                value = parts[number]
                if value and self._is_new(name, number, value):
                    self._field(f"{name}.{number}", field, value, separators)

    def _is_new(self, segment: str, number: int, value: str) -> bool:
        seen = self._seen[segment, number]
        if value in seen:
            return False
        if self._size >= MAX_SEEN:
            self._seen.clear()
            self._size = 0
            seen = self._seen[segment, number]
        seen.add(value)
        self._size += 1
        return True

    def _field(self, path: str, field: Field, value: str, separators: Separators) -> None:
        escapes = separators.escape in value
        nests = separators.subcomponent in value
        for repetition in value.split(separators.repetition):
            for kind, part in _named(field, repetition.split(separators.component)):
                for piece in part.split(separators.subcomponent) if nests else (part,):
                    plain = separators.plain(piece) if escapes else piece
                    if field is ORGANISATION:
                        self._known.learn_phrase(plain, Kind.NAME)
                    elif kind and plain and not is_mark(plain) and not _is_common(field, plain):
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
    wanted = _PARTS.get(id(field))
    if wanted is None:
        kind = identifier(field, components).kind
        return [
            (kind, part)
            for index, part in enumerate(components)
            if not index or (part and is_number(part, index))
        ]
    return [
        # XAD-3 is the town, which a limited data set shows.
        (Kind.CITY if field is ADDRESS and index == _TOWN else field.kind, part)
        for index, part in enumerate(components)
        if part and index in wanted
    ]
