"""The method substitute: a fixed value or fragment in place of an element.

What an earlier rule has settled below the element stays where it is; repeated children are
replaced one by one, further ones of the fragment are added and further ones of the content removed.
"""

from dataclasses import dataclass

from gateway.errors import Withheld
from gateway.masking.codecs.json_codec import Node, Settled
from gateway.masking.fhir_anonymizer.definitions import Definition, is_primitive
from gateway.masking.fhir_anonymizer.labels import Label
from gateway.masking.fhir_anonymizer.nodes import Element, Value, parse_fragment
from gateway.masking.fhir_anonymizer.rules import ProcessingFailed, Run

_EMPTY = Definition("", "string", "string", False, False, primitive=True)


@dataclass(frozen=True, slots=True)
class Substitute:
    """Replace with what the rule says; None removes.

    Attributes:
        replacement: JSON of the value or fragment.
    """

    replacement: Node

    def __call__(self, node: Element, _: Run) -> Label | None:
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
        return Label.SUBSTITUTED

    def _fragment(self, node: Element) -> Element:
        primitive = is_primitive(node.type)
        definition = Definition(node.name, node.type, node.structure, False, False, primitive)
        if primitive:
            if isinstance(self.replacement, dict | list | Settled):
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
    # Groups are taken as they are before anything is added; removal is one pass at the end.
    groups = {name: node.named(name) for name in wanted}
    surplus = [child for child in node.children if child.name not in wanted]
    for name, targets in wanted.items():
        surplus += _replace_repeated(node, groups[name], targets, settled)
    gone = {id(child) for child in surplus if not _stays(child, settled)}
    node.children = [child for child in node.children if id(child) not in gone]
    node.value = fragment.value
    node.made = True


def _replace_repeated(
    node: Element, children: list[Element], targets: list[Element], settled: set[int]
) -> list[Element]:
    """Replace children one by one and add what is lacking; returns those left over."""
    used = 0
    surplus = []
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
            surplus.append(child)
    node.children += [_copy(target, node) for target in targets[used:]]
    return surplus


def _stays(child: Element, settled: set[int]) -> bool:
    """Whether a child without counterpart stays: settled, or cleared around what is settled."""
    if child.visited:
        return True
    if id(child) in settled:
        _replace(child, Element(_EMPTY, None), settled)
        return True
    return False


def _copy(node: Element, parent: Element) -> Element:
    made = Element(Definition(node.name, node.type, node.structure, node.many, node.choice), parent)
    made.value = node.value
    made.made = True
    made.children = [_copy(child, made) for child in node.children]
    return made
