"""Places in text that are smaller than a state: towns, and hospitals, clinics, schools by name."""

import re
from collections.abc import Iterator, Sequence
from functools import cache

from gateway.masking.backwards import backwards
from gateway.masking.kinds import Kind
from gateway.masking.name_lists import towns
from gateway.masking.person_words import EPONYM_NOUNS, NOT_A_NAME
from gateway.masking.place_words import (
    FACILITIES,
    FACILITY_NOUNS,
    FACILITY_TAILS,
    KINDS_OF_CARE,
    NOT_A_PLACE,
    SOURCES,
    STATE_CODES,
    STATES,
    WEAK_TAILS,
)
from gateway.masking.words import Gap, Word

_BEFORE = 64
_MAX_WORDS = 7
_MAX_CITY = 3
_LINKS = frozenset({" & ", " and ", " of ", " of the ", " at ", "/", " \u2013 ", " - ", " for "})
_NOT_FIRST = frozenset(
    """the a an our at in on to from and for with by of seen visited admitted is was his her their
    latest current best what which when where how can should please recommended guidelines
    management patient pt""".split()
)
_PLAIN_NAMES = frozenset(
    """city general community county memorial mercy children's childrens women's veterans university
    regional district state methodist baptist presbyterian lutheran catholic jewish""".split()
)
# What is done at a place of care. What follows up to the cities is matched on the text before a
# word, reversed.
_CARE = (
    r"(?:seen|treated|admitted|evaluated|present(?:s|ed|ing)?|hospitali[sz]ed|referred|transferred"
    r"|discharged|diagnosed|followed|monitored|assessed|observed|examined|operated|implanted"
    r"|performed|done|scheduled|reviewed|discussed|care|visit(?:s|ed|ing)?|appointment|consult\w*"
    r"|follow-?up|follow(?:s|ing)? up|labs?|imaging|surgery|procedure|notes?|records?|works?|worked"
    r"|employed|attend(?:s|ed|ing)?|stud(?:ies|ied|ying)|born|died|deliver(?:ed|y)|arrived|came"
    r"|brought|went|goes|took|taken|sent|received|enrolled|checked in|stay(?:ed|ing|s)?|room"
    r"|dx'?d|tx'?d|dx|tx|f/u|resident|resid(?:es?|ed|ing)|liv(?:es?|ed|ing))"
)
_VISIT = backwards(
    rf"(?i:\b(?:{_CARE}\b[^.;?!\n]{{0,24}}\b(?:at|to|in|from|with|under)|at|@|visit(?:ed|s|ing)?"
    rf"|attend(?:ed|s|ing)?|left) (?:the |our |a |your )?)\Z"
)
_AT = backwards(
    rf"(?i:(?:\bat|@|\b{_CARE} (?:to|from)|\b(?:visit|attend)(?:ed|s|ing)?|\bleft"
    r"|\b(?:discharged|transferred|admitted|referred|released)\b[^.;?!\n]{0,24} (?:to|from))"
    r" (?:the |our |your )?)\Z"
)
_LIVES = backwards(
    r"(?i:\b(?:liv(?:es?|ed|ing)|resid(?:es?|ed|ing)|residents?|natives?|moved|moving|relocated"
    r"|relocating|hails|originally|born|raised|grew up|homeless|travell?ed|travell?ing|returned"
    r"|returning|flew|drove|visiting|home|house|apartment|citizen|hometown|commutes?)"
    r" (?:in|from|of|to|near|at|outside|around|is) (?:the |downtown |rural |north |south )?)\Z"
)
_FROM = backwards(
    r"(?i:\b(?:patients?|pts?|male|female|man|woman|boy|girl|child|veteran|nurse|teacher|worker"
    r"|he|she|is|was|[a-z]\.),? from (?:the )?)\Z"
)
_CITY = backwards(
    r"(?i:\b(?:in|from|of|at|to|near|our|the|outside|around|downtown|central|greater|visited|based"
    r"|via|through|city ?[:=]|town ?[:=]) |, ?|\()\Z"
)
_STATE = re.compile(r",? ?([A-Z]{2}|[A-Z][a-z]+(?: [A-Z][a-z]+)?)\b")
_SMALL = re.compile(
    r"(?:['\u2019]s)?(?: (?:downtown|uptown|midtown|main|area|metro|suburban|based|city|county))?"
    r" (?:clinic|facility|hospital|office|location|branch|campus|practice|site|center|suburbs?"
    r"|area|region|neighborhood|metro|lab|pharmacy|ER|ED|OR|ICU)\b"
)
_THING = re.compile(
    r" (?!(?:on|for|and|or|with|at|by|in|to|who|from|last|since|is|was|has|after|before|where|when"
    r"|of|near|via|during|due|because|as|that|which|this|office|clinics?|hospitals?|public|health"
    r"|university|school|children's|medical|general|memorial|veterans|va)\b)[A-Za-z]{3,}"
)
# Behind a place's name: what is called after it, as the Geneva score is.
_CALLED_AFTER = re.compile(
    r"(?: [A-Z][a-z]{1,20}| [IVX]{1,4}| (?:ankle|knee|foot|head|neck|back|heart|chest|stool|sleep"
    r"|pain|coma|catheter|developmental|pediatric|modified|revised|clinical|outcome|risk|severity"
    r"|depression|anxiety|prognostic|grading|screening|cancer|liver|bleeding)){0,3}"
    r" (?i:scores?|criteria|criterion|classification|staging|stages?|scale|grading|protocols?"
    r"|guidelines?|consensus|convention|declaration|rules?|regimen|study|trial|cohort|calculator"
    r"|assessment|encephalitis|flu|test|chart|questionnaire|index|inventory|screen|diet|formula)\b"
)
_GUIDES = re.compile(rf"(?i:{SOURCES})")
# The last words of what precedes a place, looked at before the patterns are tried.
_LEADS = frozenset(
    """at to in from with under the our a your @ visit visited visits visiting attend attended
    attends attending left of near outside around downtown central greater based via through city
    town is rural north south""".split()
)
# Of these, what each pattern can end in.
_AT_LEADS = _LEADS - {"in", "with", "under", "a", "of", "near", "outside", "around", "is"}
_LIVES_LEADS = frozenset(
    "in from of to near at outside around is the downtown rural north south".split()
)
_FROM_LEADS = frozenset({"from", "the"})
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
    for index, word in enumerate(words):
        leads = finder.leads(index)
        # Most words can be neither, and are not asked for more.
        if leads or word.possessive or word.low in _ENDINGS:
            yield from finder.facility(index, leads=leads)
        if index == 0 or not word.follows or word.low == "bronx":
            yield from finder.town(index, leads=leads)


