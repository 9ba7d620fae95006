"""Dates as HL7 writes them, without separators: 20240102, 202401021011-0500 (TS, DTM)."""

import re
from collections.abc import Callable

from gateway.masking.kinds import Kind

_DATE = (
    r"(?:1[89]|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])"
    r"(?:[0-9]{2}){0,3}(?:\.[0-9]{1,4})?(?:[+-][0-9]{4})?"
)
_WHOLE = re.compile(rf"{_DATE}\Z")
_WITHIN = re.compile(rf"(?<![0-9A-Za-z.]){_DATE}(?![0-9A-Za-z])")


def is_compact_date(value: str) -> bool:
    """Whether all of a value is a date of year, month and day at least."""
    return _WHOLE.match(value) is not None


def mask_compact_dates(text: str, apply: Callable[[Kind, str, str], str], path: str) -> str:
    """Text with such dates masked; the recognisers know only those with separators.

    Args:
        text: of a field or an element.
        apply: what the profile makes of a value: `Payload.apply`.
        path: where the text stands.
    """
    return _WITHIN.sub(lambda match: apply(Kind.DATE, match[0], path), text)
