"""The method generalize: cases of FHIRPath conditions and the values that they put in."""

from dataclasses import dataclass
from decimal import Decimal

from gateway.errors import Reason, Withheld
from gateway.masking.codecs.json_codec import Number
from gateway.masking.fhir_anonymizer.definitions import is_primitive
from gateway.masking.fhir_anonymizer.labels import Label
from gateway.masking.fhir_anonymizer.nodes import Element, Value
from gateway.masking.fhir_anonymizer.path_syntax import Expression
from gateway.masking.fhir_anonymizer.path_values import Item, Moment
from gateway.masking.fhir_anonymizer.rules import ProcessingFailed, Run


@dataclass(frozen=True, slots=True)
class Generalise:
    """Replace a value with that of the first case whose condition holds.

    Attributes:
        cases: conditions and values, in order.
        keep_others: whether a value that no case takes stays.
    """

    cases: tuple[tuple[Expression, Expression], ...]
    keep_others: bool

    def __call__(self, node: Element, run: Run) -> Label | None:
        """Put in what the first case says that holds."""
        if not is_primitive(node.type):
            raise Withheld(
                f"A generalize rule of the masking profile names {node.path()}, which has parts of "
                "its own; only single values can be generalized.",
                reason=Reason.MASKING_FAILED,
                advice="Name the parts in the rule's path.",
            )
        if node.value is None:
            return None
        try:
            self._replace(node, run)
        except (TypeError, ValueError, ArithmeticError, RecursionError) as error:
            raise ProcessingFailed from error
        return Label.GENERALISED

    def _replace(self, node: Element, run: Run) -> None:
        for condition, replacement in self.cases:
            if run.evaluation.predicate(condition, node):
                node.value = _json_value(run.evaluation.value(replacement, node))
                return
        if not self.keep_others:
            node.value = None


def _json_value(value: Item | None) -> Value | None:
    match value:
        case Moment():
            return value.text
        case Decimal():
            return Number(format(value, "f"))
        case Element():
            return value.value
        case _:
            return value
