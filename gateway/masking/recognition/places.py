"""Places in text that are smaller than a state: towns, and hospitals, clinics, schools by name."""

import re
from collections.abc import Iterator, Sequence
from functools import cache

from gateway.masking.kinds import Kind
from gateway.masking.recognition.name_context import NEXT
from gateway.masking.recognition.name_lists import towns
from gateway.masking.recognition.name_words import listed
from gateway.masking.recognition.person_words import (
    EPONYM_NOUNS,
    EPONYMS,
    NOT_A_NAME,
)
from gateway.masking.recognition.place_context import (
    ASKS,
    AT,
    AT_LEADS,
    CALLED_AFTER,
    CITY,
    CLOSES,
    COUNTIES,
    DATED,
    FROM,
    FROM_LEADS,
    GUIDES,
    HAS,
    LEADS,
    LIVES,
    LIVES_LEADS,
    NOT_FIRST,
    ON_A_DAY,
    PLAIN_NAMES,
    SEEN_IN,
    SMALL,
    STATE,
    STORE,
    STREETED,
    STREETS,
    THING,
    VISIT,
    VISIT_OF_ALL,
)
from gateway.masking.recognition.place_forms import full_name, is_kind_of_care, is_saint, is_state
from gateway.masking.recognition.place_words import (
    COUNTRIES,
    FACILITIES,
    FACILITY_NOUNS,
    FACILITY_TAILS,
    HOME_TAILS,
    NOT_A_PLACE,
    STATES,
    WEAK_TAILS,
)
from gateway.masking.recognition.words import Gap, Word

_BEFORE = 64
_DOCTORS = frozenset({"dr", "drs", "doctor"})
_MAX_WORDS = 7
_MAX_CITY = 3
_LINKS = frozenset({" & ", " and ", " of ", " of the ", " at ", "/", " \u2013 ", " - ", " for "})
# Parts of systems of hospitals that stand before the town: `VA Palo Alto`, `UT Southwestern`.
_SYSTEMS = 3
_CAMEL = re.compile(r"[A-Z][a-z]{2,}(?:Care|Health|Med|Star|Point|Clinic)\Z|[A-Z]{2}Health\Z")
_LAST_WORDS = frozenset(tail.rpartition(" ")[2] for tail in FACILITY_TAILS)
_ENDINGS = _LAST_WORDS | FACILITY_NOUNS
_HOMES = frozenset({"home", "facility", "center", "centre", "homes"})
Place = tuple[int, int, Kind]


@cache
def _places() -> frozenset[str]:
    return towns() | FACILITIES


@cache
def _first_words() -> frozenset[str]:
    """Of the listed names, so that most words are looked up once."""
    return frozenset(name.partition(" ")[0].rstrip(".") for name in _places())


def places(text: str, words: Sequence[Word]) -> Iterator[Place]:
    """(start, end, kind) of places in `text`, possibly overlapping."""
    finder = _Finder(text, words)
    asked = False
    for index, word in enumerate(words):
        leads = finder.leads(index)
        # Most words can be neither, and are not asked for more.
        if (
            leads
            or asked
            or word.possessive
            or word.low in _ENDINGS
            or is_saint(text, words, index)
        ):
            yield from finder.facility(index, leads=leads, asked=asked)
        if index == 0 or not word.follows or word.low == "bronx":
            yield from finder.town(index, leads=leads)
        asked = word.low in ASKS


