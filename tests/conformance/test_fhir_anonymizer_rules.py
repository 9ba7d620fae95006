"""The sample rules of the anonymizer's documentation, and rules by type on every resource of R4.

Source: FHIR-anonymization.md of microsoft/Tools-for-Health-Data-Anonymization. The people are
invented; what each rule makes of them was worked out by hand from the documented algorithm.
"""

import hashlib
import hmac
import json
from datetime import date
from typing import Any

import pytest

from gateway.masking.codecs.json_codec import decode, encode
from gateway.masking.fhir_anonymizer import load
from gateway.masking.fhir_anonymizer.definitions import resource_types
from tests.conformance.test_masking_every_resource import Filled

TODAY = date(2026, 8, 3)
PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "id": "zelmira",
    "birthDate": "1995-03-10",
    "address": [{"city": "Overbrooke", "state": "OR", "country": "US", "postalCode": "1230005"}],
    "telecom": [{"use": "home", "value": "1"}, {"use": "work", "value": "2"}],
    "communication": [{"language": {"coding": [{"code": "es-UY"}]}}],
    "managingOrganization": {"reference": "Organization/77"},
    "generalPractitioner": [{"reference": "https://x.example/fhir/Practitioner/8/_history/2"}],
}


def masked(resource: dict[str, Any], *rules: dict[str, Any], **parameters: Any) -> dict[str, Any]:
    configuration = {"fhirVersion": "R4", "fhirPathRules": rules, "parameters": parameters}
    body = decode(json.dumps(resource).encode())
    tree = load(configuration, key=b"stands in").apply(body, today=TODAY).tree
    made: dict[str, Any] = json.loads(encode(tree))
    return made


def hashed(value: str) -> str:
    return hmac.new(b"secret", value.encode(), hashlib.sha256).hexdigest()


GENERALISED = [
    ("Patient.birthDate", {"$this >= @1990-01-01 and $this <= @2000-01-01": "@1990"}, "1990"),
    ("Patient.birthDate", {"$this >= @2010-01-01": "@2010-01-01"}, None),
    (
        "Patient.birthDate",
        {
            "true": "$this.replaceMatches('(?<year>\\\\d{2,4})-(?<month>\\\\d{1,2})-"
            "(?<day>\\\\d{1,2})\\\\b', '${year}-${month}')"
        },
        "1995-03",
    ),
]


@pytest.mark.parametrize(("path", "cases", "born"), GENERALISED)
def test_generalize_dates(path: str, cases: dict[str, str], born: str | None) -> None:
    rule = {"path": path, "method": "generalize", "cases": cases, "otherValues": "redact"}

    assert masked(PATIENT, rule).get("birthDate") == born


def test_generalize_a_value_set_and_a_prefix() -> None:
    languages = {"$this in ('es-AR' | 'es-ES' | 'es-UY')": "'es'"}
    codes = {"$this.startsWith('123') or $this.startsWith('234')": "$this.substring(0,2)+'****'"}
    done = masked(
        PATIENT,
        {
            "path": "Patient.communication.language.coding.code",
            "method": "generalize",
            "cases": languages,
            "otherValues": "redact",
        },
        {
            "path": "Patient.address.postalCode",
            "method": "generalize",
            "cases": codes,
            "otherValues": "keep",
        },
    )

    assert done["communication"] == [{"language": {"coding": [{"code": "es"}]}}]
    assert done["address"][0]["postalCode"] == "12****"
    assert [label["code"] for label in done["meta"]["security"]] == ["GENERALIZED"]


def test_ids_and_references_are_hashed_alike() -> None:
    rules = (
        {"path": "Resource.id", "method": "cryptoHash"},
        {"path": "nodesByType('Reference').reference", "method": "cryptoHash"},
    )
    done = masked(PATIENT, *rules, cryptoHashKey="secret")
    organisation = masked(
        {"resourceType": "Organization", "id": "77"}, *rules, cryptoHashKey="secret"
    )

    assert done["id"] == hashed("zelmira")
    assert done["managingOrganization"] == {"reference": f"Organization/{organisation['id']}"}
    assert done["generalPractitioner"] == [
        {"reference": f"https://x.example/fhir/Practitioner/{hashed('8')}/_history/2"}
    ]


def test_what_is_kept_first_stays_and_the_rest_of_it_goes() -> None:
    done = masked(
        PATIENT,
        {
            "path": "nodesByType('Address').country | nodesByType('Address').state",
            "method": "keep",
        },
        {"path": "nodesByType('Address')", "method": "redact"},
        {"path": "nodesByType('ContactPoint').where(use='home')", "method": "redact"},
        {"path": "nodesByName('birthDate')", "method": "redact"},
        enablePartialDatesForRedact=True,
    )

    assert done["address"] == [{"state": "OR", "country": "US"}]
    assert done["telecom"] == [{"use": "work", "value": "2"}]
    assert done["birthDate"] == "1995"


def test_a_fragment_replaces_an_address() -> None:
    fragment = {"use": "home", "city": "Example", "period": {"start": "2000-01-01"}}
    rule = {"path": "nodesByType('Address')", "method": "substitute", "replaceWith": fragment}
    done = masked(PATIENT, rule)

    assert done["address"] == [fragment]
    assert [label["code"] for label in done["meta"]["security"]] == ["SUBSTITUTED"]


def test_perturb_stays_in_its_range() -> None:
    condition = {
        "resourceType": "Condition",
        "id": "c",
        "subject": {"reference": "Patient/zelmira"},
        "onsetAge": {"value": 40, "unit": "a"},
    }
    rule = {"method": "perturb", "span": 6, "rangeType": "fixed", "roundTo": 0}
    path = "Condition.onset | Condition.abatement as Age"

    value = masked(condition, {"path": path, **rule})["onsetAge"]["value"]

    assert value in range(37, 44)


@pytest.mark.parametrize("kind", sorted(resource_types()))
def test_rules_by_type_take_every_resource(kind: str) -> None:
    rules = (
        {"path": "nodesByType('Extension')", "method": "redact"},
        {"path": "nodesByType('HumanName') | nodesByType('Narrative')", "method": "redact"},
        {"path": "nodesByType('Address').state", "method": "keep"},
        {"path": "nodesByType('Address') | nodesByType('ContactPoint')", "method": "redact"},
        {"path": "nodesByType('Annotation') | nodesByType('Attachment')", "method": "redact"},
        {"path": "nodesByType('Reference').display", "method": "redact"},
        {"path": "nodesByType('Reference').reference", "method": "cryptoHash"},
        {
            "path": "nodesByType('date') | nodesByType('dateTime') | nodesByType('instant')",
            "method": "dateshift",
        },
        {"path": "Resource.id", "method": "cryptoHash"},
        {"path": "Resource", "method": "keep"},
    )
    body = Filled(kind).body

    done = masked(body, *rules, cryptoHashKey="secret", dateShiftKey="other")

    assert done["resourceType"] == kind
    assert not isinstance(done.get("text"), dict)
    # References of the type Reference are the only ones to patients that are filled in.
    assert "Patient/ref-" not in json.dumps(done)
    if "id" in body:
        assert done["id"] == hashed(body["id"])
