"""Paragraphs of free text, read once: what the recognisers and the rules of prose find in each.

Notes repeat each other's paragraphs, and nothing that looks for values looks across an empty line,
but for a private key in PEM. What is found in a paragraph is decided by its text alone; so it is
remembered for the life of the process, up to a number of characters, and never written anywhere.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache

from gateway.masking.fields.numbers import long_numbers
from gateway.masking.kinds import Kind
from gateway.masking.profiles.patterns import Scan
from gateway.masking.profiles.profile import Profile
from gateway.masking.recognition import prose
from gateway.masking.recognition.name_forms import found_name
from gateway.masking.recognition.scan import Scanner, Span
from gateway.masking.recognition.words_in_text import joined_plainly, lowered, words
from gateway.masking.session_names import SessionNames

SEPARATOR = b"\n\x00\n"
"""Between texts that are scanned in one go; no recogniser looks across it."""
MAX_LENGTH = 1_500
"""Characters of a paragraph that is remembered."""
MAX_REMEMBERED = 400_000
"""Characters of the paragraphs of one generation; two of them are in memory."""
MAX_DISPLAYS = 10_000
MAX_DISPLAY = 200
"""Characters of a display that is remembered."""
_FEW = 24
"""Words that are looked for one by one in a text whose own words are not known yet."""
_BLOCK = "-----BEGIN "
_NOBODY: prose.Found = ((), ())


@dataclass(slots=True)
class _Worded:
    """A text whose words are taken when they are first asked for.

    Attributes:
        text: as it reads.
        data: the same in UTF-8, but for a character that a span has cut in two.
    """

    text: str
    data: bytes
    _words: frozenset[bytes] | None = field(default=None, compare=False, repr=False, kw_only=True)

    @property
    def words(self) -> frozenset[bytes]:
        """In lower case, and their parts where a hyphen or an apostrophe joins them."""
        found = self._words
        if found is None:
            found = self._words = words(self.data)
        return found

    def has_any(self, known: AbstractSet[bytes]) -> bool:
        """Whether any of some words in lower case is one of the text's."""
        if self._words is None and len(known) <= _FEW:
            folded = joined_plainly(lowered(self.data))
            if not any(map(folded.__contains__, known)):
                return False
        return not self.words.isdisjoint(known)


@dataclass(slots=True)
class Shown(_Worded):
    """A paragraph with its spans masked.

    Attributes:
        counts: how many values of each kind were masked.
    """

    counts: tuple[tuple[Kind, int], ...]


@dataclass(slots=True)
class Paragraph(_Worded):
    """A paragraph as it was read.

    Attributes:
        spans: (start, end, kind) of what is masked in `data` whatever the payload names, in order.
        scanned: the part of `spans` that the recognisers have found.
        named: the people, places and capitalised words in it.
        names: those of `spans` that are names, as they are learned.
        shown: under which profile and for which day it was masked last, and how, where no payload
            decides that.
    """

    spans: tuple[Span, ...]
    scanned: tuple[Span, ...]
    named: prose.Found
    names: tuple[str, ...]
    shown: tuple[Profile, date, Shown] | None = field(default=None, compare=False, repr=False)


