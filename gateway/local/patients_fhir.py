"""A synthetic patient as a FHIR R4 collection Bundle (hl7.org/fhir/R4)."""

import base64
from collections.abc import Iterable

import orjson

from gateway.local.patients_model import Patient
from gateway.model.canonical import Json

_LOINC = "http://loinc.org"
_SNOMED = "http://snomed.info/sct"
_ICD10 = "http://hl7.org/fhir/sid/icd-10-cm"
_RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
_UCUM = "http://unitsofmeasure.org"


def bundle(patient: Patient) -> bytes:
    """Patient, Encounter, Condition, Observations, MedicationRequest and the note, as JSON."""
    resources = [
        _person(patient),
        _encounter(patient),
        _condition(patient),
        *_observations(patient),
        _medication(patient),
        _document(patient),
    ]
    whole: Json = {
        "resourceType": "Bundle",
        "id": f"{patient.id}-bundle",
        "type": "collection",
        "timestamp": patient.visit.ends.isoformat(),
        "entry": [
            {"fullUrl": f"urn:example:{item['resourceType']}/{item['id']}", "resource": item}
            for item in resources
        ],
    }
    return orjson.dumps(whole, option=orjson.OPT_INDENT_2)


def _concept(*codings: tuple[str, str], text: str) -> Json:
    return {
        "coding": [{"system": system, "code": code, "display": text} for system, code in codings],
        "text": text,
    }


def _links(patient: Patient) -> dict[str, Json]:
    return {
        "subject": {
            "reference": f"Patient/{patient.id}",
            "display": f"{patient.given} {patient.family}",
        },
        "encounter": {"reference": f"Encounter/{patient.id}-visit"},
    }


def _person(patient: Patient) -> dict[str, Json]:
    return {
        "resourceType": "Patient",
        "id": patient.id,
        "text": {
            "status": "generated",
            "div": '<div xmlns="http://www.w3.org/1999/xhtml">'
            f"{patient.given} {patient.family}, born {patient.birth_date.isoformat()}</div>",
        },
        "identifier": [
            {
                "type": _concept(
                    ("http://terminology.hl7.org/CodeSystem/v2-0203", "MR"),
                    text="Medical Record Number",
                ),
                "system": "urn:example:hospital:mrn",
                "value": patient.mrn,
            },
            {"system": "http://hl7.org/fhir/sid/us-ssn", "value": patient.ssn},
        ],
        "name": [{"use": "official", "family": patient.family, "given": [patient.given]}],
        "telecom": [
            {"system": "phone", "value": patient.phone, "use": "home"},
            {"system": "email", "value": patient.email},
        ],
        "gender": patient.gender,
        "birthDate": patient.birth_date.isoformat(),
        "address": [
            {
                "line": [patient.street],
                "city": patient.city,
                "state": patient.state,
                "postalCode": patient.zip,
                "country": "US",
            }
        ],
    }


def _encounter(patient: Patient) -> dict[str, Json]:
    visit = patient.visit
    return {
        "resourceType": "Encounter",
        "id": f"{patient.id}-visit",
        "identifier": [{"system": "urn:example:hospital:visit", "value": visit.number}],
        "status": "finished",
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
        "subject": _links(patient)["subject"],
        "participant": [{"individual": {"display": f"Dr. {visit.physician}"}}],
        "period": {"start": visit.begins.isoformat(), "end": visit.ends.isoformat()},
    }


def _condition(patient: Patient) -> dict[str, Json]:
    visit = patient.visit
    return {
        "resourceType": "Condition",
        "id": f"{patient.id}-condition",
        **_links(patient),
        "code": _concept((_ICD10, visit.icd10), (_SNOMED, visit.snomed), text=visit.condition),
        "recordedDate": visit.begins.date().isoformat(),
    }


def _observations(patient: Patient) -> Iterable[dict[str, Json]]:
    visit = patient.visit
    measured = (
        ("8480-6", "Systolic blood pressure", visit.systolic, "mm[Hg]"),
        ("8462-4", "Diastolic blood pressure", visit.diastolic, "mm[Hg]"),
        ("1558-6", "Fasting glucose", visit.glucose, "mg/dL"),
    )
    for number, (code, name, value, unit) in enumerate(measured, start=1):
        yield {
            "resourceType": "Observation",
            "id": f"{patient.id}-observation-{number}",
            "status": "final",
            **_links(patient),
            "code": _concept((_LOINC, code), text=name),
            "effectiveDateTime": visit.begins.isoformat(),
            "valueQuantity": {"value": value, "unit": unit, "system": _UCUM, "code": unit},
        }


def _medication(patient: Patient) -> dict[str, Json]:
    visit = patient.visit
    return {
        "resourceType": "MedicationRequest",
        "id": f"{patient.id}-prescription",
        "status": "active",
        "intent": "order",
        **_links(patient),
        "medicationCodeableConcept": _concept((_RXNORM, visit.rxnorm), text=visit.drug),
        "authoredOn": visit.ends.isoformat(),
        "requester": {"display": f"Dr. {visit.physician}"},
    }


def _document(patient: Patient) -> dict[str, Json]:
    links = _links(patient)
    return {
        "resourceType": "DocumentReference",
        "id": f"{patient.id}-note",
        "status": "current",
        "type": _concept((_LOINC, "11506-3"), text="Progress note"),
        "subject": links["subject"],
        "date": patient.visit.ends.isoformat(),
        "content": [
            {
                "attachment": {
                    "contentType": "text/plain; charset=utf-8",
                    "data": base64.b64encode(patient.note.encode()).decode(),
                    "title": f"Progress note for {patient.given} {patient.family}",
                }
            }
        ],
        "context": {"encounter": [links["encounter"]]},
    }
