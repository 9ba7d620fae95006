"""Whose a resource or record is: dates move together for one patient, and records count them."""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from gateway.masking.codecs.json_codec import Node
from gateway.masking.fields.names import field_of

_ID = re.compile(r"(?:Patient/|urn:uuid:|urn:oid:)([A-Za-z0-9.-]{1,64})(?:/_history/[^/]*)?\Z")
_SUBJECTS = ("subject", "patient", "beneficiary", "individual", "for")
_MAX_NAME = 24
_PATIENT = "Patient"
_NAMES = frozenset(
    {
        "empi",
        "memberid",
        "mrn",
        "patient",
        "patientid",
        "patientnumber",
        "personid",
        "pid",
        "subjectid",
    }
)


def patient_of_resource(resource: dict[str, Node]) -> str:
    """The id of the patient that a FHIR resource is or is about, "" where it names none."""
    if resource.get("resourceType") == _PATIENT:
        found = resource.get("id")
        return found if isinstance(found, str) else ""
    for name in _SUBJECTS:
        subject = resource.get(name)
        reference = subject.get("reference") if isinstance(subject, dict) else None
        if isinstance(reference, str) and (match := _ID.search(reference)):
            return match[1]
    return ""


def patient_of_record(record: dict[str, Node]) -> str:
    """The same for a record of any other JSON: the first member named as a patient's number."""
    for name, value in record.items():
        if is_patient_number(name) and isinstance(value, str | int) and value:
            return str(value)
    return ""


def is_patient_number(name: str) -> bool:
    """Whether a member or a column of this name says whose a record is."""
    # Names are remembered, so none that is longer than those that are looked for.
    return len(name) <= _MAX_NAME and _is_patient_number(name)


def patient_column(header: Sequence[str]) -> int | None:
    """The column that says whose a row is; beside a birth date, one that is just called id."""
    named = next((index for index, name in enumerate(header) if is_patient_number(name)), None)
    if named is None and any(field_of(name.strip()).birth for name in header):
        return next((index for index, name in enumerate(header) if _is_id(name)), None)
    return named


def patients_within(node: Node) -> Iterator[str]:
    """The patients that the resources in a tree are or are about."""
    level: list[Node] = [node]
    while level:
        item = level.pop()
        if isinstance(item, dict):
            if "resourceType" in item and (patient := patient_of_resource(item)):
                yield patient
            level += item.values()
        elif isinstance(item, list):
            level += item


def _is_id(name: str) -> bool:
    return name.strip().lower() == "id"


@lru_cache(maxsize=1024)
def _is_patient_number(name: str) -> bool:
    return name.replace("_", "").replace("-", "").replace(" ", "").lower() in _NAMES
