"""The scan: one pass of all recognisers over bytes, with RE2, or `re` where it is not there."""

import re
from collections.abc import Iterable, Iterator
from functools import cache

from gateway.errors import Reason, Withheld
from gateway.masking import linear
from gateway.masking.kinds import Kind
from gateway.masking.marks import PATTERN as MARKS
from gateway.masking.patterns import IDENTIFIERS
from gateway.masking.recogniser import Recogniser
from gateway.masking.secret_patterns import SECRETS

MIN_PATIENCE = 20_000
BYTES_PER_CANDIDATE = 64
_WINDOW = 4096
_FRACTION = re.compile(rb"[0-9]\.\Z")
Span = tuple[int, int, Kind]


class Scanner:
    """Recognisers as one alternation; what matched where is found out afterwards."""

    def __init__(self, recognisers: tuple[Recogniser, ...], *, with_re2: bool = True) -> None:
        source = "|".join([MARKS, *(item.plain for item in recognisers)]).encode()
        self._recognisers = recognisers
        self._marks = re.compile(MARKS.encode())
        self._pattern = linear.compiled(source, with_re2=with_re2)
        self._likely = _prefilter(recognisers) if linear.available(with_re2=with_re2) else None

    def spans(self, data: bytes) -> Iterator[Span]:
        """(start, end, kind) of every value in `data`, in order, never overlapping.

        Raises:
            Withheld: so many candidates fail their checks that looking at all takes too long.
        """
        position = 0
        patience = MIN_PATIENCE + len(data) // BYTES_PER_CANDIDATE
        while match := self._pattern.search(data, position):
            start, end = match.start(), match.end()
            if self._marks.match(data, start):
                position = max(end, start + 1)
                continue
            found = self._classify(data, start)
            if found is None:
                # A candidate failed its check; another may begin inside it.
                position = _next_word(data, start, end)
                patience -= 1
                if patience < 0:
                    raise Withheld(
                        "The content holds too many numbers that look like identifiers.",
                        reason=Reason.MASKING_FAILED,
                    )
                continue
            yield from found[0]
            position = max(found[1], start + 1)

    def _classify(self, data: bytes, start: int) -> tuple[list[Span], int] | None:
        for recogniser in self._candidates(data, start):
            match = recogniser.grouped.match(data, start)
            if match is None or (
                recogniser.whole and _FRACTION.match(data, max(0, start - 2), start)
            ):
                continue
            parts = recogniser.parts(match)
            if all(recogniser.check(data[begin:stop]) for begin, stop, _ in parts):
                return parts, max(match.end() if parts else start, start)
        return None

    def _candidates(self, data: bytes, start: int) -> Iterable[Recogniser]:
        """Recognisers that may match at `start`: RE2 rules most of them out at once."""
        if self._likely is None:
            return self._recognisers
        # With the byte before, since a pattern may ask for a boundary there.
        window = data[start - 1 : start + _WINDOW] if start else b"\n" + data[:_WINDOW]
        found = self._likely.Match(window) or ()
        return [self._recognisers[index] for index in sorted(found)]


def _next_word(data: bytes, start: int, end: int) -> int:
    """Where to look next: past the characters of one word, so that a long one costs once."""
    position = start + 1
    while position < end and data[position : position + 1].isalnum():
        position += 1
    return position


@cache
def scanner(*, identifiers: bool, with_re2: bool = True) -> Scanner:
    """The scanner of secrets, and of identifiers too where a profile masks them."""
    return Scanner(SECRETS + (IDENTIFIERS if identifiers else ()), with_re2=with_re2)


def _prefilter(recognisers: tuple[Recogniser, ...]) -> linear.PatternSet:
    """Says which recognisers may match at the start of a text.

    The window begins one byte before, and no pattern needs more than its rest to match; where it
    cuts a word, it errs on the side of more.
    """
    return linear.pattern_set(f"(?s:.)(?:{item.plain})".encode() for item in recognisers)