class _Finder:
    """Places that end or begin at a word of one text."""

    def __init__(self, text: str, words: Sequence[Word]) -> None:
        self._text = text
        self._words = words
        self._firsts = _first_words()

    def facility(self, index: int, *, leads: bool) -> Iterator[Place]:
        """A name that ends in a word for a place of care, or that stands where one is visited."""
        tail = self._tail(index)
        if tail:
            first = self._left(index)
            start = self._words[first].start
            names = [word.low for word in self._words[first : index + 2 - tail]]
            if self._accepts(first, index, tail, names):
                yield start, self._right(self._home(index)), Kind.ADDRESS
        if not leads:
            return
        word = self._words[index]
        back = self._before(index)[::-1]
        camel = _CAMEL.match(word.text) and _VISIT.match(back)
        at = word.lead(self._text) in _AT_LEADS and self._begins(index)
        if camel or (at and _AT.match(back)):
            yield from self._visited(index)
        elif (size := self._known(index, FACILITIES)) and _VISIT.match(back):
            yield word.start, self._right(index + size - 1), Kind.ADDRESS

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
        while first < index and self._words[first].low in _NOT_FIRST:
            first += 1
        return first

    def _accepts(self, first: int, last: int, tail: int, names: list[str]) -> bool:
        before = self._before(first)
        if _GUIDES.search(before) or _CALLED_AFTER.match(self._text, self._words[last].stop):
            return False
        visited = bool(_VISIT.match(before[::-1]))
        if visited and self._right(last) > self._words[last].stop:
            return True  # a town follows
        if first > last - tail:
            return False
        own = [name for name in names if name not in KINDS_OF_CARE and len(name) > 1]
        if not any(name not in NOT_A_NAME or name in _PLAIN_NAMES for name in own):
            capital = self._words[last].low in FACILITY_NOUNS
            return visited and capital and bool(set(names) & _PLAIN_NAMES)
        words = [_full(word) for word in self._words[last + 1 - tail : last + 1]]
        weak = " ".join(words) in WEAK_TAILS
        return visited or not weak or self._known(first, _places()) > 0

    def _visited(self, index: int) -> Iterator[Place]:
        """`seen at Northside`: every capitalised word that follows."""
        end = index
        while end + 1 < len(self._words) and end - index < _MAX_WORDS:
            word, following = self._words[end], self._words[end + 1]
            linked = self._text[word.stop : following.start] in _LINKS
            if not following.follows and not linked:
                break
            if following.low in NOT_A_PLACE:
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
        if low in NOT_A_NAME and not (low in _PLAIN_NAMES or low in {"st", "saint", "mt", "mount"}):
            return self._known(index, _places()) > 0 or self._tailed(index)
        return not word.capitals or low in FACILITIES or len(low) > 3  # noqa: PLR2004

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
        if index and word.follows and self._words[index - 1].low not in _LEADS:
            return False
        return word.lead(self._text) in _LEADS

    def town(self, index: int, *, leads: bool) -> Iterator[Place]:
        """A town that is known, or that somebody lives in or comes from."""
        word = self._words[index]
        size = self._known(index, towns())
        if not size and not leads:
            return
        before = self._before(index)
        back = before[::-1]
        end = self._words[index + size - 1].end if size else word.end
        if size and (_CITY.match(back) or _SMALL.match(self._text, end)):
            lives = _LIVES.match(back)
            called = _CALLED_AFTER.match(self._text, end) and not lives
            if before.endswith(("the ", "The ", " a ")) and not lives and word.low != "bronx":
                called = called or self._names_a_thing(end)
            if not (called or _GUIDES.search(before)):
                yield self._with_article(index), self._rest(end), Kind.CITY
        elif word.low in NOT_A_NAME or word.capitals or word.initial or not leads:
            return
        elif self._lives(word, back):
            last = self._run(index)
            if " ".join(item.low for item in self._words[index : last + 1]) not in STATES:
                yield word.start, self._rest(self._words[last].end), Kind.CITY

    def _lives(self, word: Word, back: str) -> bool:
        """Somebody lives in what this word names, or comes from there.

        Args:
            word: the word.
            back: the text before it, reversed.
        """
        lead = word.lead(self._text)
        if lead in _LIVES_LEADS and _LIVES.match(back):
            return True
        return lead in _FROM_LEADS and word.low not in NOT_A_PLACE and _FROM.match(back) is not None

    def _names_a_thing(self, end: int) -> bool:
        """Behind `the Norfolk` stands a noun that is no place: a catheter, a system, a grade."""
        following = _THING.match(self._text, end)
        return following is not None and not _SMALL.match(self._text, end)

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
        if first.low not in self._firsts and _full(first) not in self._firsts:
            return 0
        names: list[str] = []
        found = 0
        for place in range(index, min(index + _MAX_CITY, len(self._words))):
            word = self._words[place]
            if place > index and not word.follows:
                break
            names.append(word.low)
            joined = " ".join(names)
            full = " ".join([*names[:-1], _full(word)])
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
            if known and between in {" ", ", ", " in ", " of ", " at "}:
                end = self._words[after + known - 1].end
            elif following.low in STATES and between == ", ":
                return following.end
            elif between == " in " and self._may_be_town(following):
                end = following.end
        return self._rest(end)

    @staticmethod
    def _may_be_town(word: Word) -> bool:
        """Behind a place of care and `in`: any name."""
        low = word.low
        return not (word.capitals or word.initial or low in NOT_A_NAME or low in EPONYM_NOUNS)

    def _rest(self, end: int) -> int:
        """Behind a state, or small words such as `clinic`, that belong to the place."""
        state = _STATE.match(self._text, end)
        if state and self._text[end : end + 1] == "," and _is_state(state[1]):
            return state.end()
        small = _SMALL.match(self._text, end)
        return small.end() if small else end

    def _before(self, index: int) -> str:
        start = self._words[index].start
        return self._text[max(0, start - _BEFORE) : start]


def _is_state(text: str) -> bool:
    return text in STATE_CODES or text.lower() in STATES


def _full(word: Word) -> str:
    """With its possessive ending, as `children's` stands in the lists."""
    return f"{word.low}'s" if word.possessive else word.low
