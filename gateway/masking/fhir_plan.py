"""Plans: what is done to every resource of one shape.

A resource in JSON is cut at its quotation marks. The pieces between them are strings in turn with
what stands around them. A plan says which pieces make the shape, being the same in all resources of
it, which are leaves, and which steps mask those. Where the same pieces stand at the same places, a
text is JSON of the same structure, whatever the leaves are, since no leaf holds a quotation mark.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeAlias

import msgspec
import orjson

from gateway.masking.fhir_elements import codes
from gateway.masking.fhir_fields import NARRATIVE
from gateway.masking.fhir_identifiers import YEARS
from gateway.masking.fhir_steps import Step, SteppedWalk, Values
from gateway.masking.field_names import UNKNOWN
from gateway.masking.generalise import birth_year
from gateway.masking.kinds import Kind
from gateway.masking.labels import labelled
from gateway.masking.marks import is_mark

BACKSLASH, QUOTE = "\x01", "\x02"
"""Stand for an escaped backslash and quotation mark in pieces; JSON has no such characters."""
NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,30})?(?:[eE][+-]?[0-9]{1,3})?")
"""Numbers that may stand in place of each other."""
LARGE = re.compile(r"-?[0-9]{9}")
"""Of an element that no unit makes a measurement: see `FhirIdentifiers.large`."""
Get: TypeAlias = Callable[[Sequence[Any]], tuple[Any, ...]]
Guard: TypeAlias = tuple[Callable[[str, date], bool], int]
"""What must hold for the leaf at a place, where the shape alone does not say what is done."""


@dataclass(frozen=True, slots=True)
class Numeral:
    """A number, which stands in a piece that is no string.

    Attributes:
        piece: where.
        head: of the piece, before the number.
        tail: behind it.
        small: it must have less than nine digits.
    """

    piece: int
    head: str
    tail: str
    small: bool

    def of(self, pieces: Sequence[str]) -> str | None:
        """The number as it is written, None where something else stands there."""
        piece = pieces[self.piece]
        start, end = len(self.head), len(piece) - len(self.tail)
        if not (piece.startswith(self.head) and piece.endswith(self.tail)):
            return None
        if NUMBER.fullmatch(piece, start, end) is None:
            return None
        if self.small and LARGE.match(piece, start, end):
            return None
        return piece[start:end]


@dataclass(frozen=True, slots=True)
class Plan:
    """What is done to every resource of one shape.

    Attributes:
        at: takes the pieces of the shape out of all pieces.
        shape: those pieces.
        leaves: takes the strings, out of all pieces.
        strings: how many those are.
        numerals: numbers, whose values come behind those of the strings.
        guards: what must hold besides.
        steps: what masks the leaves, in order.
        coded: takes the codes out of the leaves; a step for one that is known as such does nothing.
        others: the steps but for those of codes.
        counted: what is removed or replaced in every resource of the shape, by path and kind.
        form: the masked resource, with `%s` for leaves.
        order: takes the leaves of `form` out of all leaves; None where it has none.
    """

    at: Get
    shape: tuple[str, ...]
    leaves: Get
    strings: int
    numerals: tuple[Numeral, ...]
    guards: tuple[Guard, ...]
    steps: tuple[Step, ...]
    coded: Get
    others: tuple[Step, ...]
    counted: tuple[tuple[tuple[str, Kind], int], ...]
    form: str
    order: Get | None

    def values(self, pieces: Sequence[str], today: date, *, escaped: bool) -> Values | None:
        """The leaves of a resource, None where it is not of this shape.

        Args:
            pieces: of the resource.
            today: for ages.
            escaped: some leaf may be written with escapes.
        """
        if self.at(pieces) != self.shape:
            return None
        values: Values = list(self.leaves(pieces))
        if escaped and not _unescape(values):
            return None
        for numeral in self.numerals:
            number = numeral.of(pieces)
            if number is None:
                return None
            values.append(number)
        for holds, at in self.guards:
            if not holds(values[at], today):
                return None
        return values


class Sketch:
    """A resource that a plan is for.

    Args:
        plan: of its shape.
        values: its leaves.
        escaped: some leaf was written with escapes.
    """

    __slots__ = ("_before", "_escaped", "_loose", "_plan", "_values")

    def __init__(self, plan: Plan, values: Values, *, escaped: bool) -> None:
        self._plan = plan
        self._values = values
        self._before = tuple(values)
        self._escaped = escaped
        self._loose: Sequence[int] = ()

    def mask(self, walk: SteppedWalk) -> None:
        """Mask the leaves, as far as `walk.settle` has not to."""
        plan = self._plan
        known = codes.issuperset(plan.coded(self._values))
        self._loose = walk.take(plan.others if known else plan.steps, self._values)
        walk.count(plan.counted)

    def text(self) -> bytes:
        """The masked resource, once all is settled."""
        plan, values = self._plan, self._values
        loose = range(plan.strings) if self._escaped else self._loose
        for at in loose:
            if self._escaped or values[at] is not self._before[at]:
                values[at] = orjson.dumps(values[at]).decode()[1:-1]
        return (plan.form % plan.order(values) if plan.order else plan.form).encode()


def is_filled(value: str, today: date) -> bool:  # noqa: ARG001
    """There is anything."""
    return value != ""


def is_young(value: str, today: date) -> bool:
    """A birth date that leaves a year: of nobody over 89."""
    return value != "" and (is_mark(value) or birth_year(value, today) != "")


def is_old(value: str, today: date) -> bool:
    """A birth date of somebody over 89, or one that no year can be told of."""
    return value != "" and not is_young(value, today)


def is_no_age(value: str, today: date) -> bool:  # noqa: ARG001
    """A unit of something else than ages."""
    return value not in YEARS


def asks_for_nothing(value: str, today: date) -> bool:  # noqa: ARG001
    """The name of a test whose result identifies nobody."""
    return labelled(value) is UNKNOWN


def is_narrative(value: str, today: date) -> bool:  # noqa: ARG001
    """A narrative that has not been replaced before."""
    return value != NARRATIVE


def _unescape(values: Values) -> bool:
    """Strings in place of how they are written; False where one is not written as JSON is."""
    for at, value in enumerate(values):
        if "\\" in value or BACKSLASH in value or QUOTE in value:
            raw = value.replace(QUOTE, '\\"').replace(BACKSLASH, "\\\\")
            try:
                values[at] = msgspec.json.decode(f'"{raw}"', type=str)
            except (msgspec.DecodeError, UnicodeError):
                return False
    return True
