"""FHIRPath's functions of text.

Regular expressions are RE2's, which cannot be made to run forever.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from gateway.masking.fhir_anonymizer.path_operators import MAX_TEXT, bounded, single
from gateway.masking.fhir_anonymizer.path_values import Item, written

try:
    import re2  # type: ignore[import-untyped]
except ImportError:  # no wheel for this platform: configurations with regular expressions fail
    re2 = None

_NAMED = re.compile(r"\(\?<([A-Za-z][A-Za-z0-9_]*)>")
_REFERENCE = re.compile(r"\$(?:\{([A-Za-z0-9_]+)\}|([0-9]+)|(\$))")
Function = Callable[..., list[Item]]


def compiled(pattern: str) -> Any:
    """A regular expression, .NET's named groups included.

    Raises:
        ValueError: RE2 does not take it, or is not there.
    """
    return _compiled(pattern)


@lru_cache(maxsize=64)
def _compiled(pattern: str) -> Any:
    if re2 is None:
        raise ValueError
    try:
        options = re2.Options()
        options.log_errors = False
        return re2.compile(_NAMED.sub(r"(?P<\1>", pattern), options)
    except re2.error as error:
        raise ValueError from error


def _texts(*collections: list[Item]) -> list[str] | None:
    found = []
    for items in collections:
        value = single(items)
        if value is None:
            return None
        if isinstance(value, bool):
            raise TypeError
        found.append(written(value))
    return found


def _of_text(apply: Callable[..., str | int | bool]) -> Function:
    def function(_: object, *collections: list[Item]) -> list[Item]:
        texts = _texts(*collections)
        return [] if texts is None else [apply(*texts)]

    return function


def _substring(
    _: object, items: list[Item], start: list[Item], length: list[Item] | None = None
) -> list[Item]:
    texts = _texts(items)
    at, count = single(start), None if length is None else single(length)
    if texts is None or not isinstance(at, int) or not 0 <= at < len(texts[0]):
        return []
    if count is not None and not isinstance(count, int):
        raise TypeError
    return [texts[0][at:] if count is None else texts[0][at : at + max(0, count)]]


def _replace(text: str, old: str, new: str) -> str:
    if text.count(old) * len(new) > MAX_TEXT:
        raise ValueError
    # An empty text stands between all characters, in FHIRPath as in Python.
    return text.replace(old, new)


def _replace_matches(text: str, pattern: str, new: str) -> str:
    room = MAX_TEXT

    def filled(match: Any) -> str:
        nonlocal room

        def group(reference: re.Match[str]) -> str:
            if reference[3]:
                return "$"
            name: str | int = reference[1] or int(reference[2])
            return str(match.group(int(name) if str(name).isdigit() else name) or "")

        made = _REFERENCE.sub(group, new)
        room -= len(made)
        if room < 0:
            raise ValueError
        return made

    try:
        return str(compiled(pattern).sub(filled, text))
    except (IndexError, KeyError) as error:
        raise ValueError from error


def _join(_: object, items: list[Item], separator: list[Item] | None = None) -> list[Item]:
    between = written(single(separator) or "") if separator else ""
    if len(items) * len(between) > MAX_TEXT:
        raise ValueError
    return [bounded(between.join(text for item in items for text in _texts([item]) or ()))]


def _split(_: object, items: list[Item], separator: list[Item]) -> list[Item]:
    texts = _texts(items, separator)
    return [] if texts is None else [*(texts[0].split(texts[1]) if texts[1] else texts[0])]


_NO, _ONE, _TWO = frozenset({0}), frozenset({1}), frozenset({2})
TEXT: dict[str, tuple[Function, frozenset[int]]] = {
    "startsWith": (_of_text(str.startswith), _ONE),
    "endsWith": (_of_text(str.endswith), _ONE),
    "contains": (_of_text(lambda text, part: part in text), _ONE),
    "indexOf": (_of_text(str.find), _ONE),
    "matches": (_of_text(lambda text, pattern: bool(compiled(pattern).search(text))), _ONE),
    "replaceMatches": (_of_text(_replace_matches), _TWO),
    "replace": (_of_text(_replace), _TWO),
    "upper": (_of_text(str.upper), _NO),
    "lower": (_of_text(str.lower), _NO),
    "trim": (_of_text(str.strip), _NO),
    "length": (_of_text(len), _NO),
    "substring": (_substring, frozenset({1, 2})),
    "join": (_join, frozenset({0, 1})),
    "split": (_split, _ONE),
}
