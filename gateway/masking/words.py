"""Capitalised words of a text, and how each follows the one before it."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import IntEnum

_UPPER = "A-Z\u00c0-\u00d6\u00d8-\u00de\u0100-\u017f\u0386-\u03ab\u0400-\u042f"
# The bound on length keeps the search linear for any input.
# Generated people have numbers behind their names: `Gail741 Mosciski958`.
_WORD = re.compile(
    rf"(?<!\w)[{_UPPER}](?:(?:[^\W\d_]|['\u2019-](?=[^\W\d_])){{0,60}}"
    r"|[^\W\d_]{1,40}[0-9]{1,4}(?:['\u2019]s)?)(?!\w)"
)
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
_SPACES = (" ", "\n", "\t", "(", "-", "/")


class Gap(IntEnum):
    """What stands between a word and the one before it."""

    OTHER = 0
    SPACE = 1
    DOT = 2
    COMMA = 3
    PARTICLE = 4


@dataclass(frozen=True, slots=True)
class Word:
    """A capitalised word.

    Attributes:
        start: where it begins in the text.
        end: behind its last letter, a possessive ending not counted.
        stop: behind the possessive ending, or the full stop of an initial or abbreviation.
        text: as it stands, without a possessive ending.
        low: in lower case, without accents and digits at its end.
        numbered: it has digits at its end.
        gap: between the word before and this one.
    """

    start: int
    end: int
    stop: int
    text: str
    low: str
    gap: Gap
    numbered: bool

    def moved(self, by: int) -> "Word":
        """The same further on in a longer text."""
        return replace(self, start=self.start + by, end=self.end + by, stop=self.stop + by)

    @property
    def initial(self) -> bool:
        """A single letter."""
        return len(self.text) == 1

    @property
    def capitals(self) -> bool:
        """Written in capitals throughout."""
        return len(self.text) > 1 and self.text.isupper()

    @property
    def possessive(self) -> bool:
        """It ends in 's."""
        return self.stop > self.end + 1


def words(text: str) -> list[Word]:
    """The capitalised words of `text`, in order."""
    return list(_words(text))


def _words(text: str) -> Iterator[Word]:
    before = -1
    previous = ""
    for match in _WORD.finditer(text):
        start, stop = match.span()
        plain = match[0]
        end = stop
        if plain.endswith(_POSSESSIVES) and len(plain) > 2:  # noqa: PLR2004
            plain, end = plain[:-2], stop - 2
        letters = plain.rstrip("0123456789")
        low = letters.lower() if letters.isascii() else _folded(letters)
        gap = _gap(text, before, start, previous) if before >= 0 else Gap.OTHER
        if end == stop and text[stop : stop + 1] == "." and _short(plain, low):
            stop += 1
        yield Word(start, end, stop, plain, low, gap, letters != plain)
        before, previous = match.end(), low


def _folded(letters: str) -> str:
    """In lower case and without accents, as the lists write names."""
    apart = unicodedata.normalize("NFKD", letters.replace("\u2019", "'")).lower()
    return "".join(char for char in apart if not unicodedata.combining(char))


def _short(plain: str, low: str) -> bool:
    return len(plain) == 1 or low in _ABBREVIATIONS


def _gap(text: str, before: int, start: int, previous: str) -> Gap:
    if start - before > _MAX_GAP:
        return Gap.OTHER
    between = text[before:start]
    if between in {" ", "  ", "\u00a0"}:
        return Gap.SPACE
    if between in {". ", ".", ".  "}:
        return Gap.DOT if _shortened(previous) else Gap.OTHER
    if between in {", ", ","}:
        return Gap.COMMA
    if between[:1] == "." and _shortened(previous):
        between = between[1:]  # `Dr. von Braun`
    return Gap.PARTICLE if _PARTICLES.match(between) else Gap.OTHER


def _shortened(previous: str) -> bool:
    return len(previous) == 1 or previous in _ABBREVIATIONS


def leading(text: str, start: int) -> str:
    """The word before `start`, in lower case, with the signs that stand between left off."""
    before = text[max(0, start - _MAX_LEADING) : start].rstrip(" \t\"'(\u201c,.:=#")
    return before[max(map(before.rfind, _SPACES)) + 1 :].lower()
