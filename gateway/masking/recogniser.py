"""A recogniser: a pattern in the common subset of RE2 and `re`, its kind, and its check."""

import re
from dataclasses import dataclass, field

from gateway.masking.checks import Check
from gateway.masking.kinds import Kind

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
    """

    kind: Kind
    pattern: str
    check: Check = _always
    whole: bool = False
    grouped: re.Pattern[bytes] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        # RE2 and `re` disagree on whether a vertical tab is white space.
        object.__setattr__(self, "pattern", self.pattern.replace(r"\s", r" \t\n\r\f\v"))
        object.__setattr__(self, "grouped", re.compile(self.pattern.encode()))

    @property
    def plain(self) -> str:
        """The pattern without named groups, for the scan."""
        return _GROUP.sub("(?:", self.pattern)

    def parts(self, match: "re.Match[bytes]") -> list[tuple[int, int, Kind]]:
        """(start, end, kind) of the values of a match, in order."""
        named = self.grouped.groupindex
        if not named:
            return [(*match.span(), self.kind)]
        return sorted(
            (*match.span(name), Kind(name.replace("_", "-")))
            for name in named
            if match.start(name) >= 0
        )
