"""How the matches of a recogniser can begin, read from its pattern.

What a pattern can begin with is a set of short strings over a coarse alphabet (a digit is a digit,
whichever it is). A text is looked through for those of all recognisers at once, and a recogniser is
tried where one of its own stands. It may begin in vain there; it never begins elsewhere.
"""

import re
from collections.abc import Iterable, Sequence
from re import _constants as op
from re import _parser
from typing import Any

MAX_LENGTH = 8
"""Bytes of an opening."""
MAX_OPENINGS = 300
"""Of one recogniser; with more, shorter ones are taken."""
_ENOUGH = 4
_FEW = 6
"""Bytes of openings that go on with a few others at most, and how many these are."""
_WIDE = 12
"""Signs that one place may have; where there may be more, an opening ends."""
_WORDS = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")
_LETTERS, _DIGITS = b"abcdefghijklmnopqrstuvwxyz", b"0123456789"
LOW = bytes.maketrans(_LETTERS.upper() + _DIGITS, _LETTERS + b"0" * 10)
"""Letters in lower case, and 0 for a digit."""
EXACT = bytes(range(256))
"""Every byte as it is."""
SHAPE = bytes.maketrans(
    _LETTERS + _LETTERS.upper() + _DIGITS + bytes(range(0x80, 0x100)),
    b"a" * 26 + b"A" * 26 + b"0" * 10 + b"\x80" * 128,
)
"""`a` for a small letter, `A` for a capital, 0 for a digit, one sign for what is beyond ASCII."""


Opening = tuple[bytes, bool]
"""What a match may begin with, in a coarse alphabet; whether a word begins or ends before it."""
_Begun = tuple[bytes, bool, bool]
"""The same, and whether its pattern may go on behind it with what it asks for next."""
_NOTHING: _Begun = (b"", False, True)
_ANYTHING: _Begun = (b"", False, False)


def parsed(source: str) -> Sequence[Any]:
    """The items of a pattern over bytes."""
    return tuple(_parser.parse(source.encode()))


def openings(items: Sequence[Any], alphabet: bytes, length: int = MAX_LENGTH) -> frozenset[Opening]:
    """What the matches of a pattern may begin with, and whether a word begins or ends before it.

    Args:
        items: the pattern, see `parsed`.
        alphabet: a table that makes the text of an opening of a match's bytes.
        length: bytes of an opening at most.
    """
    found = _Reader(alphabet, length).sequence(items)
    ends = {(text, bounded) for text, bounded, whole in found if not whole}
    return frozenset(
        (text, bounded)
        for text, bounded, _ in found
        # What begins as a shorter one does is found by that.
        if not any((text[:end], bounded) in ends for end in range(len(text)))
    )


def beginning(items: Sequence[Any]) -> re.Pattern[bytes]:
    """An expression for the first byte of the matches of a pattern."""
    found = _Reader(EXACT, 1, widest=256).sequence(items)
    if not all(text for text, _, _ in found):
        return re.compile(rb"(?s:.)")
    firsts = b"".join(re.escape(text) for text in sorted({text for text, _, _ in found}))
    bounded = all(bounded for _, bounded, _ in found)
    return re.compile((rb"\b" if bounded else b"") + b"[" + firsts + b"]")


def run(items: Sequence[Any]) -> tuple[bytes, int] | None:
    """A table and a length, where matches are a word that begins with so many letters of a kind.

    The table makes `x` of these letters, and a space of everything else.
    """
    if len(items) < 2 or items[0] != (op.AT, op.AT_BOUNDARY):  # noqa: PLR2004
        return None
    code, value = items[1]
    if code is not op.MAX_REPEAT:
        return None
    least, _, inside = value
    if least < 2 * MAX_LENGTH or len(inside) != 1 or inside[0][0] is not op.IN:
        return None
    letters = _bytes(inside[0][1])
    if not letters <= _WORDS:
        return None
    return bytes(ord("x") if byte in letters else ord(" ") for byte in range(256)), least


