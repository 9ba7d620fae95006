"""A FHIR resource as a tree of typed elements, read from decoded JSON and written back."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from itertools import zip_longest
from typing import Any

from gateway.errors import Reason, Withheld
from gateway.masking.codecs.json_codec import MAX_DEPTH, Node, Number, Settled, too_deep
from gateway.masking.fhir_anonymizer.definitions import (
    Definition,
    is_primitive,
    is_resource,
    members,
)

MAX_DIGITS = 60
_LARGEST = 10**MAX_DIGITS
Settle = Callable[[str], Any]
Value = str | int | bool | Number


class Element:
    """One element: a value, children, or both.

    Attributes:
        name: as FHIRPath names it (`value`, not `valueQuantity`); the type for a root.
        type: FHIR type, such as `HumanName`; of nested elements `BackboneElement` or `Element`.
        structure: key of its definition.
        many, choice: how JSON writes it.
        resource: whether it is a resource, at the root or within another.
        visited: whether a rule has settled it.
        made: whether a method has put its value in: a digest, a ciphertext, a substitute.
    """

    __slots__ = (
        "children",
        "choice",
        "made",
        "many",
        "name",
        "parent",
        "resource",
        "structure",
        "type",
        "value",
        "visited",
    )

    def __init__(self, definition: Definition, parent: "Element | None") -> None:
        self.name = definition.name
        self.type = definition.type
        self.structure = definition.structure
        self.many = definition.many
        self.choice = definition.choice
        self.parent = parent
        self.resource = False
        self.visited = False
        self.made = False
        self.value: Value | None = None
        self.children: list[Element] = []

    def named(self, name: str) -> list["Element"]:
        """Children of a name."""
        return [child for child in self.children if child.name == name]

    def path(self) -> str:
        """Where it stands, from its own resource on: `Patient.name.family`."""
        names: list[str] = []
        node = self
        while not node.resource and node.parent is not None:
            names.append(node.name)
            node = node.parent
        return ".".join([node.type, *reversed(names)])

    def within(self) -> Iterator["Element"]:
        """All elements below, without those of resources within."""
        for child in self.children:
            if not child.resource:
                yield child
                yield from child.within()

    def below(self) -> Iterator["Element"]:
        """All elements below."""
        for child in self.children:
            yield child
            yield from child.below()


def text(value: Value | None) -> str:
    """A value as the tool's runtime (.NET) writes it, which is what it hashes and encrypts."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "True" if value else "False"
    if isinstance(value, Number):
        return format(Decimal(value.text), "f")
    return str(value)


def parse(tree: Node) -> Element:
    """The elements of a resource.

    Raises:
        Withheld: not a resource of R4, or with a member that R4 does not define.
    """
    if not isinstance(tree, dict):
        raise _unknown("the content", "is not a FHIR resource")
    return _resource(tree, Definition("", "", "", False, False), None, 0)


def parse_fragment(tree: Node, definition: Definition) -> Element:
    """An element of its own, for a substitution.

    Raises:
        Withheld: it does not fit the definition.
    """
    return _element(tree, None, definition, None, 0)


def _resource(
    tree: dict[str, Node], definition: Definition, parent: Element | None, depth: int
) -> Element:
    kind = tree.get("resourceType")
    if not isinstance(kind, str) or not is_resource(kind):
        raise _unknown("a resource", "has no resourceType of FHIR R4")
    name = definition.name or kind
    node = Element(Definition(name, kind, kind, definition.many, False), parent)
    node.resource = True
    _fill(node, tree, depth)
    return node


def _fill(node: Element, tree: dict[str, Node], depth: int) -> None:
    if depth > MAX_DEPTH:
        raise too_deep()
    known = members(node.structure)
    done: set[str] = set()
    for key in tree:
        name = key.removeprefix("_")
        if name in done or (node.resource and key == "resourceType"):
            continue
        done.add(name)
        definition = known.get(name)
        if definition is None or (key != name and not definition.primitive):
            raise _unknown(node.path(), "has a member that FHIR R4 does not define")
        main, shadow = tree.get(name), tree.get(f"_{name}")
        listed = isinstance(main, list) or isinstance(shadow, list)
        for item, extra in _pairs(main, shadow):
            if item is not None or extra is not None:
                child = _element(item, extra, definition, node, depth + 1)
                child.many = listed or definition.many
                node.children.append(child)


def _pairs(main: Node, shadow: Node) -> list[tuple[Node, Node]]:
    """The values of a member, each with what `_member` says of it."""
    if shadow is None:
        return [(item, None) for item in main] if isinstance(main, list) else [(main, None)]
    mains = main if isinstance(main, list) else [main]
    shadows = shadow if isinstance(shadow, list) else [shadow]
    return list(zip_longest(mains, shadows))


def _element(
    item: Node, extra: Node, definition: Definition, parent: Element | None, depth: int
) -> Element:
    if not definition.type:
        if not isinstance(item, dict):
            raise _unknown(definition.name, "is not a FHIR resource")
        return _resource(item, definition, parent, depth)
    node = Element(definition, parent)
    if not definition.primitive:
        if not isinstance(item, dict):
            raise _unknown(node.path(), "is not an object")
        _fill(node, item, depth)
        return node
    if isinstance(item, dict | list | Settled) or not isinstance(extra, dict | None):
        raise _unknown(node.path(), "is not a single value")
    if not _in_range(item):
        raise _unknown(node.path(), "is a number beyond all bounds")
    node.value = item
    if extra is not None:
        _fill(node, extra, depth)
    return node


def _in_range(value: Node) -> bool:
    """Whether a number can be written out in digits without harm."""
    if isinstance(value, Number):
        try:
            return abs(Decimal(value.text).adjusted()) < MAX_DIGITS > len(value.text)
        except ArithmeticError:
            return False
    return not isinstance(value, int) or abs(value) < _LARGEST


def write(node: Element, settle: Settle | None = None) -> dict[str, Node]:
    """The JSON of a resource, or of a structure; `settle` wraps texts that methods have made."""
    made: dict[str, Node] = {"resourceType": node.type} if node.resource else {}
    groups: dict[str, list[Element]] = {}
    for child in node.children:
        suffix = child.type[:1].upper() + child.type[1:] if child.choice else ""
        groups.setdefault(child.name + suffix, []).append(child)
    for key, group in groups.items():
        if is_primitive(group[0].type):
            _write_primitives(made, key, group, settle)
        else:
            items: list[Node] = [write(child, settle) for child in group]
            made[key] = items if group[0].many else items[0]
    return made


def _write_primitives(
    made: dict[str, Node], key: str, group: list[Element], settle: Settle | None
) -> None:
    values: list[Node] = [
        settle(child.value)
        if settle and child.made and isinstance(child.value, str)
        else child.value
        for child in group
    ]
    extras: list[Node] = [write(child, settle) if child.children else None for child in group]
    if any(value is not None for value in values):
        made[key] = values if group[0].many else values[0]
    if any(extra is not None for extra in extras):
        made[f"_{key}"] = extras if group[0].many else extras[0]


def _unknown(path: str, what: str) -> Withheld:
    return Withheld(
        f"The content is not FHIR R4 as its masking profile needs it: {path} {what}.",
        reason=Reason.MASKING_FAILED,
        advice="Use a built-in masking profile for content that is not plain FHIR R4.",
    )
