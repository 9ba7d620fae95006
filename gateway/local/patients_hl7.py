"""A synthetic patient as HL7 v2.5.1 messages: admission (ADT^A01) and results (ORU^R01)."""

from datetime import datetime

from gateway.local.patients_model import Patient

_ESCAPES = str.maketrans(
    {"\\": "\\E\\", "|": "\\F\\", "^": "\\S\\", "~": "\\R\\", "&": "\\T\\"}
)  # HL7 v2.5.1 chapter 2.7


def adt(patient: Patient) -> bytes:
    """The admission, segments ended by carriage returns."""
    return _message(patient, "ADT^A01^ADT_A01", [_diagnosis(patient)])


def oru(patient: Patient) -> bytes:
    """Blood pressure, glucose and the note as results."""
    visit = patient.visit
    stamp = _time(visit.begins)
    rows = [
        f"OBR|1|{visit.number}|{visit.number}-L|24323-8^Comprehensive panel^LN|||{stamp}",
        _numeric(1, "8480-6^Systolic blood pressure^LN", visit.systolic, "mm[Hg]"),
        _numeric(2, "8462-4^Diastolic blood pressure^LN", visit.diastolic, "mm[Hg]"),
        _numeric(3, "1558-6^Fasting glucose^LN", visit.glucose, "mg/dL"),
    ]
    rows += [
        f"OBX|{number}|TX|11506-3^Progress note^LN||{_text(line)}||||||F"
        for number, line in enumerate(filter(None, patient.note.splitlines()), start=4)
    ]
    return _message(patient, "ORU^R01^ORU_R01", rows)


def _message(patient: Patient, kind: str, rows: list[str]) -> bytes:
    visit = patient.visit
    stamp = _time(visit.ends)
    header = (
        f"MSH|^~\\&|WARD|GENERAL|ARCHIVE|GENERAL|{stamp}||{kind}|{visit.number}|P|2.5.1"
        "|||||USA|UNICODE UTF-8"
    )
    physician = _text(visit.physician).replace(" ", "^", 1)
    stay = f"PV1|1|O|CLINIC^^^GENERAL||||^{physician}||||||||||||{visit.number}"
    return "".join(f"{row}\r" for row in [header, _identity(patient), stay, *rows]).encode()


def _identity(patient: Patient) -> str:
    address = "^".join(
        _text(part) for part in (patient.street, "", patient.city, patient.state, patient.zip)
    )
    return (
        f"PID|1||{patient.mrn}^^^GENERAL^MR~{patient.ssn}^^^USSSA^SS"
        f"||{_text(patient.family)}^{_text(patient.given)}||{patient.birth_date:%Y%m%d}"
        f"|{patient.gender[0].upper()}|||{address}||{patient.phone}^PRN^PH^{patient.email}"
        f"||||||{patient.ssn}"
    )


def _diagnosis(patient: Patient) -> str:
    return f"DG1|1||{patient.visit.icd10}^{_text(patient.visit.condition)}^I10C|||A"


def _numeric(number: int, code: str, value: int, unit: str) -> str:
    return f"OBX|{number}|NM|{code}||{value}|{unit}|||||F"


def _text(value: str) -> str:
    return value.translate(_ESCAPES)


def _time(moment: datetime) -> str:
    return f"{moment:%Y%m%d%H%M%S}+0000"
