"""Security labels that say in `meta.security` how a resource was anonymized."""

from enum import StrEnum

from gateway.masking.codecs.json_codec import Node
from gateway.masking.fhir_anonymizer.definitions import Definition, members
from gateway.masking.fhir_anonymizer.nodes import Element, parse_fragment

_SYSTEM = "http://terminology.hl7.org/CodeSystem/v3-ObservationValue"


class Label(StrEnum):
    """What was done to a value, in the order in which labels are added.

    The spelling CRYTOHASH is the tool's; a receiver looks for it. Releases of the tool before its
    `ResourceProcessor` said ENCRYPT, without a system, for what is now MASKED.
    """

    REDACTED = "REDACTED"
    ABSTRACTED = "ABSTRED"
    HASHED = "CRYTOHASH"
    ENCRYPTED = "MASKED"
    PERTURBED = "PERTURBED"
    SUBSTITUTED = "SUBSTITUTED"
    GENERALISED = "GENERALIZED"


_CODINGS: dict[Label, dict[str, Node]] = {
    Label.REDACTED: {"system": _SYSTEM, "code": "REDACTED", "display": "redacted"},
    Label.ABSTRACTED: {"system": _SYSTEM, "code": "ABSTRED", "display": "abstracted"},
    Label.HASHED: {
        "system": _SYSTEM,
        "code": "CRYTOHASH",
        "display": "cryptographic hash function",
    },
    Label.ENCRYPTED: {"system": _SYSTEM, "code": "MASKED", "display": "masked"},
    Label.PERTURBED: {
        "code": "PERTURBED",
        "display": "exact value is replaced with another exact value",
    },
    Label.SUBSTITUTED: {
        "code": "SUBSTITUTED",
        "display": "exact value is replaced with a predefined value",
    },
    Label.GENERALISED: {
        "code": "GENERALIZED",
        "display": "exact value is replaced with a general value",
    },
}


def add_labels(resource: Element, labels: set[Label]) -> None:
    """Add the labels that `meta.security` does not have; codes are compared without case."""
    if not labels:
        return
    meta = next(iter(resource.named("meta")), None)
    if meta is None:
        meta = Element(members(resource.structure)["meta"], resource)
        after = 1 if resource.children and resource.children[0].name == "id" else 0
        resource.children.insert(after, meta)
    definition = members(meta.structure)["security"]
    present = {
        str(code.value).upper()
        for coding in meta.named("security")
        for code in coding.named("code")
        if code.value is not None
    }
    for label in Label:
        if label in labels and label.upper() not in present:
            _append(meta, _CODINGS[label], definition)


def empty_resource(kind: str) -> dict[str, Node]:
    """What stands in place of a resource that could not be processed."""
    return {"resourceType": kind, "meta": {"security": [_CODINGS[Label.REDACTED]]}}


def _append(meta: Element, coding: dict[str, Node], definition: Definition) -> None:
    node = parse_fragment(coding, definition)
    node.parent = meta
    meta.children.append(node)
