"""The method substitute: a fixed value or fragment in place of an element.

What an earlier rule has settled below the element stays where it is; repeated children are
replaced one by one, further ones of the fragment are added and further ones of the content removed.
"""

from dataclasses import dataclass

from gateway.errors import Withheld
from gateway.masking.fhir_anonymizer.definitions import Definition, is_primitive
from gateway.masking.fhir_anonymizer.labels import Label
from gateway.masking.fhir_anonymizer.nodes import Element, Value, parse_fragment
from gateway.masking.fhir_anonymizer.rules import ProcessingFailed, Run
from gateway.masking.json_codec import Node

_EMPTY = Definition("", "string", "string", False, False, primitive=True)


@dataclass(frozen=True, slots=True)
class Substitute:
    """Replace with what the rule says; None removes.

    Attributes:
        replacement: JSON of the value or fragment.
    """

    replacement: Node

    def __call__(self, node: Element, run: Run) -> Label | None:
        """Put the replacement in place of the element."""
        if node.visited:
            return None
        fragment = self._fragment(node)
        settled: set[int] = set()
        _settled(node, settled)
        _replace(node, fragment, settled)
        node.visited = True
        for below in node.below():
            below.visited = True
            if isinstance(below.value, str):
                run.made.add(below.value)
        if isinstance(node.value, str):
            run.made.add(node.value)
        return Label.SUBSTITUTED

    def _fragment(self, node: Element) -> Element:
        primitive = is_primitive(node.type)
        definition = Definition(node.name, node.type, node.structure, False, False, primitive)
        if primitive:
            if isinstance(self.replacement, dict | list):
                raise ProcessingFailed
            made = Element(definition, None)
            made.value = self.replacement
            return made
        if node.resource or not isinstance(self.replacement, dict | None):
            raise ProcessingFailed
        try:
            made = parse_fragment(self.replacement or {}, definition)
        except Withheld as error:
            raise ProcessingFailed from error
        _drop_empty(made)
        return made


def _drop_empty(node: Element) -> None:
    for child in node.children:
        _drop_empty(child)
    node.children = [child for child in node.children if child.children or _has_value(child.value)]


def _has_value(value: Value | None) -> bool:
    return value is not None and value != ""


def _settled(node: Element, found: set[int]) -> bool:
    """Collect the elements that are settled, or have something settled below."""
    below = [_settled(child, found) for child in node.children]
    if any(below) or node.visited:
        found.add(id(node))
        return True
    return False


def _replace(node: Element, fragment: Element, settled: set[int]) -> None:
    if node.visited:
        return
    wanted: dict[str, list[Element]] = {}
    for child in fragment.children:
        wanted.setdefault(child.name, []).append(child)
    for name, targets in wanted.items():
        _replace_repeated(node, node.named(name), targets, settled)
    for child in [child for child in node.children if child.name not in wanted]:
        _clear(node, child, settled)
    node.value = fragment.value


def _replace_repeated(
    node: Element, children: list[Element], targets: list[Element], settled: set[int]
) -> None:
    used = 0
    for child in children:
        if child.visited:
            used += 1
        elif used < len(targets):
            target = targets[used]
            # Of a choice, the fragment's type counts.
            child.type, child.structure = target.type, target.structure
            _replace(child, target, settled)
            used += 1
        else:
            _clear(node, child, settled)
    for target in targets[used:]:
        node.children.append(_copy(target, node))


def _clear(node: Element, child: Element, settled: set[int]) -> None:
    """Remove a child, or, where something settled is below it, all else of it."""
    if child.visited:
        return
    if id(child) in settled:
        _replace(child, Element(_EMPTY, None), settled)
    else:
        node.children.remove(child)


def _copy(node: Element, parent: Element) -> Element:
    made = Element(Definition(node.name, node.type, node.structure, node.many, node.choice), parent)
    made.value = node.value
    made.children = [_copy(child, made) for child in node.children]
    return made
