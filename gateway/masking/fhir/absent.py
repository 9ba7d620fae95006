"""What is left of an element that masking takes out, where FHIR does not do without it."""

from typing import Final

from gateway.masking.codecs.json_codec import Node
from gateway.masking.kinds import Kind
from gateway.masking.marks import mark

_REASON: Final = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
_DATES: Final = frozenset(
    {
        *("recorded", "created", "date", "dateTime", "paymentDate", "dateWritten", "when"),
        *("timestamp", "value", "valueDate", "valueDateTime", "valueInstant"),
    }
)
"""Dates that R4 requires in some structure."""
_PERIODS: Final = frozenset({"period", "effectivePeriod", "valuePeriod"})
_RESOURCE_DATES: Final = frozenset({("Slot", "start"), ("Slot", "end")})
"""(resource, element) likewise, where the element is that of a period elsewhere."""
_CHOICES: Final = {
    ("Immunization", "occurrenceDateTime"): "occurrenceString",
    ("MedicationAdministration", "effectiveDateTime"): "effectivePeriod",
}
"""(resource, element) of a choice that R4 requires → another one, which has a masked form."""


def remove(holder: dict[str, Node], key: str) -> None:
    """Take an element out of an object; one that may be required says that it is masked.

    The extension data-absent-reason stands in place of a value of any type (FHIR R4, 2.5.1.0.3),
    an object of which nothing is left has it too, and the order stays.
    """
    if key not in holder:
        return
    kept = dict(holder)
    holder.clear()
    for name, value in kept.items():
        if name == key:
            _replace(holder, key, kept)
        else:
            holder[name] = value
    if not holder:
        holder.update(_masked())


def _replace(holder: dict[str, Node], key: str, kept: dict[str, Node]) -> None:
    beside, element = f"_{key}", (str(kept.get("resourceType")), key)
    if key in _PERIODS:
        holder[key] = _masked()
    elif element in _CHOICES:
        other = _CHOICES[element]
        holder[other] = mark(Kind.DATE) if other.endswith("String") else _masked()
    elif key in _DATES or element in _RESOURCE_DATES:
        holder[beside] = kept.get(beside) or _masked()


def _masked() -> dict[str, Node]:
    return {"extension": [{"url": _REASON, "valueCode": "masked"}]}
