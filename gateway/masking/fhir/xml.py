"""FHIR XML as FHIR JSON and back, so that both are masked by the same rules.

The two formats hold the same elements (FHIR R4, "XML Representation" and "JSON Representation"):
an attribute `value` is the value of a primitive, `id` and an extension's `url` are attributes, a
resource within another is an element of its type. What does not fit is withheld.
"""

import re

from gateway.errors import Reason, Withheld
from gateway.masking.codecs import xml_codec
from gateway.masking.codecs.json_codec import Node, Number
from gateway.masking.codecs.xml_codec import Element
from gateway.masking.fields.fhir import NARRATIVE

NAMESPACE = "http://hl7.org/fhir"
_XHTML = "http://www.w3.org/1999/xhtml"
_TYPE = re.compile(r"[A-Z][A-Za-z]{1,40}\Z")
_NAME = re.compile(r"[a-z][A-Za-z0-9]{0,60}\Z")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,30})(?:\.[0-9]{1,30})?(?:[eE][+-]?[0-9]{1,3})?\Z")
_ATTRIBUTES = frozenset({"id", "value", "url"})
_EXTENSIONS = frozenset({"extension", "modifierExtension"})
# What JSON writes as an array even where there is one.
_ARRAYS = _EXTENSIONS | {"entry", "contained", "coding", "telecom", "identifier", "given", "line"}
_NUMBERS = frozenset(
    {
        *("valueInteger", "valueDecimal", "valuePositiveInt", "valueUnsignedInt", "valueInteger64"),
        *("total", "factor", "rank", "sequence", "multipleBirthInteger", "lowerLimit"),
        *("upperLimit", "frequency", "offset", "dimensions", "numberOfSeries"),
        *("numberOfInstances", "periodMax", "frequencyMax", "count", "durationMax"),
    }
)
_QUANTITY = frozenset({"unit", "code", "comparator", "currency"})


def is_fhir(root: Element) -> bool:
    """Whether a document's root is a FHIR resource."""
    prefix = root.name.rpartition(":")[0]
    declared = root.attributes.get(f"xmlns:{prefix}" if prefix else "xmlns", "")
    return declared == NAMESPACE and _TYPE.match(root.local) is not None


def to_json(root: Element) -> Node:
    """The JSON form of a resource.

    Raises:
        Withheld: it is not FHIR XML.
    """
    if not _TYPE.match(root.local):
        raise _not_fhir()
    return {"resourceType": root.local, **_members(root)}


def from_json(node: Node) -> Element:
    """The XML form of a resource.

    Raises:
        Withheld: it is not a resource.
    """
    root = _resource(node)
    root.attributes["xmlns"] = NAMESPACE
    return root


def _members(element: Element) -> dict[str, Node]:
    if element.text:
        raise _not_fhir()
    members: dict[str, list[Node]] = {}
    extras: dict[str, list[Node]] = {}
    for child in element.elements:
        name = child.local
        if not _NAME.match(name):
            raise _not_fhir()
        value, extra = _value(child, element)
        members.setdefault(name, []).append(value)
        extras.setdefault(f"_{name}", []).append(extra)
    node: dict[str, Node] = {}
    for name, values in members.items():
        if any(value is not None for value in values):
            node[name] = _array(name, values)
        if any(extra is not None for extra in extras[f"_{name}"]):
            node[f"_{name}"] = _array(name, extras[f"_{name}"])
    return node


def _array(name: str, values: list[Node]) -> Node:
    return values if name in _ARRAYS or len(values) > 1 else values[0]


def _value(element: Element, parent: Element) -> tuple[Node, Node]:
    """What an element is in JSON, and what stands beside it under `_name`."""
    if element.local == "div":
        return xml_codec.fragment(_unprefixed(element)), None
    attributes = _attributes(element)
    inner = [child for child in element.elements if _TYPE.match(child.local)]
    if inner:
        if len(inner) > 1 or len(element.elements) > 1 or element.text or attributes:
            raise _not_fhir()
        return to_json(inner[0]), None
    value = attributes.pop("value", None)
    rest: dict[str, Node] = {**attributes, **_members(element)}
    if value is None:
        return rest, None
    return _typed(element.local, value, parent), rest or None


def _attributes(element: Element) -> dict[str, str]:
    kept = {}
    for name, value in element.attributes.items():
        if name in _ATTRIBUTES:
            kept[name] = value
        elif name.partition(":")[0] not in {"xmlns", "xsi"}:
            raise _not_fhir()
    return kept


def _typed(name: str, value: str, parent: Element) -> Node:
    """Numbers where the element's type has them; what is not sure is text, which is masked more."""
    quantity = name == "value" and any(child.local in _QUANTITY for child in parent.elements)
    if (quantity or name in _NUMBERS) and _NUMBER.match(value):
        return Number(value)
    return value


def _resource(node: Node) -> Element:
    kind = node.get("resourceType") if isinstance(node, dict) else None
    if not isinstance(node, dict) or not isinstance(kind, str) or not _TYPE.match(kind):
        raise _not_fhir()
    element = Element(kind)
    _fill(element, {name: value for name, value in node.items() if name != "resourceType"})
    return element


def _fill(element: Element, node: dict[str, Node]) -> None:
    """The members of a JSON object as child elements."""
    names = list(dict.fromkeys(name.removeprefix("_") for name in node))
    if "comparator" in names and "value" in names:  # masking adds it, and it stands after `value`
        names.remove("comparator")
        names.insert(names.index("value") + 1, "comparator")
    for name in names:
        values, extras = _listed(node.get(name)), _listed(node.get(f"_{name}"))
        for index in range(max(len(values), len(extras))):
            value = values[index] if index < len(values) else None
            extra = extras[index] if index < len(extras) else None
            element.children.append(_child(name, value, extra))


def _listed(node: Node) -> list[Node]:
    if node is None:
        return []
    return node if isinstance(node, list) else [node]


def _child(name: str, value: Node, extra: Node) -> Element:
    if name == "div":
        return _division(value)
    if isinstance(value, dict) and "resourceType" in value:
        return Element(name, {}, [_resource(value)])
    element = Element(name)
    for part in (extra, value):
        if isinstance(part, dict):
            members = dict(part)
            taken = ("id", "url") if name in _EXTENSIONS else ("id",)
            for key in taken:
                if isinstance(inner := members.pop(key, None), str):
                    element.attributes[key] = inner
            _fill(element, members)
    if value is not None and not isinstance(value, dict | list):
        element.attributes["value"] = _written(value)
    return element


def _written(value: Node) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.text if isinstance(value, Number) else str(value)


def _division(value: Node) -> Element:
    """The narrative: what masking has left of it, where that is XHTML still."""
    if isinstance(value, str) and value != NARRATIVE:
        try:
            root = xml_codec.decode(value.encode())
        except Withheld:
            root = Element("none")
        if root.local == "div":
            return root
    return Element("div", {"xmlns": _XHTML}, ["[text]"])


def _unprefixed(element: Element) -> Element:
    """XHTML with one namespace for all of it."""

    def bare(inner: Element) -> Element:
        kept = {
            name: value for name, value in inner.attributes.items() if not name.startswith("xmlns")
        }
        children = [bare(item) if isinstance(item, Element) else item for item in inner.children]
        return Element(inner.local, kept, children)

    root = bare(element)
    root.attributes = {"xmlns": _XHTML, **root.attributes}
    return root


def _not_fhir() -> Withheld:
    return Withheld(
        "The content is not the FHIR XML that it seems to be.", reason=Reason.MASKING_FAILED
    )
