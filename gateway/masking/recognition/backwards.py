"""Patterns of what stands before a place, read backwards from it.

A search for a pattern that ends at a place begins everywhere before it, and mostly for nothing. Its
mirror image begins at the place itself, so that the first letters decide.
"""

import re
from collections.abc import Iterable
from re import _constants as op
from re import _parser
from typing import Any

_CATEGORIES = {
    op.CATEGORY_WORD: r"\w",
    op.CATEGORY_NOT_WORD: r"\W",
    op.CATEGORY_SPACE: r"\s",
    op.CATEGORY_DIGIT: r"\d",
}


def backwards(source: str) -> re.Pattern[str]:
    r"""The mirror image of a pattern that ends in `\Z`, to be matched on the text before, reversed.

    It matches `text[::-1]` where a search for `source` finds something in `text`.

    Raises:
        ValueError: the pattern does not end in `\Z`, or has what has no mirror image here.
    """
    items = list(_parser.parse(source))
    if not items or items.pop() != (op.AT, op.AT_END_STRING):
        raise ValueError(r"a pattern of what stands before a place ends in \Z, in all of its forms")
    return re.compile(_mirrored(items))


def lead(source: str) -> tuple[re.Pattern[bytes], int]:
    """The mirror image of a pattern over bytes, and how many bytes at most it matches."""
    items = _parser.parse(source.encode())
    return re.compile(_mirrored(items).encode("latin-1")), int(items.getwidth()[1])


def _mirrored(items: Iterable[tuple[Any, Any]]) -> str:
    return "".join(_item(code, value) for code, value in reversed(list(items)))


def _item(code: Any, value: Any) -> str:
    match code:
        case op.LITERAL:
            return re.escape(chr(value))
        case op.IN:
            return _set(value)
        case op.BRANCH:
            return f"(?:{'|'.join(map(_mirrored, value[1]))})"
        case op.SUBPATTERN:
            _, flags, off, inside = value
            if off or flags not in {0, re.IGNORECASE}:
                raise ValueError("a pattern has other flags than those for capitals")
            return f"(?{'i' if flags else ''}:{_mirrored(inside)})"
        case op.MAX_REPEAT:
            least, most, inside = value
            bound = "" if most is op.MAXREPEAT else most
            return f"(?:{_mirrored(inside)}){{{least},{bound}}}"
        case op.AT if value is op.AT_BOUNDARY:
            return r"\b"
        case _:
            raise ValueError(f"{code} has no mirror image")


def _set(items: Iterable[tuple[Any, Any]]) -> str:
    found: list[str] = []
    for code, value in items:
        match code:
            case op.NEGATE:
                found.append("^")
            case op.LITERAL:
                found.append(re.escape(chr(value)))
            case op.RANGE:
                found.append(f"{re.escape(chr(value[0]))}-{re.escape(chr(value[1]))}")
            case op.CATEGORY:
                found.append(_CATEGORIES[value])
            case _:
                raise ValueError(f"{code} has no mirror image")
    return f"[{''.join(found)}]"
