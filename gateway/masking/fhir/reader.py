"""Readers: whether a text is a resource of a certain shape, and its leaves if it is.

A text is cut at its quotation marks and compared with the pieces of the shape. A shape that comes
often is worth a regular expression, which takes a quarter of the time and is slow to make. It has
literals and possessive repetitions, so its time is linear in the text. Where leaves mostly have a
form (a date in full, no mark), it has that form too, so that nobody needs to look at them again.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from operator import itemgetter
from types import MappingProxyType
from typing import Any, TypeAlias

Get: TypeAlias = Callable[[Sequence[Any]], tuple[Any, ...]]
Leaves: TypeAlias = tuple[Any, ...]
"""The leaves of one resource as they were read; all that anything is done to are strings."""
Fast: TypeAlias = tuple[Callable[[str], re.Match[str] | None], Get | None, bool]
"""(match of a text, order of its groups, whether the forms of leaves are kept)."""
NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,30})?(?:[eE][+-]?[0-9]{1,3})?")
"""Numbers that may stand in place of each other."""
_SMALL = NUMBER.pattern.replace("{0,14}", "{0,7}")
LARGE = re.compile(r"-?[0-9]{9}")
"""Of an element that no unit makes a measurement: see `FhirIdentifiers.large`."""
_STRING = '([^"]*+)'
OFTEN = 100
"""Texts of a shape before it gets a regular expression, and before that is made anew."""
_APART, _SPREAD = 7, 16


_ID = "(?!masked-|t[kh]-)[A-Za-z0-9.-]{1,64}+"


class Kept(StrEnum):
    """The form that a leaf mostly has, as a regular expression without backslashes of JSON.

    Each is as strict as what it stands for or stricter, and followed by a quotation mark.
    """

    DATE = (
        "(?:1[89]|20)[0-9]{2}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
        r"(?:T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,3})?(?:Z|[+-][0-9]{2}:[0-9]{2}))?"
    )
    """`fhir_elements.PLAIN_DATE`."""
    FRESH = r'(?!\[|masked-|t[kh]-)[^"]++'
    """There is something, and it is no mark."""
    OF_TYPE = f"[A-Z][A-Za-z]{{1,40}}+/{_ID}"
    """A reference with a type and an id, such as `Patient/p1`."""
    OF_NAME = f"urn:[a-z0-9][a-z0-9-]{{0,31}}+:{_ID}"
    """A reference with the id behind its last colon, such as `urn:uuid:…`."""
    OF_BOTH = f"urn:[a-z0-9][a-z0-9-]{{0,31}}+:[A-Za-z]{{1,40}}+/{_ID}"
    """A reference with a type and an id in a name, such as `urn:example:Patient/p1`."""


LINKS = MappingProxyType({Kept.OF_TYPE: "/", Kept.OF_NAME: ":", Kept.OF_BOTH: "/"})
"""Forms of references, and what stands before the id in each."""


def link_form(value: str) -> Kept | None:
    """The form of a reference among `LINKS`, None for another one."""
    return next((form for form in LINKS if re.fullmatch(form, value)), None)


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
        kept: forms that strings mostly have, by their numbers.

    Attributes:
        size: characters of the shape.
    """

    __slots__ = (
        "_at", "_due", "_fast", "_kept", "_leaves", "_numerals", "_places", "_shape", "_strings",
        "size",
    )  # fmt: skip

    def __init__(
        self,
        pieces: Sequence[str],
        strings: Sequence[int],
        fixed: frozenset[int],
        numerals: Sequence[Numeral],
        kept: Mapping[int, Kept] = MappingProxyType({}),
    ) -> None:
        free = {*strings} - fixed | {numeral.piece for numeral in numerals}
        places = [place for place in range(len(pieces)) if place not in free]
        self._at = getter(places)
        self._shape = self._at(pieces)
        self._places = places
        self._strings = strings
        self._leaves = getter(strings)
        self._numerals = numerals
        self._kept = kept
        self._fast: Fast | None = None
        self.size = sum(map(len, self._shape))
        # Shapes that come side by side are not all due in the same payload.
        self._due = OFTEN + self.size % _SPREAD * _APART

    @property
    def is_fast(self) -> bool:
        """Whether there is a regular expression."""
        return self._fast is not None

    def leaves(self, text: str) -> tuple[Leaves, bool] | None:
        """The leaves of a text, by the regular expression, and whether they have all forms kept.

        None for a text of another shape, or with other forms. It has no control characters but
        those that stand for an escaped backslash and quotation mark.
        """
        if self._fast is None:
            return None
        fullmatch, order, sure = self._fast
        found = fullmatch(text)
        if found is None:
            return None
        return (order(found.groups()) if order else found.groups()), sure

    def leaves_of(self, pieces: Sequence[str]) -> Leaves | None:
        """The leaves of a text that is cut, without control characters; None likewise."""
        if self._at(pieces) != self._shape:
            return None
        numbers = [numeral.of(pieces) for numeral in self._numerals]
        if None in numbers:
            return None
        self._due -= 1
        return (*self._leaves(pieces), *numbers)

    @property
    def key(self) -> tuple[object, ...]:
        """Equal for readers that take the same leaves of the same texts."""
        return self._shape, tuple(self._places), tuple(self._numerals), self._kept

    @property
    def is_due(self) -> bool:
        """Whether the shape has come often, and the regular expression for it not, or in vain."""
        fast = self._fast
        return self._due <= 0 and (fast is None or (fast[2] and self._due <= -OFTEN))

    def hasten(self) -> None:
        """Make the regular expression; the next time, one that keeps no forms."""
        kept = {} if self.is_fast else {self._strings[at]: form for at, form in self._kept.items()}
        shape = dict(zip(self._places, self._shape, strict=True))
        strings, numbers = set(self._strings), {item.piece: item for item in self._numerals}
        parts: list[str] = []
        for place in range(len(shape) + len(strings.difference(shape)) + len(numbers)):
            if place in numbers:
                parts.append(numbers[place].source)
            elif place not in shape:
                parts.append(f"({kept[place]})" if place in kept else _STRING)
            else:
                part = re.escape(shape[place])
                parts.append(f"({part})" if place in strings else part)
        groups = sorted([*strings, *numbers])
        wanted = [*self._strings, *(item.piece for item in self._numerals)]
        order = [groups.index(place) for place in wanted]
        self._due = 0
        # In one go, as payloads are masked side by side.
        self._fast = (
            re.compile('"'.join(parts)).fullmatch,
            getter(order) if order != sorted(order) else None,
            bool(kept),
        )


def getter(places: Sequence[int]) -> Get:
    """Takes what stands at `places`, as a tuple in any case."""
    if len(places) > 1:
        return itemgetter(*places)
    if places:
        only = places[0]
        return lambda values: (values[only],)
    return lambda _: ()