class Paragraphs:
    """Reads texts paragraph by paragraph, and remembers the paragraphs.

    Args:
        scan: the recognisers.
        kept: kinds that the profile leaves as they are.
        prose: names and places are looked for that stand in prose; else the texts are codes and
            the like, which the recognisers alone look at, each as one paragraph.
        split: False where the scan may look across empty lines; a text is one paragraph then.

    Attributes:
        displays: of codes, in which nothing is found, with their words.
    """

    def __init__(
        self, scan: Scan, kept: frozenset[Kind], *, prose: bool = True, split: bool = True
    ) -> None:
        self._scan = scan
        self._kept = kept
        self._prose = prose
        self._split = split and prose
        self._recent: dict[str, Paragraph] = {}
        self._older: dict[str, Paragraph] = {}
        self._size = 0
        self.displays: dict[str, frozenset[bytes]] = {}

    def remember(self, display: str, words: frozenset[bytes]) -> None:
        """Remember the display of a code in which nothing is found."""
        if len(self.displays) >= MAX_DISPLAYS:
            self.displays.clear()
        if len(display) <= MAX_DISPLAY:
            self.displays[display] = words

    def read(
        self,
        texts: Sequence[str],
        session: SessionNames | None = None,
        check: Callable[[], None] | None = None,
    ) -> list[list[Paragraph]]:
        """The paragraphs of each text; those that are new are scanned in one go.

        Args:
            texts: to be read.
            session: whose names are names here too.
            check: stops where the work has taken too long; asked for each new paragraph.

        Raises:
            Withheld: looking at all candidates takes too long.
        """
        split = [self._pieces(text) for text in texts]
        recent = self._recent
        new = {piece: None for pieces in split for piece in pieces if piece not in recent}
        if new:
            older = self._older
            fresh = [piece for piece in new if piece not in older]
            found = {piece: older[piece] for piece in new if piece in older}
            found |= zip(fresh, self._fresh(fresh, check), strict=True)
            for piece, paragraph in found.items():
                self._remember(piece, paragraph)
            read = [[recent.get(piece) or found[piece] for piece in pieces] for pieces in split]
        else:
            read = [[recent[piece] for piece in pieces] for pieces in split]
        if session and session.digests:
            return [[self._in_session(item, session) for item in items] for items in read]
        return read

    def _pieces(self, text: str) -> list[str]:
        # A key in PEM goes on behind an empty line.
        return prose.paragraphs(text) if self._split and _BLOCK not in text else [text]

    def _fresh(self, texts: Sequence[str], check: Callable[[], None] | None) -> Iterator[Paragraph]:
        data = [text.encode() for text in texts]
        for text, piece, spans in zip(texts, data, scanned(self._scan, data), strict=True):
            if check:
                check()
            named = prose.read(text) if self._prose else _NOBODY
            yield self._merged(text, piece, spans, named)

    def _merged(
        self, text: str, data: bytes, spans: Sequence[Span], named: prose.Found
    ) -> Paragraph:
        kept = self._kept
        found = [span for span in spans if span[2] not in kept]
        people = [span for span in prose.in_bytes(text, named[0]) if span[2] not in kept]
        if self._prose:
            people += [span for span in long_numbers(data) if span[2] not in kept]
        both = prose.merged([*found, *people]) if people else found
        names = _names(data, both) if both else ()
        return Paragraph(text, data, tuple(both), tuple(found), named, names)

    def _in_session(self, item: Paragraph, session: SessionNames) -> Paragraph:
        """The same, with the words that were part of a name in earlier answers."""
        more = prose.of_session(item.named, session)
        if more is item.named:
            return item
        return self._merged(item.text, item.data, item.scanned, more)

    def _remember(self, text: str, paragraph: Paragraph) -> None:
        if len(text) > MAX_LENGTH:
            return
        if self._size > MAX_REMEMBERED:
            self._older, self._recent, self._size = self._recent, {}, 0
        self._recent[text] = paragraph
        self._size += len(text)


@lru_cache(maxsize=8)
def paragraphs_of(scan: Scanner, kept: frozenset[Kind], *, prose: bool) -> Paragraphs:
    """What the process remembers for profiles that keep the same kinds; see `Paragraphs`."""
    return Paragraphs(scan, kept, prose=prose)


def joined(items: Sequence[Paragraph]) -> Paragraph:
    """Paragraphs that follow each other as one."""
    spans: list[Span] = []
    place = 0
    for item in items:
        spans += [(place + start, place + end, kind) for start, end, kind in item.spans]
        place += len(item.data)
    return Paragraph(
        "".join(item.text for item in items),
        b"".join(item.data for item in items),
        tuple(spans),
        (),
        _NOBODY,
        (),
    )


def _names(data: bytes, spans: Iterable[Span]) -> tuple[str, ...]:
    """What is learned of the names among some spans."""
    found = (data[start:end] for start, end, kind in spans if kind is Kind.NAME)
    names = [found_name(name.decode("utf-8", "replace")) for name in found]
    return tuple(filter(None, dict.fromkeys(names)))


def scanned(scan: Scan, data: Sequence[bytes]) -> list[list[Span]]:
    """What one scan of all texts finds in each, offsets within the text."""
    found: list[list[Span]] = [[] for _ in data]
    place, begin = 0, 0
    for start, end, kind in scan.spans(SEPARATOR.join(data)):
        while start >= begin + len(data[place]) + len(SEPARATOR):
            begin += len(data[place]) + len(SEPARATOR)
            place += 1
        # A key in PEM takes the white space behind it, that of the separator too.
        found[place].append((start - begin, min(end - begin, len(data[place])), kind))
    return found
