"""Where in a text recognisers may match: one look for what their matches begin with, or hold.

Most recognisers match nothing in most texts. Instead of running all of them over a text, a few
cheap searches say at which places which of them may match, never too few.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeAlias

from gateway.masking.openings import LOW, SHAPE, Opening, beginning, openings, run
from gateway.masking.recogniser import Recogniser

MIN_LETTERS = 2
"""Of openings that are told apart by their letters; fewer, and their shape counts."""
_WORD = re.compile(rb"[0-9A-Za-z_]")
_NOWHERE = rb"(?!)"
Place = tuple[int, int]
"""A place in a text, and the number of a recogniser that may match there."""
Numbers: TypeAlias = Mapping[bytes, tuple[int, ...]]
Search = Callable[[bytes], Iterable[Place]]


class Triggers:
    """Says where in a text which recognisers may match.

    Args:
        recognisers: a number for each, and the pattern that it is read from.
    """

    def __init__(self, recognisers: Iterable[Recogniser]) -> None:
        low: dict[bytes, set[int]] = {}
        shape: dict[bytes, set[int]] = {}
        anywhere: dict[bytes, set[int]] = {}
        self._searches: list[Search] = []
        for number, item in enumerate(recognisers):
            source = item.pattern.encode()
            if item.needle:
                self._searches.append(_around(item, number))
            elif letters := run(source):
                self._searches.append(_runs(*letters, number))
            else:
                for table, text in _told_apart(source, low, shape, anywhere):
                    table.setdefault(text, set()).add(number)
        self._low = _Bounded(low, LOW)
        self._shape = _Bounded(shape, SHAPE)
        self._anywhere = _Anywhere(anywhere)

    def places(self, data: bytes) -> list[Place]:
        """In order; every place where a recogniser matches is among them, with its number."""
        found = [*self._low(data), *self._shape(data), *self._anywhere(data)]
        for search in self._searches:
            found += search(data)
        found.sort()
        return found


def _told_apart(
    source: bytes,
    low: dict[bytes, set[int]],
    shape: dict[bytes, set[int]],
    anywhere: dict[bytes, set[int]],
) -> Iterator[tuple[dict[bytes, set[int]], bytes]]:
    """The openings of a pattern, and in which table each goes."""
    written, shaped = openings(source, LOW), openings(source, SHAPE)
    by_letters = min(len(item.text) for item in written) >= MIN_LETTERS
    if not by_letters and not all(map(_is_bounded, shaped)):
        raise ValueError(f"{source!r} begins like too much; it wants a needle")
    for item in written if by_letters else ():
        if not _is_bounded(item):
            yield anywhere, item.text
        elif not item.text.startswith(b"0"):
            yield low, item.text
    for item in shaped:
        if _is_bounded(item) and (item.text.startswith(b"0") or not by_letters):
            yield shape, item.text


def _is_bounded(item: Opening) -> bool:
    """Whether it is looked for at the beginnings of words alone."""
    return item.bounded and _WORD.match(item.text) is not None


class _Bounded:
    """Looks for openings at the beginnings of words."""

    def __init__(self, numbers: Mapping[bytes, set[int]], alphabet: bytes) -> None:
        self._alphabet = alphabet
        self._numbers = _by_longest(numbers)
        pattern = b"[^0-9A-Za-z_](?=(" + _trie(numbers) + b"))" if numbers else _NOWHERE
        self._search = re.compile(pattern).finditer

    def __call__(self, data: bytes) -> list[Place]:
        numbers = self._numbers
        # The sign in front makes a place of each match of its own position.
        text = b"\n" + data.translate(self._alphabet)
        return [
            (match.start(), number) for match in self._search(text) for number in numbers[match[1]]
        ]


class _Anywhere:
    """Looks for openings within words too."""

    def __init__(self, numbers: Mapping[bytes, set[int]]) -> None:
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
            (match.start(), number)
            for match in self._search(data.translate(LOW))
            for number in numbers[match[0] + match[match.lastindex or 0]]
        ]


def _by_longest(numbers: Mapping[bytes, set[int]]) -> Numbers:
    """With each opening also the recognisers that have a shorter one which it begins with."""
    return {
        text: tuple(
            sorted(
                {
                    number
                    for end in range(1, len(text) + 1)
                    for number in numbers.get(text[:end], ())
                }
            )
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


def _runs(table: bytes, length: int, number: int) -> Search:
    """Looks for words that begin with so many letters of a kind."""
    needle = b"x" * length

    def search(data: bytes) -> Iterator[Place]:
        text = data.translate(table)
        place = text.find(needle)
        while place >= 0:
            yield place, number
            end = text.find(b" ", place)
            place = text.find(needle, end) if end >= 0 else -1

    return search


def _around(item: Recogniser, number: int) -> Search:
    """Looks for what matches hold; they begin in the signs before it that may lead up to it."""
    needle = re.compile(item.needle.encode()).finditer
    lead = re.compile(f"[{item.lead}]{{0,{item.reach}}}".encode()).match
    begins = beginning(item.pattern.encode()).finditer

    def search(data: bytes) -> Iterator[Place]:
        least = 0
        for match in needle(data):
            end = match.start()
            back = lead(data[max(0, end - item.reach) : end][::-1])
            start = end - back.end() if back else end
            for first in begins(data, max(least, start), end + 1):
                yield first.start(), number
            least = end + 1

    return search
