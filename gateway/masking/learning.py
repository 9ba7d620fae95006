"""What fields name, learned before any text of a payload is masked."""

from gateway.masking.field_names import field_of
from gateway.masking.json_codec import Node
from gateway.masking.kinds import Kind
from gateway.masking.known import Known

_PHRASES = {Kind.SSN, Kind.MRN, Kind.EMAIL, Kind.PHONE, Kind.ADDRESS, Kind.CITY}
_PARTS = frozenset({"family", "given", "suffix"})
MAX_VALUE = 200


def learn(node: Node, known: Known, key: str = "") -> None:
    """Remember people's names, and what reaches or numbers them, wherever `node` has a field."""
    match node:
        case dict():
            reference = node.get("reference")
            for name, value in node.items():
                if name == "display" and not isinstance(reference, str):
                    continue
                if name == "value" and key in {"telecom", "identifier"} and isinstance(value, str):
                    known.learn_phrase(value, Kind.PHONE if key == "telecom" else Kind.MRN)
                learn(value, known, name)
        case list():
            for item in node:
                learn(item, known, key)
        case str() if len(node) <= MAX_VALUE:
            _learn(node, known, key)
        case _:
            return


def _learn(value: str, known: Known, key: str) -> None:
    if key in _PARTS:
        known.learn_name(value)
        return
    if key == "line":
        known.learn_phrase(value, Kind.ADDRESS)
        return
    kind = field_of(key).kind
    if kind is Kind.NAME and key not in {"name", "alias", "prefix", "publisher"}:
        known.learn_name(value)
    elif kind in _PHRASES and kind is not None:
        known.learn_phrase(value, kind)
