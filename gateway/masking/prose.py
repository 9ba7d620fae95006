"""Free text: names of people and places that no pattern of characters gives away."""

from collections.abc import Iterable, Sequence

from gateway.masking.kinds import Kind
from gateway.masking.names import people
from gateway.masking.person_words import NOT_A_NAME
from gateway.masking.places import places
from gateway.masking.scan import Span
from gateway.masking.session_names import SessionNames
from gateway.masking.words import Word, words

# A profile may keep towns, so what overlaps one decides.
_RANKS = {Kind.SECRET: 2, Kind.CITY: -1}


def find(text: str, session: SessionNames | None = None) -> list[Span]:
    """(start, end, kind) of people and places in `text`, in bytes of UTF-8, in order, apart."""
    capitalised = words(text)
    found: list[Span] = [(start, end, Kind.NAME) for start, end in people(text, capitalised)]
    if capitalised:
        found += places(text, capitalised)
    if session:
        found += _remembered(capitalised, session)
    return _in_bytes(text, merged(found)) if found else []


def _remembered(capitalised: Sequence[Word], session: SessionNames) -> Iterable[Span]:
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
