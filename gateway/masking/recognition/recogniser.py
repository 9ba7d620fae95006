"""A recogniser: a pattern in the common subset of RE2 and `re`, its kind, and its check."""

import re
from dataclasses import dataclass, field

from gateway.masking.kinds import Kind
from gateway.masking.recognition.checks import Check

MAX_LINE = 4_000
"""Bytes of a line in which recognisers are tried where they may match, one by one."""
_GROUP = re.compile(r"\(\?P<[a-z_]+>")


def _always(_: bytes) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Recogniser:
    """Finds values of a kind in text.

    Patterns work on bytes (UTF-8), without look-around, back references or Unicode classes, so that
    RE2 and `re` find the same. Named groups say which part is the value, each named after its kind
    (`_` for `-`); without one, all of the match is.

    Attributes:
        kind: of the whole match, where no group is named.
        pattern: its source.
        check: confirms a candidate, given the value.
        whole: a number that is not the fraction of a decimal one.
        needle: what every match holds, for a pattern that begins like any word or number; a pattern
            itself.
        lead: a pattern of all that may stand in a match before the needle.
    """

    kind: Kind
    pattern: str
    check: Check = _always
    whole: bool = False
    needle: str = ""
    lead: str = ""
    grouped: re.Pattern[bytes] = field(init=False, repr=False)
    _groups: tuple[tuple[str, Kind], ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        # RE2 and `re` disagree on whether a vertical tab is white space.
        object.__setattr__(self, "pattern", self.pattern.replace(r"\s", r" \t\n\r\f\v"))
        object.__setattr__(self, "grouped", re.compile(self.pattern.encode()))
        groups = tuple((name, Kind(name.replace("_", "-"))) for name in self.grouped.groupindex)
        object.__setattr__(self, "_groups", groups)

    @property
    def plain(self) -> str:
        """The pattern without named groups, for the scan."""
        return _GROUP.sub("(?:", self.pattern)

    def parts(self, match: "re.Match[bytes]") -> list[tuple[int, int, Kind]]:
        """(start, end, kind) of the values of a match, in order."""
        groups = self._groups
        if not groups:
            return [(*match.span(), self.kind)]
        if len(groups) == 1:
            ((name, kind),) = groups
            return [(*match.span(name), kind)] if match.start(name) >= 0 else []
        return sorted((*match.span(name), kind) for name, kind in groups if match.start(name) >= 0)
