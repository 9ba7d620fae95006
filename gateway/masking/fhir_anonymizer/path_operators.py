"""FHIRPath's operators between two collections."""

import operator
from collections.abc import Callable
from decimal import Decimal

from gateway.masking.fhir_anonymizer.nodes import Element
from gateway.masking.fhir_anonymizer.path_values import (
    Item,
    Scalar,
    compare,
    equivalent,
    same,
    scalar,
    written,
)

MAX_TEXT = 1_000_000
MAX_BITS = 4_096
Operator = Callable[[list[Item], list[Item]], list[Item]]
_SYSTEM = {str: "String", bool: "Boolean", int: "Integer", Decimal: "Decimal"}


def boolean(items: list[Item]) -> bool | None:
    """A collection as a condition: a single item that is no boolean counts as true.

    Raises:
        ValueError: several items.
    """
    if not items:
        return None
    if len(items) > 1:
        raise ValueError
    value = scalar(items[0])
    return value if isinstance(value, bool) else True


def single(items: list[Item]) -> Scalar | None:
    """The value of a collection of one, None of an empty one.

    Raises:
        ValueError: several items.
        TypeError: a structure.
    """
    if not items:
        return None
    if len(items) > 1:
        raise ValueError
    value = scalar(items[0])
    if value is None:
        raise TypeError
    return value


def is_type(item: Item, name: str) -> bool:
    """Whether an item is of the type of that name."""
    if isinstance(item, Element):
        return item.type == name
    return _SYSTEM.get(type(item), "DateTime").casefold() == name.casefold()


def _pair(left: list[Item], right: list[Item]) -> tuple[Scalar, Scalar] | None:
    one, two = single(left), single(right)
    return None if one is None or two is None else (one, two)


def _ordered(test: Callable[[int, int], bool]) -> Operator:
    def apply(left: list[Item], right: list[Item]) -> list[Item]:
        pair = _pair(left, right)
        order = None if pair is None else compare(*pair)
        return [] if order is None else [test(order, 0)]

    return apply


def _equal(left: list[Item], right: list[Item]) -> list[Item]:
    if not left or not right:
        return []
    if len(left) != len(right):
        return [False]
    results = [same(one, two) for one, two in zip(left, right, strict=True)]
    if False in results:
        return [False]
    return [] if None in results else [True]


def _different(left: list[Item], right: list[Item]) -> list[Item]:
    return [not result for result in _equal(left, right)]


def _equivalent(left: list[Item], right: list[Item]) -> list[Item]:
    if len(left) != len(right):
        return [False]
    rest = list(right)
    for item in left:
        found = next((other for other in rest if equivalent(item, other)), None)
        if found is None:
            return [False]
        rest.remove(found)
    return [True]


def _not_equivalent(left: list[Item], right: list[Item]) -> list[Item]:
    return [not result for result in _equivalent(left, right)]


def _in(left: list[Item], right: list[Item]) -> list[Item]:
    if not left:
        return []
    if len(left) > 1:
        raise ValueError
    return [any(same(left[0], other) is True for other in right)]


def _contains(left: list[Item], right: list[Item]) -> list[Item]:
    return _in(right, left)


def _add(left: list[Item], right: list[Item]) -> list[Item]:
    pair = _pair(left, right)
    if pair is None:
        return []
    one, two = pair
    if isinstance(one, str) and isinstance(two, str):
        return [bounded(one + two)]
    return _sum(left, right)


def _concatenate(left: list[Item], right: list[Item]) -> list[Item]:
    sides = [single(left), single(right)]
    return [bounded("".join("" if side is None else written(side) for side in sides))]


def bounded(made: str) -> str:
    """A text that is not too long.

    Raises:
        ValueError: it is.
    """
    if len(made) > MAX_TEXT:
        raise ValueError
    return made


def _calculated(apply: Callable[[int | Decimal, int | Decimal], int | Decimal | None]) -> Operator:
    def calculate(left: list[Item], right: list[Item]) -> list[Item]:
        pair = _pair(left, right)
        result = None if pair is None else apply(_number(pair[0]), _number(pair[1]))
        if isinstance(result, int) and result.bit_length() > MAX_BITS:
            raise ValueError
        return [] if result is None else [result]

    return calculate


def _number(value: Scalar) -> int | Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise TypeError
    return value


def _divide(one: int | Decimal, two: int | Decimal) -> Decimal | None:
    return Decimal(one) / Decimal(two) if two else None


def _div(one: int | Decimal, two: int | Decimal) -> int | None:
    # Towards zero, as the specification has it.
    return int(Decimal(one) / Decimal(two)) if two else None


def _mod(one: int | Decimal, two: int | Decimal) -> int | Decimal | None:
    if not two:
        return None
    result = Decimal(one) % Decimal(two)
    return int(result) if isinstance(one, int) and isinstance(two, int) else result


_sum = _calculated(lambda one, two: one + two)


def _is(left: list[Item], right: list[Item]) -> list[Item]:
    if not left:
        return []
    if len(left) > 1:
        raise ValueError
    return [is_type(left[0], str(right[0]))]


def _as(left: list[Item], right: list[Item]) -> list[Item]:
    return [item for item in left if is_type(item, str(right[0]))]


OPERATORS: dict[str, Operator] = {
    "=": _equal,
    "!=": _different,
    "~": _equivalent,
    "!~": _not_equivalent,
    "<": _ordered(operator.lt),
    "<=": _ordered(operator.le),
    ">": _ordered(operator.gt),
    ">=": _ordered(operator.ge),
    "in": _in,
    "contains": _contains,
    "+": _add,
    "&": _concatenate,
    "-": _calculated(lambda one, two: one - two),
    "*": _calculated(lambda one, two: one * two),
    "/": _calculated(_divide),
    "div": _calculated(_div),
    "mod": _calculated(_mod),
    "is": _is,
    "as": _as,
}
