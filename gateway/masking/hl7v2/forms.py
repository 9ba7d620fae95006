"""Values of HL7 v2 fields whose form alone decides what they become, nothing else being asked.

They are most of what is new in every message: numbers, names, addresses, dates. A part that may be
a word, such as who has assigned a number, is remembered by itself; the value is not.
"""

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import TypeAlias

from gateway.masking.fields.compact_dates import is_compact_date
from gateway.masking.fields.names import VOCABULARY, Field
from gateway.masking.hl7v2.fields import ADDRESS, ADDRESS_PARTS, ID, PHONE, identifier
from gateway.masking.hl7v2.separators import Separators
from gateway.masking.kinds import Kind
from gateway.masking.marks import is_mark, mark
from gateway.masking.memo import Cell, Joined, Memo, Place
from gateway.masking.payload import Payload

AtOnce: TypeAlias = Callable[[str], Cell | None]
"""What a value becomes, counted; None where its form does not decide that."""
_PLACE = re.compile(r"[A-Za-z]{0,3}\Z")
# What may be a date or a count, and is not text.
_NUMERIC = re.compile(r"[0-9][0-9T:., Z+-]*\Z")
NULL = '""'
"""Says that a field is to be emptied (2.5.3)."""
_IN_NUMBERS = frozenset({Kind.SSN, Kind.LICENCE, Kind.ACCOUNT, Kind.PLAN})
_IN_ADDRESSES = frozenset({Kind.ADDRESS, Kind.CITY, Kind.ZIP})


class Forms:
    """The values of one field.

    Args:
        payload: applies the profile.
        memo: remembers parts.
        separators: of the message.
        path: of the field, for the counts.
        field: what it holds.
    """

    def __init__(
        self, payload: Payload, memo: Memo, separators: Separators, path: str, field: Field
    ) -> None:
        self._payload = payload
        self._memo = memo
        self._separators = separators
        self._path = path
        self._field = field
        self._nested = separators.escape, separators.subcomponent

    def text(self) -> AtOnce:
        """Text of one component, withheld as a whole."""
        separators, payload = self._separators, self._payload
        shown, key = mark(Kind.TEXT), (self._path, Kind.TEXT)

        def withheld(value: str) -> str | None:
            if (
                (value[0].isdigit() and _NUMERIC.match(value))
                or value == NULL
                or separators.component in value
                or separators.escape in value
                or is_mark(value)
            ):
                return None
            payload.tally[key] += 1
            return shown

        return withheld

    def marked(self, shown: str, kind: Kind) -> AtOnce:
        """Names and telephone numbers, of which every part becomes the same mark."""
        payload, key = self._payload, (self._path, kind)
        uses = self._field is PHONE
        pieces, odd = _pieces(self._separators, uses=uses)

        def hidden(value: str) -> str | None:
            if odd.search(value) or (uses and not value.isascii()):
                return None
            text, count = pieces.subn(shown, value)
            if count:
                payload.tally[key] += count
            return text

        return hidden

    def dates(self) -> AtOnce | None:
        """Points in time without separators, of which the year stays."""
        payload, path, birth = self._payload, self._path, self._field.birth
        if not payload.gives_years or "+" in self._separators.characters:
            return None

        def generalised(value: str) -> str | None:
            if not is_compact_date(value):
                return None
            if birth:
                return payload.born(value, path) or mark(Kind.DATE)
            if value < payload.oldest:
                return None
            payload.tally[path, Kind.DATE] += 1
            return value[:4]

        return generalised

    def numbers(self, beside: Place) -> AtOnce | None:
        """Identifiers: a number, and behind it who has assigned it, which comes again and again.

        Args:
            beside: remembers what stands behind numbers.
        """
        own = self._field
        if self._keeps({own.kind, *_IN_NUMBERS}):
            return None
        separators, memo, nested = self._separators, self._memo, self._nested

        def numbered(value: str) -> Cell | None:
            if value == NULL or nested[0] in value or nested[1] in value:
                return None
            cells: list[Cell] = []
            for index, repetition in enumerate(value.split(separators.repetition)):
                if index:
                    cells.append(separators.repetition)
                number, component, rest = repetition.partition(separators.component)
                field = identifier(own, repetition.split(separators.component)) if rest else own
                cells.append(self._hidden(field, number))
                if component:
                    cells.append(memo.met(beside, component + rest))
            return _joined(cells)

        return numbered

    def addresses(self, words: Place) -> AtOnce | None:
        """Addresses, component by component.

        Args:
            words: remembers states and countries.
        """
        if self._keeps(_IN_ADDRESSES):
            return None
        separators, memo, nested = self._separators, self._memo, self._nested

        def hidden(value: str) -> Cell | None:
            if value == NULL or nested[0] in value or nested[1] in value:
                return None
            cells: list[Cell] = []
            for number, repetition in enumerate(value.split(separators.repetition)):
                if number:
                    cells.append(separators.repetition)
                parts = repetition.split(separators.component)
                for index, part in enumerate(parts):
                    if index:
                        cells.append(separators.component)
                    field = of_address(part, index) if len(parts) > 4 else ADDRESS  # noqa: PLR2004
                    if part and field is VOCABULARY:
                        cells.append(memo.met(words, part))
                    else:
                        cells.append(self._hidden(field, part))
            return _joined(cells)

        return hidden

    def _hidden(self, field: Field, part: str) -> str:
        if not part:
            return part
        payload, path = self._payload, self._path
        if field is ID:
            done = payload.identifier(part, path)
        else:
            done = payload.apply(field.kind or Kind.TEXT, part, path)
        return part if done == part else self._separators.escaped(done)

    def _keeps(self, kinds: Iterable[Kind | None]) -> bool:
        return any(kind is None or self._payload.keeps(kind) for kind in kinds)


def of_address(part: str, index: int) -> Field:
    """What stands in one component of an address."""
    field = ADDRESS_PARTS[index] if index < len(ADDRESS_PARTS) else ADDRESS
    # Where addresses are written shifted by one, a ZIP code stands for the country.
    return field if field is not VOCABULARY or _PLACE.match(part) else ADDRESS


def _joined(cells: list[Cell]) -> Cell:
    texts = [cell for cell in cells if isinstance(cell, str)]
    return "".join(texts) if len(texts) == len(cells) else Joined(cells)


@lru_cache(maxsize=64)
def _pieces(separators: Separators, *, uses: bool) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """What finds the parts of a value, and what finds that it may hold a mark or an escape.

    Args:
        separators: of the message.
        uses: parts that say what a telephone number is for are left out: PRN, CP.
    """
    between = re.escape(separators.component + separators.repetition + separators.subcomponent)
    use = rf"(?<![^{between}])(?![A-Za-z]{{1,4}}(?![^{between}]))" if uses else ""
    odd = rf"[\[\"{re.escape(separators.escape)}]|masked-|t[kh]-"
    return re.compile(f"{use}[^{between}]+"), re.compile(odd)
