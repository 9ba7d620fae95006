"""Where in a text recognisers may match: one look for what their matches begin with, or hold.

Most recognisers match nothing in most texts. Instead of running all of them over a text, three
searches say at which places which of them may match, never too few.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple, TypeAlias

from gateway.masking.openings import LOW, SHAPE, beginning, openings, parsed, run
from gateway.masking.recogniser import Recogniser

MIN_LETTERS = 2
"""Of openings that are told apart by their letters; fewer, and their shape counts."""
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
                for text, _ in openings(parsed(item.needle), LOW):
                    tables.anywhere.setdefault(text, set()).add(number)
            elif letters := run(items):
                self._runs.append(_runs(*letters, number))
            else:
                tables.add(item, items, number)
        self._low = _Bounded(tables.low, LOW)
        self._shape = _Bounded(tables.shape, SHAPE)
        self._anywhere = _Anywhere(tables.anywhere)

    def places(self, data: bytes) -> list[Place]:
        """In order; every place where a recogniser matches is in one of them, with its number."""
        needles = self._needles
        found = self._low(data)
        found += self._shape(data)
        for place in self._anywhere(data):
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

    def add(self, recogniser: Recogniser, items: tuple[object, ...], number: int) -> None:
        """Add the openings of a recogniser."""
        written = openings(items, LOW)
        by_letters = min(len(text) for text, _ in written) >= MIN_LETTERS
        for text, bounded in written if by_letters else ():
            if not bounded or not _WORD.match(text):
                self.anywhere.setdefault(text, set()).add(number)
            elif not text.startswith(b"0"):
                self.low.setdefault(text, set()).add(number)
        if by_letters and not any(text.startswith(b"0") for text, _ in written):
            return
        for text, bounded in openings(items, SHAPE):
            if bounded and _WORD.match(text):
                if text.startswith(b"0") or not by_letters:
                    self.shape.setdefault(text, set()).add(number)
            elif not by_letters:
                raise ValueError(f"{recogniser.pattern} begins like too much; it wants a needle")


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
            for match in self._search(data.translate(LOW))
            for start in (match.start(),)
            for number in numbers[match[0] + match[match.lastindex or 0]]
        ]


class _Needle:
    """Says where the matches may begin of a recogniser of which something within is found."""

    def __init__(self, item: Recogniser, items: tuple[object, ...]) -> None:
        self._match = re.compile(item.needle.encode()).match
        self._lead = re.compile(f"[{item.lead}]{{0,{item.reach}}}".encode()).match
        self._reach = item.reach
        first = beginning(items)
        self._begins = first.finditer if first.pattern.startswith(rb"\b") else None

    def places(self, data: bytes, place: Place) -> Iterator[Place]:
        """Where a match may begin that holds what stands at a place."""
        end, number, _ = place
        if not self._match(data, end):
            return
        back = self._lead(data[max(0, end - self._reach) : end][::-1])
        start = end - back.end() if back else end
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
