import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.masking.engine import mask
from gateway.masking.fhir import elements as fhir_elements
from gateway.masking.fhir import shapes as fhir_shapes
from gateway.masking.fhir import tables as fhir_tables
from gateway.masking.fields import names as field_names
from gateway.masking.fields.fhir import UNITS
from gateway.masking.recognition import paragraphs
from tests.unit.masking.contexts import PROFILES, context


def masked(
    resource: dict[str, Any], profile: str = "safe-harbor", *, accept: bool = False
) -> dict[str, Any]:
    body = json.dumps(resource).encode()
    done = mask(body, "application/fhir+json", "", context(profile, accept=accept)).body
    again = mask(done, "application/fhir+json", "", context(profile, accept=accept)).body
    assert again == done
    made: dict[str, Any] = json.loads(done)
    return made


PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "id": "p1",
    "meta": {"lastUpdated": "2024-03-02T10:00:00.000Z", "profile": ["http://hl7.org/fhir/p"]},
    "text": {"status": "generated", "div": "<div>Jane Doe</div>"},
    "identifier": [
        {"system": "http://hl7.org/fhir/sid/us-ssn", "value": "999-12-3456"},
        {"type": {"coding": [{"code": "DL"}]}, "value": "S999"},
        {"system": "urn:x", "value": "77"},
    ],
    "name": [{"use": "official", "family": "Doe", "given": ["Jane"], "prefix": ["Ms."]}],
    "telecom": [{"system": "email", "value": "j@example.com"}, {"value": "555"}],
    "gender": "female",
    "birthDate": "1980-02-03",
    "_birthDate": {"extension": [{"url": "t", "valueDateTime": "1980-02-03T10:00:00Z"}]},
    "deceasedDateTime": "2023-01-02T00:00:00Z",
    "address": [
        {
            "line": ["1 Main St"],
            "city": "Boston",
            "district": "Suffolk",
            "state": "MA",
            "postalCode": "02139",
            "country": "US",
            "period": {"start": "2001-02-03"},
            "extension": [{"url": "http://x/geolocation", "extension": []}],
        }
    ],
    "photo": [{"data": "aGk="}],
    "multipleBirthInteger": 2,
}


def test_a_patient_is_masked_by_data_type() -> None:
    done = masked(PATIENT)
    number = done.pop("id")

    assert number.startswith("masked-")
    assert done == {
        "resourceType": "Patient",
        "meta": {"lastUpdated": "2024-01-01T00:00:00Z", "profile": ["http://hl7.org/fhir/p"]},
        "text": {
            "status": "empty",
            "div": '<div xmlns="http://www.w3.org/1999/xhtml">[text]</div>',
        },
        "identifier": [
            {"system": "http://hl7.org/fhir/sid/us-ssn", "value": "[ssn]"},
            {"type": {"coding": [{"code": "DL"}]}, "value": "[license]"},
            {"system": "urn:x", "value": "[mrn]"},
        ],
        "name": [
            {"use": "official", "family": "[name]", "given": ["[name]"], "prefix": ["[name]"]}
        ],
        "telecom": [{"system": "email", "value": "[email]"}, {"value": "[phone]"}],
        "gender": "female",
        "birthDate": "1980",
        "deceasedDateTime": "2023",
        "address": [
            {
                "line": ["[address]"],
                "city": "[city]",
                "district": "[address]",
                "state": "MA",
                "postalCode": "021",
                "country": "US",
                "period": {"start": "2001"},
            }
        ],
        "multipleBirthInteger": 2,
    }


def test_the_order_of_elements_stays() -> None:
    gone = {"_birthDate", "photo"}

    assert list(masked(PATIENT)) == [name for name in PATIENT if name not in gone]


def test_a_limited_data_set_keeps_dates_towns_and_ids() -> None:
    done = masked(PATIENT, "limited-data-set")

    assert done["id"] == "p1"
    assert done["birthDate"] == "1980-02-03"
    assert done["address"][0]["city"] == "Boston"
    assert done["address"][0]["postalCode"] == "02139"
    assert done["address"][0]["line"] == ["[address]"]
    assert done["identifier"][2]["value"] == "[mrn]"
    assert done["name"][0]["family"] == "[name]"


def test_secrets_only_keeps_everything_else() -> None:
    patient = {name: value for name, value in PATIENT.items() if name not in {"text", "photo"}}

    assert masked(patient, "secrets-only") == patient


def test_a_birth_date_that_implies_an_age_over_eighty_nine_goes() -> None:
    assert "birthDate" not in masked({"resourceType": "Patient", "birthDate": "1930-01-01"})


