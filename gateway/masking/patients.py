"""Whose a resource or record is: dates move together for one patient."""

import re

from gateway.masking.json_codec import Node

_ID = re.compile(r"(?:Patient/|urn:uuid:|urn:oid:)([A-Za-z0-9.-]{1,64})(?:/_history/[^/]*)?\Z")
_SUBJECTS = ("subject", "patient", "beneficiary", "individual", "for")
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
    if resource.get("resourceType") == "Patient":
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
    return name.replace("_", "").replace("-", "").replace(" ", "").lower() in _NAMES
