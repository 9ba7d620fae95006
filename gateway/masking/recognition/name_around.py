"""How far a name goes, and what stands around it, read from the words of one text."""

from collections.abc import Sequence

from gateway.masking.recognition.name_context import (
    CLOSED,
    DATED,
    LIVES,
    NEXT,
    OF_MANY,
    ROLES,
    SAYS,
)
from gateway.masking.recognition.name_lists import given_names
from gateway.masking.recognition.name_words import listed, may_be_name
from gateway.masking.recognition.person_words import (
    EPONYM_NOUNS,
    EPONYM_PAIRS,
    EPONYMS,
    MONTHS,
    PARTICLES,
    SURNAME_WORDS,
)
from gateway.masking.recognition.place_words import CITIES, FACILITIES, STATES
from gateway.masking.recognition.words import Word

_MAX_NAME = 5
PAIRED = frozenset(
    word
    for pair in (*EPONYM_PAIRS, *(name.split() for name in FACILITIES))
    if len(pair) == 2  # noqa: PLR2004
    for word in pair
)
"""Of two words that name an operation, a test or a source of guidance."""
_SAINTS = frozenset({"st", "saint", "sts", "mt", "mount", "ft", "fort", "san", "santa"})


class Around:
    """The words of one text and what stands between them."""

    def __init__(self, text: str, words: Sequence[Word]) -> None:
        self._text = text
        self._words = words
        self._given = given_names()

    def name_from(self, index: int, *, common: bool = False) -> int:
        """Behind the words of one name: listed ones and initials, and one that no list has.

        Args:
            index: of its first word.
            common: that one may be a common word.
        """
        end = index + common
        unknown = 0
        while end < len(self._words) and end < index + _MAX_NAME:
            word = self._words[end]
            if end > index and (not self.joins(end) or self._words[end - 1].possessive):
                break
            if end > index and self._saint(end):
                end += 2
                break
            if not word.initial and not may_be_name(word):
                return end + 1 if self._ends_in_a_word(end, index) else end
            if word.low in PARTICLES and end > index and self.joins(end + 1):
                end += 1
                continue
            if not word.initial and not listed(word):
                unknown += 1
                mixed = end > index and word.capitals and not self._words[index].capitals
                if unknown > 2 or mixed:  # noqa: PLR2004
                    break
            end += 1
        return end

    def _saint(self, index: int) -> bool:
        """`Pieter St. Clair`: a surname, unless a hospital is called so."""
        if self._words[index].low != "st" or not self.joins(index + 1):
            return False
        last = self._words[index + 1]
        return not (last.possessive or last.capitals or self.joins(index + 2))

    def _ends_in_a_word(self, end: int, index: int) -> bool:
        """`Karen White,`: behind a sure given name or its initial a surname that is a word."""
        word = self._words[end]
        if end == index or word.low not in SURNAME_WORDS or word.capitals:
            return False
        before = self._words[end - 1]
        sure = before.low in self._given or (before.initial and end - 1 > index)
        return sure and not OF_MANY.match(self._text, word.stop)

    def joins(self, index: int) -> bool:
        """Whether the word at an index goes on with what the one before began."""
        return index < len(self._words) and self._words[index].joins

    def is_of_a_place(self, index: int) -> bool:
        """`St. Mary's`: a saint's name is a place's."""
        if not index or not self._words[index].joins:
            return False
        return self._words[index - 1].low in _SAINTS

    def is_eponym(self, index: int, end: int) -> bool:
        """The words name a disease, a test or a device: `Wells score`, `Addison's disease`."""
        last = self._words[end - 1]
        match = NEXT.match(self._text, last.end)
        if match and match[1].rstrip("-") in EPONYM_NOUNS:
            return True
        after = self._words[end] if end < len(self._words) and self.joins(end) else None
        if after and after.low in EPONYM_NOUNS:
            return True
        return last.low in EPONYM_NOUNS and end > index + 1 and self._words[index].low in EPONYMS

    def starts_sentence(self, index: int) -> bool:
        """Whether a word has its capital for that reason."""
        start = self._words[index].start
        before = self._text[max(0, start - 8) : start].rstrip(" \"'(\u201c-*")
        return not before or before[-1] in ".?!:;\n"

    def is_pair(self, index: int) -> bool:
        """`Tommy John`, `Johns Hopkins recommends`: an operation, or a source of guidance."""
        if index + 1 >= len(self._words):
            return False
        low, following = self._words[index].low, self._words[index + 1]
        if (low, following.low) in EPONYM_PAIRS:
            return True
        named = f"{low} {following.low}" in FACILITIES
        return named and SAYS.match(self._text, following.stop) is not None

    def names_no_date(self, index: int) -> bool:
        """Not a month behind `in` and the like, be a word or an initial behind it."""
        word, second = self._words[index], self._words[index + 1]
        if word.low not in MONTHS or word.lead(self._text) not in DATED:
            return True
        dotted = second.initial and second.stop > second.end
        return dotted and CLOSED.match(self._text, second.stop) is not None

    def lives(self, index: int) -> int:
        """`Zelmira denies pain`: who begins a sentence, and does or suffers what people do."""
        word = self._words[index]
        if word.initial or word.capitals or word.low in ROLES or word.low in EPONYMS:
            return index
        if not LIVES.match(self._text, word.stop) or not may_be_name(word):
            return index
        alone = self.starts_sentence(index) and word.low not in STATES | CITIES
        return index + alone
