"""What follows a number that has been found: the rest of it, and more of a list.

A recogniser's match may end within what is written as one, as where a time is read out of the next
date: `2019-02-03 2019-02-04`. And a label such as `MRNs` may stand before several numbers.
"""

import re
from collections.abc import Iterable, Iterator

from gateway.masking.kinds import Kind

Span = tuple[int, int, Kind]
_LISTED = frozenset({Kind.PHONE, Kind.FAX, Kind.SSN, Kind.MRN, Kind.PLAN, Kind.ACCOUNT})
_NUMERIC = _LISTED | {Kind.DATE, Kind.LICENCE, Kind.VEHICLE, Kind.DEVICE}
_REST = re.compile(rb"[0-9]*(?:[-/.][0-9]+)*")
# What counts or measures something is no number of anybody.
_MORE = re.compile(
    rb"(?: ?[,;/&] ?| ?,? (?:and|or) )((?:[A-Z]{1,3}-?)?[0-9](?:-?[0-9]){4,18})\b"
    rb"(?! ?(?:units?|mg|mcg|g|kg|ml|mL|iu|IU|cells|steps|copies|dollars|usd|USD|k|K)\b| ?%)"
    rb"(?![.,]?[0-9])"
)
_DIGITS = frozenset(b"0123456789")


def with_rest(data: bytes, spans: Iterable[Span]) -> Iterator[Span]:
    """The spans, to the end of the numbers that they end in, and those of further numbers.

    Args:
        data: the text.
        spans: (start, end, kind) in order, not overlapping.
    """
    waiting: Span | None = None
    for span in spans:
        if waiting:
            yield from _grown(data, waiting, span[0])
        waiting = span
    if waiting:
        yield from _grown(data, waiting, len(data))


def _grown(data: bytes, span: Span, limit: int) -> Iterator[Span]:
    """One span and what follows it, up to the next one."""
    start, end, kind = span
    if kind not in _NUMERIC or data[end - 1] not in _DIGITS:
        yield span
        return
    rest = _REST.match(data, end, limit)
    end = rest.end() if rest else end
    yield start, end, kind
    while kind in _LISTED and (more := _MORE.match(data, end, limit)):
        start, end = more.span(1)
        yield start, end, kind
