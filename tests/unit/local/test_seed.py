from gateway.local.patients import canaries, generate
from gateway.local.seed import PATIENTS, SEED, layout

PEOPLE = generate(SEED, PATIENTS)
LAYOUT = list(layout(PEOPLE))


def test_containers_without_ephi_hold_none() -> None:
    plain = [
        body
        for account, container, found in LAYOUT
        for _, _, body in found
        if (account, container) not in {("clinicdata", "phi"), ("clinicdata", "notes")}
    ]

    assert plain
    assert not any(canary.encode() in body for body in plain for canary in canaries(PEOPLE))


def test_ephi_is_where_the_demo_looks_for_it() -> None:
    names = {(container, path) for _, container, found in LAYOUT for path, _, _ in found}

    assert {
        ("phi", "fhir/patient-0001.json"),
        ("phi", "csv/patients.csv"),
        ("notes", "patient-0001.txt"),
        ("public", "guide.md"),
        ("published", "rates.csv"),
        ("drop", "bait.txt"),
    } <= names


def test_every_document_of_a_patient_is_seeded_once() -> None:
    seeded = [path for _, container, found in LAYOUT for path, _, _ in found if container == "phi"]

    assert len(seeded) == len(set(seeded)) == 3 * PATIENTS + 1
