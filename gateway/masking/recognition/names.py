"""People's names in text: by list, by title, by what introduces them, by what follows them.

The lists say that a word may be a name; what stands around it decides. Words of medicine that are
people's names as well (Crohn, Wells, Addison) are left where they name a disease, test or device.
"""

from collections.abc import Iterator, Sequence

from gateway.masking.recognition.name_around import PAIRED, Around
from gateway.masking.recognition.name_context import (
    ABBREVIATED,
    ACTS,
    AGED,
    CALLED,
    DOES,
    ENDS,
    ENDS_NAME,
    FOLLOWED,
    KIN,
    LETTERED,
    LIVING,
    NAMED,
    NAMED_LEADS,
    PERSON,
    PERSON_LEADS,
    REVERSED_LEADS,
    ROLE_NAMED,
    ROLES,
    SUBJECTS,
)
from gateway.masking.recognition.name_cues import cued
from gateway.masking.recognition.name_lists import all_given_names, given_names, word_surnames
from gateway.masking.recognition.name_series import behind_nickname, next_of_series
from gateway.masking.recognition.name_words import (
    compound,
    generated,
    listed,
    may_be_given,
    may_be_name,
    surname,
    word_surname,
)
from gateway.masking.recognition.person_words import (
    AMBIGUOUS_GIVEN,
    EPONYM_NOUNS,
    EPONYMS,
    INSTITUTIONS,
    NOT_A_NAME,
    SURNAME_WORDS,
    TITLED_BRANDS,
    TITLED_WORDS,
    TITLES,
    WEAK_SURNAMES,
    WEAK_TITLES,
)
from gateway.masking.recognition.place_words import CITIES, STATES
from gateway.masking.recognition.words import Gap, Word

_BEFORE = 48
_MAX_NAME = 5
_INTRODUCING = NAMED_LEADS | KIN
_IS_A = ("is a", " is a")
_LETTERED = EPONYMS | EPONYM_NOUNS | LETTERED
_TITLED = SURNAME_WORDS | TITLED_WORDS
_SAINTLY = frozenset({"san", "santa"})


def people(text: str, words: Sequence[Word]) -> Iterator[tuple[int, int]]:
    """(start, end) of people's names in `text`, titles included."""
    finder = _Finder(text, words)
    index = 0
    while index < len(words):
        end = finder.person(index)
        if end == index:
            index += 1
            continue
        while end > index:
            yield words[index].start, _last(text, words[end - 1])
            index, end = end, finder.next_of_series(end)


def _last(text: str, word: Word) -> int:
    """Behind the name's last letter; the stop of an initial belongs to it."""
    return word.stop if word.initial and text[word.end : word.stop] == "." else word.end


