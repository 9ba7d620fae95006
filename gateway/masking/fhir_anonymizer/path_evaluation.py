"""Evaluation of FHIRPath over typed elements, in a bounded number of steps.

Names behave as in Microsoft's tool: a capitalised name keeps elements of that type, `Resource` and
`DomainResource` keep any, and choices are named without their type (`value`). A union keeps every
element once, also where two have equal values, so that a rule reaches all that it names.
"""

from dataclasses import dataclass
from datetime import date

from gateway.errors import Reason, Withheld
from gateway.masking.fhir_anonymizer.nodes import Element
from gateway.masking.fhir_anonymizer.path_functions import FUNCTIONS, MACROS
from gateway.masking.fhir_anonymizer.path_operators import OPERATORS, boolean
from gateway.masking.fhir_anonymizer.path_syntax import (
    Binary,
    Call,
    Child,
    Expression,
    Index,
    Literal,
    PathError,
    This,
)
from gateway.masking.fhir_anonymizer.path_text import compiled
from gateway.masking.fhir_anonymizer.path_values import Item, scalar

_LOGIC = frozenset({"and", "or", "xor", "implies"})
BASES = frozenset({"Resource", "DomainResource"})
STEPS = 1_000_000
STEPS_PER_ELEMENT = 100


@dataclass(slots=True)
class Evaluation:
    """One payload's evaluations.

    Attributes:
        today: what `today()` says.
        steps: how many elements may still be looked at.
    """

    today: date
    steps: int

    def spend(self, steps: int) -> None:
        """Count work.

        Raises:
            Withheld: the expressions of the configuration take too long with this content.
        """
        self.steps -= steps
        if self.steps < 0:
            raise Withheld(
                "The expressions of the masking profile take too long with this content.",
                reason=Reason.MASKING_FAILED,
                advice="Ask for fewer resources at once, or simplify the configuration's paths.",
            )

    def of(self, expression: Expression, focus: list[Item]) -> list[Item]:
        """What an expression selects, beginning with `focus`.

        Raises:
            TypeError, ValueError, ArithmeticError: values that an operator does not take.
            Withheld: too many steps.
        """
        self.spend(1 + len(focus))
        match expression:
            case Literal(value):
                return [] if value is None else [value]
            case This():
                return focus
            case Child(of, name):
                return _children(self, self.of(of, focus), name)
            case Index(of, at):
                return _item(self.of(of, focus), self.of(at, focus))
            case Binary():
                return _binary(self, expression, focus)
            case Call():
                return _call(self, expression, focus)

    def predicate(self, expression: Expression, item: Item) -> bool:
        """Whether a condition holds; an empty result counts as true, as in the tool."""
        found = boolean(self.of(expression, [item]))
        return found is None or found

    def value(self, expression: Expression, item: Item) -> Item | None:
        """The single value of an expression, None where it is empty.

        Raises:
            ValueError: there are several.
        """
        found = self.of(expression, [item])
        if len(found) > 1:
            raise ValueError
        return scalar(found[0]) if found else None


def check(expression: Expression) -> None:
    """Refuse what this package does not evaluate.

    Raises:
        PathError: a function that is not supported, or has other arguments.
    """
    match expression:
        case Child(of, _):
            check(of)
        case Index(left, right):
            check(left)
            check(right)
        case Binary(operator, left, right):
            check(left)
            if operator not in {"is", "as"}:
                check(right)
        case Call(of, name, arguments):
            _check_call(name, arguments)
            check(of)
            for argument in arguments:
                check(argument)
        case Literal() | This():
            pass


def _check_call(name: str, arguments: tuple[Expression, ...]) -> None:
    if name in MACROS:
        allowed = MACROS[name].arity
    elif name in FUNCTIONS:
        allowed = FUNCTIONS[name][1]
    else:
        raise PathError(f"the function {name}() is not supported")
    if len(arguments) not in allowed:
        raise PathError(f"the function {name}() has another number of arguments")
    if name in {"matches", "replaceMatches"} and isinstance(arguments[0], Literal):
        try:
            compiled(str(arguments[0].value))
        except ValueError as error:
            raise PathError(
                f"the regular expression of {name}() is not RE2's (no look-around)"
            ) from error


def _binary(evaluation: Evaluation, expression: Binary, focus: list[Item]) -> list[Item]:
    if expression.operator in _LOGIC:
        return _logic(evaluation, expression, focus)
    left = evaluation.of(expression.left, focus)
    right = evaluation.of(expression.right, focus)
    if expression.operator == "|":
        evaluation.spend(len(left) + len(right))
        return _union(left, right)
    evaluation.spend(len(left) * len(right))
    return OPERATORS[expression.operator](left, right)


def _call(evaluation: Evaluation, expression: Call, focus: list[Item]) -> list[Item]:
    items = evaluation.of(expression.of, focus)
    if macro := MACROS.get(expression.name):
        return macro(evaluation, items, expression.arguments)
    collections = [evaluation.of(argument, focus) for argument in expression.arguments]
    return FUNCTIONS[expression.name][0](evaluation, items, *collections)


def _children(evaluation: Evaluation, items: list[Item], name: str) -> list[Item]:
    found: list[Item] = []
    typed = name[:1].isupper()
    for item in items:
        if not isinstance(item, Element):
            continue
        if typed and (item.type == name or name in BASES):
            found.append(item)
        else:
            evaluation.spend(len(item.children))
            found.extend(child for child in item.children if child.name == name)
    return found


def _item(items: list[Item], at: list[Item]) -> list[Item]:
    if len(at) != 1 or not isinstance(at[0], int) or isinstance(at[0], bool):
        raise TypeError
    return items[at[0] : at[0] + 1] if at[0] >= 0 else []


def _union(left: list[Item], right: list[Item]) -> list[Item]:
    """Both, every element once and every value once."""
    seen: set[object] = set()
    found: list[Item] = []
    for item in (*left, *right):
        key = id(item) if isinstance(item, Element) else (type(item), item)
        if key not in seen:
            seen.add(key)
            found.append(item)
    return found


def _logic(evaluation: Evaluation, expression: Binary, focus: list[Item]) -> list[Item]:
    """Three-valued logic: empty where neither side decides."""
    operator = expression.operator
    one = boolean(evaluation.of(expression.left, focus))
    two = boolean(evaluation.of(expression.right, focus))
    if operator == "implies":
        operator, one = "or", None if one is None else not one
    result: bool | None
    if operator == "and":
        result = False if False in (one, two) else None if None in (one, two) else True
    elif operator == "or":
        result = True if True in (one, two) else None if None in (one, two) else False
    else:
        result = None if one is None or two is None else one != two
    return [] if result is None else [result]
