"""What fields name, learned before any text of a payload is masked."""

from typing import Protocol

from gateway.masking.field_names import field_of
from gateway.masking.json_codec import Node
from gateway.masking.kinds import Kind

_PHRASES = {Kind.SSN, Kind.MRN, Kind.EMAIL, Kind.PHONE, Kind.ADDRESS, Kind.CITY}
_PARTS = frozenset({"family", "given", "suffix"})
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


def learn(node: Node, known: Learner, key: str = "", *, fhir: bool = True) -> None:
    """Remember people's names, and what reaches or numbers them, wherever `node` has a field.

    In FHIR a plain `name` is that of an organisation, a device or a definition.
    """
    if isinstance(node, dict):
        reference = node.get("reference")
        for name, value in node.items():
            if name == "display" and not isinstance(reference, str):
                continue
            if not isinstance(value, str):
                learn(value, known, name, fhir=fhir)
                continue
            if name == "value" and key in {"telecom", "identifier"}:
                known.learn_phrase(value, Kind.PHONE if key == "telecom" else Kind.MRN)
            if len(value) <= MAX_VALUE:
                _learn(value, known, name, fhir=fhir)
    elif isinstance(node, list):
        for item in node:
            learn(item, known, key, fhir=fhir)
    elif isinstance(node, str) and len(node) <= MAX_VALUE:
        _learn(node, known, key, fhir=fhir)


def _learn(value: str, known: Learner, key: str, *, fhir: bool) -> None:
    if key in _PARTS:
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
