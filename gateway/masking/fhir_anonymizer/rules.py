"""What a rule of an anonymizer configuration is, and what its method needs while it runs."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date

from gateway.masking.fhir_anonymizer.labels import Label
from gateway.masking.fhir_anonymizer.nodes import Element, text
from gateway.masking.fhir_anonymizer.path_evaluation import Evaluation


class ProcessingFailed(Exception):
    """A rule could not be applied to some content; `processingErrors` says what follows."""


@dataclass(frozen=True, slots=True)
class Run:
    """One payload's masking.

    Attributes:
        today: for ages over 89.
        scope: name of the file or folder that dates are shifted by, "" for the resource's id.
        ids: the outermost resource's `id`, as masked so far.
        evaluation: the budget of its expressions.
        random: gives that many unpredictable bytes.
    """

    today: date
    scope: str
    ids: list[Element]
    evaluation: Evaluation
    random: Callable[[int], bytes]

    def resource_id(self) -> str:
        """The id of the outermost resource, "" without one."""
        return text(self.ids[0].value) if self.ids else ""


Method = Callable[[Element, Run], Label | None]
"""What is done to an element; its children are visited by themselves afterwards."""
Matcher = Callable[["Lookup", Run], Iterable[Element]]


class Lookup:
    """Elements of one resource by type and by name; of resources within only the outermost."""

    def __init__(self, resource: Element) -> None:
        self.resource = resource
        self.by_type: dict[str, list[Element]] = {}
        self.by_name: dict[str, list[Element]] = {}
        self._collect(resource)

    def _collect(self, node: Element) -> None:
        for child in node.children:
            self.by_type.setdefault(child.type, []).append(child)
            self.by_name.setdefault(child.name, []).append(child)
            if not child.resource:
                self._collect(child)


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of the file.

    Attributes:
        number: of the rule, from 1.
        path: as the file has it.
        resource_type: that its path begins with, "" for every resource.
        matcher: finds the elements.
        method: its name in the file, in lower case.
        apply: what is done.
    """

    number: int
    path: str
    resource_type: str
    matcher: Matcher
    method: str
    apply: Method

    def concerns(self, kind: str) -> bool:
        """Whether the rule is looked at for a resource of that type."""
        return self.resource_type in {kind, "", "Resource", "DomainResource"}
