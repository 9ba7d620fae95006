import base64
import csv
import io
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.local.patients import canaries, documents, generate, table
from gateway.local.patients_model import Patient

PATIENTS = generate(seed=7, count=5)
DOCUMENTS = {path: body for path, _, body in documents(PATIENTS)}


def test_the_same_seed_gives_the_same_bytes() -> None:
    again = {path: body for path, _, body in documents(generate(seed=7, count=5))}

    assert again == DOCUMENTS


def test_another_seed_gives_other_people() -> None:
    assert not canaries(PATIENTS) & canaries(generate(seed=8, count=5))


def test_more_patients_do_not_change_the_first_ones() -> None:
    assert generate(seed=7, count=9)[:5] == PATIENTS


def test_paths_are_unique_and_say_nothing_about_patients() -> None:
    paths = [path for path, _, _ in documents(PATIENTS)]

    assert len(paths) == len(set(paths)) == 4 * 5 + 1
    assert not any(canary in path for path in paths for canary in canaries(PATIENTS))


@pytest.mark.parametrize("patient", PATIENTS, ids=lambda patient: patient.id)
def test_a_bundle_is_a_fhir_collection_whose_note_names_the_patient(patient: Patient) -> None:
    bundle = json.loads(DOCUMENTS[f"fhir/{patient.id}.json"])
    resources = {entry["resource"]["resourceType"]: entry["resource"] for entry in bundle["entry"]}

    assert bundle["resourceType"] == "Bundle"
    assert set(resources) == {
        "Patient",
        "Encounter",
        "Condition",
        "Observation",
        "MedicationRequest",
        "DocumentReference",
    }
    person = resources["Patient"]
    assert {item["value"] for item in person["identifier"]} == {patient.mrn, patient.ssn}
    assert person["birthDate"] == patient.birth_date.isoformat()
    attachment = resources["DocumentReference"]["content"][0]["attachment"]
    note = base64.b64decode(attachment["data"]).decode()
    assert patient.note == note
    assert patient.mrn in note
    assert patient.family in note


def test_every_reference_in_a_bundle_points_into_the_bundle() -> None:
    bundle = json.loads(DOCUMENTS["fhir/patient-0001.json"])
    known = {
        f"{entry['resource']['resourceType']}/{entry['resource']['id']}"
        for entry in bundle["entry"]
    }

    def references(value: object) -> set[str]:
        match value:
            case {"reference": str(target)}:
                return {target}
            case dict():
                return {target for item in value.values() for target in references(item)}
            case list():
                return {target for item in value for target in references(item)}
            case _:
                return set()

    assert references(bundle) <= known


@pytest.mark.parametrize("kind", ["adt", "oru"])
def test_an_hl7_message_has_a_header_and_the_patient_in_segments(kind: str) -> None:
    patient = PATIENTS[0]
    message = DOCUMENTS[f"hl7/{patient.id}-{kind}.hl7"].decode()

    assert message.endswith("\r")
    segments = [segment.split("|") for segment in message.split("\r")[:-1]]
    names = [fields[0] for fields in segments]
    assert names[:3] == ["MSH", "PID", "PV1"]
    assert set(names[3:]) == ({"DG1"} if kind == "adt" else {"OBR", "OBX"})
    # HL7 counts MSH-1 as the separator itself: MSH-9 stands at index 8.
    assert segments[0][8].split("^")[:2] == [kind.upper(), "A01" if kind == "adt" else "R01"]
    assert segments[1][5] == f"{patient.family}^{patient.given}"
    assert segments[1][7] == f"{patient.birth_date:%Y%m%d}"
    assert segments[1][19] == patient.ssn
    assert segments[2][19] == patient.visit.number


def test_the_table_reads_back_as_the_patients() -> None:
    rows = list(csv.DictReader(io.StringIO(table(PATIENTS).decode())))

    assert [(row["mrn"], row["ssn"], row["family"]) for row in rows] == [
        (patient.mrn, patient.ssn, patient.family) for patient in PATIENTS
    ]
    assert [row["diagnosis"] for row in rows] == [patient.visit.icd10 for patient in PATIENTS]


def test_canaries_are_found_where_they_were_put() -> None:
    everything = b"".join(DOCUMENTS.values()).decode()

    for patient in PATIENTS:
        for canary in (patient.ssn, patient.mrn, patient.phone, patient.email, patient.street):
            assert canary in everything


@given(st.integers(min_value=0, max_value=2**32))
@settings(max_examples=15, deadline=None)
def test_people_of_any_seed_differ_and_their_canaries_are_long_enough_to_search(seed: int) -> None:
    people = generate(seed, 4)

    assert len({patient.mrn for patient in people}) == 4
    assert all(len(canary) >= 7 for canary in canaries(people))
