"""Free text: names of people and places that no pattern of characters gives away."""

import re
from collections.abc import Iterable
from itertools import pairwise
from string import ascii_letters

from gateway.masking.kinds import Kind
from gateway.masking.recognition.names import people
from gateway.masking.recognition.person_words import NOT_A_NAME
from gateway.masking.recognition.places import places
from gateway.masking.recognition.scan import Span
from gateway.masking.recognition.small_names import small_names
from gateway.masking.recognition.words import Word, words
from gateway.masking.session_names import SessionNames

# A profile may keep towns, so what overlaps one decides.
_RANKS = {Kind.SECRET: 2, Kind.CITY: -1}


# No rule for names and places looks across an empty line, but for "guidelines of" before one; a
# letter before it keeps the two together.
_EMPTY_LINE = re.compile(r"\n[ \t]*\n")
_LETTERS = frozenset(ascii_letters)
# An age behind a name: `Zelmira Quorra (96)`, `Mr. Lund, 91, is`, `Ek 94F`.
_AGED = re.compile(
    r"\)?[,;]? ?\(?(9[0-9]|1[0-4][0-9])"
    r"(?=[,;)\n]|\.(?![0-9])| ?[MFmf]\b| ?y|-year|\Z| (?:who|and|is)\b)"
)
Found = tuple[tuple[Span, ...], tuple[Word, ...]]
"""People and places, in characters and possibly overlapping, and the capitalised words."""


def find(text: str, session: SessionNames | None = None) -> list[Span]:
    """(start, end, kind) of people and places in `text`, in bytes of UTF-8, in order, apart."""
    named = read(text)
    return in_bytes(text, of_session(named, session)[0] if session else named[0])


def read(text: str) -> Found:
    """What stands in a text, decided by the text alone."""
    found: list[Span] = []
    capitalised: list[Word] = []
    place = 0
    for piece in paragraphs(text):
        spans, words = _read(piece)
        found += [(place + start, place + end, kind) for start, end, kind in spans]
        capitalised += [word.moved(place) for word in words] if place else words
        place += len(piece)
    return tuple(found), tuple(capitalised)


def of_session(found: Found, session: SessionNames) -> Found:
    """The same with the words that were part of a name in an earlier answer of the session."""
    spans, capitalised = found
    known = session.matches({word.low for word in capitalised} - NOT_A_NAME)
    if not known:
        return found
    named = ((word.start, word.end, Kind.NAME) for word in capitalised if word.low in known)
    return (*spans, *named), capitalised


def paragraphs(text: str) -> list[str]:
    """`text` in pieces that can be looked at one by one."""
    ends = [0]
    for match in _EMPTY_LINE.finditer(text):
        start, end = match.span()
        before = text[start - 1 : start] if start else ""
        if before == " ":
            before = text[start - 2 : start - 1] if start > 1 else ""
        if before and not (before in _LETTERS or before.isspace()):
            ends.append(end)
    if len(ends) == 1:
        return [text]
    return [text[start:end] for start, end in pairwise([*ends, len(text)])]


def _read(text: str) -> tuple[list[Span], list[Word]]:
    """People and places in one paragraph, and its capitalised words."""
    capitalised = words(text)
    found: list[Span] = [(start, end, Kind.NAME) for start, end in small_names(text)]
    if not capitalised:
        return found, []
    found += [(start, end, Kind.NAME) for start, end in people(text, capitalised)]
    found += _ages(text, found)
    return [*found, *places(text, capitalised)], capitalised


def _ages(text: str, named: Iterable[Span]) -> list[Span]:
    """Ages over 89 that are told behind a name, without a word that says so."""
    behind = (_AGED.match(text, end) for _, end, _ in named)
    return [(*match.span(1), Kind.AGE) for match in behind if match]


def merged(spans: Iterable[Span]) -> list[Span]:
    """Spans in order; those that overlap as one, of the kind that covers most of it."""
    out: list[Span] = []
    longest = 0
    for start, end, kind in sorted(spans, key=lambda span: span[:2]):
        if out and start < out[-1][1]:
            first, last, before = out[-1]
            ranks = _RANKS.get(before, 0), _RANKS.get(kind, 0)
            keeps = ranks[0] > ranks[1] or (ranks[0] == ranks[1] and longest >= end - start)
            longest = max(longest, end - start)
            out[-1] = (first, max(last, end), before if keeps else kind)
        else:
            out.append((start, end, kind))
            longest = end - start
    return out


def in_bytes(text: str, found: Iterable[Span]) -> list[Span]:
    """Spans in characters as such in bytes of UTF-8, in order and apart."""
    spans = merged(found)
    if not spans or text.isascii():
        return spans
    moved: list[Span] = []
    place, size = 0, 0
    for start, end, kind in spans:
        size += len(text[place:start].encode())
        length = len(text[start:end].encode())
        moved.append((size, size + length, kind))
        place, size = end, size + length
    return moved
