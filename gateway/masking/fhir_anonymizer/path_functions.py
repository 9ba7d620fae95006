"""FHIRPath's functions, and `nodesByType()` and `nodesByName()` of anonymizer configurations."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Protocol

from gateway.masking.fhir_anonymizer.nodes import Element
from gateway.masking.fhir_anonymizer.path_operators import boolean, is_type, single
from gateway.masking.fhir_anonymizer.path_syntax import Child, Expression, This
from gateway.masking.fhir_anonymizer.path_text import TEXT
from gateway.masking.fhir_anonymizer.path_values import Item, Moment, moment, same, scalar, written

_NO, _ONE, _TWO = frozenset({0}), frozenset({1}), frozenset({2})


class Evaluator(Protocol):
    """What functions need of the evaluation."""

    today: date

    def spend(self, steps: int) -> None:
        """Count work."""

    def of(self, expression: Expression, focus: list[Item]) -> list[Item]:
        """What an expression selects."""
        ...


Function = Callable[..., list[Item]]


@dataclass(frozen=True, slots=True)
class Macro:
    """A function whose arguments are evaluated for every item, or are names of types.

    Attributes:
        apply: evaluator, collection and argument expressions to a collection.
        arity: numbers of arguments it takes.
    """

    apply: Callable[[Evaluator, list[Item], tuple[Expression, ...]], list[Item]]
    arity: frozenset[int]

    def __call__(
        self, evaluator: Evaluator, items: list[Item], arguments: tuple[Expression, ...]
    ) -> list[Item]:
        """Apply it."""
        return self.apply(evaluator, items, arguments)


Arguments = tuple[Expression, ...]


def _where(evaluator: Evaluator, items: list[Item], arguments: Arguments) -> list[Item]:
    return [item for item in items if boolean(evaluator.of(arguments[0], [item])) is True]


def _select(evaluator: Evaluator, items: list[Item], arguments: Arguments) -> list[Item]:
    return [found for item in items for found in evaluator.of(arguments[0], [item])]


def _exists(evaluator: Evaluator, items: list[Item], arguments: Arguments) -> list[Item]:
    return [bool(_where(evaluator, items, arguments) if arguments else items)]


def _all(evaluator: Evaluator, items: list[Item], arguments: Arguments) -> list[Item]:
    return [len(_where(evaluator, items, arguments)) == len(items)]


def _repeat(evaluator: Evaluator, items: list[Item], arguments: Arguments) -> list[Item]:
    found: list[Item] = []
    seen: set[int] = set()
    waiting = list(items)
    while waiting:
        fresh = _select(evaluator, waiting, arguments)
        waiting = [item for item in fresh if isinstance(item, Element) and id(item) not in seen]
        seen.update(id(item) for item in waiting)
        found.extend(waiting)
    return found


def _if(evaluator: Evaluator, items: list[Item], arguments: Arguments) -> list[Item]:
    if boolean(evaluator.of(arguments[0], items)) is True:
        return evaluator.of(arguments[1], items)
    return evaluator.of(arguments[2], items) if len(arguments) > len(_TWO) + 1 else []


def _of_type(_: Evaluator, items: list[Item], arguments: Arguments) -> list[Item]:
    name = _type_name(arguments[0])
    return [item for item in items if is_type(item, name)]


def _is(evaluator: Evaluator, items: list[Item], arguments: Arguments) -> list[Item]:
    return [bool(_of_type(evaluator, items, arguments))] if items else []


def _type_name(expression: Expression) -> str:
    if isinstance(expression, Child) and isinstance(expression.of, This | Child):
        return expression.name
    raise TypeError


def _nodes(evaluator: Evaluator, items: list[Item]) -> list[Element]:
    """Elements and all below them, without those of resources within."""
    found: list[Element] = []
    for item in items:
        if isinstance(item, Element):
            nodes = [item, *item.within()]
            evaluator.spend(len(nodes))
            found.extend(nodes)
    return found


def _by_type(evaluator: Evaluator, items: list[Item], name: list[Item]) -> list[Item]:
    return [node for node in _nodes(evaluator, items) if node.type == single(name)]


def _by_name(evaluator: Evaluator, items: list[Item], name: list[Item]) -> list[Item]:
    return [node for node in _nodes(evaluator, items) if node.name == single(name)]


def _children(evaluator: Evaluator, items: list[Item]) -> list[Item]:
    found: list[Item] = [
        child for item in items if isinstance(item, Element) for child in item.children
    ]
    evaluator.spend(len(found))
    return found


def _descendants(evaluator: Evaluator, items: list[Item]) -> list[Item]:
    found: list[Item] = []
    for item in items:
        if isinstance(item, Element):
            nodes = list(item.below())
            evaluator.spend(len(nodes))
            found.extend(nodes)
    return found


def _extension(evaluator: Evaluator, items: list[Item], url: list[Item]) -> list[Item]:
    wanted = single(url)
    extensions = [child for child in _children(evaluator, items) if isinstance(child, Element)]
    return [
        child
        for child in extensions
        if child.name == "extension" and any(part.value == wanted for part in child.named("url"))
    ]


def _distinct(evaluator: Evaluator, items: list[Item]) -> list[Item]:
    found: list[Item] = []
    for item in items:
        evaluator.spend(len(found))
        if not any(same(item, other) is True for other in found):
            found.append(item)
    return found


def _not_in(evaluator: Evaluator, items: list[Item], others: list[Item]) -> list[Item]:
    evaluator.spend(len(items) * len(others))
    return [item for item in items if not any(same(item, other) is True for other in others)]


def _intersect(evaluator: Evaluator, items: list[Item], others: list[Item]) -> list[Item]:
    evaluator.spend(len(items) * len(others))
    kept = [item for item in items if any(same(item, other) is True for other in others)]
    return _distinct(evaluator, kept)


def _only(_: Evaluator, items: list[Item]) -> list[Item]:
    if len(items) > 1:
        raise ValueError
    return items


def _not(_: Evaluator, items: list[Item]) -> list[Item]:
    found = boolean(items)
    return [] if found is None else [not found]


def _skip(_: Evaluator, items: list[Item], number: list[Item]) -> list[Item]:
    return items[max(0, _integer(number)) :]


def _take(_: Evaluator, items: list[Item], number: list[Item]) -> list[Item]:
    return items[: max(0, _integer(number))]


def _integer(items: list[Item]) -> int:
    value = single(items)
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError
    return value


def _each(decide: Callable[[list[bool]], bool]) -> Function:
    def apply(_: Evaluator, items: list[Item]) -> list[Item]:
        return [decide([scalar(item) is True for item in items])]

    return apply


def _numeric(change: Callable[[Decimal], Decimal | int]) -> Function:
    def apply(_: Evaluator, items: list[Item]) -> list[Item]:
        value = single(items)
        if value is None:
            return []
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            raise TypeError
        result = change(Decimal(value))
        return [int(result) if isinstance(value, int) else result]

    return apply


def _round(_: Evaluator, items: list[Item], places: list[Item] | None = None) -> list[Item]:
    value = single(items)
    if value is None:
        return []
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise TypeError
    digits = _integer(places) if places else 0
    return [Decimal(value).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)]


def _to_string(_: Evaluator, items: list[Item]) -> list[Item]:
    value = single(items)
    return [] if value is None else [written(value)]


def _to_number(kind: type[int | Decimal]) -> Function:
    def apply(_: Evaluator, items: list[Item]) -> list[Item]:
        value = single(items)
        try:
            return [] if value is None or isinstance(value, Moment) else [kind(value)]
        except (ValueError, ArithmeticError):
            return []

    return apply


def _to_moment(_: Evaluator, items: list[Item]) -> list[Item]:
    value = single(items)
    if isinstance(value, Moment):
        return [value]
    found = moment(value) if isinstance(value, str) else None
    return [] if found is None else [found]


def _today(evaluator: Evaluator, _: list[Item]) -> list[Item]:
    found = moment(evaluator.today.isoformat())
    return [] if found is None else [found]


MACROS: dict[str, Macro] = {
    "where": Macro(_where, _ONE),
    "select": Macro(_select, _ONE),
    "exists": Macro(_exists, frozenset({0, 1})),
    "all": Macro(_all, _ONE),
    "repeat": Macro(_repeat, _ONE),
    "iif": Macro(_if, frozenset({2, 3})),
    "ofType": Macro(_of_type, _ONE),
    "as": Macro(_of_type, _ONE),
    "is": Macro(_is, _ONE),
}
FUNCTIONS: dict[str, tuple[Function, frozenset[int]]] = {
    "nodesByType": (_by_type, _ONE),
    "nodesByName": (_by_name, _ONE),
    "children": (_children, _NO),
    "descendants": (_descendants, _NO),
    "extension": (_extension, _ONE),
    "distinct": (_distinct, _NO),
    "isDistinct": (lambda ev, items: [len(_distinct(ev, items)) == len(items)], _NO),
    "exclude": (_not_in, _ONE),
    "intersect": (_intersect, _ONE),
    "combine": (lambda _, items, others: [*items, *others], _ONE),
    "union": (lambda ev, items, others: _distinct(ev, [*items, *others]), _ONE),
    "first": (lambda _, items: items[:1], _NO),
    "last": (lambda _, items: items[-1:], _NO),
    "tail": (lambda _, items: items[1:], _NO),
    "skip": (_skip, _ONE),
    "take": (_take, _ONE),
    "single": (_only, _NO),
    "count": (lambda _, items: [len(items)], _NO),
    "empty": (lambda _, items: [not items], _NO),
    "not": (_not, _NO),
    "hasValue": (lambda _, items: [len(items) == 1 and scalar(items[0]) is not None], _NO),
    "allTrue": (_each(all), _NO),
    "anyTrue": (_each(any), _NO),
    "allFalse": (_each(lambda found: not any(found)), _NO),
    "anyFalse": (_each(lambda found: not all(found)), _NO),
    "abs": (_numeric(abs), _NO),
    "floor": (_numeric(lambda value: value // 1 - (value % 1 < 0)), _NO),
    "ceiling": (_numeric(lambda value: -(-value // 1) + (value % 1 > 0)), _NO),
    "truncate": (_numeric(lambda value: Decimal(int(value))), _NO),
    "round": (_round, frozenset({0, 1})),
    "unary-": (_numeric(lambda value: -value), _NO),
    "unary+": (_numeric(lambda value: value), _NO),
    "toString": (_to_string, _NO),
    "toInteger": (_to_number(int), _NO),
    "toDecimal": (_to_number(Decimal), _NO),
    "toDate": (_to_moment, _NO),
    "toDateTime": (_to_moment, _NO),
    "toTime": (_to_moment, _NO),
    "today": (_today, _NO),
    **TEXT,
}
