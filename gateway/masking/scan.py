"""The scan: one pass of all recognisers over bytes, with RE2, or `re` where it is not there."""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, cached_property
from typing import NamedTuple

from gateway.errors import Reason, Withheld
from gateway.masking import linear
from gateway.masking.kinds import Kind
from gateway.masking.marks import PATTERN as MARKS
from gateway.masking.patterns import IDENTIFIERS
from gateway.masking.recogniser import Recogniser
from gateway.masking.secret_patterns import SECRETS

MIN_PATIENCE = 20_000
BYTES_PER_CANDIDATE = 64
MAX_LINE = 4_000
"""Bytes of the lines that the looser search is for."""
_WINDOW = 4096
_BOUND = re.compile(r"(?<!\\)\{([0-9]+),([0-9]+)\}")
_MANY = 12
_FRACTION = re.compile(rb"[0-9]\.\Z")
Span = tuple[int, int, Kind]


class _Search(NamedTuple):
    """An alternation that finds places, and what says which recognisers may fit at one."""

    places: linear.Pattern
    likely: linear.PatternSet | None


class Scanner:
    """Recognisers as one alternation; what matched where is found out afterwards.

    Where RE2 reads short lines, the alternation is a looser one, of fewer states, that finds every
    place where the recognisers fit; whether they do is found out there.
    """

    def __init__(self, recognisers: tuple[Recogniser, ...], *, with_re2: bool = True) -> None:
        self._recognisers = recognisers
        self._marks = re.compile(MARKS.encode())
        self._with_re2 = linear.available(with_re2=with_re2)

    @cached_property
    def _strict(self) -> _Search:
        return self._search([item.plain for item in self._recognisers])

    @cached_property
    def _loose(self) -> _Search:
        return self._search([loosened(item.plain) for item in self._recognisers])

    def _search(self, sources: Sequence[str]) -> _Search:
        pattern = "|".join([MARKS, *sources]).encode()
        likely = _prefilter(sources) if self._with_re2 else None
        return _Search(linear.compiled(pattern, with_re2=self._with_re2), likely)

    def _search_for(self, data: bytes) -> _Search:
        # No bound holds a looser pattern back, but for the end of the line.
        short = self._with_re2 and max(map(len, data.split(b"\n"))) <= MAX_LINE
        return self._loose if short else self._strict

    def spans(self, data: bytes) -> Iterator[Span]:
        """(start, end, kind) of every value in `data`, in order, never overlapping.

        Raises:
            Withheld: so many candidates fail their checks that looking at all takes too long.
        """
        places, likely = self._search_for(data)
        position = 0
        patience = loose = MIN_PATIENCE + len(data) // BYTES_PER_CANDIDATE
        while match := places.search(data, position):
            start = match.start()
            if mark := self._marks.match(data, start):
                position = max(mark.end(), start + 1)
                continue
            found, end = self._classify(data, start, likely)
            if found is not None:
                yield from found
                position = max(end, start + 1)
                continue
            if end < 0:
                # The looser pattern alone fits.
                position = start + 1
                loose -= 1
            else:
                # A candidate failed its check; another may begin inside it.
                position = _next_word(data, start, end)
                patience -= 1
            if loose < 0 and places is not self._strict.places:
                # A text that fits the looser pattern all over is one for the other.
                places, likely = self._strict
                loose = patience
            if patience < 0 or loose < 0:
                raise Withheld(
                    "The content holds too many numbers that look like identifiers.",
                    reason=Reason.MASKING_FAILED,
                )

    def _classify(
        self, data: bytes, start: int, likely: linear.PatternSet | None
    ) -> tuple[list[Span] | None, int]:
        """The values at `start`, and where to go on; None where no recogniser takes them.

        In that case the other number is the end of the first recogniser's match, -1 for none.
        """
        first = -1
        for recogniser in self._candidates(data, start, likely):
            match = recogniser.grouped.match(data, start)
            if match is None:
                continue
            if first < 0:
                first = match.end()
            if recogniser.whole and _FRACTION.match(data, max(0, start - 2), start):
                continue
            parts = recogniser.parts(match)
            if all(recogniser.check(data[begin:stop]) for begin, stop, _ in parts):
                return parts, max(match.end() if parts else start, start)
        return None, first

    def _candidates(
        self, data: bytes, start: int, likely: linear.PatternSet | None
    ) -> Iterable[Recogniser]:
        """Recognisers that may match at `start`: RE2 rules most of them out at once."""
        if likely is None:
            return self._recognisers
        # With the byte before, since a pattern may ask for a boundary there.
        window = data[start - 1 : start + _WINDOW] if start else b"\n" + data[:_WINDOW]
        found = likely.Match(window) or ()
        return [self._recognisers[index] for index in sorted(found)]


def _next_word(data: bytes, start: int, end: int) -> int:
    """Where to look next: past the characters of one word, so that a long one costs once."""
    position = start + 1
    while position < end and data[position : position + 1].isalnum():
        position += 1
    return position


def scanner(*, identifiers: bool, with_re2: bool = True) -> Scanner:
    """The scanner of secrets, and of identifiers too where a profile masks them."""
    return _scanner(identifiers, with_re2)


# A default that is named and one that is left out would be two entries, each compiled.
@cache
def _scanner(identifiers: bool, with_re2: bool) -> Scanner:  # noqa: FBT001 - one key for each
    return Scanner(SECRETS + (IDENTIFIERS if identifiers else ()), with_re2=with_re2)


def loosened(source: str) -> str:
    """A pattern that matches wherever `source` does, and has far fewer states.

    An automaton has a state for every number of repetitions that it has to tell apart, and makes
    each when it first comes to it; so a bound on many of them makes text that is new slow.
    """
    return _BOUND.sub(
        lambda bound: bound[0] if int(bound[2]) < _MANY else f"{{{bound[1]},}}", source
    )


def _prefilter(sources: Sequence[str]) -> linear.PatternSet:
    """Says which recognisers may match at the start of a text.

    The window begins one byte before, and no pattern needs more than its rest to match; where it
    cuts a word, it errs on the side of more.
    """
    return linear.pattern_set(f"(?s:.)(?:{source})".encode() for source in sources)
