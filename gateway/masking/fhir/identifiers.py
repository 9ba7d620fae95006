"""What identifies in FHIR though no element says so: labels, long numbers, entity tags."""

import re

from gateway.masking.codecs.json_codec import Node, Number
from gateway.masking.fhir.tables import kind_of_system
from gateway.masking.fields.fhir import IDENTIFIER_KINDS, PERSONS
from gateway.masking.fields.labels import labelled
from gateway.masking.fields.names import UNKNOWN, Field
from gateway.masking.generalise import MAX_AGE
from gateway.masking.json.fields import NOT_PAIRED, said_by
from gateway.masking.json.walk import JsonWalk
from gateway.masking.kinds import Kind

LABELLED = frozenset({"Parameters", "QuestionnaireResponse"})
_PRIMITIVES = frozenset(
    {"valueString", "valueInteger", "valueDecimal", "valueDate", "valueDateTime", "valueMarkdown"}
)
YEARS = frozenset({"a", "year", "years", "yr", "yrs"})
"""Units of an age."""
_LARGE = re.compile(r"-?[0-9]{9}")
_MAX_SYSTEM = 400
_VERSION = re.compile(r'(?:W/)?"[0-9]{1,6}"\Z')


class FhirIdentifiers(JsonWalk):
    """The part of a walk over FHIR that finds identifiers by what stands beside or in them."""

    _resource: str = ""

    def _labelled(self, node: dict[str, Node], path: str) -> tuple[str, ...]:
        """Mask values that a name or a question beside them speaks of; the keys that are done."""
        label = "name" if self._resource == "Parameters" else "text"
        said = node.get(label)
        field = said_by(said) if isinstance(said, str) else UNKNOWN
        if field.kind in NOT_PAIRED:
            return ()
        answers = node.get("answer") if label == "text" else [node]
        found = False
        for answer in answers if isinstance(answers, list) else [answers]:
            if not isinstance(answer, dict):
                continue
            for key in answer:
                if key in _PRIMITIVES and self.paired(answer, key, field, f"{path}.{key}"):
                    found = True
        if label == "name" and found:
            return (label, *(key for key in node if key in _PRIMITIVES))
        return (label,) if found else ()

    def large(self, node: dict[str, Node], key: str, value: Node, path: str) -> bool:
        """A number of nine digits or more that is no quantity: nobody counts so far."""
        text = value.text if isinstance(value, Number) else str(value)
        if not isinstance(value, int | Number) or not _LARGE.match(text):
            return False
        node[key] = self._payload.identifier(text, f"{path}.{key}")
        return True

    def version_tag(self, node: dict[str, Node], key: str, value: Node, path: str) -> bool:
        """An entity tag: of a version's number, or of anything that a server makes."""
        if not isinstance(value, str):
            return False
        node[key] = self.masked_tag(value, f"{path}.{key}")
        return True

    def masked_tag(self, value: str, path: str) -> str:
        """An entity tag whose id is masked, unless it is a version's number."""
        if _VERSION.match(value):
            return value
        weak, tag = ("W/" if value.startswith("W/") else ""), value.removeprefix("W/").strip('"')
        return f'{weak}"{self._payload.identifier(tag, path)}"'

    def _kind_of(self, item: dict[str, Node]) -> Kind:
        system = str(item.get("system", ""))
        # What is remembered is bounded in number, so not for what is long.
        find = kind_of_system if len(system) <= _MAX_SYSTEM else kind_of_system.__wrapped__
        kind = find(system)
        if kind is not None:
            return kind
        kinds = item.get("type")
        codings = kinds.get("coding") if isinstance(kinds, dict) else None
        for coding in codings if isinstance(codings, list) else []:
            code = coding.get("code") if isinstance(coding, dict) else None
            if isinstance(code, str) and code in IDENTIFIER_KINDS:
                return IDENTIFIER_KINDS[code]
        return Kind.MRN if self._resource in PERSONS else Kind.ID

    def _keys_in(self, node: Node) -> int:
        match node:
            case dict():
                return len(node) + sum(map(self._keys_in, node.values()))
            case list():
                return sum(map(self._keys_in, node))
            case _:
                return 0

    def age(self, node: dict[str, Node], key: str, value: Node, path: str) -> bool:  # noqa: ARG002
        """A quantity of years over 89 becomes 90 or more."""
        if not isinstance(value, dict) or self._payload.keeps(Kind.AGE):
            return False
        unit = _unit(value, "a")
        number = value.get("value")
        text = number.text if isinstance(number, Number) else str(number)
        if unit in YEARS and not isinstance(number, bool) and _over(text):
            # `comparator` is a new key, which the count of written keys must not see.
            self._payload.count(Kind.AGE, f"{path}.{key}")
            self.keys -= "comparator" not in value
            value["value"] = MAX_AGE + 1
            value["comparator"] = ">="
        return False

    def bound(self, node: dict[str, Node], key: str, value: Node, path: str) -> bool:
        """A bound of a range, where its unit says that it is one of ages."""
        if isinstance(value, dict) and _unit(value) in YEARS:
            return self.age(node, key, value, path)
        return False


def _unit(quantity: dict[str, Node], otherwise: str = "") -> str:
    """The unit of a quantity; `otherwise` where it has none, years where it is no text."""
    unit = quantity.get("code", quantity.get("unit", otherwise))
    return unit if isinstance(unit, str) else "a"


def asked(concept: Node) -> Field:
    """What a concept, or the text in its place, asks for."""
    if isinstance(concept, str):
        return said_by(concept)
    fields = (labelled(str(holder[key])) for holder, key in questions(concept))
    return next((field for field in fields if field is not UNKNOWN), UNKNOWN)


def questions(concept: Node) -> list[tuple[dict[str, Node], str]]:
    """Where a concept says in words what it is: (object, key) of strings."""
    if not isinstance(concept, dict):
        return []
    codings = concept.get("coding")
    items = codings if isinstance(codings, list) else [concept]
    places = [(concept, "text"), *((item, "display") for item in items if isinstance(item, dict))]
    return [(holder, key) for holder, key in places if isinstance(holder.get(key), str)]


def _over(text: str) -> bool:
    try:
        return float(text) > MAX_AGE
    except ValueError:
        return False
