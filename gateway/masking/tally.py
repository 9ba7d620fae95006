"""What was masked in a payload, counted by path and kind, and summarised for records.

Small payloads are often of the same shapes in the same numbers. Their summary is remembered by what
was counted; it says paths, kinds and numbers, and no value.
"""

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from gateway.masking.kinds import Kind

MAX_PATHS = 200
Key: TypeAlias = tuple[str, Kind]
"""Path and kind."""
Tally: TypeAlias = defaultdict[Key, int]
"""How many values were replaced or removed, by path and kind."""
Summary: TypeAlias = tuple[dict[str, int], tuple[tuple[str, str, int], ...]]
"""(values by kind, (path, kind, count) with the most frequent first)."""
_MAX_PATH = 80
_MAX_PLAIN = 2_000
_MAX_SUMMARIES = 256
_MAX_RESOURCES, _MAX_OTHERS, _MAX_LENGTH = 64, 16, 4_000
"""Of a payload whose summary is remembered: resources, other counts, characters of all paths."""
_WRITTEN = {kind: kind.value for kind in Kind}
_PLAIN_PATH = re.compile(r"[A-Za-z_*][A-Za-z0-9_.*\-]{0,79}\Z")
_plain: set[str] = set()


@dataclass(frozen=True, slots=True, eq=False)
class Counted:
    """What is counted for every resource of one shape; one is equal to itself alone."""

    items: tuple[tuple[Key, int], ...]

    def add(self, tally: Tally, times: int) -> None:
        """Count it."""
        for key, number in self.items:
            # A default is slow, and few of these keys are there.
            tally[key] = tally.get(key, 0) + number * times


_Shaped: TypeAlias = tuple[tuple[tuple[Counted, int], ...], tuple[tuple[Key, int], ...]]
_summaries: dict[_Shaped, Summary] = {}


def summary(tally: Tally, shaped: Mapping[Counted, int]) -> Summary:
    """The summary of one payload; a path that could itself be a value is written `*`.

    Args:
        tally: what was counted one by one.
        shaped: how many resources there were of which the same is counted.
    """
    if not shaped:
        return _summarised(tally)
    key = tuple(shaped.items()), tuple(tally.items()) if len(tally) <= _MAX_OTHERS else ()
    found = _summaries.get(key) if len(key[1]) == len(tally) else None
    if found is None:
        total = tally.copy()
        for counted, times in shaped.items():
            counted.add(total, times)
        found = _summarised(total)
        small = sum(shaped.values()) <= _MAX_RESOURCES and len(key[1]) == len(tally)
        if small and sum(len(path) for path, _ in total) <= _MAX_LENGTH:
            if len(_summaries) >= _MAX_SUMMARIES:
                _summaries.clear()
            _summaries[key] = found
    return dict(found[0]), found[1]


def _summarised(tally: Tally) -> Summary:
    total: dict[str, int] = {}
    ranked: list[tuple[int, str, str]] = []
    others: dict[str, int] = {}
    for (path, kind), number in tally.items():
        written = _WRITTEN[kind]
        total[written] = total.get(written, 0) + number
        if path in _plain or _is_plain(path):
            ranked.append((-number, path, written))
        else:
            others[written] = others.get(written, 0) + number
    ranked += [(-number, "*", written) for written, number in others.items()]
    ranked.sort()
    shown = tuple([(path, kind, -number) for number, path, kind in ranked[:MAX_PATHS]])
    return dict(sorted(total.items())), shown


def _is_plain(path: str) -> bool:
    """Whether a path may be shown; those that may are remembered."""
    # Those that are written `*` are counted together.
    if path == "*" or len(path) > _MAX_PATH or not _PLAIN_PATH.match(path):
        return False
    if len(_plain) >= _MAX_PLAIN:
        _plain.clear()
    _plain.add(path)
    return True
