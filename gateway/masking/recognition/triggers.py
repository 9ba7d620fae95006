"""Where in a text recognisers may match: one look for what their matches begin with, or hold.

Most recognisers match nothing in most texts. Instead of running all of them over a text, three
searches say at which places which of them may match, never too few.
"""

import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

from gateway.masking.recognition.backwards import lead
from gateway.masking.recognition.openings import (
    EXACT,
    LOW,
    SHAPE,
    Opening,
    beginning,
    openings,
    parsed,
    run,
)
from gateway.masking.recognition.recogniser import Recogniser

MIN_LETTERS = 2
"""Of openings that are told apart by their letters; fewer, and their shape counts."""
MIN_NUMBER = 4
"""Of openings with digits that are told apart by the letters behind them."""
MAX_EXACT = 4
"""Bytes of openings that are looked for within words."""
_WORD = re.compile(rb"[0-9A-Za-z_]")
_NOWHERE = rb"(?!)"
Place = tuple[int, int, int]
"""From where to where a recogniser's match may begin, its number in between."""
Numbers: TypeAlias = Mapping[bytes, tuple[int, ...]]
Table: TypeAlias = dict[bytes, set[int]]


class Triggers:
    """Says where in a text which recognisers may match.

    Args:
        recognisers: those to look for; their places in it are their numbers.

    Raises:
        ValueError: a pattern begins like any word or sign, and says of nothing else it holds.
    """

    def __init__(self, recognisers: Iterable[Recogniser]) -> None:
        tables = _Tables({}, {}, {})
        self._needles: dict[int, _Needle] = {}
        self._runs: list[Callable[[bytes], Iterator[Place]]] = []
        for number, item in enumerate(recognisers):
            items = parsed(item.pattern)
            if item.needle:
                self._needles[number] = _Needle(item, items)
                tables.add_needle(parsed(item.needle), number)
            elif letters := run(items):
                self._runs.append(_runs(*letters, number))
            else:
                tables.add(items, number)
        self._looks = (
            _Bounded(tables.low, LOW),
            _Bounded(tables.shape, SHAPE),
            _Anywhere(tables.anywhere),
        )

    def places(self, data: bytes) -> list[Place]:
        """In order; every place where a recogniser matches is in one of them, with its number."""
        found: list[Place] = []
        needles = self._needles
        for look in self._looks:
            for place in look(data):
                if (needle := needles.get(place[1])) is None:
                    found.append(place)
                else:
                    found += needle.places(data, place)
        for search in self._runs:
            found += search(data)
        found.sort()
        return found


class _Tables(NamedTuple):
    """Openings at the beginnings of words by their letters and by their shape, and all others."""

    low: Table
    shape: Table
    anywhere: Table

    def add(self, items: Sequence[Any], number: int) -> None:
        """Add the openings of a recogniser's pattern.

        Raises:
            ValueError: it begins like too much.
        """
        written = openings(items, LOW)
        by_letters = min(len(text) for text, _ in written) >= MIN_LETTERS
        if not by_letters:
            shaped = openings(items, SHAPE)
            if not all(map(_begins_word, shaped)):
                raise ValueError("a pattern that begins like so much wants a needle")
            _put(self.shape, shaped, number)
            return
        bounded = set(filter(_begins_word, written))
        if bounded != written:
            # Capitals or not are two openings here, so that long ones would be many.
            exact = openings(items, EXACT, MAX_EXACT)
            _put(self.anywhere, itertools.filterfalse(_begins_word, exact), number)
        numbers = set(filter(_is_number, bounded))
        # What stands behind a number tells more by its letters, if it is known so far.
        if numbers and min(len(text) for text, _ in numbers) < MIN_NUMBER:
            _put(self.shape, filter(_is_number, openings(items, SHAPE)), number)
            bounded -= numbers
        _put(self.low, bounded, number)

    def add_needle(self, items: Sequence[Any], number: int) -> None:
        """Add the openings of what all matches of a recogniser hold."""
        if all(map(_begins_word, openings(items, SHAPE))):
            self.add(items, number)
        else:
            _put(self.anywhere, openings(items, EXACT), number)


