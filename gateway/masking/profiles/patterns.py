"""Patterns that a manifest's author writes, for numbers that only one hospital has.

They run in RE2 alone, whose time is linear in the text whatever the pattern: where it is not
installed they are refused, since `re` could be made to run for ever.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Protocol

from gateway.masking.kinds import Kind
from gateway.masking.marks import PATTERN as MARKS
from gateway.masking.profiles.operators import Operator

try:
    import re2  # type: ignore[import-untyped]
except ImportError:  # no wheel for this platform
    re2 = None

MAX_PATTERNS = 50
MAX_LENGTH = 500
MAX_PROGRAM = 2_000
"""RE2 instructions of one pattern: what bounds its memory, and its time per byte."""
_MEMORY = 8 * 1024 * 1024
VALUE_GROUP = "value"
_PARTIAL = frozenset({Operator.GENERALISE, Operator.DATE_SHIFT})
_PROBES = (b"", b"a", b"0", b" a-0 \n", b"Aa 1.", "\u00e9\n\n".encode())
_MARKS = re.compile(MARKS.encode())
_SEPARATOR = re.compile(rb"\n\x00\n")
Span = tuple[int, int, Kind]


@dataclass(frozen=True, slots=True)
class UserPattern:
    """What is looked for in text beside the built-in recognisers.

    Attributes:
        kind: of a match.
        pattern: RE2 syntax over UTF-8; the group named `value` is what is masked, without one all
            of the match.
    """

    kind: Kind
    pattern: str
    compiled: Any = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "compiled", compile_pattern(self.pattern))


class Scan(Protocol):
    """What finds values in text."""

    def spans(self, data: bytes) -> Iterator[Span]:
        """(start, end, kind) in order, never overlapping."""
        ...


def compile_pattern(source: str) -> Any:
    """The pattern, compiled by RE2.

    Raises:
        ValueError: too long, not RE2, costly, or good for the empty string; or no RE2 here.
    """
    if re2 is None:
        raise ValueError("patterns of your own need google-re2, which is not installed here")
    if not source or len(source) > MAX_LENGTH:
        raise ValueError(f"a pattern has 1 to {MAX_LENGTH} characters")
    compiled = _compiled(source)
    if compiled.programsize > MAX_PROGRAM:
        raise ValueError("the pattern is too large; use smaller repetitions")
    if any(match.start() == match.end() for text in _PROBES for match in compiled.finditer(text)):
        raise ValueError("the pattern matches the empty string, so it would match everywhere")
    return compiled


class PatternScan:
    """A scan that looks for patterns of one's own too.

    Where findings overlap, secrets go first, then patterns whose operator leaves nothing readable,
    then the built-in recognisers, then other patterns; what a finding loses at one end is masked
    as the other's kind, so no pattern ever shows what was masked without it.

    Args:
        scan: the built-in recognisers.
        patterns: at least one.
        operators: of the profile.
    """

    def __init__(
        self, scan: Scan, patterns: Sequence[UserPattern], operators: Mapping[Kind, Operator]
    ) -> None:
        self._scan = scan
        self._operators = operators
        masked = [item for item in patterns if operators[item.kind] is not Operator.KEEP]
        self._strong = [item for item in masked if operators[item.kind] not in _PARTIAL]
        self._weak = [item for item in masked if operators[item.kind] in _PARTIAL]
        # One look says whether any pattern fits a text; mostly none does.
        self._any = _any_of(tuple(item.pattern for item in masked))

    def spans(self, data: bytes) -> Iterator[Span]:
        """(start, end, kind) of every value in `data`, in order, never overlapping."""
        found = self._scan.spans(data)
        fitting = [text for text in _texts(data) if self._fits(data[slice(*text)])]
        if not fitting:
            yield from found
            return
        built_in = [span for span in found if self._operators[span[2]] is not Operator.KEEP]
        marks = [(*match.span(), Kind.TEXT) for match in _MARKS.finditer(data)]
        taken = [span for span in built_in if span[2] is Kind.SECRET]
        others = [span for span in built_in if span[2] is not Kind.SECRET]
        strong = (_found(item, data, fitting) for item in self._strong)
        weak = (_found(item, data, fitting) for item in self._weak)
        for more in (*strong, others, *weak):
            taken = sorted([*taken, *_outside(_outside(more, taken), marks)])
        yield from taken

    def _fits(self, text: bytes) -> bool:
        return self._any is None or self._any.search(text) is not None


def _texts(data: bytes) -> Iterator[tuple[int, int]]:
    """(start, end) of the texts that are scanned together; each is matched by itself."""
    start = 0
    for match in _SEPARATOR.finditer(data):
        yield start, match.start()
        start = match.end()
    yield start, len(data)


def _found(item: UserPattern, data: bytes, texts: Iterable[tuple[int, int]]) -> list[Span]:
    index = item.compiled.groupindex
    group = index.get(VALUE_GROUP, index.get(VALUE_GROUP.encode(), 0))
    spans: list[Span] = []
    for begin, stop in texts:
        for match in item.compiled.finditer(data[begin:stop]):
            start, end = match.span(group)
            if 0 <= start < end:
                spans.append((begin + start, begin + end, item.kind))
    return spans


def _outside(spans: Iterable[Span], taken: Sequence[Span]) -> Iterator[Span]:
    """The parts of `spans` that lie outside `taken`; both in order and without overlaps."""
    place = 0
    for start, end, kind in spans:
        while place < len(taken) and taken[place][1] <= start:
            place += 1
        at = place
        begin = start
        while at < len(taken) and taken[at][0] < end:
            if begin < taken[at][0]:
                yield begin, taken[at][0], kind
            begin = max(begin, taken[at][1])
            at += 1
        if begin < end:
            yield begin, end, kind


@lru_cache(maxsize=256)
def _compiled(source: str, memory: int = _MEMORY) -> Any:
    try:
        return re2.compile(source.encode(), _options(memory))
    except re2.error as error:
        why = error.args[0] if error.args else b""
        text = why.decode("utf-8", "replace") if isinstance(why, bytes) else str(why)
        raise ValueError(f"RE2 cannot use it: {text}") from None


def _any_of(sources: Sequence[str]) -> Any:
    """All of them as one, None where a named group stands in the way: names are unique in RE2."""
    if not sources or any("(?P<" in source or "(?<" in source for source in sources):
        return None
    return _compiled("|".join(f"(?:{source})" for source in sources), _MEMORY * len(sources))


def _options(memory: int) -> Any:
    options = re2.Options()
    options.max_mem = memory
    options.log_errors = False
    return options
