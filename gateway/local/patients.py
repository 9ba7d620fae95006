"""Synthetic patients: FHIR R4 bundles, HL7 v2 messages, CSV rows and notes, from one seed.

Nobody in here exists. Each patient carries `canaries`, the values that identify them in every
document, so that a test can search an answer, a log or a recording for what must not be there.
The notes name the patient as real ones do: in prose, in a header, by initials and surname.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta

from faker import Faker

from gateway.local import patients_fhir, patients_hl7
from gateway.local.patients_model import Patient, Visit

# ICD-10-CM code, SNOMED CT code, name, and what is prescribed for it
CONDITIONS = (
    ("I10", "38341003", "Essential hypertension", "Lisinopril 10 MG Oral Tablet", "314076"),
    ("E11.9", "44054006", "Type 2 diabetes mellitus", "Metformin 500 MG Oral Tablet", "861007"),
    ("J45.909", "195967001", "Asthma", "Albuterol 0.09 MG/ACTUAT Inhaler", "745752"),
    ("N18.3", "433144002", "Chronic kidney disease stage 3", "Losartan 50 MG Tablet", "979492"),
    ("F32.9", "35489007", "Depressive disorder", "Sertraline 50 MG Oral Tablet", "312941"),
    ("M54.5", "279039007", "Low back pain", "Ibuprofen 400 MG Oral Tablet", "197805"),
)
# A fixed day: ages must not depend on the day the generator runs.
_TODAY = date(2024, 1, 1)
_PHONE = ((201, 989), (200, 999), (1000, 9999))
_COLUMNS = [
    "mrn",
    "ssn",
    "given",
    "family",
    "birth_date",
    "gender",
    "phone",
    "email",
    "street",
    "city",
    "state",
    "zip",
]


def generate(seed: int, count: int) -> list[Patient]:
    """`count` patients; the same seed gives the same patients, on every platform."""
    fake = Faker("en_US")
    fake.seed_instance(seed)
    return [_patient(fake, number) for number in range(1, count + 1)]


def documents(patients: Sequence[Patient]) -> Iterator[tuple[str, str, bytes]]:
    """(path, content type, bytes) of every document; no path contains a patient's data."""
    for patient in patients:
        yield f"fhir/{patient.id}.json", "application/fhir+json", patients_fhir.bundle(patient)
        yield f"hl7/{patient.id}-adt.hl7", "x-application/hl7-v2+er7", patients_hl7.adt(patient)
        yield f"hl7/{patient.id}-oru.hl7", "x-application/hl7-v2+er7", patients_hl7.oru(patient)
        yield f"notes/{patient.id}.txt", "text/plain; charset=utf-8", patient.note.encode()
    yield "csv/patients.csv", "text/csv; charset=utf-8", table(patients)


def table(patients: Iterable[Patient]) -> bytes:
    """All patients as CSV (RFC 4180: CRLF, a header row)."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\r\n")
    rows.writerow([*_COLUMNS, "diagnosis"])
    for patient in patients:
        rows.writerow([*(getattr(patient, name) for name in _COLUMNS), patient.visit.icd10])
    return text.getvalue().encode()


def canaries(patients: Iterable[Patient]) -> frozenset[str]:
    """Every identifying value of all of them."""
    return frozenset(value for patient in patients for value in patient.canaries)


def _patient(fake: Faker, number: int) -> Patient:
    gender = fake.random_element(("female", "male"))
    given = fake.first_name_female() if gender == "female" else fake.first_name_male()
    family = fake.last_name()
    birth = _TODAY - timedelta(days=fake.random_int(min=20 * 365, max=88 * 365))
    area, exchange, line = (fake.random_int(*span) for span in _PHONE)
    return Patient(
        id=f"patient-{number:04d}",
        given=given,
        family=family,
        gender=gender,
        birth_date=birth,
        ssn=fake.ssn(),
        mrn=f"MRN{fake.unique.random_int(min=10_000_000, max=99_999_999)}",
        phone=f"({area}) {exchange}-{line}",
        email=f"{given}.{family}{fake.random_int(10, 99)}@example.com".lower(),
        street=fake.street_address(),
        city=fake.city(),
        state=fake.state_abbr(include_territories=False),
        zip=fake.zipcode(),
        visit=_visit(fake),
    )


def _visit(fake: Faker) -> Visit:
    icd10, snomed, condition, drug, rxnorm = fake.random_element(CONDITIONS)
    begins = datetime(2024, 1, 2, 8, tzinfo=UTC) + timedelta(
        days=fake.random_int(0, 600), minutes=15 * fake.random_int(0, 32)
    )
    return Visit(
        number=f"V{fake.unique.random_int(min=100_000, max=999_999)}",
        begins=begins,
        ends=begins + timedelta(minutes=15 * fake.random_int(1, 6)),
        physician=f"{fake.first_name()} {fake.last_name()}",
        icd10=icd10,
        snomed=snomed,
        condition=condition,
        drug=drug,
        rxnorm=rxnorm,
        systolic=fake.random_int(102, 178),
        diastolic=fake.random_int(61, 104),
        glucose=fake.random_int(71, 240),
    )
