"""Every resource of R4 with every element filled, by the types of HL7's own definitions.

No sample has all elements, and a rule by name misses one that nobody thought of. Resources that
define something (profiles, code systems, measures) hold nobody's data and are left out.
"""

import base64
import json
from itertools import count
from typing import Any

import pytest

from bench.accuracy.leaks import visible
from gateway.masking.engine import mask
from gateway.masking.fhir_anonymizer.definitions import Definition, members, resource_types
from tests.unit.masking.contexts import context

JSON = "application/fhir+json"
DEPTH = 4
DEFINING = (
    "ActivityDefinition CapabilityStatement CatalogEntry ChargeItemDefinition CodeSystem"
    " CompartmentDefinition ConceptMap DeviceDefinition EffectEvidenceSynthesis EventDefinition"
    " Evidence EvidenceVariable ExampleScenario GraphDefinition ImplementationGuide Library"
    " Measure MessageDefinition NamingSystem ObservationDefinition OperationDefinition"
    " PlanDefinition Questionnaire ResearchDefinition ResearchElementDefinition"
    " RiskEvidenceSynthesis SearchParameter SpecimenDefinition StructureDefinition StructureMap"
    " TerminologyCapabilities TestReport TestScript ValueSet SubstanceReferenceInformation"
)
SKIPPED = frozenset(
    {"resourceType", "contained", "extension", "modifierExtension", "implicitRules"}
)
CODED = {"system": "http://loinc.org", "code": "1-8", "display": "Glucose"}
QUANTITY = {"value": 5, "unit": "mg", "system": "http://unitsofmeasure.org", "code": "mg"}
FIXED: dict[str, Any] = {
    "Coding": CODED,
    "CodeableConcept": {"coding": [CODED], "text": "Glucose"},
    "Money": {"value": 5, "currency": "USD"},
    "Meta": {"versionId": "1"},
    **dict.fromkeys(("Quantity", "Age", "Duration", "Count", "Distance"), QUANTITY),
}
SYLLABLES = ("xil", "quo", "dra", "ven", "mor", "thu", "gar", "bel", "ska", "pri", "zon", "fle")
PLAIN = {
    **dict.fromkeys(("integer", "positiveInt", "unsignedInt"), 7),
    "boolean": True,
    "decimal": 1.5,
    "time": "12:00:00",
    "code": "final",
    "canonical": "http://hl7.org/fhir/StructureDefinition/x",
    "oid": "urn:oid:1.2.840.1",
}


class Filled:
    """One resource of a type; `planted` says what of it must not be read, and where it stands."""

    def __init__(self, kind: str) -> None:
        self.planted: dict[str, str] = {}
        self._numbers = count(1)
        self.body: dict[str, Any] = {"resourceType": kind, **self._structure(kind, kind, DEPTH)}

    def _structure(self, structure: str, path: str, depth: int) -> dict[str, Any]:
        made = {}
        for key, definition in members(structure).items():
            if key not in SKIPPED and (definition.primitive or definition.structure):
                value = self._element(definition, f"{path}.{key}", depth)
                if value is not None:
                    made[key] = [value] if definition.many else value
        return made

    def _element(self, definition: Definition, path: str, depth: int) -> Any:
        kind = definition.type
        if definition.primitive or kind == "xhtml":
            return self._primitive(kind, path)
        if kind in FIXED:
            return FIXED[kind]
        identifying = self._identifying(kind, path)
        if identifying or kind == "Extension" or depth == 0:
            return identifying
        return self._structure(definition.structure, path, depth - 1) or None

    def _identifying(self, kind: str, path: str) -> dict[str, Any] | None:
        match kind:
            case "Reference":
                reference = "Patient/" + self._plant(f"ref-{next(self._numbers)}-q", path)
                return {"reference": reference, "display": self._name(path)}
            case "Identifier":
                value = self._plant(f"H{100_000 + next(self._numbers)}", path)
                return {"system": "http://hospital.example.org/x", "value": value}
            case "ContactPoint":
                return {"system": "phone", "value": self._phone(path)}
            case "HumanName":
                return {"family": self._name(path), "given": [self._name(path)]}
            case _:
                return None

    def _primitive(self, kind: str, path: str) -> Any:  # noqa: PLR0911
        number = next(self._numbers)
        day = f"{number // 336 % 50 + 1950}-{number // 28 % 12 + 1:02}-{number % 28 + 1:02}"
        match kind:
            case "id":
                return self._plant(f"res-{number}-x", path)
            case "date":
                return self._plant(day, path)
            case "dateTime":
                return self._plant(f"{day}T11:22:33Z", path)
            case "instant":
                return self._plant(f"{day}T12:23:34.567Z", path)
            case "uri" | "url":
                return self._plant(f"https://patient-{number}.example.org/u{number}", path)
            case "uuid":
                return self._plant(f"urn:uuid:00000000-1111-4222-8333-{number:012}", path)
            case "base64Binary":
                return base64.b64encode(f"Call {self._phone(path)} today".encode()).decode()
            case "string" | "markdown":
                return f"Seen 03/04/1987 by Dr. {self._name(path)}, call {self._phone(path)}"
            case "xhtml":
                return f'<div xmlns="http://www.w3.org/1999/xhtml">{self._name(path)}</div>'
            case _:
                return PLAIN[kind]

    def _name(self, path: str) -> str:
        number = next(self._numbers) + 200
        syllables = (SYLLABLES[number // 12**place % 12] for place in range(4))
        return self._plant("".join(syllables).capitalize(), path)

    def _phone(self, path: str) -> str:
        return self._plant(f"212-555-{next(self._numbers):04}", path)

    def _plant(self, value: str, path: str) -> str:
        self.planted[value] = path
        return value


@pytest.mark.parametrize("accept", [False, True])
@pytest.mark.parametrize("kind", sorted(resource_types() - set(DEFINING.split())))
def test_no_element_of_any_resource_shows_what_its_type_identifies(kind: str, accept: bool) -> None:
    filled = Filled(kind)
    assert len(filled.planted) > 3

    done = mask(json.dumps(filled.body).encode(), JSON, "", context(accept=accept))

    shown = visible(done.body)
    assert [path for value, path in filled.planted.items() if value in shown] == []
