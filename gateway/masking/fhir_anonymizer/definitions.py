"""Element types of FHIR R4 (4.0.1), read from `r4.json` when a resource is first masked.

The table is derived from HL7's definitions (CC0) by `scripts/fhir-types`; what they were read from
is said in docs/decisions/0007-anonymizer-configurations.md. It covers every
resource and data type, so that a rule by type finds what it names and an element that FHIR does
not know is noticed.
"""

from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TypedDict

import msgspec

NESTED = frozenset({"BackboneElement", "Element"})
_RESOURCE = "Resource"


class _Type(TypedDict, total=False):
    base: str
    elements: dict[str, str]
    primitive: bool


class _Table(TypedDict):
    resources: frozenset[str]
    types: dict[str, _Type]


@dataclass(frozen=True, slots=True)
class Definition:
    """What a JSON member of a structure is.

    Attributes:
        name: of the element, without the type that a choice has in JSON.
        type: FHIR type as rules name it, such as `HumanName` or `BackboneElement`; "" where the
            content says it (`contained`).
        structure: key of the structure that its children are looked up in.
        many: whether it repeats, so that JSON has an array.
        choice: whether JSON adds the type to the name (`valueQuantity`).
        primitive: whether it has a value.
    """

    name: str
    type: str
    structure: str
    many: bool
    choice: bool
    primitive: bool = False


def is_resource(name: str) -> bool:
    """Whether R4 has a resource type of this name."""
    return name in _table()["resources"]


def resource_types() -> frozenset[str]:
    """Names of all resource types of R4."""
    return _table()["resources"]


def is_known(name: str) -> bool:
    """Whether R4 has a resource, a data type or an abstract base of this name."""
    return name in _table()["types"]


def is_primitive(name: str) -> bool:
    """Whether values of the type are JSON strings, numbers or booleans."""
    return _table()["types"].get(name, _Type()).get("primitive", False)


@cache
def members(structure: str) -> dict[str, Definition]:
    """Definitions by JSON member of a structure, inherited ones included."""
    found: dict[str, Definition] = {}
    for name, entry in _elements(structure).items():
        for definition in _definitions(name, entry):
            suffix = definition.type[:1].upper() + definition.type[1:] if definition.choice else ""
            found[name + suffix] = definition
    return found


@cache
def _table() -> _Table:
    file = resources.files("gateway.masking.fhir_anonymizer").joinpath("r4.json")
    return msgspec.json.decode(file.read_bytes(), type=_Table)


def _elements(structure: str) -> dict[str, str]:
    types = _table()["types"]
    chain = []
    while structure in types:
        chain.append(types[structure]["elements"])
        structure = types[structure]["base"]
    return {name: entry for elements in reversed(chain) for name, entry in elements.items()}


def _definitions(name: str, entry: str) -> list[Definition]:
    many = entry.endswith("*")
    entry = entry.removesuffix("*")
    if entry.startswith("@"):
        structure = entry[1:]
        return [Definition(name, _table()["types"][structure]["base"], structure, many, False)]
    if entry == _RESOURCE:
        return [Definition(name, "", "", many, False)]
    types = entry.removeprefix("?").split("|")
    choice = entry.startswith("?")
    return [Definition(name, kind, kind, many, choice, is_primitive(kind)) for kind in types]
