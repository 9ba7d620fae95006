"""The scan: one pass of all recognisers over bytes, with RE2, or `re` where it is not there."""

import re
from bisect import insort
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, cached_property
from typing import NamedTuple

from gateway.errors import Reason, Withheld
from gateway.masking import linear
from gateway.masking.kinds import Kind
from gateway.masking.marks import PATTERN as MARKS
from gateway.masking.recognition.numbers_behind import with_rest
from gateway.masking.recognition.patterns import IDENTIFIERS
from gateway.masking.recognition.recogniser import MAX_LINE, Recogniser
from gateway.masking.recognition.secret_patterns import SECRETS
from gateway.masking.recognition.triggers import Triggers

MIN_PATIENCE = 20_000
BYTES_PER_CANDIDATE = 64
_WINDOW = 4096
_FRACTION = re.compile(rb"[0-9]\.\Z")
Span = tuple[int, int, Kind]


class _Search(NamedTuple):
    """An alternation that finds places, and what says which recognisers may fit at one."""

    places: linear.Pattern
    likely: linear.PatternSet | None


class Scanner:
    """Recognisers that look for values together; at one place the first that fits decides.

    In short lines they are tried where a look for what their matches begin with or hold says that
    they may match. In longer ones, where a search for such may take long, one alternation of all of
    them finds places, and what matched there is found out afterwards.
    """

    def __init__(self, recognisers: tuple[Recogniser, ...], *, with_re2: bool = True) -> None:
        self._recognisers = recognisers
        self._marks = re.compile(MARKS.encode())
        self._with_re2 = linear.available(with_re2=with_re2)
        # By the numbers of places: marks come first, so that nothing is looked for in them.
        self._matches = [self._marks.match, *(item.grouped.match for item in recognisers)]

    @cached_property
    def _triggers(self) -> Triggers:
        return Triggers([Recogniser(Kind.TEXT, MARKS), *self._recognisers])

    @cached_property
    def _search(self) -> _Search:
        sources = [item.plain for item in self._recognisers]
        pattern = "|".join([MARKS, *sources]).encode()
        likely = _prefilter(sources) if self._with_re2 else None
        return _Search(linear.compiled(pattern, with_re2=self._with_re2), likely)

    def spans(self, data: bytes) -> Iterator[Span]:
        """(start, end, kind) of every value in `data`, in order, never overlapping.

        Raises:
            Withheld: so many candidates fail their checks that looking at all takes too long.
        """
        short = len(data) <= MAX_LINE or max(map(len, data.split(b"\n"))) <= MAX_LINE
        return with_rest(data, self._of_short_lines(data) if short else self._of_any(data))

    def _of_short_lines(self, data: bytes) -> Iterator[Span]:
        places = self._triggers.places(data)
        matches = self._matches
        patience = _patience(data)
        position = index = 0
        failed, end = -1, 0
        while index < len(places):
            start, number, last = places[index]
            index += 1
            if 0 <= failed != start:
                # A candidate failed its check; another may begin inside it.
                position = max(position, _next_word(data, failed, end))
                failed = -1
                patience -= 1
                if patience < 0:
                    raise _exhausted()
            if start >= position and (match := matches[number](data, start)):
                found = self._checked(data, number, match) if number else []
                if found is not None:
                    yield from found
                    position = max(match.end() if found or not number else start, start + 1)
                    failed = -1
                elif failed < 0:
                    failed, end = start, match.end()
            if last > start and last >= position:
                insort(places, (max(position, start + 1), number, last), index)

    def _checked(self, data: bytes, number: int, match: re.Match[bytes]) -> list[Span] | None:
        """The values of a recogniser's match, None where its check or its place says no."""
        recogniser = self._recognisers[number - 1]
        start = match.start()
        if recogniser.whole and _FRACTION.match(data, max(0, start - 2), start):
            return None
        parts = recogniser.parts(match)
        check = recogniser.check
        return parts if all(check(data[begin:stop]) for begin, stop, _ in parts) else None

    def _of_any(self, data: bytes) -> Iterator[Span]:
        places, likely = self._search
        patience = _patience(data)
        position = 0
        while match := places.search(data, position):
            start = match.start()
            if mark := self._marks.match(data, start):
                position = max(mark.end(), start + 1)
                continue
            found, end = self._classify(data, start, self._candidates(data, start, likely))
            if found is not None:
                yield from found
                position = max(end, start + 1)
                continue
            position = _next_word(data, start, end)
            patience -= 1
            if patience < 0:
                raise _exhausted()

    def _classify(
        self, data: bytes, start: int, likely: Iterable[int]
    ) -> tuple[list[Span] | None, int]:
        """The values at `start`, and where to go on; None where no recogniser takes them.

        In that case the other number is the end of the first recogniser's match, -1 for none.
        """
        first = -1
        for number in likely:
            match = self._matches[number](data, start)
            if match is None:
                continue
            if first < 0:
                first = match.end()
            parts = self._checked(data, number, match)
            if parts is not None:
                return parts, max(match.end() if parts else start, start)
        return None, first

    def _candidates(
        self, data: bytes, start: int, likely: linear.PatternSet | None
    ) -> Iterable[int]:
        """Numbers of recognisers that may match at `start`: RE2 rules most of them out at once."""
        if likely is None:
            return range(1, len(self._matches))
        # With the byte before, since a pattern may ask for a boundary there.
        window = data[start - 1 : start + _WINDOW] if start else b"\n" + data[:_WINDOW]
        found = likely.Match(window) or ()
        return [index + 1 for index in sorted(found)]


def _next_word(data: bytes, start: int, end: int) -> int:
    """Where to look next: past the characters of one word, so that a long one costs once."""
    position = start + 1
    while position < end and data[position : position + 1].isalnum():
        position += 1
    return position


def _patience(data: bytes) -> int:
    """How many candidates may fail their checks in a text."""
    return MIN_PATIENCE + len(data) // BYTES_PER_CANDIDATE


def _exhausted() -> Withheld:
    return Withheld(
        "The content holds too many numbers that look like identifiers.",
        reason=Reason.MASKING_FAILED,
    )


def scanner(*, identifiers: bool, with_re2: bool = True) -> Scanner:
    """The scanner of secrets, and of identifiers too where a profile masks them."""
    return _scanner(identifiers, with_re2)


# A default that is named and one that is left out would be two entries, each compiled.
@cache
def _scanner(identifiers: bool, with_re2: bool) -> Scanner:  # noqa: FBT001 - one key for each
    return Scanner(SECRETS + (IDENTIFIERS if identifiers else ()), with_re2=with_re2)


def _prefilter(sources: Sequence[str]) -> linear.PatternSet:
    """Says which recognisers may match at the start of a text.

    The window begins one byte before, and no pattern needs more than its rest to match; where it
    cuts a word, it errs on the side of more.
    """
    return linear.pattern_set(f"(?s:.)(?:{source})".encode() for source in sources)
