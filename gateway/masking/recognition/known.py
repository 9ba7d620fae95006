"""Values that fields of a payload have named, found again in its free text."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import lru_cache
from itertools import filterfalse

from gateway.masking.fields.displays import display_use
from gateway.masking.kinds import Kind
from gateway.masking.marks import FIRST, is_mark
from gateway.masking.recognition.name_forms import cases
from gateway.masking.recognition.words_in_text import PART, WORD, joined_plainly, lowered

MAX_KNOWN = 200_000
"""Distinct words of one payload; more than that is not learned, and its text is withheld."""
_FIRST_WORD = re.compile(
    rb"^[ \t\r\f\v]*+([^A-Za-z0-9\x80-\xff\n]*+)(%b|)([^\n]*)$" % WORD.pattern, re.MULTILINE
)
_FIRST_WORD_OF_LINES = re.compile(
    rb"\s*+([^A-Za-z0-9\x80-\xff]*+)(%b|)(.*)" % WORD.pattern, re.DOTALL
)
_BEFORE = re.compile(rb"[A-Za-z0-9\x80-\xff](?:-|'{1,3})?\Z")
_BEHIND = re.compile(rb"(?:-|'{1,3})?[A-Za-z0-9\x80-\xff]")
_FEW = 8
"""Words that are looked for one by one; of more, every word of the text is looked at."""
_INITIAL = re.compile(rb"(?:\b[A-Z]\.? )+\Z")
_BETWEEN = frozenset({b"", b" ", b", ", b",", b"^"})
_MIN_NAME = 2
MAX_PHRASE = 200
"""Characters of a value that is looked for as it stands."""
PHRASES = frozenset(Kind) - {
    Kind.NAME,
    Kind.DATE,
    Kind.AGE,
    Kind.ZIP,
    Kind.TEXT,
    Kind.URL,
    Kind.PHOTO,
    Kind.ID,
}
"""Kinds whose values are looked for as they stand."""
_SHORT_NAME = 3
_IS_PLAIN = bytes.isalnum
# Names that are also words: masked in text only where they start with a capital letter.
_WORDS = frozenset(
    b"""able ace art august baker banks bell berry best bill black bliss bond brown bush butler
    carol case chance chase church clay cole cook cooper cross dale dawn day dean drew early faith
    field fields fish fisher flowers ford forest fox frank french frost gay glass golden good grace
    grant gray green hall hand hardy heath hill holly home hope house hunt hunter ivy jack jean joy
    june justice king knight lake lane law lily little long love major mark marsh mason may mercy
    miles miller moody moon moss new noble oak olive page paris park parks peace penny pike poole
    pope porter power price pride prince rain ray reed rich rivers robin rock rose rush sage sharp
    short silver singer sky small snow sparks star steel stone strong summer swift the
    tucker unity wade walker wall ward waters weeks well wells west white will winter wise wolf wood
    woods young and for not with has was are his her any all one two""".split()
)
# Words beside a name that are none: titles, degrees, and what organisations are called.
_TITLES = frozenset(
    b"""mr mrs ms miss dr prof rev sir madam sr jr md do rn np pa phd dds esq ii iii iv medical
    hospital clinic center health healthcare medicaid medicare university llc inc llp
    pllc""".split()
)


class Known:
    """Words and phrases to mask in text, by kind.

    What is learned waits until something is looked for: many payloads have no text at all.

    Attributes:
        waiting_names: names of people that wait; walks add to them.
        waiting_phrases: values as they stand, and their kinds, likewise.
        used: something has been looked for.
    """

    def __init__(self) -> None:
        self._words: dict[bytes, Kind] = {}
        self._firsts: set[bytes] = set()
        self._lines = False
        self._phrases: dict[bytes, Kind] = {}
        # Of the phrases that start with a word, the longest first.
        self._lengths: dict[bytes, tuple[int, ...]] = {}
        self._seen: set[str] = set()
        self._phrased: set[str] = set()
        self._size = 0
        self._later: list[Callable[[], None]] = []
        self._for_prose: list[Callable[[], None]] = []
        self.waiting_names: dict[str, None] = {}
        self.waiting_phrases: dict[str, Kind] = {}
        self.used = False

    def __bool__(self) -> bool:
        self._settle()
        return bool(self._words or self._phrases)

    @property
    def size(self) -> int:
        """How many words and phrases are known; grows only."""
        self._settle()
        return self._size

    @property
    def firsts(self) -> set[bytes]:
        """Known words, and those with which a known phrase starts; not to be changed."""
        self._settle()
        return self._firsts

    @property
    def spans_lines(self) -> bool:
        """Whether a known phrase has more than one line."""
        self._settle()
        return self._lines

    @property
    def names(self) -> frozenset[str]:
        """The words of the names that fields have named."""
        self._settle()
        return frozenset(word.decode("utf-8", "replace") for word in self._words)

    @property
    def full(self) -> bool:
        """More has been named than is remembered."""
        return self.size >= MAX_KNOWN

    def later(self, work: Callable[[], None], *, for_prose: bool = False) -> None:
        """Work that learns, done before anything is looked for, or in prose, if ever."""
        (self._for_prose if for_prose else self._later).append(work)

    def expect_prose(self) -> None:
        """Prose comes next, in which everybody is looked for whom the payload names."""
        if self._for_prose:
            self._later += self._for_prose
            self._for_prose.clear()

    def never(self, work: Callable[[], None]) -> None:
        """Work that has been done in another way by now, if nobody has asked for it."""
        for waiting in (self._later, self._for_prose):
            if work in waiting:
                waiting.remove(work)

    def forget_later(self) -> None:
        """Work that nobody has asked for is not going to be done."""
        self._later.clear()
        self._for_prose.clear()

    def learn_name(self, value: str) -> None:
        """Every word of a person's name."""
        if value not in self._seen:
            self.waiting_names[value] = None

    def learn_phrase(self, value: str, kind: Kind) -> None:
        """A value as it stands: a street, a city, a number."""
        if value not in self._phrased:
            self.waiting_phrases.setdefault(value, kind)

    def learn_display(self, value: str, reference: str, inside: str) -> None:
        """The display of a FHIR reference, where it is a person's name."""
        if display_use(reference, inside)[1]:
            self.learn_name(value)

    def _settle(self) -> None:
        """Learn all that waits."""
        self.used = True
        if self._later:
            # What a walk has met since comes after it, as the first kind of a phrase counts.
            names, phrases = list(self.waiting_names), list(self.waiting_phrases.items())
            self.waiting_names.clear()
            self.waiting_phrases.clear()
            later, self._later = self._later, []
            for work in later:
                work()
            for name in names:
                self.learn_name(name)
            for phrase, kind in phrases:
                self.learn_phrase(phrase, kind)
        if self.waiting_names:
            for name in self.waiting_names:
                self._name(name)
            self.waiting_names.clear()
        if self.waiting_phrases:
            self._learn_phrases(self.waiting_phrases)
            self.waiting_phrases.clear()

    def _name(self, value: str) -> None:
        if value in self._seen or self._size >= MAX_KNOWN or is_mark(value):
            return
        self._seen.add(value)
        words_of = _words_of if len(value) <= MAX_PHRASE else _words_of.__wrapped__
        for word in words_of(value):
            self._add(word)

    def _learn_phrases(self, waiting: Mapping[str, Kind]) -> None:
        """Learn values as they stand, from their first word on."""
        phrases, lengths, room = self._phrases, self._lengths, MAX_KNOWN - self._size
        new = [value for value in waiting if value not in self._phrased]
        self._phrased.update(new)
        before = len(phrases)
        for value, (odd, first, behind) in zip(new, _first_words(new), strict=True):
            phrase = (first + behind).rstrip()
            if phrase in phrases or not first or len(odd) + len(phrase) <= _SHORT_NAME:
                continue
            if len(phrases) - before >= room:
                break
            if value[0] in FIRST and is_mark(value):
                continue
            phrases[phrase] = waiting[value]
            known = lengths.get(first)
            if known is None:
                lengths[first] = (len(phrase),)
                self._firsts.add(first)
            elif len(phrase) not in known:
                lengths[first] = tuple(sorted((*known, len(phrase)), reverse=True))
            self._lines = self._lines or b"\n" in phrase
        self._size += len(phrases) - before

    def _add(self, word: bytes) -> None:
        if word not in self._words:
            self._words[word] = Kind.NAME
            self._firsts.add(word)
            self._size += 1

    def has_phrase(self, value: str) -> bool:
        """Whether `value` as a whole is a known phrase."""
        self._settle()
        data = lowered(value.encode("utf-8", "replace"))
        word = WORD.search(data)
        return word is not None and data[word.start() :] in self._phrases

    def touches(self, data: bytes) -> bool:
        """Whether any word of `data` is known, or starts a known phrase; cheap."""
        return bool(self) and bool(self._among(lowered(data)))

    def _among(self, folded: bytes) -> set[bytes]:
        """The words of a text in lower case that are known, or start a known phrase."""
        return self._known_of(set(WORD.findall(folded)))

    def _known_of(self, words: AbstractSet[bytes]) -> set[bytes]:
        """Those of some words in lower case that are known, or start a known phrase."""
        # A part of a hyphenated word, or a name with a possessive, is known by itself.
        return {*(words & self._firsts), *filter(self._kind_of, filterfalse(_IS_PLAIN, words))}

    def mask(
        self,
        data: bytes,
        replace: Callable[[Kind, bytes], bytes],
        words: AbstractSet[bytes] | None = None,
    ) -> bytes:
        """`data` with known words and phrases replaced; neighbouring names become one.

        Args:
            data: the text.
            replace: (kind, value) → what stands in its place.
            words: all in `data`, in lower case, and perhaps others; None to find them out.
        """
        self._settle()
        out: list[bytes] = []
        end = 0
        for start, stop, kind in _joined(data, self._spans(data, words)):
            out += [data[end:start], replace(kind, data[start:stop])]
            end = stop
        out.append(data[end:])
        return b"".join(out)

    def _spans(
        self, data: bytes, words: AbstractSet[bytes] | None
    ) -> Iterator[tuple[int, int, Kind]]:
        folded = lowered(data)
        known = self._among(folded) if words is None else self._known_of(words)
        if not known:
            return
        end = 0
        for start, first in _places(folded, known):
            stop = start + len(first)
            if start < end or data[start - 1 : start] == b"[":
                continue  # inside a phrase, or the word of a mark
            if first in self._lengths and (found := self._longest(folded, start, first)):
                end = start + len(found)
                yield start, end, self._phrases[found]
            elif self._names(data[start:stop], first):
                yield start, stop, Kind.NAME

    def _longest(self, folded: bytes, start: int, first: bytes) -> bytes:
        """The longest known phrase at `start`, b"" where there is none."""
        for length in self._lengths[first]:
            phrase = folded[start : start + length]
            if (
                phrase in self._phrases
                and not folded[start + length : start + length + 1].isalnum()
            ):
                return phrase
        return b""

    def _names(self, word: bytes, folded: bytes) -> bool:
        kind = self._kind_of(folded)
        if kind is None:
            return False
        if len(word) <= _SHORT_NAME or folded in _WORDS:
            return word[:1].isupper() or word[0] > 127  # noqa: PLR2004
        return True

    def _kind_of(self, folded: bytes) -> Kind | None:
        if kind := self._words.get(folded):
            return kind
        if b"'" in folded or b"-" in folded:
            folded = joined_plainly(folded)
            if kind := self._words.get(folded):
                return kind
            for part in PART.findall(folded):
                # `Ed's`: a short name counts where it is all of the word but its ending.
                counts = len(part) > _MIN_NAME or folded == part + b"'s"
                if counts and (kind := self._words.get(part)):
                    return kind
        return None


