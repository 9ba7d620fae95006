"""Capitalised words of a text, and how each follows the one before it."""

import re
import unicodedata
from dataclasses import dataclass, field
from enum import IntEnum
from functools import lru_cache
from typing import NamedTuple

_UPPER = "A-Z\u00c0-\u00d6\u00d8-\u00de\u0100-\u017f\u0386-\u03ab\u0400-\u042f"
_LETTER = r"[^\W\d_]"
_SIGN = "['\u2019-]"
# Generated people have numbers behind their names: `Gail741 Mosciski958`.
_NUMBERED = rf"{_LETTER}{{1,40}}[0-9]{{1,4}}(?:['\u2019]s)?"
# The capital comes first, since a search skips to the next one.
_FIRST = rf"[{_UPPER}](?<!\w[{_UPPER}])"
_WORD = re.compile(rf"{_FIRST}(?:{_LETTER}*(?:{_SIGN}{_LETTER}+)*|{_NUMBERED})(?!\w)")
# What is longer is no word, but may begin with one.
_BOUNDED = re.compile(rf"{_FIRST}(?:(?:{_LETTER}|{_SIGN}(?={_LETTER})){{0,60}}|{_NUMBERED})(?!\w)")
_MAX_WORD = 61
_PARTICLES = re.compile(
    r" (?:(?:van|von|de|del|della|der|den|bin|ibn|al|el|da|dos|das|di|du|la|le|ter|ten) ){1,3}\Z"
    r"| (?:al|el|ar|as|ash|abd)-\Z"
)
_POSSESSIVES = ("'s", "\u2019s")
_ABBREVIATIONS = frozenset(
    """st mt ft dr mr mrs ms mx prof rev fr jr sr med ctr hosp univ gen hon sgt lt capt drs
    mem inst cntr""".split()
)
_MAX_GAP = 24
_MAX_LEADING = 32
_LEADING = re.compile(r"[ \t\"'(\u201c,.:=#]*([^ \n\t(/-]*)")
"""The word before a place, matched on the text before it, reversed."""


class Gap(IntEnum):
    """What stands between a word and the one before it."""

    OTHER = 0
    SPACE = 1
    DOT = 2
    COMMA = 3
    PARTICLE = 4


_GAPS = {
    **dict.fromkeys((" ", "  ", "\u00a0"), Gap.SPACE),
    **dict.fromkeys((", ", ","), Gap.COMMA),
}
# Members of an enumeration are slow to look up.
_OTHER, _SPACE, _DOT, _PARTICLE = Gap.OTHER, Gap.SPACE, Gap.DOT, Gap.PARTICLE
_DOTS = frozenset({". ", ".", ".  "})
MAX_WRITTEN = 20_000
"""Words whose forms are remembered, for the life of the process."""


# Not frozen, which makes thousands of them slow; nobody changes one.
@dataclass(slots=True)
class Word:
    """A capitalised word.

    Attributes:
        start: where it begins in the text.
        end: behind its last letter, a possessive ending not counted.
        stop: behind the possessive ending, or the full stop of an initial or abbreviation.
        text: as it stands, without a possessive ending.
        low: in lower case, without accents and digits at its end.
        gap: between the word before and this one.
        follows: that is a space, or an abbreviation's full stop and a space.
        joins: the same, or a particle between the two (`van der`).
        numbered: it has digits at its end.
        initial: it is a single letter.
        capitals: it is written in capitals throughout.
        possessive: it ends in 's.
    """

    start: int
    end: int
    stop: int
    text: str
    low: str
    gap: Gap
    follows: bool
    joins: bool
    numbered: bool
    initial: bool
    capitals: bool
    possessive: bool
    _lead: str | None = field(default=None, compare=False, repr=False)

    def moved(self, by: int) -> "Word":
        """The same further on in a longer text."""
        return Word(
            self.start + by,
            self.end + by,
            self.stop + by,
            self.text,
            self.low,
            self.gap,
            self.follows,
            self.joins,
            self.numbered,
            self.initial,
            self.capitals,
            self.possessive,
            self._lead,
        )

    def lead(self, text: str) -> str:
        """The word before this one in its text; see `leading`."""
        found = self._lead
        if found is None:
            found = self._lead = leading(text, self.start)
        return found


class _Written(NamedTuple):
    """What a word is by how it is written, wherever it stands; see `Word`."""

    text: str
    low: str
    numbered: bool
    initial: bool
    capitals: bool
    possessive: bool
    is_short: bool
    shortens: bool


def words(text: str) -> list[Word]:
    """The capitalised words of `text`, in order."""
    found: list[Word] = []
    before = -1
    shortened = False
    for match in _matches(text):
        start, last = match.span()
        plain, low, numbered, initial, capitals, possessive, short, shortens = _written(match[0])
        end = stop = last
        if possessive:
            end = last - 2
        elif short and text[last : last + 1] == ".":
            stop = last + 1
        gap = _OTHER
        if before >= 0 and start - before <= _MAX_GAP:
            between = text[before:start]
            gap = _GAPS.get(between) or _gap(between, shortened=shortened)
        follows = gap is _SPACE or gap is _DOT
        joins = follows or gap is _PARTICLE
        form = numbered, initial, capitals, possessive
        found.append(Word(start, end, stop, plain, low, gap, follows, joins, *form))
        before, shortened = last, shortens
    return found


def _matches(text: str) -> list[re.Match[str]]:
    found = list(_WORD.finditer(text))
    if any(match.end() - match.start() > _MAX_WORD for match in found):
        return list(_BOUNDED.finditer(text))
    return found


@lru_cache(maxsize=MAX_WRITTEN)
def _written(word: str) -> _Written:
    possessive = word.endswith(_POSSESSIVES) and len(word) > 2  # noqa: PLR2004
    plain = word[:-2] if possessive else word
    letters = plain.rstrip("0123456789")
    low = letters.lower() if letters.isascii() else folded(letters)
    single, abbreviated = len(plain) == 1, low in _ABBREVIATIONS
    return _Written(
        text=plain,
        low=low,
        numbered=letters != plain,
        initial=single,
        capitals=not single and plain.isupper(),
        possessive=possessive,
        is_short=single or abbreviated,
        shortens=len(low) == 1 or abbreviated,
    )


def folded(letters: str) -> str:
    """In lower case and without accents, as the lists write names."""
    apart = unicodedata.normalize("NFKD", letters.replace("\u2019", "'")).lower()
    return "".join(char for char in apart if not unicodedata.combining(char))


def _gap(between: str, *, shortened: bool) -> Gap:
    if between in _DOTS:
        return Gap.DOT if shortened else Gap.OTHER
    if shortened and between[:1] == ".":
        between = between[1:]  # `Dr. von Braun`
    return Gap.PARTICLE if between[:1] == " " and _PARTICLES.match(between) else Gap.OTHER


def leading(text: str, start: int) -> str:
    """The word before `start`, in lower case, with the signs that stand between left off."""
    match = _LEADING.match(text[max(0, start - _MAX_LEADING) : start][::-1])
    # Reversed again first: how a letter is made small may depend on the one before it.
    return match[1][::-1].lower() if match else ""