def _put(table: Table, found: Iterable[Opening], number: int) -> None:
    for text, _ in found:
        table.setdefault(text, set()).add(number)


def _is_number(opening: Opening) -> bool:
    """Whether an opening is one of a word that begins with a digit."""
    return opening[0].startswith(b"0") and opening[1]


def _begins_word(opening: Opening) -> bool:
    """Whether an opening is looked for at the beginnings of words alone."""
    return opening[1] and _WORD.match(opening[0]) is not None


class _Bounded:
    """Looks for openings at the beginnings of words."""

    def __init__(self, numbers: Table, alphabet: bytes) -> None:
        self._alphabet = alphabet
        self._numbers = _by_longest(numbers)
        pattern = b"[^0-9A-Za-z_](?=(" + _trie(numbers) + b"))" if numbers else _NOWHERE
        self._search = re.compile(pattern).finditer

    def __call__(self, data: bytes) -> list[Place]:
        numbers = self._numbers
        # The sign in front makes a place of each match of its own position.
        text = b"\n" + data.translate(self._alphabet)
        return [
            (start, number, start)
            for match in self._search(text)
            for start in (match.start(),)
            for number in numbers[match[1]]
        ]


class _Anywhere:
    """Looks for openings within words too."""

    def __init__(self, numbers: Table) -> None:
        self._numbers = _by_longest(numbers)
        firsts: dict[bytes, list[bytes]] = {}
        for text in numbers:
            firsts.setdefault(text[:1], []).append(text[1:])
        # The first byte alone is taken, so that a search skips to the next such byte.
        pattern = b"|".join(
            re.escape(first) + b"(?=(" + _trie(rest) + b"))" for first, rest in firsts.items()
        )
        self._search = re.compile(pattern or _NOWHERE).finditer

    def __call__(self, data: bytes) -> list[Place]:
        numbers = self._numbers
        return [
            (start, number, start)
            for match in self._search(data)
            for start in (match.start(),)
            for number in numbers[match[0] + match[match.lastindex or 0]]
        ]


class _Needle:
    """Says where the matches may begin of a recogniser of which something within is found."""

    def __init__(self, item: Recogniser, items: Sequence[Any]) -> None:
        self._match = re.compile(item.needle.encode()).match
        pattern, self._reach = lead(item.lead)
        self._lead = pattern.match
        first = beginning(items)
        self._begins = first.finditer if first.pattern.startswith(rb"\b") else None

    def places(self, data: bytes, place: Place) -> Iterator[Place]:
        """Where a match may begin that holds what stands at a place."""
        end, number, _ = place
        if not self._match(data, end):
            return
        back = self._lead(data[max(0, end - self._reach) : end][::-1])
        if back is None:
            return
        start = end - back.end()
        if self._begins is None:
            yield start, number, end
            return
        for first in self._begins(data, start, end + 1):
            yield first.start(), number, first.start()


def _by_longest(numbers: Table) -> Numbers:
    """With each opening also the recognisers that have a shorter one which it begins with."""
    return {
        text: tuple(
            sorted(set().union(*(numbers.get(text[:end], ()) for end in range(len(text) + 1))))
        )
        for text in numbers
    }


def _trie(texts: Iterable[bytes]) -> bytes:
    """An expression that matches the longest of some texts."""
    branches: dict[bytes, list[bytes]] = {}
    ends = False
    for text in texts:
        ends = ends or not text
        if text:
            branches.setdefault(text[:1], []).append(text[1:])
    if not branches:
        return b""
    made = [re.escape(first) + _trie(rest) for first, rest in sorted(branches.items())]
    inside = b"|".join(made)
    if ends:
        return b"(?:" + inside + b")?"
    return inside if len(made) == 1 else b"(?:" + inside + b")"


def _runs(table: bytes, length: int, number: int) -> Callable[[bytes], Iterator[Place]]:
    """Looks for words that begin with so many letters of a kind."""
    needle = b"x" * length

    def search(data: bytes) -> Iterator[Place]:
        text = data.translate(table)
        place = text.find(needle)
        while place >= 0:
            yield place, number, place
            end = text.find(b" ", place)
            place = text.find(needle, end) if end >= 0 else -1

    return search
