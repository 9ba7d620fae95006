"""Identifiers in elements of FHIR that are not called identifiers."""

import json
from typing import Any

import pytest

from gateway.masking.engine import mask
from tests.unit.masking.contexts import context


def shown(resource: dict[str, Any]) -> Any:
    body = json.dumps(resource).encode()
    return json.loads(
        mask(body, "application/fhir+json", "", context("safe-harbor", accept=True)).body
    )


@pytest.mark.parametrize(
    "resource",
    [
        {"resourceType": "DocumentReference", "masterIdentifier": {"value": "Q7-7123"}},
        {"resourceType": "MedicationRequest", "groupIdentifier": {"value": "Q7-7123"}},
        {"resourceType": "ServiceRequest", "requisition": {"value": "Q7-7123"}},
        {"resourceType": "Specimen", "accessionIdentifier": {"value": "Q7-7123"}},
        {"resourceType": "Claim", "related": [{"reference": {"value": "Q7-7123"}}]},
        {
            "resourceType": "Encounter",
            "hospitalization": {"preAdmissionIdentifier": {"value": "Q7-7123"}},
        },
        {
            "resourceType": "Patient",
            "address": [
                {
                    "line": ["x"],
                    "_line": [
                        {
                            "extension": [
                                {
                                    "url": "http://hl7.org/fhir/StructureDefinition/"
                                    "iso21090-ADXP-streetName",
                                    "valueString": "Q7-7123",
                                }
                            ]
                        }
                    ],
                }
            ],
        },
        {
            "resourceType": "Parameters",
            "parameter": [{"valueString": "Q7-7123", "name": "mrn"}],
        },
        {
            "resourceType": "QuestionnaireResponse",
            "item": [{"text": "Last name", "answer": [{"valueString": "Q7-7123"}]}],
        },
        {"resourceType": "Basic", "extension": [{"url": "x", "valueInteger": 771230001}]},
        {"resourceType": "Basic", "extension": [{"url": "x", "valueDecimal": 5557712300}]},
        {"resourceType": "Basic", "extension": [{"url": "http://x/ssn", "valueString": "Q7-7123"}]},
        {
            "resourceType": "Basic",
            "extension": [{"url": "x", "valueUri": "http://x/Patient/Q7-7123"}],
        },
        {
            "resourceType": "Bundle",
            "entry": [
                {
                    "request": {"method": "GET", "url": "Patient", "ifMatch": 'W/"Q7-7123"'},
                    "response": {"status": "200", "etag": 'W/"Q7-7123"'},
                }
            ],
        },
    ],
)
def test_what_identifies_is_masked_wherever_it_stands(resource: dict[str, Any]) -> None:
    text = json.dumps(shown(resource))

    assert "7123" not in text
    assert shown(shown(resource)) == shown(resource)


def test_a_range_of_years_over_89_is_not_told() -> None:
    years = {"low": {"value": 93, "unit": "a"}, "high": {"value": 96, "code": "a"}}
    plain = {"low": {"value": 93}, "high": {"value": 96, "unit": "mg"}}

    masked = shown({"resourceType": "Condition", "onsetRange": years})
    kept = {"resourceType": "Observation", "referenceRange": [plain]}

    assert {item["value"] for item in masked["onsetRange"].values()} == {90}
    assert shown(kept) == kept


def test_numbers_versions_and_names_of_code_systems_stay() -> None:
    kept = {
        "resourceType": "Observation",
        "valueInteger": 1200,
        "meta": {"profile": ["http://hl7.org/fhir/us/core/StructureDefinition/us-core-patient"]},
        "extension": [{"url": "x", "valueUri": "http://hl7.org/fhir/ValueSet/encounter-class"}],
    }
    answered = {
        "resourceType": "Bundle",
        "entry": [{"response": {"status": "200", "etag": 'W/"12"'}}],
    }

    assert shown(kept) == kept
    assert shown(answered) == answered


def test_a_mark_in_a_question_asks_for_nothing() -> None:
    resource = {
        "resourceType": "QuestionnaireResponse",
        "status": "completed",
        "item": [{"linkId": "1", "text": "How often? [phone]", "answer": [{"valueInteger": 7}]}],
    }
    other = {"name": "[name]", "value": "daily", "note": "daily"}

    for document in (resource, other):
        shown = mask(json.dumps(document).encode(), "application/json", "", context(accept=True))
        assert json.loads(shown.body) == document


def test_times_of_day_stay() -> None:
    resource = {
        "resourceType": "Location",
        "hoursOfOperation": [{"openingTime": "08:00:00", "closingTime": "17:30:00"}],
    }
    service = {
        "resourceType": "HealthcareService",
        "availableTime": [{"availableStartTime": "08:00:00", "availableEndTime": "17:30:00"}],
    }

    for document in (resource, service):
        shown = mask(json.dumps(document).encode(), "application/fhir+json", "", context())
        assert json.loads(shown.body) == document
