"""Dates moved by a number of days, in the notation they had: ISO 8601, FHIR and HL7 v2."""

import re
from datetime import date, timedelta

_ISO = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})((?:[T ][0-9:.,]{4,20}(?:Z| ?[+-][0-9:]{2,6})?)?)\Z"
)
_HL7 = re.compile(
    r"([0-9]{4})([0-9]{2})([0-9]{2})((?:[0-9]{2,6}(?:\.[0-9]{1,6})?)?(?:[+-][0-9]{4})?)\Z"
)


def shifted(value: str, days: int) -> str:
    """`value` moved by `days`, its time of day unchanged; "" where it is no whole date."""
    for pattern, form in ((_ISO, "%Y-%m-%d"), (_HL7, "%Y%m%d")):
        if match := pattern.match(value):
            try:
                moved = date(int(match[1]), int(match[2]), int(match[3])) + timedelta(days=days)
            except (ValueError, OverflowError):
                return ""
            # strftime does not fill years before 1000 with zeros on every platform.
            return moved.strftime(form).rjust(len(value) - len(match[4]), "0") + match[4]
    return ""
