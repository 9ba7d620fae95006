"""Safe Harbor's generalisations: dates to years, ages over 89 to 90+, ZIP codes to three digits."""

import re
from datetime import date

MAX_AGE = 89
OVER = "90+"
# Three-digit ZIP areas of 20,000 people or fewer, 2020 census ZCTA populations; 000 stands for
# them (164.514(b)(2)(i)(B)(2)).
SPARSE = frozenset(
    {
        "036",
        "059",
        "102",
        "202",
        "203",
        "204",
        "205",
        "369",
        "556",
        "692",
        "753",
        "772",
        "821",
        "823",
        "878",
        "879",
        "884",
        "893",
    }
)
_YEAR = re.compile(r"(?<![0-9])(1[89][0-9]{2}|20[0-9]{2})(?![0-9])")
_COMPACT = re.compile(
    r"(1[89][0-9]{2}|20[0-9]{2})(?:[0-9]{2}){1,5}(?:\.[0-9]{1,6})?(?:[+-][0-9]{4})?\Z"
)
_SHORT = re.compile(r"[0-9]{1,2}[-/.][0-9]{1,2}[-/.]([0-9]{2})\Z")
_ZIP = re.compile(r"([0-9]{3})[0-9]{2}(?:-?[0-9]{4})?\Z")
_ZIP_DIGITS = 5
_ZIP3 = re.compile(r"[0-9]{3}\Z")
_AGE = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,4})?")
_AGES = re.compile(
    r"\s*(?:[0-9]{1,3}(?:\.[0-9]{1,2})?\+?)(?: ?(?:-|to) ?[0-9]{1,3})?"
    r"(?:[ -]?(?:y|yr|yrs|years?|y/o|yo|m|mo|mos|months?|w|wk|wks|weeks?|d|days?)\.?)?"
    r"(?:[ -]old)?\s*\Z",
    re.IGNORECASE,
)
_AGE_WORDS = frozenset({"adult", "child", "infant", "newborn", "neonate", "adolescent", "elderly"})
_IN_WORDS = re.compile(
    r"(?:(?:super)?centenarian|nonagenarian|ninety|(?:a |one )?hundred)\b", re.IGNORECASE
)


def year(value: str) -> str:
    """The year of a date in any common notation, "" where none can be read.

    A year of two digits says too little: it is removed with the rest.
    """
    if match := _COMPACT.match(value):
        return match[1]
    if _SHORT.match(value):
        return ""
    found = set(_YEAR.findall(value))
    return found.pop() if len(found) == 1 else ""


def oldest_year(today: date) -> str:
    """The first year, in four digits, of which a date tells of no age over 89.

    Whoever has lived through an earlier one is older: 164.514(b)(2)(i)(C) removes it with its year.
    """
    return f"{today.year - MAX_AGE:04}"


def shown_year(value: str, oldest: str) -> str:
    """The year of a date, "" where it tells of an age of 90 or more, or cannot be read.

    The year alone decides, so that a masked date masks to itself.
    """
    found = year(value)
    return found if found >= oldest else ""


def zip3(value: str) -> str:
    """The first three digits of a ZIP code, 000 for sparse areas, "" where it is no ZIP code."""
    if len(value) == _ZIP_DIGITS and value.isdecimal() and value.isascii():
        return "000" if value[:3] in SPARSE else value[:3]
    text = value.strip()
    if _ZIP3.match(text):
        return "000" if text in SPARSE else text
    match = _ZIP.match(text)
    if match is None:
        return ""
    return "000" if match[1] in SPARSE else match[1]


def age(value: str) -> str:
    """The text of an age, over 89 replaced with 90+, in words too; "" where it is no age."""
    if _IN_WORDS.match(value):
        return OVER
    if not _AGES.match(value):
        return value if value.strip().lower() in _AGE_WORDS else ""
    return _AGE.sub(
        lambda match: OVER if int(float(match[0])) > MAX_AGE else match[0], value
    ).replace("90++", OVER)


def year_end(today: date) -> date:
    """The last day of the year: who turns 90 in it is masked as 90 from January on.

    So the masked bytes, and with them the entity tag, change once a year and not every day.
    """
    return date(today.year, 12, 31)
