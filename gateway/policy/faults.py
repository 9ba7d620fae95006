"""Faults in a manifest: where, what, and what was probably meant; all of them, not the first."""

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gateway.errors import ConfigurationError, Reason

MAX_FAULTS = 100
"""So that a hostile file cannot make an endless report."""

Path = tuple[str | int, ...]
"""Keys and list indexes from the root of the document."""


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """Line and column in the file, both counted from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One thing that must be mended before the manifest can be used."""

    position: Position
    path: str
    message: str

    def __str__(self) -> str:
        where = f"{self.position.line}:{self.position.column}"
        return f"{where}: {self.path}: {self.message}" if self.path else f"{where}: {self.message}"


class ManifestInvalid(ConfigurationError):
    """The manifest cannot be used.

    Attributes:
        faults: every fault found, in file order, at most MAX_FAULTS.
    """

    def __init__(self, faults: Iterable[Fault], *, reason: Reason | None = None) -> None:
        self.faults = tuple(sorted(set(faults)))[:MAX_FAULTS]
        super().__init__(
            "\n".join(map(str, self.faults)),
            reason=reason,
            advice="mend these lines and run `chaperone manifest check` on the file",
        )


def dotted(path: Path) -> str:
    """`rules[2].groups[0]`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def suggestion(word: str, known: Iterable[str]) -> str:
    """`; did you mean "x"?`, or the choices where they are few, or ""."""
    choices: Sequence[str] = sorted(set(known))
    close = difflib.get_close_matches(word.lower()[:80], choices, n=1, cutoff=0.6)
    if close:
        return f'; did you mean "{close[0]}"?'
    if 0 < len(choices) <= 8:  # noqa: PLR2004 - what fits on one line
        return "; known: " + ", ".join(choices)
    return ""