def _first_words(values: Sequence[str]) -> Iterable[tuple[bytes, bytes, bytes]]:
    """Of each value in lower case: what stands before its first word, the word, and the rest."""
    folded = lowered("\n".join(values).encode("utf-8", "replace"))
    if folded.count(b"\n") < len(values):
        return _FIRST_WORD.findall(folded)
    return [
        _FIRST_WORD_OF_LINES.findall(lowered(value.encode("utf-8", "replace")))[0]
        for value in values
    ]


@lru_cache(maxsize=4096)
def _words_of(value: str) -> tuple[bytes, ...]:
    """What is learned of a name: its words in lower case, and the parts that signs join."""
    found: dict[bytes, None] = {}
    for word in WORD.findall(lowered(cases(value).encode("utf-8", "replace"))):
        low = joined_plainly(word)
        if len(low) < _MIN_NAME or low in _TITLES or low.isdigit():
            continue
        found[low] = None
        if not low.isalnum():
            parts = (part for part in PART.findall(low) if len(part) > _MIN_NAME)
            found |= dict.fromkeys(part for part in parts if not part.isdigit())
    return tuple(found)


def _places(folded: bytes, known: AbstractSet[bytes]) -> list[tuple[int, bytes]]:
    """Where words stand in a text in lower case, in order."""
    if len(known) > _FEW:
        return [(match.start(), match[0]) for match in WORD.finditer(folded) if match[0] in known]
    found: list[tuple[int, bytes]] = []
    for word in known:
        start = folded.find(word)
        while start >= 0:
            end = start + len(word)
            # A part of a longer word is none.
            if not _BEFORE.search(folded, max(0, start - 4), start) and not _BEHIND.match(
                folded, end
            ):
                found.append((start, word))
            start = folded.find(word, end)
    return sorted(found)


def _joined(data: bytes, spans: Iterable[tuple[int, int, Kind]]) -> Iterator[tuple[int, int, Kind]]:
    """Neighbouring name words as one span, initials before a name with it."""
    last: tuple[int, int, Kind] | None = None
    for start, stop, kind in spans:
        begin = start
        if kind is Kind.NAME:
            floor = last[1] if last else 0
            if initial := _INITIAL.search(data, max(floor, start - 12), start):
                begin = initial.start()
            if last and last[2] is Kind.NAME and data[last[1] : begin] in _BETWEEN:
                last = (last[0], stop, kind)
                continue
        if last:
            yield last
        last = (begin, stop, kind)
    if last:
        yield last
