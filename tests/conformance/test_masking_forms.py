"""People whom no list knows, in the forms that registries, laboratories and clinics write them in.

Samples have the spellings of their makers. Here a person is made up for each example, with names
of no language, and written into headers, message types, documents and members as other systems
have them; nothing of the person may be read afterwards, and what is measured stays.
"""

import json
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.accuracy.leaks import visible
from gateway.masking.engine import mask
from tests.unit.masking.contexts import context

SYLLABLES = ("bru", "kel", "vosh", "tig", "ranu", "pem", "dzo", "qui", "lath", "mir", "esk", "uza")
WRITTEN = (str.capitalize, str.upper)


@dataclass(frozen=True)
class Person:
    """Somebody, as records say it.

    Attributes:
        family, given, other: names; `other` is a relative's.
        number: of nine digits, as an SSN has.
        record: number of the medical record.
        phone: one number, in some notation.
        street: house number and street.
        born: birth date, ISO 8601.
    """

    family: str
    given: str
    other: str
    number: str
    record: str
    phone: str
    street: str
    born: str

    @property
    def ssn(self) -> str:
        """The number as an SSN is written."""
        return f"{self.number[:3]}-{self.number[3:5]}-{self.number[5:]}"

    @property
    def called(self) -> str:
        """The relative's name in a sentence: in capitals alone it may be an abbreviation."""
        return self.other.capitalize()

    @property
    def compact(self) -> str:
        """The birth date as HL7 v2 writes it."""
        return self.born.replace("-", "")

    def shown(self, body: bytes) -> list[str]:
        """What of the person can be read."""
        text = visible(body)
        known = {*vars(self).values(), self.ssn, self.called, self.compact}
        return sorted(value for value in known if value in text)


def _words(least: int) -> st.SearchStrategy[str]:
    made = st.lists(st.sampled_from(SYLLABLES), min_size=least, max_size=4)
    return st.tuples(made.map("".join), st.sampled_from(WRITTEN)).map(lambda pair: pair[1](pair[0]))


def _digits(count: int) -> st.SearchStrategy[str]:
    return st.integers(10 ** (count - 1), 10**count - 1).map(str)


PHONES = st.builds(
    str.format,
    st.sampled_from(["({0}) 555-{1}", "{0}-555-{1}", "+1 {0} 555 {1}", "{0}.555.{1}", "{0}555{1}"]),
    st.integers(212, 989),
    _digits(4),
)
PEOPLE = st.builds(
    Person,
    *(_words(3), _words(3), _words(3)),
    st.integers(100_000_001, 899_999_999).filter(lambda number: number % 10_000).map(str),
    st.builds("{}{}".format, st.sampled_from(["", "MR", "H-"]), _digits(7)),
    PHONES,
    st.builds("{} {} {}".format, _digits(3), _words(3), st.sampled_from(["Lane", "Street"])),
    st.dates().map(lambda day: f"{1940 + day.year % 60}-{day.month:02}-{1 + day.day % 28:02}"),
)

TABLES = {
    "registration": (
        "Pt Last Name,Pt First Name,D.O.B.,Soc Sec No,Home Ph,Addr1,Medical Rec #,NOK,Glucose"
    ),
    "camel": (
        "lastName,firstName,birthDate,socialSecurityNumber,phoneNumber,streetAddress,mrn"
        ",emergencyContactName,glucose"
    ),
    "snake": (
        "patient_last_nm,patient_first_nm,dob,patient_ssn,cell_phone,address_line_1"
        ",medical_record_number,guarantor_name,glucose"
    ),
    "capitals": "SURNAME,FORENAME,BIRTHDT,SSN,TEL,STREET,PATIENTID,NEXTOFKIN,GLUCOSE",
    "foreign": "Nachname,Vorname,Geburtsdatum,SSN,Telefon,Straße,PatientenID,Ehemann Name,Glucose",
}


@pytest.mark.parametrize("header", TABLES.values(), ids=TABLES)
@given(PEOPLE, st.booleans())
@settings(max_examples=15, deadline=None)
def test_tables(header: str, person: Person, accept: bool) -> None:
    cells = (person.family, person.given, person.born, person.ssn, person.phone, person.street)
    row = ",".join((*cells, person.record, person.other, "5.50"))

    done = mask(f"{header}\n{row}\n".encode(), "text/csv", "", context(accept=accept)).body

    assert person.shown(done) == []
    assert done.endswith(b",5.50\n")


