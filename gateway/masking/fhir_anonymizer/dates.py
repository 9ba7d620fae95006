"""Dates as anonymizer configurations redact and shift them.

The regular expressions of date and dateTime are those of the FHIR specification
(https://hl7.org/fhir/R4/datatypes.html).
"""

import re
from datetime import date, timedelta

MAX_AGE = 89
RANGE = 50
SEED = 131
TYPES = frozenset({"date", "dateTime", "instant"})
_DATE = re.compile(
    r"(?!0000)([0-9]{4})(?:-(0[1-9]|1[0-2])(?:-(0[1-9]|[12][0-9]|3[01])"
    r"(T(?:[01][0-9]|2[0-3]):[0-5][0-9]:(?:[0-5][0-9]|60)(?:\.[0-9]+)?"
    r"(?:Z|[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00)))?)?)?"
)
_DIGIT = re.compile(r"[0-9]")
_TIME = re.compile(r"T[0-9:.]+")


def redacted(value: str, *, partial: bool, today: date) -> str | None:
    """The year where `partial` asks for it and it implies no age over 89, else None."""
    match = _DATE.match(value)
    if not partial or match is None or _old(match, today):
        return None
    return match[1]


def shifted(value: str, days: int, today: date) -> str | None:
    """The date so many days away, time of day set to zero, zone kept.

    None where no exact day is known, where it implies an age over 89, and where the calendar has
    no such day: then it is to be redacted.
    """
    match = _DATE.match(value)
    if match is None or match[3] is None or _old(match, today):
        return None
    try:
        moved = date(int(match[1]), int(match[2]), int(match[3])) + timedelta(days=days)
    except (ValueError, OverflowError):
        return None
    time = match[4] or ""
    return moved.isoformat() + _TIME.sub(lambda part: _DIGIT.sub("0", part[0]), time)


def offset(prefix: str, key: str) -> int:
    """Days to shift by, -50 to 50: a polynomial hash of the scope's name and the key."""
    value = 0
    for byte in (prefix + key).encode():
        value = (value * SEED + byte) % (2 * RANGE + 1)
    return value - RANGE


def _old(match: re.Match[str], today: date) -> bool:
    month, day = int(match[2] or 1), int(match[3] or 1)
    age = today.year - int(match[1]) - ((today.month, today.day) < (month, day))
    return age > MAX_AGE
