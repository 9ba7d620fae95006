"""Whom a payload is about: told from its fields in every format, under every profile alike."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from gateway.masking import payload
from gateway.masking.context import Context
from gateway.masking.engine import mask
from gateway.masking.patients import patient_column
from tests.unit.masking.contexts import PROFILES, context

FHIR = "application/fhir+json"


def about(body: Any, kind: str = "application/json", given: Context | None = None) -> set[str]:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return set(mask(data, kind, "", given or context(accept=True)).patients)


def patient(identity: str) -> dict[str, Any]:
    return {"resourceType": "Patient", "id": identity, "name": [{"family": f"Roe{identity}"}]}


def observation(number: int, subject: str) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": f"o{number}",
        "status": "final",
        "subject": {"reference": subject},
        "performer": [{"reference": "Practitioner/d1"}],
    }


def bundle(*resources: dict[str, Any]) -> dict[str, Any]:
    entries = [{"fullUrl": f"urn:uuid:{item['id']}", "resource": item} for item in resources]
    return {"resourceType": "Bundle", "type": "searchset", "entry": entries}


@pytest.mark.parametrize("profile", PROFILES)
def test_a_bundle_is_about_its_patients_and_those_it_refers_to(profile: str) -> None:
    resources = [patient(f"p{number}") for number in range(200)]
    resources += [observation(number, f"Patient/q{number % 50}") for number in range(200)]
    resources += [observation(900, "https://ehr.example.org/fhir/Patient/r1/_history/3")]
    expected = {f"p{n}" for n in range(200)} | {f"q{n}" for n in range(50)} | {"r1"}
    given = context(profile, accept=True)
    # The later ones of a shape are masked by a plan, a second time by one from the start.
    assert about(bundle(*resources), FHIR, given) == expected
    assert about(bundle(*resources), FHIR, given) == expected


def test_lines_of_resources_are_about_all_of_them() -> None:
    lines = b"\n".join(json.dumps(observation(n, f"Patient/p{n}")).encode() for n in range(90))
    assert about(lines, "application/fhir+ndjson") == {f"p{n}" for n in range(90)}


def test_resources_in_xml_are_those_of_json() -> None:
    text = (
        '<Observation xmlns="http://hl7.org/fhir"><id value="o1"/><status value="final"/>'
        '<subject><reference value="Patient/p7"/></subject></Observation>'
    )
    assert about(text.encode(), "application/fhir+xml") == {"p7"}


def test_nobody_is_told_from_a_resource_about_nobody() -> None:
    organisation = {"resourceType": "Organization", "id": "p1", "name": "Clinic"}
    assert about(organisation, FHIR) == set()
    assert about({"resourceType": "Patient", "id": 7}, FHIR) == set()


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"patient_id": "A1", "bp": 120}, {"A1"}),
        ([{"mrn": 17}, {"mrn": 18}, {"mrn": 17}, {"mrn": None}], {"17", "18"}),
        ({"visits": [{"patientId": "A1"}, {"patientId": "A2"}]}, {"A1", "A2"}),
        ({"patientid": "A1"}, {"A1"}),
        ({"patient": {"name": "Jane Roe"}}, set()),
        ({"mrn": 12345678901234567890123.0}, {"1.2345678901234568e+22"}),
        ({"columns": ["mrn", "ward"], "rows": [["A1", "5B"], ["A2", "5B"]]}, {"A1", "A2"}),
        ({"provider_id": "D1"}, set()),
    ],
)
def test_records_name_whose_they_are(body: Any, expected: set[str]) -> None:
    assert about(body) == expected


@pytest.mark.parametrize(
    ("header", "index"),
    [
        (["id", "birth_date", "city"], 0),
        (["ID", "Patient ID", "DOB"], 1),
        (["id", "city"], None),
        (["ward", "MRN"], 1),
    ],
)
def test_a_table_is_about_whom_a_column_names(header: list[str], index: int | None) -> None:
    assert patient_column(header) == index


@pytest.mark.parametrize("profile", PROFILES)
def test_a_table_counts_each_patient_once(profile: str) -> None:
    rows = "".join(f"p{number % 700},{number}\n" for number in range(1500))
    given = context(profile, accept=True)
    assert about(f"patient_id,bp\n{rows}".encode(), "text/csv", given) == {
        f"p{number}" for number in range(700)
    }


def test_messages_are_about_the_first_number_of_each_pid() -> None:
    head = "MSH|^~\\&|A|B|C|D|20240102||ADT^A01|M{0}|P|2.5\r"
    pid = "PID|1||{0}^^^H^MR~999^^^S^SS||Roe^Jane||19700102|F\r"
    body = "".join(head.format(n) + pid.format(f"P{n % 3}") for n in range(9)).encode()
    assert about(body, "x-application/hl7-v2+er7") == {"P0", "P1", "P2"}


def test_a_cda_document_is_about_its_record_target() -> None:
    text = (
        '<ClinicalDocument xmlns="urn:hl7-org:v3"><id root="1.2.3" extension="doc1"/>'
        '<recordTarget><patientRole><id root="1.2.840.1" extension="P1"/>'
        '<id root="2.16.840.1.113883.4.1" extension="999-12-3456"/>'
        "<patient><name><given>Jane</given><family>Roe</family></name></patient>"
        '</patientRole></recordTarget><author><assignedAuthor><id root="1.2.9" extension="D1"/>'
        "</assignedAuthor></author></ClinicalDocument>"
    )
    assert about(text.encode(), "application/xml") == {"P1"}


def test_other_xml_names_them_as_json_does() -> None:
    text = '<visits><visit mrn="A1"/><visit><PatientId>A2</PatientId><bp>120</bp></visit></visits>'
    assert about(text.encode(), "application/xml") == {"A1", "A2"}


def test_an_attachment_belongs_to_what_it_is_attached_to() -> None:
    inner = json.dumps(patient("p2"))
    assert about({"mrn": "p1", "note": inner}) == {"p1", "p2"}


@pytest.fixture
def few() -> Iterator[int]:
    before, payload.MAX_PATIENTS = payload.MAX_PATIENTS, 10
    yield 10
    payload.MAX_PATIENTS = before


def test_a_payload_about_very_many_remembers_so_many_and_no_more(few: int) -> None:
    assert len(about([{"mrn": f"A{number}"} for number in range(1000)])) == few