class _Reader:
    """Reads openings of at most some length."""

    def __init__(self, alphabet: bytes, length: int, widest: int = _WIDE) -> None:
        self._alphabet = alphabet
        self._length = length
        self._widest = widest
        self._ignores_case = False

    def sequence(self, items: Iterable[tuple[Any, Any]]) -> frozenset[_Begun]:
        """Of items that follow each other."""
        found = frozenset({_NOTHING})
        for code, value in items:
            going = [len(text) for text, _, whole in found if whole]
            if not going:
                break
            if min(going) >= _ENOUGH and _branches(code, value):
                return _ended(found)
            found = self._joined(found, self._item(code, value))
        return found

    def _item(self, code: Any, value: Any) -> frozenset[_Begun]:  # noqa: PLR0911  (one each)
        match code:
            case op.LITERAL:
                return self._one_of(frozenset({value}))
            case op.IN:
                return self._one_of(_bytes(value))
            case op.AT:
                return frozenset({(b"", value is op.AT_BOUNDARY, True)})
            case op.SUBPATTERN:
                outside = self._ignores_case
                self._ignores_case = outside or bool(value[1] & re.IGNORECASE)
                found = self.sequence(value[3])
                self._ignores_case = outside
                return found
            case op.BRANCH:
                return frozenset[_Begun]().union(*map(self.sequence, value[1]))
            case op.MAX_REPEAT:
                return self._repeated(*value)
            case _:
                return frozenset({_ANYTHING})

    def _one_of(self, signs: frozenset[int]) -> frozenset[_Begun]:
        texts = {bytes([self._alphabet[byte]]) for byte in signs}
        if self._ignores_case:
            texts |= {bytes([byte]).swapcase().translate(self._alphabet) for byte in signs}
        if len(texts) > self._widest:
            return frozenset({_ANYTHING})
        return frozenset((text, False, True) for text in texts)

    def _repeated(self, least: int, most: int, items: Any) -> frozenset[_Begun]:
        once = self.sequence(items)
        found = frozenset({_NOTHING}) if least == 0 else frozenset()
        made = frozenset({_NOTHING})
        for number in range(1, min(int(most), self._length) + 1):
            made = self._joined(made, once)
            found |= made if number >= least else {item for item in made if not item[2]}
            made = frozenset(item for item in made if item[2])
            if not made:
                break
        return found | _ended(made) if most > self._length else found

    def _joined(self, before: frozenset[_Begun], after: frozenset[_Begun]) -> frozenset[_Begun]:
        """Every one followed by every other; where these are too many, by beginnings of others."""
        going = {item for item in before if item[2]}
        if len(after) > _FEW:
            going = {item for item in going if len(item[0]) < _ENOUGH}
        if len(going) > 1 and len(going) * len(after) > MAX_OPENINGS:
            after = _shortened(after, MAX_OPENINGS // max(1, len(going)))
        made = {
            (
                (text + more)[: self._length],
                bounded or (starts and not text),
                whole and len(text) + len(more) < self._length,
            )
            for text, bounded, _ in going
            for more, starts, whole in after
        }
        return _ended(before - going) | made


def _branches(code: Any, value: Any) -> bool:
    """Whether an item is more than one sign, perhaps repeated."""
    if code is op.MAX_REPEAT:
        return len(value[2]) != 1 or _branches(*value[2][0]) or value[2][0][0] is op.MAX_REPEAT
    return code in {op.BRANCH, op.SUBPATTERN}


def _ended(found: Iterable[_Begun]) -> frozenset[_Begun]:
    """The same, and nothing follows them."""
    return frozenset((text, bounded, False) for text, bounded, _ in found)


def _shortened(found: frozenset[_Begun], most: int) -> frozenset[_Begun]:
    """The same, cut so that there are no more than so many."""
    for length in range(MAX_LENGTH - 1, -1, -1):
        if len(found) <= most:
            break
        found = frozenset(
            (text[:length], bounded, whole and len(text) <= length)
            for text, bounded, whole in found
        )
    return found


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
