"""Numbers that nothing names: which are dates counted from 1970, which are too long for a count."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from gateway.masking.fields.compact_dates import is_compact_date
from gateway.masking.kinds import Kind

MIN_DIGITS = 9
"""Of a number that nobody counts or measures to: as many as an SSN has."""
MAX_NAME = 200
"""Of a field; what is longer names nothing."""
_LONG = re.compile(r"-?[0-9]{9,}\Z")
_EPOCH = re.compile(r"(-?)([0-9]{9,19})(?:\.[0-9]{1,9})?\Z")
# How many of a unit make a second, by the digits that a date of these decades has in it.
_PER_SECOND = {9: 1, 10: 1, 12: 10**3, 13: 10**3, 15: 10**6, 16: 10**6, 18: 10**9, 19: 10**9}
_START = datetime(1970, 1, 1, tzinfo=UTC)
_SPLIT = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[^A-Za-z]+")
_MEASURES = frozenset(
    """
    count counts size bytes byte length total totals sum amount balance offset sequence seq capacity
    used free available max maximum min minimum limit quota duration elapsed ms ns us micros nanos
    millis ticks rate ratio volume copies load cost price revenue population score average avg mean
    median variance usage memory disk throughput bandwidth generation checksum hash crc tokens hits
    """.split()
)
_IN_TEXT = re.compile(rb"(?<![0-9A-Za-z.,/+:=-])[0-9]{8,40}(?![0-9A-Za-z]|[.,-][0-9])")
# Numbers of terminologies and catalogues, and those that have a unit behind them.
_CODED = re.compile(
    rb"(?:snomed|sct|concept|ndc|rx ?norm|rxcui|cui|loinc|cpt|hcpcs|icd|codes?|gtin|upc|cas|pmid"
    rb"|pmc|isbn|issn|doi|oid|nct)\b[^0-9\n]{0,16}\Z",
    re.IGNORECASE,
)
_BEFORE = 40
_UNIT = re.compile(
    rb" ?(?:copies|cells|particles|cfu|iu|units?|genomes?|bytes|reads|bp|bases|/|\xc2\xb5|%)",
    re.IGNORECASE,
)


def is_long(text: str) -> bool:
    """Whether all of a text is a whole number that nobody counts or measures to."""
    return _LONG.match(text) is not None


def is_long_integer(value: object) -> bool:
    """The same of a number in JSON, of any length."""
    return isinstance(value, int) and is_long(str(value))


def is_measured(name: str) -> bool:
    """Whether a field's name says that its numbers count something."""
    return len(name) <= MAX_NAME and _is_measured(name)


@lru_cache(maxsize=4096)
def _is_measured(name: str) -> bool:
    return not _MEASURES.isdisjoint(word.lower() for word in _SPLIT.split(name))


def epoch_date(text: str) -> str:
    """The date (ISO 8601) of a count from 1970 in seconds, milli-, micro- or nanoseconds.

    "" where the number is no such count of the years 1900 to 2100, or a date by its own digits.
    """
    match = _EPOCH.match(text)
    unit = _PER_SECOND.get(len(match[2])) if match else None
    if match is None or unit is None or is_compact_date(text):
        return ""
    seconds = int(match[2]) // unit
    moment = _START + timedelta(seconds=-seconds if match[1] else seconds)
    return moment.date().isoformat() if 1900 <= moment.year <= 2100 else ""  # noqa: PLR2004


def long_numbers(data: bytes) -> Iterator[tuple[int, int, Kind]]:
    """(start, end, kind) of the long numbers in a text that are no code and no measurement.

    One of eight digits is a date, `20240903`, or too short to be anybody's.
    """
    for match in _IN_TEXT.finditer(data):
        start, end = match.span()
        short = end - start < MIN_DIGITS
        if short and not is_compact_date(match[0].decode()):
            continue
        before = data[max(0, start - _BEFORE) : start]
        if not _CODED.search(before) and not _UNIT.match(data, end):
            yield start, end, Kind.DATE if short else Kind.ID