@pytest.mark.parametrize(
    ("quantity", "expected"),
    [
        ({"value": 94, "unit": "years"}, {"value": 90, "unit": "years", "comparator": ">="}),
        ({"value": 94.5, "code": "a"}, {"value": 90, "code": "a", "comparator": ">="}),
        ({"value": 45, "code": "a"}, {"value": 45, "code": "a"}),
        ({"value": 94, "unit": "mg"}, {"value": 94, "unit": "mg"}),
        ({"unit": "a"}, {"unit": "a"}),
    ],
)
def test_ages_over_eighty_nine_become_ninety_or_more(
    quantity: dict[str, Any], expected: dict[str, Any]
) -> None:
    done = masked({"resourceType": "Observation", "valueQuantity": quantity})

    assert done["valueQuantity"] == expected


def test_references_follow_ids() -> None:
    done = masked(
        {
            "resourceType": "Bundle",
            "entry": [
                {"fullUrl": "urn:uuid:u1", "resource": {"resourceType": "Patient", "id": "u1"}},
                {
                    "fullUrl": "https://fhir.example.com/Observation/o1",
                    "request": {"method": "PUT", "url": "Observation/o1"},
                    "resource": {
                        "resourceType": "Observation",
                        "id": "o1",
                        "contained": [{"resourceType": "Patient", "id": "c1"}],
                        "subject": {"reference": "Patient/u1", "display": "Jane Doe"},
                        "focus": [{"reference": "#c1"}],
                        "performer": [{"reference": "Practitioner?identifier=npi|99"}],
                        "derivedFrom": [{"reference": "Observation/o1/_history/7"}],
                    },
                },
            ],
        }
    )
    patient, observation = (entry["resource"] for entry in done["entry"])

    assert done["entry"][0]["fullUrl"] == f"urn:uuid:{patient['id']}"
    assert observation["subject"] == {"reference": f"Patient/{patient['id']}", "display": "[name]"}
    assert observation["focus"][0]["reference"] == f"#{observation['contained'][0]['id']}"
    assert done["entry"][1]["fullUrl"] == f"Observation/{observation['id']}"
    assert done["entry"][1]["request"]["url"] == f"Observation/{observation['id']}"
    assert observation["derivedFrom"][0]["reference"].startswith(
        f"Observation/{observation['id']}/"
    )
    assert "99" not in observation["performer"][0]["reference"].partition("=")[2][:2]


def test_codes_values_and_displays_stay() -> None:
    observation = {
        "resourceType": "Observation",
        "status": "final",
        "code": {
            "coding": [{"system": "http://loinc.org", "code": "8480-6", "display": "Systolic"}],
            "text": "Systolic",
        },
        "valueQuantity": {"value": 1.50, "unit": "mm[Hg]", "code": "mm[Hg]"},
        "component": [{"valueInteger": 3}, {"valueBoolean": True}],
        "interpretation": [{"coding": [{"code": "H", "display": "Above high normal"}]}],
    }

    assert masked(observation) == observation


def test_a_unit_stays_whatever_people_are_called() -> None:
    bundle = {
        "resourceType": "Bundle",
        "entry": [
            {"resource": {"resourceType": "Patient", "name": [{"family": "Score"}]}},
            {"resource": {"resourceType": "Observation", "valueQuantity": {"code": "{score}"}}},
        ],
    }
    done = json.loads(
        mask(json.dumps(bundle).encode(), "application/fhir+json", "", context()).body
    )

    assert done["entry"][0]["resource"]["name"] == [{"family": "[name]"}]
    assert done["entry"][1]["resource"]["valueQuantity"] == {"code": "{score}"}


def test_displays_of_findings_stay_and_of_people_go() -> None:
    report = {
        "resourceType": "DiagnosticReport",
        "result": [{"reference": "urn:uuid:a", "display": "Glucose in blood"}],
        "performer": [{"reference": "urn:uuid:b", "display": "Chi Roberts"}],
        "basedOn": [{"reference": "ServiceRequest/1", "display": "Basic panel"}],
    }
    done = masked(report)

    assert done["result"][0]["display"] == "Glucose in blood"
    assert done["performer"][0]["display"] == "[name]"
    assert done["basedOn"][0]["display"] == "Basic panel"


