"""Canonical JSON (RFC 8785) for the restricted values that records are made of.

Sorted orjson equals RFC 8785 byte for byte as long as keys are ASCII and numbers are integers
below 2**53; anything else is refused here, so that the two can never drift apart.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, TypeAlias, cast

import orjson

Json: TypeAlias = "str | int | bool | Sequence[Json] | Mapping[str, Json] | None"
"""What a record may hold: no floats, which RFC 8785 and orjson write differently."""

MAX_INTEGER = 2**53 - 1
MAX_DEPTH = 32


def canonical(value: Json) -> bytes:
    """The one byte form of `value`.

    Raises:
        ValueError: a float, a large integer, a key that is not ASCII, a lone surrogate, nesting
            over 32 levels or any type JSON does not have.
    """
    _check(value, MAX_DEPTH)
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError as error:
        raise ValueError("the value has no canonical JSON form") from error


def encoded(value: Json) -> bytes:
    """The same bytes, for a value that holds no float, as a strict schema or its maker ensures.

    Nor is the depth of nesting looked at.

    Raises:
        ValueError: a large integer, a key that is not ASCII, a lone surrogate or a type that JSON
            does not have.
    """
    try:
        body = orjson.dumps(value, option=_STRICT)
    except orjson.JSONEncodeError as error:
        raise ValueError("the value has no canonical JSON form") from error
    if not body.isascii():
        _check(value, MAX_DEPTH)
    return body


_STRICT: Final = (
    orjson.OPT_SORT_KEYS
    | orjson.OPT_STRICT_INTEGER
    | orjson.OPT_PASSTHROUGH_DATACLASS
    | orjson.OPT_PASSTHROUGH_DATETIME
)
_PLAIN: Final = frozenset({str, bool, type(None)})


def _check(value: object, depth: int) -> None:
    if depth < 0:
        raise ValueError("canonical JSON is nested at most 32 levels deep")
    match value:
        case str() | bool() | None:
            return
        case int():
            if abs(value) > MAX_INTEGER:
                raise ValueError("integers in records stay below 2**53")
        case dict() | Mapping():
            _check_keys(value)
            _check_items(value.values(), depth - 1)
        case list() | tuple():
            _check_items(value, depth - 1)
        case _:
            raise ValueError(f"records hold no {type(value).__name__}")


def _check_keys(value: Mapping[object, object]) -> None:
    try:
        good = "".join(cast("Iterable[str]", value)).isascii()
    except TypeError:  # a key of another type
        good = False
    if not good:
        raise ValueError("keys in records are ASCII strings")


def _check_items(items: Iterable[object], depth: int) -> None:
    for item in items:
        # Most values are text; a call for each would cost more than writing them.
        if depth < 0 or type(item) not in _PLAIN:
            _check(item, depth)
