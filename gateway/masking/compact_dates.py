"""Dates as HL7 writes them, without separators: 20240102, 202401021011-0500 (TS, DTM)."""

import re

from gateway.masking.kinds import Kind
from gateway.masking.payload import Payload

_DATE = (
    r"(?:1[89]|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])"
    r"(?:[0-9]{2}){0,3}(?:\.[0-9]{1,4})?(?:[+-][0-9]{4})?"
)
_WHOLE = re.compile(rf"{_DATE}\Z")
_WITHIN = re.compile(rf"(?<![0-9A-Za-z.]){_DATE}(?![0-9A-Za-z])")


def is_compact_date(value: str) -> bool:
    """Whether all of a value is a date of year, month and day at least."""
    return _WHOLE.match(value) is not None


def mask_compact_dates(text: str, payload: Payload, path: str) -> str:
    """Text with such dates masked; the recognisers know only those with separators."""
    return _WITHIN.sub(lambda match: payload.apply(Kind.DATE, match[0], path), text)