HEAD = "MSH|^~\\&|LAB|NORTH|EHR|NORTH|20240102030405||{0}|77|P|2.5.1"
PID = (
    "PID|1||{p.record}^^^NORTH^MR~{p.ssn}^^^USA^SS||{p.family}^{p.given}^^^^^L||{p.compact}|F|||"
    "{p.street}^^Salem^OR^97301^USA||{p.phone}^PRN^PH"
)
MESSAGES = {
    "ADT^A08": "NK1|1|{p.other}^{p.given}|MTH|{p.street}^^Salem^OR|{p.phone}\r"
    "GT1|1|{p.record}|{p.family}^{p.given}||{p.street}|{p.phone}||{p.compact}|F|||{p.ssn}",
    "ORU^R01": "OBR|1|{p.record}|99887|2345-7^Glucose^LN|||20240102||||||||\r"
    "OBX|1|NM|2345-7^Glucose^LN||5.50|mmol/L|||||F\r"
    "OBX|2|ST|45394-4^Last name^LN||{p.family}||||||F\r"
    "OBX|3|ST|99^Emergency contact^L||{p.other}||||||F\r"
    "OBX|4|ST|76458-9^Phone number^LN||{p.phone}||||||F",
    "SIU^S12": "SCH|5^A||||||CHECKUP^Check-up||30|min||||||{p.other}^{p.given}|{p.phone}\r"
    "AIP|1||88^{p.other}^{p.given}^^^DR",
    "MDM^T02": "TXA|1|CN|TX|20240102|88^{p.other}^{p.given}\r"
    "OBX|1|TX|11506-3^Note^LN||Mrs. {p.family} came with her sister {p.called}. Call {p.phone}.",
    "VXU^V04": "ORC|RE||{p.record}\rRXA|0|1|20240102||08^Hep B^CVX|0.5|mL|||88^{p.other}^{p.given}",
    "DFT^P03": "FT1|1|{p.record}||20240102||CG|99213^Visit^CPT\rIN1|1|7|8|Plan||||||||||||"
    "{p.other}^{p.given}|SPO|{p.compact}|{p.street}\rZPI|1|{p.number}|{p.family}^{p.given}",
}


@pytest.mark.parametrize("kind", MESSAGES)
@given(PEOPLE, st.booleans())
@settings(max_examples=15, deadline=None)
def test_messages(kind: str, person: Person, accept: bool) -> None:
    message = "\r".join((HEAD.format(kind), PID.format(p=person), MESSAGES[kind].format(p=person)))

    done = mask(message.encode(), "x-application/hl7-v2+er7", "", context(accept=accept)).body

    assert person.shown(done) == []
    assert (b"|5.50|mmol/L|" in done) is (kind == "ORU^R01")


ROLE = (
    '<recordTarget><patientRole><id extension="{p.record}" root="1.2.3.4"/><addr>'
    "<streetAddressLine>{p.street}</streetAddressLine></addr>"
    '<telecom value="tel:{p.phone}" use="HP"/><patient><name><given>{p.given}</given>'
    '<family>{p.family}</family></name><birthTime value="{p.compact}"/><guardian><guardianPerson>'
    "<name>{p.other} {p.family}</name></guardianPerson></guardian></patient></patientRole>"
    "</recordTarget>"
)
SECTION = (
    "<component><structuredBody><component><section><title>Summary of {p.given} {p.family}</title>"
    "<text><table><tbody><tr><td>{p.given} {p.family}</td><td>{p.phone}</td></tr></tbody></table>"
    "<paragraph>Mr. {p.family} lives at {p.street} with his wife {p.called}.</paragraph></text>"
    '<entry><observation><code code="45394-4" displayName="Last name"/>'
    '<value xsi:type="ST">{p.family}</value></observation></entry>'
    '<entry><observation><code code="1" displayName="Next of kin"/>'
    '<value xsi:type="ST">{p.other}</value></observation></entry>'
    '<entry><observation><id root="1.2" extension="{p.record}"/><code code="2345-7"'
    ' displayName="Glucose"/><value xsi:type="PQ" value="5.50" unit="mmol/L"/></observation>'
    "</entry></section></component></structuredBody></component>"
)
DOCUMENT = (
    '<ClinicalDocument xmlns="urn:hl7-org:v3" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">{}{}</ClinicalDocument>'
)