class _Finder:
    """Places that end or begin at a word of one text."""

    def __init__(self, text: str, words: Sequence[Word]) -> None:
        self._text = text
        self._words = words
        self._firsts = _first_words()

    def facility(self, index: int, *, leads: bool, asked: bool) -> Iterator[Place]:
        """A name that ends in a word for a place of care, or that stands where one is visited."""
        tail = self._tail(index)
        if is_saint(self._text, self._words, index):
            yield self._words[index - 1].start, self._words[index].stop, Kind.ADDRESS
        if tail:
            first = self._left(index)
            start = self._words[first].start
            names = [word.low for word in self._words[first : index + 2 - tail]]
            if self._accepts(first, index, tail, names):
                yield start, self._right(self._home(index)), Kind.ADDRESS
        if self._words[index].possessive and index and self._words[index - 1].low in _DOCTORS:
            office = SMALL.match(self._text, self._words[index].end)
            if office:
                yield self._words[index - 1].start, office.end(), Kind.ADDRESS
        if asked:
            yield from self._asked_about(index)
        if not leads:
            return
        word = self._words[index]
        back = self._before(index)[::-1]
        camel = _CAMEL.match(word.text) and VISIT.match(back)
        at = word.lead(self._text) in AT_LEADS and self._begins(index)
        if camel or (at and AT.match(back)):
            yield from self._visited(index)
        elif (size := self._known(index, FACILITIES)) and VISIT.match(back):
            yield word.start, self._right(index + size - 1), Kind.ADDRESS

    def _asked_about(self, index: int) -> Iterator[Place]:
        """`Does Lakeview Memorial have a protocol`: what only a place of care has."""
        word = self._words[index]
        if word.gap is not Gap.SPACE or not self._begins(index) or word.low in NOT_A_NAME:
            return
        last = self._run(index)
        if last == index and word.capitals:
            return
        if HAS.match(self._text, self._words[last].stop):
            yield word.start, self._words[last].end, Kind.ADDRESS

    def _home(self, index: int) -> int:
        """The last word of `Cedar Grove Nursing Home`."""
        if self._words[index].low != "nursing" or index + 1 >= len(self._words):
            return index
        following = self._words[index + 1]
        return index + (following.gap is Gap.SPACE and following.low in _HOMES)

    def _tail(self, index: int) -> int:
        """How many words that end at `index` say that a place is named; 0 for none."""
        word = self._words[index]
        full = f"{word.low}'s" if word.possessive else word.low
        if full not in _LAST_WORDS and word.low not in FACILITY_NOUNS:
            return 0
        if index and self._words[index].follows:
            before = self._words[index - 1].low
            if f"{before} {full}" in FACILITY_TAILS or f"{before}. {full}" in FACILITY_TAILS:
                return 2
        return int(word.low in FACILITY_NOUNS or full in FACILITY_TAILS)

    def _left(self, index: int) -> int:
        """The first word of the name that ends at `index`."""
        first = index
        while first > 0 and index - first < _MAX_WORDS:
            word, before = self._words[first], self._words[first - 1]
            linked = self._text[before.stop : word.start] in _LINKS
            if not word.follows and not linked:
                break
            first -= 1
        while first < index and self._words[first].low in NOT_FIRST:
            first += 1
        return first

    def _accepts(self, first: int, last: int, tail: int, names: list[str]) -> bool:  # noqa: PLR0911
        before = self._before(first)
        if GUIDES.search(before) or CALLED_AFTER.match(self._text, self._words[last].stop):
            return False
        visited = bool(VISIT.match(before[::-1]))
        if visited and self._right(last) > self._words[last].stop:
            return True  # a town follows
        if first > last - tail:
            return False
        own = [name for name in names if len(name) > 1 and not is_kind_of_care(name)]
        if not any(name not in NOT_A_NAME or name in PLAIN_NAMES for name in own):
            if visited and self._words[last].low in HOME_TAILS:
                return bool(own)
            capital = self._words[last].low in FACILITY_NOUNS
            return visited and capital and bool(set(names) & PLAIN_NAMES)
        if names[-1:] and self._words[last].low in COUNTIES:
            return self._words[last].text[:1].isupper()
        words = [full_name(word) for word in self._words[last + 1 - tail : last + 1]]
        weak = " ".join(words) in WEAK_TAILS
        if visited or not weak or self._known(first, _places()) > 0:
            return True
        return HAS.match(self._text, self._words[last].stop) is not None

    def _visited(self, index: int) -> Iterator[Place]:
        """`seen at Northside`: every capitalised word that follows."""
        end = index
        while end + 1 < len(self._words) and end - index < _MAX_WORDS:
            word, following = self._words[end], self._words[end + 1]
            linked = self._text[word.stop : following.start] in _LINKS
            if not following.follows and not linked:
                break
            if following.low in NOT_A_PLACE and following.low != "va":
                break
            end += 1
        start = self._words[index].start
        lady = index and self._words[index].low == "lady" and self._words[index - 1].low == "our"
        yield self._words[index - 1].start if lady else start, self._right(end), Kind.ADDRESS

    def _begins(self, index: int) -> bool:
        """A capitalised word that may be a place's name begins here."""
        word = self._words[index]
        low = word.low
        if word.capitals and len(low) <= _SYSTEMS and self._is_system(index):
            return True
        if low in NOT_A_PLACE or low in EPONYM_NOUNS or word.initial:
            return False
        noun = NEXT.match(self._text, word.end)
        if noun and noun[1] in EPONYM_NOUNS:
            return False  # `at McBurney's point`
        if low in NOT_A_NAME and not (low in PLAIN_NAMES or low in {"st", "saint", "mt", "mount"}):
            return self._known(index, _places()) > 0 or self._tailed(index)
        if not word.capitals or low in FACILITIES:
            return True
        return len(low) > 3 and VISIT_OF_ALL.match(self._before(index)[::-1]) is not None  # noqa: PLR2004

    def _is_system(self, index: int) -> bool:
        """`VA Palo Alto`: behind letters a name, which is no word of medicine."""
        if index + 1 >= len(self._words) or self._words[index + 1].gap is not Gap.SPACE:
            return False
        following = self._words[index + 1]
        low = following.low
        return not (
            following.capitals or following.initial or low in NOT_A_NAME or low in EPONYM_NOUNS
        )

    def _tailed(self, index: int) -> bool:
        """`North Valley Clinic`: a common word, and a word for a place later on."""
        for place in range(index + 1, min(index + 4, len(self._words))):
            if not self._words[place].follows:
                return False
            if self._tail(place):
                return True
        return False

    def leads(self, index: int) -> bool:
        """A word stands before that may say that a place follows."""
        word = self._words[index]
        if index and word.follows and self._words[index - 1].low not in LEADS:
            return False
        lead = word.lead(self._text)
        return lead in LEADS or lead.rstrip(".") in STREETS

    def town(self, index: int, *, leads: bool) -> Iterator[Place]:
        """A town that is known, or that somebody lives in or comes from."""
        word = self._words[index]
        size = self._known(index, towns())
        if not size and not leads:
            return
        before = self._before(index)
        back = before[::-1]
        end = self._words[index + size - 1].end if size else word.end
        if size and (CITY.match(back) or SMALL.match(self._text, end)):
            lives = LIVES.match(back)
            called = CALLED_AFTER.match(self._text, end) and not lives
            if before.endswith(("the ", "The ", " a ")) and not lives and word.low != "bronx":
                called = called or self._names_a_thing(end)
            if not (called or GUIDES.search(before)):
                yield self._with_article(index), self._rest(end), Kind.CITY
        elif word.low in NOT_A_NAME or word.capitals or word.initial or not leads:
            return
        elif (
            self._lives(word, back)
            or self._seen_in(index, before, back)
            or self._came_from(index, before)
            or STREETED.match(back)
        ):
            last = self._run(index)
            named = " ".join(item.low for item in self._words[index : last + 1])
            if named not in STATES and named not in COUNTRIES and word.low not in COUNTRIES:
                yield word.start, self._rest(self._words[last].end), Kind.CITY

    def _lives(self, word: Word, back: str) -> bool:
        """Somebody lives in what this word names, or comes from there.

        Args:
            word: the word.
            back: the text before it, reversed.
        """
        lead = word.lead(self._text)
        if lead in LIVES_LEADS and LIVES.match(back):
            return not is_kind_of_care(word.low)
        return lead in FROM_LEADS and word.low not in NOT_A_PLACE and FROM.match(back) is not None

    def _seen_in(self, index: int, before: str, back: str) -> bool:
        """`seen in Overbrooke on May 3rd`: no disease is seen on a day."""
        if not before.endswith(" in ") or self._words[index].possessive:
            return False
        if is_kind_of_care(self._words[index].low) or self._words[index].low in EPONYMS:
            return False
        if ON_A_DAY.match(back):
            return True
        if not SEEN_IN.match(back):
            return False
        return DATED.match(self._text, self._words[self._run(index)].end) is not None

    def _came_from(self, index: int, before: str) -> bool:
        """`is Ruth Quetzal from Overbrooke`: behind somebody's name."""
        if index < 2 or not before.endswith(" from "):  # noqa: PLR2004
            return False
        word, surname = self._words[index], self._words[index - 1]
        if self._text[surname.stop : word.start] != " from " or word.low in NOT_A_PLACE:
            return False
        first = self._words[index - 2]
        return surname.follows and (listed(first) or listed(surname))

    def _names_a_thing(self, end: int) -> bool:
        """Behind `the Norfolk` stands a noun that is no place: a catheter, a system, a grade."""
        following = THING.match(self._text, end)
        return following is not None and not SMALL.match(self._text, end)

    def _run(self, index: int) -> int:
        last = index
        while last + 1 < len(self._words) and self._words[last + 1].follows:
            last += 1
        return last

    def _with_article(self, index: int) -> int:
        start = self._words[index].start
        article = self._words[index].low == "bronx" and self._text[max(0, start - 4) : start]
        return start - 4 if article in {"the ", "The "} else start

    def _known(self, index: int, listed: frozenset[str]) -> int:
        """How many words from `index` make a name of the list, at most three."""
        first = self._words[index]
        if first.low not in self._firsts and full_name(first) not in self._firsts:
            return 0
        names: list[str] = []
        found = 0
        for place in range(index, min(index + _MAX_CITY, len(self._words))):
            word = self._words[place]
            if place > index and not word.follows:
                break
            names.append(word.low)
            joined = " ".join(names)
            full = " ".join([*names[:-1], full_name(word)])
            dotted = joined.replace("st ", "st. ", 1) if joined.startswith("st ") else joined
            if joined in listed or full in listed or dotted in listed:
                found = place - index + 1
        return found

    def _right(self, index: int) -> int:
        """Behind the name's last word and what says where it is: `, Dallas`, ` in Houston, TX`."""
        word = self._words[index]
        end = word.stop
        after = index + 1
        if after < len(self._words):
            following = self._words[after]
            between = self._text[end : following.start]
            known = self._known(after, towns())
            told = between == ", " and word.low not in _ENDINGS
            told = told and CLOSES.match(self._text, following.stop) is not None
            if known and between in {" ", ", ", " in ", " of ", " at "}:
                end = self._words[after + known - 1].end
            elif following.low in STATES and between == ", ":
                return following.end
            elif (between == " in " or told) and self._may_be_town(following):
                end = following.end
        return self._rest(end)

    @staticmethod
    def _may_be_town(word: Word) -> bool:
        """Behind a place of care and `in`: any name."""
        low = word.low
        return not (word.capitals or word.initial or low in NOT_A_NAME or low in EPONYM_NOUNS)

    def _rest(self, end: int) -> int:
        """Behind a state, or small words such as `clinic`, that belong to the place."""
        state = STATE.match(self._text, end)
        if state and self._text[end : end + 1] == "," and is_state(state[1]):
            return state.end()
        small = SMALL.match(self._text, end) or STORE.match(self._text, end)
        return small.end() if small else end

    def _before(self, index: int) -> str:
        start = self._words[index].start
        return self._text[max(0, start - _BEFORE) : start]
