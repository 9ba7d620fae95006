"""Readers: whether a text is a resource of a certain shape, and its leaves if it is.

A text is cut at its quotation marks and compared with the pieces of the shape. A shape that comes
often is worth a regular expression, which takes a quarter of the time and is slow to make. It has
literals and possessive repetitions, so its time is linear in the text.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, TypeAlias

Get: TypeAlias = Callable[[Sequence[Any]], tuple[Any, ...]]
NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,30})?(?:[eE][+-]?[0-9]{1,3})?")
"""Numbers that may stand in place of each other."""
_SMALL = NUMBER.pattern.replace("{0,14}", "{0,7}")
LARGE = re.compile(r"-?[0-9]{9}")
"""Of an element that no unit makes a measurement: see `FhirIdentifiers.large`."""
# No control character but those that stand for an escaped backslash and quotation mark.
_STRING = r'([^"\x00\x03-\x1f]*+)'
OFTEN = 100
"""Texts of a shape before it gets a regular expression."""
_APART, _SPREAD = 7, 16


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

    @property
    def source(self) -> str:
        """The piece as a regular expression, the number as a group."""
        number = _SMALL if self.small else NUMBER.pattern
        return f"{re.escape(self.head)}({number}){re.escape(self.tail)}"


class Reader:
    """Reads the resources of one shape.

    Args:
        pieces: of a resource of the shape.
        strings: places of its strings among them, in order.
        fixed: places of strings that belong to the shape.
        numerals: numbers, whose values come behind those of the strings.

    Attributes:
        size: characters of the shape.
    """

    __slots__ = (
        "_at", "_due", "_leaves", "_numerals", "_order", "_pattern", "_places", "_shape",
        "_strings", "size",
    )  # fmt: skip

    def __init__(
        self,
        pieces: Sequence[str],
        strings: Sequence[int],
        fixed: frozenset[int],
        numerals: Sequence[Numeral],
    ) -> None:
        free = {*strings} - fixed | {numeral.piece for numeral in numerals}
        places = [place for place in range(len(pieces)) if place not in free]
        self._at = getter(places)
        self._shape = self._at(pieces)
        self._places = places
        self._strings = strings
        self._leaves = getter(strings)
        self._numerals = numerals
        self._pattern: re.Pattern[str] | None = None
        self._order: Get | None = None
        self.size = sum(map(len, self._shape))
        # Shapes that come side by side are not all due in the same payload.
        self._due = OFTEN + self.size % _SPREAD * _APART

    @property
    def is_fast(self) -> bool:
        """Whether there is a regular expression."""
        return self._pattern is not None

    def leaves(self, text: str) -> list[Any] | None:
        """The leaves of a text, by the regular expression; None for one of another shape."""
        found = self._pattern.fullmatch(text) if self._pattern else None
        if found is None:
            return None
        return [*(self._order(found.groups()) if self._order else found.groups())]

    def leaves_of(self, pieces: Sequence[str]) -> list[Any] | None:
        """The leaves of a text that is cut, without control characters; None likewise."""
        if self._at(pieces) != self._shape:
            return None
        values = list(self._leaves(pieces))
        for numeral in self._numerals:
            number = numeral.of(pieces)
            if number is None:
                return None
            values.append(number)
        self._due -= 1
        return values

    @property
    def key(self) -> tuple[object, ...]:
        """Equal for readers that take the same leaves of the same texts."""
        return self._shape, tuple(self._places), tuple(self._numerals)

    @property
    def is_due(self) -> bool:
        """Whether the shape has come often, and has no regular expression."""
        return self._due <= 0 and self._pattern is None

    def hasten(self) -> None:
        """Make the regular expression."""
        shape = dict(zip(self._places, self._shape, strict=True))
        strings, numbers = set(self._strings), {item.piece: item for item in self._numerals}
        parts: list[str] = []
        for place in range(len(shape) + len(strings.difference(shape)) + len(numbers)):
            if place in numbers:
                parts.append(numbers[place].source)
            elif place not in shape:
                parts.append(_STRING)
            else:
                part = re.escape(shape[place])
                parts.append(f"({part})" if place in strings else part)
        groups = sorted([*strings, *numbers])
        wanted = [*self._strings, *(item.piece for item in self._numerals)]
        order = [groups.index(place) for place in wanted]
        self._order = getter(order) if order != sorted(order) else None
        # Last, as payloads are masked side by side.
        self._pattern = re.compile('"'.join(parts))


def getter(places: Sequence[int]) -> Get:
    """Takes what stands at `places`, as a tuple in any case."""
    if len(places) > 1:
        return itemgetter(*places)
    if places:
        only = places[0]
        return lambda values: (values[only],)
    return lambda _: ()