@given(PEOPLE, st.booleans())
@settings(max_examples=25, deadline=None)
def test_clinical_documents(person: Person, accept: bool) -> None:
    document = DOCUMENT.format(ROLE, SECTION).format(p=person)

    done = mask(document.encode(), "application/cda+xml", "", context(accept=accept)).body

    assert person.shown(done) == []
    assert b'value="5.50" unit="mmol/L"' in done


def _resources(person: Person) -> list[dict[str, object]]:
    glucose = {"coding": [{"system": "http://loinc.org", "code": "2345-7", "display": "Glucose"}]}
    asked = {"coding": [{"system": "http://loinc.org", "code": "45394-4", "display": "Last name"}]}
    return [
        {
            "resourceType": "Patient",
            "id": person.record,
            "identifier": [{"type": {"text": "Card"}, "value": person.number}],
            "name": [{"text": f"{person.given} {person.family}", "family": person.family}],
            "telecom": [{"value": person.phone}],
            "birthDate": person.born,
            "address": [{"text": person.street, "line": [person.street]}],
            "extension": [{"url": "http://example.org/nickname", "valueCode": person.other}],
        },
        {
            "resourceType": "Observation",
            "status": "final",
            "code": asked,
            "subject": {"reference": f"Patient/{person.record}", "display": person.given},
            "valueString": person.family,
            "note": [{"text": f"Seen with her mother {person.called}, call {person.phone}"}],
        },
        {
            "resourceType": "QuestionnaireResponse",
            "status": "completed",
            "item": [
                {"text": "Mother's maiden name", "answer": [{"valueString": person.other}]},
                {"text": "What is your SSN?", "answer": [{"valueInteger": int(person.number)}]},
            ],
        },
        {
            "resourceType": "Observation",
            "status": "final",
            "code": glucose,
            "valueQuantity": {"value": 5.5, "unit": "mmol/L"},
        },
    ]


@given(PEOPLE, st.booleans())
@settings(max_examples=25, deadline=None)
def test_resources(person: Person, accept: bool) -> None:
    lines = b"\n".join(json.dumps(item).encode() for item in _resources(person))

    done = mask(lines, "application/fhir+ndjson", "", context(accept=accept)).body

    assert person.shown(done) == []
    assert json.loads(done.splitlines()[3]) == _resources(person)[3]


@given(PEOPLE, st.booleans())
@settings(max_examples=25, deadline=None)
def test_other_json(person: Person, accept: bool) -> None:
    row = [person.family, person.record, 5.5]
    body = {
        "patients": {f"{person.family}, {person.given}": {"glucose": 5.5}},
        "visit": {"ref": person.record, "of": int(person.number), "score": 0.25},
        "properties": [{"name": "Last name", "value": person.family}],
        "answers": [{"question": "Home phone number", "answer": person.phone}],
        "result": {"columns": ["last_name", "mrn", "glucose"], "rows": [row]},
        "legalGuardian": {"fullName": person.other, "dateOfBirth": person.born},
    }

    done = mask(json.dumps(body).encode(), "application/json", "", context(accept=accept)).body

    assert person.shown(done) == []
    tree = json.loads(done)
    assert tree["result"]["rows"][0][2] == 5.5
    assert tree["visit"]["score"] == 0.25
    assert next(iter(tree["patients"].values())) == {"glucose": 5.5}


SENTENCES = (
    "Mr. {p.given} {p.family} (MRN {p.record}), SSN {p.ssn}, was seen on {p.born}.",
    "Patient: {p.family}, {p.given}; DOB {p.born}; phone {p.phone}.",
    "A 54-year-old woman named {p.given} {p.family} lives at {p.street}.",
    "Signed by Dr. {p.family}. Reported by his wife {p.called}, at {p.phone}.",
)


@pytest.mark.parametrize("sentence", SENTENCES)
@given(PEOPLE)
@settings(max_examples=15, deadline=None)
def test_sentences(sentence: str, person: Person) -> None:
    text = sentence.format(p=person)

    done = mask(text.encode(), "text/plain", "", context(accept=True)).body

    assert person.shown(done) == []