class _Finder:
    """Names that begin at a word of one text."""

    def __init__(self, text: str, words: Sequence[Word]) -> None:
        self._text = text
        self._words = words
        self._given = given_names()
        self._around = Around(text, words)

    def person(self, index: int) -> int:
        """Behind the last word of a name that begins at `index`; `index` where none does."""
        end = self._person(index)
        if end == index:
            return cued(self._text, self._words, index, self._around)
        if self._in_capitals(end):
            return end + 1
        return behind_nickname(self._text, self._words, end, self._around.name_from)

    def next_of_series(self, index: int) -> int:
        """Behind the name that follows another one at `index`; `index` where none does."""
        return next_of_series(self._text, self._words, index, self._around.name_from)

    def _in_capitals(self, index: int) -> bool:
        """`John SMITH, DOB 1/2/1950`: the surname stands out, and what follows says of whom."""
        if not self._around.joins(index) or self._words[index - 1].possessive:
            return False
        word = self._words[index]
        if not word.capitals or self._words[index - 1].capitals:
            return False
        if not may_be_name(word) and word.low not in SURNAME_WORDS:
            return False
        rest = FOLLOWED.match(self._text, word.stop) or DOES.match(self._text, word.stop)
        return len(word.low) > 2 and rest is not None  # noqa: PLR2004

    def _person(self, index: int) -> int:
        word = self._words[index]
        if word.initial and self._text[word.start - 1 : word.start] == "&":
            return index  # `H&P.`
        if word.low in PAIRED and (
            self._around.is_pair(index) or (index and self._around.is_pair(index - 1))
        ):
            return index
        if word.low in TITLES:
            return self._titled(index)
        if self._around.is_of_a_place(index) or word.low in _SAINTLY:
            return index
        if may_be_given(word) and (end := self._by_list(index)) > index:
            return end
        following = self._words[index + 1] if index + 1 < len(self._words) else None
        end = self._with_next(index, following) if following else index
        if end == index and not (following and following.joins) and self._is_led(word):
            end = self._introduced(index)
        return end if end > index else self._with_what_follows(index, following)

    def _with_next(self, index: int, following: Word) -> int:
        """By what wants another word behind the first one."""
        if following.joins:
            end = self._by_surname(index)
            return end if end > index else self._introduced(index)
        return self._reversed(index) if following.gap is Gap.COMMA else index

    def _with_what_follows(self, index: int, following: Word | None) -> int:
        """By an initial, or by what the sentence goes on with."""
        if following and following.initial and (end := self._by_initial(index)) > index:
            return end
        behind = self._words[index].stop + 1
        if self._text.startswith(_IS_A, behind) and (end := self._aged(index)) > index:
            return end
        joined = following is not None and following.joins
        if not joined and self._text[behind : behind + 3] in LIVING:
            return self._around.lives(index)
        return index

    def _is_led(self, word: Word) -> bool:
        """A word or sign stands before that may introduce a name, of one word too."""
        before = self._text[max(0, word.start - 3) : word.start]
        return ":" in before or "=" in before or word.lead(self._text) in _INTRODUCING

    def _titled(self, index: int) -> int:
        """`Dr. A. Smith`."""
        end = self._around.name_from(index + 1) if self._around.joins(index + 1) else index
        if end == index + 1 and self._words[end].low in _TITLED:
            end += 1
        if end <= index + 1 or self._words[index].possessive:
            return index
        first = self._words[index + 1]
        if first.low in TITLED_BRANDS:
            return index
        if self._words[index].low in WEAK_TITLES:
            nobody = first.low in KIN or self._around.is_pair(index + 1)
            return index if nobody or not listed(first) else end
        return end

    def _by_list(self, index: int) -> int:  # noqa: PLR0911
        """`Mary`, `Mary L.`, `Mary Ann Smith`."""
        word = self._words[index]
        sure = word.low in self._given or self._is_compound(index) or generated(word)
        if not sure and word.low not in AMBIGUOUS_GIVEN:
            return index
        common = word.low in NOT_A_NAME
        if common and not self._behind_a_common_word(index):
            return index
        end = index + 1 if word.possessive else self._around.name_from(index, common=common)
        if end <= index + 1:
            end = index + 1
            alone = sure and not word.capitals and word.low not in EPONYMS
            return index if not alone or self._around.is_eponym(index, end) else end
        second = self._words[index + 1]
        if not sure and not (second.initial or self._behind_a_word(index)):
            return index
        if word.capitals and not (second.initial or listed(second)):
            return index
        weak = word.low in EPONYMS or second.low in EPONYMS
        if weak and second.initial and second.stop == second.end:
            return index  # `Tanner I`
        return index if weak and self._around.is_eponym(index, end) else end

    def _is_compound(self, index: int) -> bool:
        """`Mary-Ann`; `Kirby-Bauer` may be a test, so that what follows has to be a person's."""
        word = self._words[index]
        if not compound(word):
            return False
        if word.low.partition("-")[0] in self._given:
            return True
        after = self._text[word.end : word.end + 2]
        joined = self._around.joins(index + 1) and listed(self._words[index + 1])
        return joined or after in {"'s", "\u2019s"} or ACTS.match(self._text, word.stop) is not None

    def _by_surname(self, index: int) -> int:  # noqa: C901, PLR0911
        """`Oluwaseun Johnson`, `J. R. Smith`: a word that no list has before one that it has."""
        word = self._words[index]
        end = index + 1
        while self._around.joins(end) and self._words[end].initial and end < index + _MAX_NAME:
            end += 1
        if not self._around.joins(end) or word.possessive:
            return index
        last = self._words[end]
        if end > index + 1 and self._by_initials(index, end):
            return max(end + 1, self._around.name_from(end))
        if last.gap is Gap.PARTICLE and may_be_name(word) and may_be_name(last):
            return end + 1
        if word.initial and last.gap is Gap.DOT and word_surname(last):
            acts = ACTS.match(self._text, last.stop) or not self._around.starts_sentence(index)
            return end + 1 if acts and not self._around.is_eponym(index, end + 1) else index
        if not surname(last) or last.low in WEAK_SURNAMES or last.low in EPONYMS:
            return index
        if last.capitals != word.capitals and not word.initial:
            return index
        if word.initial:
            dotted = last.gap is Gap.DOT
            return end + 1 if dotted and not self._around.is_eponym(index, end + 1) else index
        if not may_be_name(word) or word.low in EPONYMS or self._around.is_eponym(index, end + 1):
            return index
        sure = "-" in last.low or listed(word) or word.low in all_given_names()
        if not sure and self._around.starts_sentence(index):
            after = _last(self._text, last)
            if not (ACTS.match(self._text, after) or FOLLOWED.match(self._text, after)):
                return index
        return self._around.name_from(index)

    def _by_initials(self, index: int, end: int) -> bool:
        """`Zelmira P. Quetzal`, `A. K. Quetzal`: any word behind an initial that has a stop."""
        word, last = self._words[index], self._words[end]
        if last.gap is not Gap.DOT or last.capitals or not may_be_name(last):
            return False
        if last.low in EPONYMS or self._around.is_eponym(index, end + 1):
            return False
        if word.initial:
            return word.low + self._words[index + 1].low not in ABBREVIATED
        known = word.low in all_given_names() and self._around.names_no_date(index)
        named = known or (may_be_name(word) and word.low not in _LETTERED and len(word.low) > 2)  # noqa: PLR2004
        return named and not word.capitals

    def _reversed(self, index: int) -> int:
        """`Smith, John`."""
        if index + 1 >= len(self._words) or self._words[index + 1].gap is not Gap.COMMA:
            return index
        last, first = self._words[index], self._words[index + 1]
        if last.possessive or not self._is_reversed(index, last, first):
            return index
        end = index + 2
        while self._around.joins(end) and self._words[end].initial and end < index + _MAX_NAME:
            end += 1
        return end

    def _is_reversed(self, index: int, last: Word, first: Word) -> bool:
        """A surname and a given name, by the lists or by what follows at the start of a line."""
        known = surname(last) and last.low not in STATES | CITIES
        sure = first.low in self._given or compound(first)
        given = sure or first.low in AMBIGUOUS_GIVEN
        weak = last.low in WEAK_SURNAMES or not sure
        if known and given and (last.capitals or not weak):
            return True
        named = may_be_name(last) or last.low in SURNAME_WORDS
        if not named or not may_be_name(first) or last.low in STATES | CITIES:
            return False
        lead = last.lead(self._text)
        lead = lead[-1:] if lead[:-1].isdecimal() else lead
        after = self._words[index + 1].stop
        said = lead in SUBJECTS
        if lead in REVERSED_LEADS and not last.capitals and last.low not in EPONYMS:
            person = PERSON.match(self._text[max(0, last.start - _BEFORE) : last.start][::-1])
            if person and sure and ENDS_NAME.match(self._text, after):
                return True
            said = said or given or known or person is not None
        if not said and not ((given or known) and self._around.starts_sentence(index)):
            return False
        return FOLLOWED.match(self._text, after) is not None

    def _by_initial(self, index: int) -> int:
        """`Declan P.,`: a word that no list has, or a given name that is a word, and an initial."""
        if index + 1 >= len(self._words) or not self._words[index + 1].initial:
            return index
        word, initial = self._words[index], self._words[index + 1]
        if word.initial or word.possessive or word.capitals:
            return index
        dotted = initial.initial and initial.stop > initial.end and initial.gap is Gap.SPACE
        if not dotted or word.low in _LETTERED:
            return index
        known = word.low in all_given_names() and self._around.names_no_date(index)
        may_be = known or (may_be_name(word) and len(word.low) > 2 and "-" not in word.low)  # noqa: PLR2004
        return index + 2 if may_be and CALLED.match(self._text, initial.stop) else index

    def _aged(self, index: int) -> int:
        """`Sunny is a 25-year-old`."""
        word = self._words[index]
        if word.initial or word.capitals or word.low in ROLES or not may_be_name(word):
            return index
        return index + 1 if AGED.match(self._text, word.stop) else index

    def _behind_a_word(self, index: int) -> bool:
        """Behind a given name that is a word stands a surname."""
        second = self._words[index + 1]
        if surname(second) or second.low in self._given:
            return True
        third = index + 2
        if second.low in AMBIGUOUS_GIVEN and self._around.joins(third):
            return may_be_name(self._words[third])
        return word_surname(second) and not self._words[index].capitals

    def _behind_a_common_word(self, index: int) -> bool:
        """Behind `Will`, `May` or `Christian` stands what makes it a name."""
        if not self._around.joins(index + 1) or not self._around.names_no_date(index):
            return False
        word, second = self._words[index], self._words[index + 1]
        if word.capitals or second.low in NOT_A_NAME or second.low in INSTITUTIONS:
            return False
        if second.initial:
            dotted = second.stop > second.end and second.gap is Gap.SPACE
            return dotted and CALLED.match(self._text, second.stop) is not None
        strong = surname(second) and second.low not in WEAK_SURNAMES
        named = surname(second) or word_surname(second)
        if named and second.low not in EPONYMS and ACTS.match(self._text, second.stop):
            return True
        before = self._text[max(0, word.start - _BEFORE) : word.start]
        if self._around.starts_sentence(index) and not NAMED.match(before[::-1]):
            return strong and second.low not in EPONYMS
        return strong or word_surname(second)

    def _introduced(self, index: int) -> int:  # noqa: C901, PLR0911
        """`named Xochitl`, `a 45-year-old male, Xochitl K.`, `Xochitl Quetzal, MD`."""
        word = self._words[index]
        if not (may_be_name(word) or word.initial) or word.low in EPONYMS:
            return index
        end = self._around.name_from(index)
        before = self._text[max(0, word.start - _BEFORE) : word.start]
        lead = word.lead(self._text)
        labelled = lead in NAMED_LEADS or ":" in before[-3:] or "=" in before[-3:]
        if end > index and labelled and self._labels(before, index, end):
            if end == index + 1 and self._reverses(end):
                end = self._around.name_from(end)
            return index if self._around.is_eponym(index, end) else end
        kin = end == index + 1 and lead in KIN and before.lower().endswith(f"{lead} ")
        if kin and not word.capitals and not self._around.is_eponym(index, end):
            return end
        if end < index + 2 or self._around.is_eponym(index, end) or word.initial:
            return index
        if any(
            item.capitals != word.capitals for item in self._words[index:end] if not item.initial
        ):
            return index
        tail = self._words[end - 1]
        if tail.low in INSTITUTIONS:
            return index
        if FOLLOWED.match(self._text, _last(self._text, tail)):
            return end
        if word.numbered and tail.numbered and not word.capitals:
            return end
        dotted = tail.initial and tail.stop > tail.end
        if not (dotted or not word.capitals) or not (lead in PERSON_LEADS or lead[-1:] in "mf"):
            return index
        return end if PERSON.match(before[::-1]) else index

    def _labels(self, before: str, index: int, end: int) -> bool:
        """What stands before a word is a label of names, such as `Attending:`."""
        back = before[::-1]
        if NAMED.match(back):
            return True
        word = self._words[index]
        known = end > index + 1 or listed(word) or word.low in word_surnames() or "-" in word.low
        return known and ROLE_NAMED.match(back) is not None

    def _reverses(self, index: int) -> bool:
        """A given name stands at `index`, behind a surname and a comma."""
        if index >= len(self._words) or self._words[index].gap is not Gap.COMMA:
            return False
        word = self._words[index]
        if listed(word):
            return True
        alone = ENDS.match(self._text, word.stop) or FOLLOWED.match(self._text, word.stop)
        return alone is not None and may_be_name(word)
