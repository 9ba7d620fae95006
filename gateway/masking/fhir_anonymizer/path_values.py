"""Values that FHIRPath compares: dates and times of any precision, and what elements hold."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TypeAlias

from gateway.masking.codecs.json_codec import Number
from gateway.masking.fhir_anonymizer.nodes import Element

_MOMENT = re.compile(
    r"(?:([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?)?"
    r"(?:(T?)(?:([0-9]{2})(?::([0-9]{2})(?::([0-9]{2}(?:\.[0-9]+)?))?)?)?(Z|[+-][0-9]{2}:[0-9]{2})?)?\Z"
)
_INTEGER = re.compile(r"-?[0-9]+\Z")
_DATES = frozenset({"date", "dateTime", "instant"})
_DATE_PARTS = 3


@dataclass(frozen=True, slots=True)
class Moment:
    """A date, a dateTime or a time.

    Attributes:
        text: as it was written.
        parts: year, month, day, hour, minute, seconds, as far as known; in UTC where a zone is
            known. A time has no date and begins with the hour.
        time_only: whether it is a time of day.
    """

    text: str
    parts: tuple[Decimal, ...]
    time_only: bool

    def compare(self, other: "Moment") -> int | None:
        """-1, 0 or 1; None where the precision of one leaves it open.

        Raises:
            TypeError: a time and a date cannot be compared.
        """
        if self.time_only != other.time_only:
            raise TypeError
        for mine, theirs in zip(self.parts, other.parts, strict=False):
            if mine != theirs:
                return -1 if mine < theirs else 1
        return 0 if len(self.parts) == len(other.parts) else None


Scalar: TypeAlias = str | int | bool | Decimal | Moment
Item: TypeAlias = Element | Scalar


def moment(text: str) -> Moment | None:
    """A date, dateTime or time as FHIR or FHIRPath writes it (without `@`), None if it is none."""
    match = _MOMENT.match(text)
    if match is None or not text.strip("T"):
        return None
    *date, _, hour, minute, seconds, zone = match.groups()
    parts = [Decimal(part) for part in (*date, hour, minute, seconds) if part is not None]
    if date[0] is None:
        return Moment(text.removeprefix("T"), tuple(parts), True)
    if hour is not None and date[2] is None:
        return None
    if zone and hour is not None and len(parts) > _DATE_PARTS + 1:
        utc = _utc(parts, zone)
        if utc is None:
            return None
        parts = utc
    return Moment(text.removesuffix("T"), tuple(parts), False)


def _utc(parts: list[Decimal], zone: str) -> list[Decimal] | None:
    if zone == "Z":
        return parts
    year, month, day, hour, minute = (int(part) for part in parts[:5])
    sign = -1 if zone[0] == "+" else 1
    away = sign * timedelta(hours=int(zone[1:3]), minutes=int(zone[4:6]))
    try:
        moved = datetime(year, month, day, hour, minute) + away  # noqa: DTZ001 - in UTC by now
    except (ValueError, OverflowError):
        return None
    whole = (moved.year, moved.month, moved.day, moved.hour, moved.minute)
    return [*(Decimal(part) for part in whole), *parts[5:]]


def scalar(item: Item) -> Scalar | None:
    """What an item is compared by: an element's value by its type; None for a structure.

    Raises:
        TypeError: an element's value is not of its type.
    """
    if not isinstance(item, Element):
        return item
    value = item.value
    if isinstance(value, Number):
        return int(value.text) if _INTEGER.match(value.text) else Decimal(value.text)
    if isinstance(value, str) and (item.type in _DATES or item.type == "time"):
        found = moment(value)
        if found is None:
            raise TypeError
        return found
    if item.type == "decimal" and isinstance(value, int) and not isinstance(value, bool):
        return Decimal(value)
    return value


def compare(left: Scalar, right: Scalar) -> int | None:
    """-1, 0, 1, or None where it is open.

    Raises:
        TypeError: values of these types have no order.
    """
    if isinstance(left, Moment) and isinstance(right, Moment):
        return left.compare(right)
    if isinstance(left, bool) or isinstance(right, bool):
        raise TypeError
    if isinstance(left, str) and isinstance(right, str):
        return (left > right) - (left < right)
    if isinstance(left, int | Decimal) and isinstance(right, int | Decimal):
        return (left > right) - (left < right)
    raise TypeError


def same(left: Item, right: Item) -> bool | None:
    """Whether two items are equal (`=`), None where precision leaves it open."""
    if isinstance(left, Element) and isinstance(right, Element) and left is right:
        return True
    one, two = scalar(left), scalar(right)
    if isinstance(one, Moment) and isinstance(two, Moment) and one.time_only == two.time_only:
        order = one.compare(two)
        return None if order is None else order == 0
    if one is None and two is None:
        return _same_structure(left, right)
    if isinstance(one, bool) != isinstance(two, bool):
        return False
    return one == two


def _same_structure(left: Item, right: Item) -> bool:
    if not isinstance(left, Element) or not isinstance(right, Element):
        return False
    return len(left.children) == len(right.children) and all(
        mine.name == theirs.name and same(mine, theirs) is True
        for mine, theirs in zip(left.children, right.children, strict=True)
    )


def equivalent(left: Item, right: Item) -> bool:
    """Whether two items are equivalent (`~`): text without case, moments of one precision."""
    one, two = scalar(left), scalar(right)
    if isinstance(one, str) and isinstance(two, str):
        return " ".join(one.casefold().split()) == " ".join(two.casefold().split())
    return same(left, right) is True


def written(value: Scalar) -> str:
    """`toString()` of a value."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Moment):
        return value.text
    if isinstance(value, Decimal):
        return format(value, "f")
    return str(value)