@pytest.mark.parametrize("target", [{}, {"reference": "Organization?identifier=x|1"}])
def test_words_of_places_and_payers_are_not_looked_for(target: dict[str, str]) -> None:
    claim = {
        "resourceType": "ExplanationOfBenefit",
        "insurer": {**target, "display": "Lakeside Inpatient Cover"},
        "facility": {**target, "display": "BORROW VALE CARE HOSPITAL"},
        "insurance": [{"coverage": {"display": "Medical Care Plan"}}],
        "item": [
            {
                "category": {"coding": [{"code": "1", "display": "Medical care"}]},
                "locationCodeableConcept": {
                    "coding": [{"code": "21", "display": "Inpatient Hospital"}]
                },
            }
        ],
    }
    done = masked(claim)

    assert done["item"] == claim["item"]
    assert done["insurer"]["display"] == done["facility"]["display"] == "[name]"
    assert done["insurance"] == [{"coverage": {"display": "[name]"}}]


def test_free_text_is_withheld_or_masked_with_names_of_the_resource() -> None:
    value = {
        "resourceType": "Observation",
        "subject": {"display": "Jane Doe"},
        "code": {"text": "Jane fell"},
        "note": [{"text": "Doe was seen 2024-01-02", "authorString": "Bob", "time": "2024-01-02"}],
        "valueString": "stable",
    }

    withheld = masked(value)
    assert withheld["note"] == [{"text": "[text]", "authorString": "[name]", "time": "2024"}]
    assert withheld["valueString"] == "[text]"
    accepted = masked(value, accept=True)
    assert accepted["note"][0]["text"] == "[name] was seen 2024"
    assert accepted["valueString"] == "stable"


def test_extensions_keep_vocabularies_only() -> None:
    race = {
        "url": "http://hl7.org/fhir/us/core/StructureDefinition/us-core-race",
        "extension": [{"url": "text", "valueString": "White"}],
    }
    maiden = {"url": "http://x/patient-mothersMaidenName", "valueString": "Roe"}
    other = {"url": "http://x/own", "valueString": "blond", "valueAddress": {"city": "Boston"}}
    done = masked({"resourceType": "Patient", "extension": [race, maiden, other]})

    assert done["extension"] == [
        race,
        maiden | {"valueString": "[name]"},
        other | {"valueString": "[text]", "valueAddress": {"city": "[city]"}},
    ]


def test_positions_and_devices_go() -> None:
    location = masked({"resourceType": "Location", "position": {"longitude": 1.5, "latitude": 2.5}})
    device = masked(
        {"resourceType": "Device", "serialNumber": "x", "udiCarrier": [{"carrierHRF": "(01)"}]}
    )

    assert "position" not in location  # without co-ordinates it would not be valid
    assert device["serialNumber"] == "[device]"
    assert device["udiCarrier"] == [{"carrierHRF": "[device]"}]


def attachment(data: bytes, kind: str, *, accept: bool) -> dict[str, Any]:
    content = {"contentType": kind, "data": base64.b64encode(data).decode(), "size": len(data)}
    done = masked(
        {
            "resourceType": "DocumentReference",
            "subject": {"display": "Jane Doe"},
            "content": [{"attachment": content | {"url": "https://x.example.com/1"}}],
        },
        accept=accept,
    )
    made: dict[str, Any] = done["content"][0]["attachment"]
    return made


def test_an_attachment_is_masked_by_its_own_type() -> None:
    text = attachment(b"Jane Doe, SSN 999-12-3456", "text/plain", accept=True)
    nested = attachment(b'{"name":"Jane","x":1.50}', "application/json", accept=False)

    assert base64.b64decode(text["data"]) == b"[name], SSN [ssn]"
    assert base64.b64decode(nested["data"]) == b'{"name":"[name]","x":1.50}'
    assert text["url"] == "[url]"
    assert "size" not in text


@pytest.mark.parametrize(
    ("data", "kind"),
    [(b"%PDF", "application/pdf"), (b"Jane", "text/plain"), (b"\xff", "text/plain"), (b"Jane", "")],
)
def test_an_attachment_that_cannot_be_shown_is_replaced(data: bytes, kind: str) -> None:
    made = attachment(data, kind, accept=False)

    assert base64.b64decode(made["data"]) == b"[text]"


def test_attachments_within_attachments_are_followed_to_a_bound() -> None:
    data, kind = b"Jane Doe", "text/plain"
    for _ in range(6):
        binary = {"contentType": kind, "data": base64.b64encode(data).decode()}
        data, kind = json.dumps({"resourceType": "Binary"} | binary).encode(), "application/json"

    made: dict[str, Any] = masked(json.loads(data), accept=True)
    depth = 0
    while True:
        inner = base64.b64decode(made["data"])
        assert b"Jane" not in inner
        depth += 1
        if inner == b"[text]":
            break
        made = json.loads(inner)
    assert depth == 4


