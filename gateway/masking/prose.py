"""Free text: names of people and places that no pattern of characters gives away."""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import pairwise

from gateway.masking.kinds import Kind
from gateway.masking.names import people
from gateway.masking.person_words import NOT_A_NAME
from gateway.masking.places import places
from gateway.masking.scan import Span
from gateway.masking.session_names import SessionNames
from gateway.masking.words import Word, words

# A profile may keep towns, so what overlaps one decides.
_RANKS = {Kind.SECRET: 2, Kind.CITY: -1}


MAX_REMEMBERED = 2_048
MAX_LENGTH = 1_500
# Notes repeat each other's paragraphs. No rule for names and places looks across an empty line, but
# for "guidelines of" before one; a letter before it keeps the two together.
_EMPTY_LINE = re.compile(r"\n[ \t]*\n")
_LETTER = re.compile(r"[A-Za-z\s]")
_Found = tuple[tuple[Span, ...], tuple[Word, ...]]


def find(text: str, session: SessionNames | None = None) -> list[Span]:
    """(start, end, kind) of people and places in `text`, in bytes of UTF-8, in order, apart."""
    found: list[Span] = []
    place = 0
    for piece in paragraphs(text):
        spans, capitalised = (_remembered if len(piece) <= MAX_LENGTH else _found)(piece)
        if session:
            spans = (*spans, *_of_session(capitalised, session))
        found += [(place + start, place + end, kind) for start, end, kind in spans]
        place += len(piece)
    return _in_bytes(text, merged(found)) if found else []


def paragraphs(text: str) -> list[str]:
    """`text` in pieces that can be looked at one by one."""
    ends = [0]
    for match in _EMPTY_LINE.finditer(text):
        before = text[max(0, match.start() - 2) : match.start()].removesuffix(" ")[-1:]
        if before and not _LETTER.match(before):
            ends.append(match.end())
    return [text[start:end] for start, end in pairwise([*ends, len(text)])]


def _found(text: str) -> _Found:
    """People and places in one paragraph, and its capitalised words; decided by the text alone."""
    capitalised = tuple(words(text))
    if not capitalised:
        return (), ()
    found: list[Span] = [(start, end, Kind.NAME) for start, end in people(text, capitalised)]
    return (*found, *places(text, capitalised)), capitalised


_remembered = lru_cache(maxsize=MAX_REMEMBERED)(_found)


def _of_session(capitalised: Sequence[Word], session: SessionNames) -> Iterable[Span]:
    """Words that were part of a name in an earlier answer of the session."""
    known = session.matches({word.low for word in capitalised} - NOT_A_NAME)
    return [(word.start, word.end, Kind.NAME) for word in capitalised if word.low in known]


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


def _in_bytes(text: str, spans: Sequence[Span]) -> list[Span]:
    if text.isascii():
        return list(spans)
    found: list[Span] = []
    place, size = 0, 0
    for start, end, kind in spans:
        size += len(text[place:start].encode())
        length = len(text[start:end].encode())
        found.append((size, size + length, kind))
        place, size = end, size + length
    return found
