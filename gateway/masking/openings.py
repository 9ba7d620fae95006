"""How the matches of a recogniser can begin, read from its pattern.

What a pattern can begin with is a set of short strings over a coarse alphabet (a digit is a digit,
whichever it is). A text is looked through for those of all recognisers at once, and a recogniser is
tried where one of its own stands. It may begin in vain there; it never begins elsewhere.
"""

import re
from collections.abc import Iterable
from re import _constants as op  # type: ignore[attr-defined]
from re import _parser  # type: ignore[attr-defined]
from typing import Any, NamedTuple

MAX_LENGTH = 8
"""Bytes of an opening."""
MAX_OPENINGS = 600
"""Of one recogniser; with more, shorter ones are taken."""
_WIDE = 12
"""Signs that one place may have; where there may be more, an opening ends."""
_WORDS = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")
_LETTERS, _DIGITS = b"abcdefghijklmnopqrstuvwxyz", b"0123456789"
LOW = bytes.maketrans(_LETTERS.upper() + _DIGITS, _LETTERS + b"0" * 10)
"""Letters in lower case, and 0 for a digit."""
SHAPE = bytes.maketrans(
    _LETTERS + _LETTERS.upper() + _DIGITS + bytes(range(0x80, 0x100)),
    b"a" * 26 + b"A" * 26 + b"0" * 10 + b"\x80" * 128,
)
"""`a` for a small letter, `A` for a capital, 0 for a digit, one sign for what is beyond ASCII."""


class Opening(NamedTuple):
    """What a match may begin with.

    Attributes:
        text: in the coarse alphabet.
        bounded: a word begins or ends before it.
        whole: the match may go on with what its pattern asks for next.
    """

    text: bytes
    bounded: bool = False
    whole: bool = True


_NOTHING = Opening(b"")
_ANYTHING = Opening(b"", whole=False)


def openings(source: bytes, alphabet: bytes) -> frozenset[Opening]:
    """Openings of the matches of a pattern, as long as they are not too many.

    Args:
        source: the pattern.
        alphabet: a table that makes the text of an opening of a match's bytes.
    """
    items = _parser.parse(source)
    for length in range(MAX_LENGTH, 0, -1):
        found = _Reader(alphabet, length).sequence(items)
        if found and len(found) <= MAX_OPENINGS:
            return frozenset(item._replace(whole=True) for item in found)
    return frozenset({_NOTHING})


def beginning(source: bytes) -> re.Pattern[bytes]:
    """An expression for the first byte of the matches of a pattern."""
    found = _Reader(bytes(range(256)), 1, widest=256).sequence(_parser.parse(source))
    if not all(item.text for item in found):
        return re.compile(rb"(?s:.)")
    firsts = b"".join(re.escape(text) for text in sorted({item.text for item in found}))
    bounded = all(item.bounded for item in found)
    return re.compile((rb"\b" if bounded else b"") + b"[" + firsts + b"]")


def run(source: bytes) -> tuple[bytes, int] | None:
    """A table and a length, where matches are a word that begins with so many letters of a kind.

    The table makes `x` of these letters, and a space of everything else.
    """
    first, second, *_ = [*_parser.parse(source), (None, None), (None, None)]
    if first != (op.AT, op.AT_BOUNDARY) or second[0] is not op.MAX_REPEAT:
        return None
    least, _, inside = second[1]
    if least < 2 * MAX_LENGTH or len(inside) != 1 or inside[0][0] is not op.IN:
        return None
    letters = _bytes(inside[0][1])
    if not letters <= _WORDS:
        return None
    return bytes(ord("x") if byte in letters else ord(" ") for byte in range(256)), least


class _Reader:
    """Reads openings of at most some length, and gives up where they are too many."""

    def __init__(self, alphabet: bytes, length: int, widest: int = _WIDE) -> None:
        self._alphabet = alphabet
        self._length = length
        self._widest = widest
        self._ignores_case = False

    def sequence(self, items: Iterable[tuple[Any, Any]]) -> frozenset[Opening]:
        """Of items that follow each other; empty where there are too many."""
        found = frozenset({_NOTHING})
        for code, value in items:
            if not any(item.whole for item in found):
                break
            found = self._joined(found, self._item(code, value))
            if not found or len(found) > 4 * MAX_OPENINGS:
                return frozenset()
        return found

    def _item(self, code: Any, value: Any) -> frozenset[Opening]:  # noqa: PLR0911  (one each)
        match code:
            case op.LITERAL:
                return self._one_of(frozenset({value}))
            case op.IN:
                return self._one_of(_bytes(value))
            case op.AT:
                return frozenset({Opening(b"", bounded=value is op.AT_BOUNDARY)})
            case op.SUBPATTERN:
                outside = self._ignores_case
                self._ignores_case = outside or bool(value[1] & re.IGNORECASE)
                found = self.sequence(value[3])
                self._ignores_case = outside
                return found
            case op.BRANCH:
                parts = [self.sequence(items) for items in value[1]]
                return frozenset[Opening]().union(*parts) if all(parts) else frozenset()
            case op.MAX_REPEAT:
                return self._repeated(*value)
            case _:
                return frozenset({_ANYTHING})

    def _one_of(self, signs: frozenset[int]) -> frozenset[Opening]:
        texts = {bytes([self._alphabet[byte]]) for byte in signs}
        if self._ignores_case:
            texts |= {bytes([byte]).swapcase().translate(self._alphabet) for byte in signs}
        return (
            frozenset({_ANYTHING}) if len(texts) > self._widest else frozenset(map(Opening, texts))
        )

    def _repeated(self, least: int, most: int, items: Any) -> frozenset[Opening]:
        once = self.sequence(items)
        found = frozenset({_NOTHING}) if least == 0 else frozenset()
        made = frozenset({_NOTHING})
        for number in range(1, min(int(most), self._length) + 1):
            made = self._joined(made, once)
            if not made or len(made) > 4 * MAX_OPENINGS:
                return frozenset()
            found |= made if number >= least else {item for item in made if not item.whole}
            made = frozenset(item for item in made if item.whole)
            if not made:
                break
        return found | {item._replace(whole=False) for item in made if most > self._length}

    def _joined(self, before: frozenset[Opening], after: frozenset[Opening]) -> frozenset[Opening]:
        """Every one followed by every other; empty where one of the two is."""
        made: set[Opening] = set()
        for item in before:
            if not item.whole:
                made.add(item)
                continue
            for more in after:
                text = item.text + more.text
                bounded = item.bounded or (more.bounded and not item.text)
                whole = more.whole and len(text) < self._length
                made.add(Opening(text[: self._length], bounded, whole))
        return frozenset(made) if after else frozenset()


def _bytes(items: Iterable[tuple[Any, Any]]) -> frozenset[int]:
    """The bytes of a class."""
    found: set[int] = set()
    negated = False
    for code, value in items:
        match code:
            case op.NEGATE:
                negated = True
            case op.LITERAL:
                found.add(value)
            case op.RANGE:
                found.update(range(value[0], value[1] + 1))
            case op.CATEGORY if value is op.CATEGORY_WORD:
                found |= _WORDS
            case _:
                raise ValueError(f"{code} {value} is no class that is known here")
    return frozenset(range(256)) - found if negated else frozenset(found)