def test_unknown_elements_are_masked_by_their_names() -> None:
    done = masked({"resourceType": "Patient", "ssn": 123456789, "patientName": "Jane", "score": 3})

    assert done == {"resourceType": "Patient", "ssn": "[ssn]", "patientName": "[name]", "score": 3}


# The same words as codes, units, names, addresses, notes and systems.
_WORDS = st.sampled_from(
    ["Zyxqvort", "Boston", "urn:A-4711", "517-64-9982", "a", "1961-04-02", "Patient/7", "MR", "x y"]
)
_ELEMENTS = ["code", "status", "family", "city", "value", "system", "display", "unit", "note", "id"]
_RESOURCES = st.fixed_dictionaries(
    {"resourceType": st.sampled_from(["Patient", "Observation", "Organization", "Parameters"])},
    optional={
        **dict.fromkeys(_ELEMENTS, _WORDS),
        "name": st.lists(st.fixed_dictionaries({"family": _WORDS, "use": _WORDS}), max_size=2),
        "identifier": st.lists(st.fixed_dictionaries({"system": _WORDS, "value": _WORDS})),
        "coding": st.lists(st.fixed_dictionaries({"code": _WORDS, "display": _WORDS}), max_size=2),
        "address": st.fixed_dictionaries({"city": _WORDS, "country": _WORDS}),
    },
)


def _refilled(node: Any, word: Callable[[], str]) -> Any:
    """A resource of the same shape with other strings."""
    if isinstance(node, dict):
        return {
            key: value if key == "resourceType" else _refilled(value, word)
            for key, value in node.items()
        }
    if isinstance(node, list):
        return [_refilled(item, word) for item in node]
    return word()


@settings(deadline=None, max_examples=150)
@given(st.data(), _RESOURCES, st.sampled_from(PROFILES), st.booleans())
def test_no_payload_decides_what_another_one_is_shown(
    data: Any, resource: dict[str, Any], profile: str, accept: bool
) -> None:
    """Codes, tables, shapes and paragraphs are remembered for the process, not whose they were."""
    alike = [_refilled(resource, lambda: data.draw(_WORDS)) for _ in range(3)]
    payloads = [json.dumps(item).encode() for item in [resource, *alike, data.draw(_RESOURCES)]]

    def shown(body: bytes, name: str = profile) -> bytes:
        return mask(body, "application/fhir+json", "", context(name, accept=accept)).body

    alone = []
    for body in payloads:
        _forget()
        alone.append(shown(body))
    _forget()
    for other in PROFILES:
        for body in payloads:
            shown(body, other)
    # A shape is known from the third resource on.
    for _ in range(3):
        for body, expected in reversed([*zip(payloads, alone, strict=True)]):
            assert shown(body) == expected


def _forget() -> None:
    """The caches of the process as they are when it starts."""
    fhir_elements.codes.clear()
    fhir_elements.codes.update(UNITS)
    fhir_tables._tables.clear()
    fhir_tables._entries.clear()
    fhir_tables.kind_of_system.cache_clear()
    fhir_shapes._known.clear()
    field_names._field_of.cache_clear()
    field_names._named.cache_clear()
    paragraphs.paragraphs_of.cache_clear()


def test_names_of_parameters_and_operations_stay() -> None:
    statement = {
        "resourceType": "CapabilityStatement",
        "software": {"name": "Server", "version": "3.0.1"},
        "rest": [
            {
                "mode": "server",
                "resource": [
                    {
                        "type": "Patient",
                        "searchParam": [{"name": "family", "type": "string"}],
                        "operation": [{"name": "everything"}],
                    }
                ],
            }
        ],
    }
    answer = {
        "resourceType": "Parameters",
        "parameter": [
            {"name": "result", "valueBoolean": True},
            {"name": "match", "part": [{"name": "version", "valueCode": "2.0"}]},
        ],
    }

    for resource in (statement, answer):
        body = json.dumps(resource).encode()
        assert json.loads(mask(body, "application/fhir+json", "", context()).body) == resource


def test_the_name_of_a_parameter_may_be_somebody_that_the_resource_names() -> None:
    resource = {
        "resourceType": "Parameters",
        "parameter": [
            {"name": "Zebulon", "valueBoolean": True},
            {"name": "who", "resource": {"resourceType": "Patient", "name": [{"text": "Zebulon"}]}},
        ],
    }

    shown = mask(json.dumps(resource).encode(), "application/fhir+json", "", context()).body

    assert b"Zebulon" not in shown
