"""What masking changed, for a person who tunes a profile: values are shown on purpose."""

import difflib
import json
import re
from collections.abc import Iterator
from typing import Final

_RED: Final = "\x1b[31m"
_GREEN: Final = "\x1b[32m"
_STRONG: Final = "\x1b[7m"
_RESET: Final = "\x1b[0m"
# What a terminal would act on; a document can hold anything.
_CONTROL: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
MAX_COMPARED: Final = 4_000
"""Lines; beyond it lines are compared one by one, since a search for moves takes too long."""


def differences(before: bytes, after: bytes, *, colour: bool) -> Iterator[str]:
    """Lines that differ, `-` as they were and `+` as they are; JSON is laid out first."""
    old, new = _laid_out(before), _laid_out(after)
    for first, last in _changed(old, new):
        if len(first) != len(last):
            yield from (_shown("-", line, "", "", colour=colour) for line in first)
            yield from (_shown("+", line, "", "", colour=colour) for line in last)
            continue
        for one, other in zip(first, last, strict=True):
            start, end = _common(one, other)
            yield _shown(
                "-", one[start : len(one) - end], one[:start], _end(one, end), colour=colour
            )
            yield _shown(
                "+", other[start : len(other) - end], other[:start], _end(other, end), colour=colour
            )


def _changed(old: list[str], new: list[str]) -> Iterator[tuple[list[str], list[str]]]:
    """Runs of lines that differ."""
    if len(old) == len(new):
        yield from (([one], [other]) for one, other in zip(old, new, strict=True) if one != other)
        return
    if max(len(old), len(new)) > MAX_COMPARED:
        yield old, new
        return
    for tag, i1, i2, j1, j2 in difflib.SequenceMatcher(
        None, old, new, autojunk=False
    ).get_opcodes():
        if tag != "equal":
            yield old[i1:i2], new[j1:j2]


def _laid_out(body: bytes) -> list[str]:
    try:
        if body.lstrip()[:1] in {b"{", b"["}:
            return json.dumps(json.loads(body), indent=2, ensure_ascii=False).split("\n")
    except (ValueError, RecursionError):
        pass
    text = body.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n")
    return text.split("\n")


def _common(one: str, other: str) -> tuple[int, int]:
    """How many characters are the same at the start, and at the end."""
    shortest = min(len(one), len(other))
    start = next((i for i in range(shortest) if one[i] != other[i]), shortest)
    rest = shortest - start
    end = next((i for i in range(rest) if one[-1 - i] != other[-1 - i]), rest)
    return start, end


def _end(line: str, length: int) -> str:
    return line[len(line) - length :]


def _shown(sign: str, middle: str, start: str, end: str, *, colour: bool) -> str:
    start, middle, end = (_CONTROL.sub(_visible, part) for part in (start, middle, end))
    if not colour:
        return f"{sign} {start}{middle}{end}"
    tint = _RED if sign == "-" else _GREEN
    strong = f"{_STRONG}{middle}{_RESET}{tint}" if start or end else middle
    return f"{tint}{sign} {start}{strong}{end}{_RESET}"


def _visible(match: "re.Match[str]") -> str:
    return f"\\x{ord(match[0]):02x}"
