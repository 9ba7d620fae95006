"""What fields name, learned before any text of a payload is masked."""

from typing import Protocol

from gateway.masking.codecs.json_codec import Node
from gateway.masking.fields.fhir import PERSONAL
from gateway.masking.fields.names import field_of
from gateway.masking.kinds import Kind

_PHRASES = {Kind.SSN, Kind.MRN, Kind.EMAIL, Kind.PHONE, Kind.ADDRESS, Kind.CITY}
_PARTS = frozenset({"family", "given", "suffix"})
_NAMES = frozenset({"name", "valueHumanName"})
_THINGS = frozenset({"name", "alias", "prefix", "publisher"})
MAX_VALUE = 200


class Learner(Protocol):
    """Learns names and other values: `Known`."""

    def learn_name(self, value: str, /) -> None:
        """A name of a person."""
        ...

    def learn_phrase(self, value: str, kind: Kind, /) -> None:
        """A value as it stands."""
        ...

    def learn_display(self, value: str, reference: str, inside: str, /) -> None:
        """The display of a FHIR reference, which may be to anything; see `display_use`."""
        ...


def learn(node: Node, known: Learner, key: str = "", *, fhir: bool = True) -> None:
    """Remember people's names, and what reaches or numbers them, wherever `node` has a field.

    In FHIR a plain `name` is that of an organisation, a device or a definition. A resource among
    other JSON is FHIR.
    """
    if isinstance(node, dict):
        fhir = fhir or isinstance(node.get("resourceType"), str)
        for name, value in node.items():
            if not isinstance(value, str):
                learn(value, known, name, fhir=fhir)
            elif name == "display" and fhir:
                _display(value, node, key, known)
            else:
                _member(name, value, key, known, fhir=fhir)
    elif isinstance(node, list):
        for item in node:
            learn(item, known, key, fhir=fhir)
    elif isinstance(node, str) and len(node) <= MAX_VALUE:
        _learn(node, known, key, fhir=fhir)


def _member(name: str, value: str, key: str, known: Learner, *, fhir: bool) -> None:
    if name == "value" and key in {"telecom", "identifier"}:
        known.learn_phrase(value, Kind.PHONE if key == "telecom" else Kind.MRN)
    if len(value) <= MAX_VALUE:
        whole = fhir and name == "text" and key in _NAMES
        _learn(value, known, "family" if whole else name, fhir=fhir)


def _display(value: str, node: dict[str, Node], key: str, known: Learner) -> None:
    if len(value) > MAX_VALUE or "code" in node or "system" in node:
        return
    reference = node.get("reference")
    known.learn_display(value, reference if isinstance(reference, str) else "", key)


def _learn(value: str, known: Learner, key: str, *, fhir: bool) -> None:
    if key in _PARTS or (fhir and key in PERSONAL):
        known.learn_name(value)
        return
    if key == "line":
        known.learn_phrase(value, Kind.ADDRESS)
        return
    kind = field_of(key).kind
    if kind is Kind.NAME and not (fhir and key in _THINGS):
        known.learn_name(value)
    elif kind in _PHRASES and kind is not None:
        known.learn_phrase(value, kind)
