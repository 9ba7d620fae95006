"""Regular expressions whose time is linear in the text: RE2, or `re` where it is not installed."""

import re
from collections.abc import Iterable
from typing import Protocol

try:
    import re2  # type: ignore[import-untyped]
except ImportError:  # no wheel for this platform: slower, and the same results
    re2 = None

_MEMORY = 256 * 1024 * 1024


class Match(Protocol):
    """What both engines say of a match."""

    def start(self) -> int:
        """Offset of the first byte."""
        ...

    def end(self) -> int:
        """Offset behind the last byte."""
        ...


class Pattern(Protocol):
    """What both engines can do."""

    def search(self, text: bytes, pos: int = ..., /) -> Match | None:
        """The leftmost match from `pos` on."""
        ...


class PatternSet(Protocol):
    """Many patterns, of which those are said that match at the start of a text."""

    def Add(self, pattern: bytes, /) -> int:  # noqa: N802
        """Before `Compile`."""
        ...

    def Compile(self) -> None:  # noqa: N802
        """Once."""
        ...

    def Match(self, text: bytes, /) -> list[int] | None:  # noqa: N802
        """Numbers of the patterns that match, in no order."""
        ...


def available(*, with_re2: bool = True) -> bool:
    """Whether RE2 is here, and wanted."""
    return re2 is not None and with_re2


def options() -> object:
    """Options of RE2 for patterns over bytes."""
    made = re2.Options()
    made.max_mem = _MEMORY
    made.log_errors = False
    made.encoding = re2.Options.Encoding.LATIN1
    return made


def compiled(source: bytes, *, with_re2: bool = True) -> Pattern:
    """A pattern over bytes, in the common subset of RE2 and `re`."""
    if not available(with_re2=with_re2):
        return re.compile(source)
    pattern: Pattern = re2.compile(source, options())
    return pattern


def pattern_set(sources: Iterable[bytes]) -> PatternSet:
    """Patterns that are looked for at once; RE2 alone has them."""
    made: PatternSet = re2.Set.MatchSet(options())
    for source in sources:
        made.Add(source)
    made.Compile()
    return made
