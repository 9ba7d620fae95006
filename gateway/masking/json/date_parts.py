"""Dates in JSON: strings that may be one, and those written as year, month and day."""

import re

from gateway.masking.attachments import BASE64, MIN_ENCODED
from gateway.masking.codecs.json_codec import Node
from gateway.masking.fields.names import Field
from gateway.masking.kinds import Kind
from gateway.masking.marks import unmarked
from gateway.masking.payload import Payload

ISO = re.compile(
    r"(?:(?:1[89]|20)[0-9]{2}(?:-(?:0[1-9]|1[0-2]))?"
    r"|[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
    r"(?:[T ][0-9:.,]{4,20}(?:Z| ?[+-][0-9:]{2,6})?)?)\Z"
)
"""A year, a date, or a date and time (ISO 8601)."""
_DIGIT = re.compile(r"[0-9]")
_YEARS = frozenset({"year", "Year", "YEAR"})
_MONTHS = frozenset({"month", "Month", "MONTH", "monthValue"})
_DAYS = frozenset({"day", "Day", "DAY", "dayOfMonth", "dayOfYear", "dayOfWeek"})
_PARTS = _YEARS | _MONTHS | _DAYS
_FIRST, _LAST = 1800, 2100
_MAX_PARTS = 7
"""Year, month, day, hour, minute, second, nanoseconds."""


def may_be_date(value: str) -> bool:
    """Whether a value may be a date: it has digits, those of tokens apart, or is base64."""
    if _DIGIT.search(value) is None:
        return len(value) >= MIN_ENCODED and BASE64.match(value) is not None
    return value[:1].isdigit() or _DIGIT.search(unmarked(value)) is not None


def mask_parts(node: dict[str, Node], outer: Field, payload: Payload, path: str) -> tuple[str, ...]:
    """Mask month and day of an object that is a date, as google.type.Date is, and an old year.

    Args:
        node: the object.
        outer: the field that holds it; in a date a month is one's without a day too.
        payload: applies the profile.
        path: where the object stands.

    Returns:
        The names of the members that are done.
    """
    names = node.keys()
    if _MONTHS.isdisjoint(names) or _YEARS.isdisjoint(names) or payload.keeps(Kind.DATE):
        return ()
    if outer.kind is not Kind.DATE and _DAYS.isdisjoint(names):
        return ()
    done: list[str] = []
    for key, part in node.items():
        value = str(part) if type(part) in {int, str} else ""
        old = payload.tells_of_age(value)
        if value and (old or key in _MONTHS or key in _DAYS) and key in _PARTS:
            # What has no year in it has none to show.
            node[key] = payload.apply(Kind.DATE, value if old else f"--{value}", path)
            done.append(key)
    return tuple(done)


def mask_list(node: list[Node], outer: Field, payload: Payload, path: str) -> None:
    """Mask what stands behind the year of `[2019, 3, 14]`, as Jackson writes dates."""
    if outer.kind is Kind.DATE and not payload.keeps(Kind.DATE) and _is_date(node):
        node[1:] = [payload.apply(Kind.DATE, f"--{part}", path) for part in node[1:]]


def _is_date(node: list[Node]) -> bool:
    return (
        1 < len(node) <= _MAX_PARTS
        and all(type(item) is int for item in node)
        and _FIRST <= node[0] <= _LAST  # type: ignore[operator]
        and 1 <= node[1] <= 12  # type: ignore[operator]  # noqa: PLR2004
    )
