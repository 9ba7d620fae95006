"""Secrets go in every profile, in values too that the profile shows."""

import json
from html import escape

import pytest

from gateway.masking.engine import mask
from tests.unit.masking.contexts import PROFILES, context
from tests.unit.masking.samples import HEADER, HL7

SIGNATURE = "kZ8wq0c2Vb3o%2FmT1xYh5Jr7LdPq9sUeAiNfGtHb4c0E%3D"
URL = (
    "https://clinic.blob.core.windows.net/scans/1.pdf?sv=2022-11-02"
    f"&se=2027-03-05T10%3A00%3A00Z&sr=b&sp=r&sig={SIGNATURE}"
)
XML, PIPED = escape(URL), URL.replace("&", "\\T\\")
FHIR, CDA = "application/fhir+json", "application/cda+xml"
RESOURCES = [
    {"resourceType": "DocumentReference", "content": [{"attachment": {"url": URL}}]},
    {
        "resourceType": "DocumentReference",
        "content": [{"attachment": {"contentType": "application/pdf", "url": URL}}],
    },
    {"resourceType": "Observation", "subject": {"reference": URL}},
    {"resourceType": "Observation", "subject": {"reference": f"Patient?{URL}"}},
    {"resourceType": "Bundle", "link": [{"relation": "next", "url": URL}]},
    {"resourceType": "Bundle", "entry": [{"fullUrl": URL, "response": {"location": URL}}]},
    {"resourceType": "Bundle", "entry": [{"response": {"etag": URL}}]},
    {"resourceType": "Patient", "id": URL, "birthDate": URL, "name": [{"family": URL}]},
    {"resourceType": "Patient", "managingOrganization": {"display": URL}},
    {"resourceType": "Patient", "telecom": [{"value": URL}], "contact": [{"name": {"text": URL}}]},
    {"resourceType": "Subscription", "channel": {"endpoint": URL}},
]  # fmt: skip
NAMES = ["name", "url", "id", "dob", "age", "zip", "email", "date", "status", "note"]
DOCUMENTS = [
    *((FHIR, json.dumps(item)) for item in RESOURCES),
    ("application/json", json.dumps(dict.fromkeys(NAMES, URL))),
    ("text/csv", ",".join(NAMES) + "\n" + ",".join([URL] * len(NAMES)) + "\n"),
    (HL7, f"{HEADER}\rPID|{'|'.join([PIPED] * 30)}\rOBX|1|RP|x||{PIPED}^a^b\r"),
    (
        CDA,
        (
            f'<ClinicalDocument xmlns="urn:hl7-org:v3"><id root="{XML}" extension="{XML}"/>'
            f'<recordTarget><patientRole><addr>{XML}</addr><telecom value="{XML}"/><patient>'
            f'<name>{XML}</name><birthTime value="{XML}"/></patient></patientRole></recordTarget>'
            "</ClinicalDocument>"
        ),
    ),
    ("application/xml", f'<r url="{XML}"><name>{XML}</name><dob>{XML}</dob></r>'),
]


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("accept", [True, False])
@pytest.mark.parametrize(("kind", "body"), DOCUMENTS)
def test_a_signature_goes_wherever_it_stands(
    kind: str, body: str, accept: bool, profile: str
) -> None:
    here = context(profile, accept=accept)

    for _ in range(3):  # there are plans by then
        done = mask(body.encode(), kind, "", here).body
        assert SIGNATURE[:16].encode() not in done
        assert mask(done, kind, "", here).body == done


def test_a_pointer_that_stays_keeps_its_bytes() -> None:
    body = f"{HEADER}\rOBX|1|RP|x||https://e.example/?a=1\\T\\b=2^a^b\r".encode()

    assert mask(body, HL7, "", context("secrets-only")).body == body


def test_what_stays_of_a_limited_data_set_stays() -> None:
    body = (
        b'{"resourceType":"Patient","id":"1b4e28ba-2fa1-11d2-883f-0016d3cca427",'
        b'"birthDate":"1931-02-03","address":[{"city":"Springmoor","postalCode":"12401"}]}'
    )

    assert mask(body, FHIR, "", context("limited-data-set")).body == body


@pytest.mark.parametrize(
    "age", ["age 93.", "aged 101", "age: 90+ years", "age 90+.", "age is 95+,"]
)
def test_an_age_over_89_is_masked_once(age: str) -> None:
    here = context(accept=True)

    done = mask(f"Seen at {age}".encode(), "text/plain", "", here).body

    assert b"90+" in done
    assert b"90++" not in done
    assert mask(done, "text/plain", "", here).body == done
