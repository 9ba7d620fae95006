"""Payloads masked by plans that other values have left are what they are without any plan.

Unlike in `test_fhir_shapes`, whole payloads go through the engine, and plans, codes and paragraphs
stay from one payload to the next, as they do in a process that serves hospitals side by side.
"""

import gc
import json
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import Withheld
from gateway.masking.context import Context, Result
from gateway.masking.documents import json_format
from gateway.masking.engine import mask
from gateway.masking.fhir import elements as fhir_elements
from gateway.masking.fhir import reader as fhir_reader
from gateway.masking.fhir import shapes as fhir_shapes
from gateway.masking.fields.fhir import UNITS
from tests.unit.masking.contexts import PROFILES, context

Outcome = Result | str

NAMES = ["Jane Doe", "Doe", "jane", "O'Brien", "Grace Hall", "Müller", "Dr. Ann Lee", "Smith-Jones"]
DATES = [
    "1931-02-03", "1980-02-03", "1936", "1937-01-01", "2024-03-02T10:00:00.000Z", "03/04/1950",
    "2024-03-02T10:00:00+01:00", "not a date", "19310203", "2024-02", "2090-01-01", "1936-12-31",
]  # fmt: skip
IDS = [
    "p1", "Patient/p1", "Observation/o1", "Practitioner/9/_history/2", "urn:uuid:1b4e28ba-2fa1",
    "https://example.com/fhir/Patient/p1", "Practitioner?identifier=x|9", "#p1", "Patient", "o1",
    "masked-5f2a9c01-3", "tk-1-mzxw6ytboimzxw6ytboimzxw6yt", "m1", "t1", "MRN1234567", 'W/"3"',
    'W/"abc"', '"7"', "999-12-3456", "1b4e28ba-2fa1-11d2-883f-0016d3cca427",
]  # fmt: skip
SYSTEMS = [
    "http://loinc.org", "http://hl7.org/fhir/sid/us-ssn", "http://hl7.org/fhir/sid/us-npi",
    "urn:oid:2.16.840.1.113883.4.1", "urn:x:mrn", "urn:x", "phone", "email", "fax", "url", "",
    ["urn:x"], ["http://hl7.org/fhir/sid/us-ssn"], {"x": "us-ssn"}, {"x": "urn"}, None, 5, True,
]  # fmt: skip
WORDS = [
    "final", "mmHg", "a", "years", "yr", "mm[Hg]", "%", "male", "phone", "MR", "SS", "AN", "Asthma",
    "Asthma (disorder)", "POST", "text/plain", "application/json", "application/fhir+json", "White",
]  # fmt: skip
TEXTS = [
    "", "[name]", "[date]", "[ssn]", "m", "t", "[", "02139", "617-555-0100", "jane@example.com",
    "Dr. Smith saw Jane Doe on 2024-03-02.", "Patient: Grace Hall\n\nlives at 1 Main St, Boston.",
    'say "hi"', "back\\slash", 'both \\"', "\\", "\\\\", "line\nbreak", "tab\t", "\u2028é", "100 %",
    "\ue0000\ue001", "\ue000", "%s", "%(a)s", "%%", "\\u0022", "a/b", "\x7f", "\U0001f600", " ",
    "SGVsbG8gSmFuZSBEb2UsIE1STiAxMjM0NTY3OA==", '{"ssn":"999-12-3456"}', "<div>Jane Doe</div>",
    '{"resourceType":"Patient","id":"p1","name":[{"family":"Doe"}]}', "1 Main St", "Boston",
    "eyJyZXNvdXJjZVR5cGUiOiJQYXRpZW50IiwibmFtZSI6W3siZmFtaWx5IjoiRG9lIn1dfQ==",
    '<div xmlns="http://www.w3.org/1999/xhtml">[text]</div>',
]  # fmt: skip
NUMBERS = [
    "0", "-0", "7", "89", "90", "95", "-3", "1.50", "1e5", "1E+5", "-0.0", "1e999", "999999999",
    "99999999", "-123456789", "123456789012", "1234567890123456", "12345678901234567890", "0.10",
]  # fmt: skip
ODD = ["null", "true", "false", "[]", "{}", "[1,-0]", '["x","Doe"]', '{"value":"Doe"}', "[7]"]
POOLS = [NAMES, DATES, IDS, WORDS, TEXTS]


class Raw:
    """JSON as it is written."""

    def __init__(self, text: str) -> None:
        self.text = text


RESOURCES: list[dict[str, Any]] = [
    {
        "resourceType": "Patient", "id": "p1",
        "meta": {"versionId": "1", "lastUpdated": "2024-03-02T10:00:00.000Z", "source": "#x"},
        "text": {"status": "generated", "div": "<div>Jane Doe</div>"},
        "extension": [
            {"url": "http://x/us-core-race", "extension": [
                {"url": "ombCategory", "valueCoding": {"code": "2106-3", "display": "White"}},
                {"url": "text", "valueString": "White"}]},
            {"url": "http://x/patient-mothersMaidenName", "valueString": "Rosa Doe"},
            {"url": "http://x/ssn", "valueString": "999-12-3456"},
            {"url": "http://x/geolocation", "extension": [
                {"url": "latitude", "valueDecimal": Raw("42.5")}]},
            {"url": "http://x/years", "valueDecimal": Raw("4.25"), "valueInteger": Raw("3")},
        ],
        "identifier": [
            {"system": "urn:x", "value": "A-17"},
            {"type": {"coding": [{"system": "urn:v2", "code": "MR"}], "text": "MR"}, "value": "77"},
        ],
        "name": [{"use": "official", "family": "Doe", "given": ["Jane", "Ann"], "text": "Jane"}],
        "telecom": [{"system": "phone", "value": "617-555-0100", "use": "home"}],
        "gender": "female", "birthDate": "1980-02-03", "deceasedDateTime": "2024-03-02",
        "address": [{"line": ["1 Main St"], "city": "Boston", "state": "MA", "postalCode": "02139",
                     "period": {"start": "2001-01-01"}}],
        "maritalStatus": {"coding": [{"system": "x", "code": "M", "display": "Married"}],
                          "text": "Married"},
        "photo": [{"contentType": "image/png", "data": "AAAA"}],
        "contact": [{"name": {"family": "Roe"}, "relationship": [{"text": "Mother"}]}],
        "multipleBirthInteger": Raw("2"),
        "generalPractitioner": [{"reference": "Practitioner/9", "display": "Dr. Who"}],
        "contained": [{"resourceType": "Organization", "id": "o", "name": "St. Mary Clinic"}],
    },
    {
        "resourceType": "Observation", "id": "o1", "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "8480-6", "display": "BP"}],
                 "text": "BP"},
        "subject": {"display": "Jane Doe", "reference": "Patient/p1"},
        "focus": [{"reference": "Condition/c1", "display": "Asthma"}],
        "effectiveDateTime": "2024-02-03T08:30:00Z", "issued": "2024-02-03T08:30:00.000Z",
        "valueQuantity": {"value": Raw("120.50"), "unit": "mmHg", "code": "mm[Hg]"},
        "valueInteger": Raw("12"), "valueString": "feels well",
        "referenceRange": [{"low": {"value": Raw("1"), "unit": "g"}, "high": {"value": Raw("2")},
                            "age": {"low": {"value": Raw("1"), "unit": "a"}}}],
        "valueSampledData": {"origin": {"value": Raw("0")}, "data": "1 2 3", "period": Raw("10")},
        "note": [{"text": "Jane Doe feels well.", "authorString": "Ann Lee", "time": "2024-02-03"}],
        "numbers": [Raw("1"), Raw("-0")],
    },
    {
        "resourceType": "Coverage", "id": "c1", "status": "active", "subscriberId": "S-17",
        "class": [{"type": {"text": "group"}, "value": "G-9", "name": "Gold"}],
        "beneficiary": {"reference": "Patient/p1"}, "value": "V1", "order": Raw("1"),
        "identifier": [{"system": "urn:x", "value": "A-17"}],
    },
    {
        "resourceType": "QuestionnaireResponse", "id": "q1", "status": "completed",
        "item": [{"linkId": "1", "text": "What is your SSN?", "answer": [
            {"valueString": "999-12-3456"}]}, {"linkId": "2", "text": "Age", "answer": [
                {"valueInteger": Raw("95")}]}],
    },
    {
        "resourceType": "Parameters",
        "parameter": [{"name": "ssn", "valueString": "999-12-3456"},
                      {"name": "age", "valueInteger": Raw("95")},
                      {"name": "r", "resource": {"resourceType": "Patient", "id": "p1"}}],
    },
    {
        "resourceType": "DocumentReference", "id": "d1", "status": "current",
        "date": "2024-02-03T08:30:00Z", "author": [{"reference": "Practitioner/9"}],
        "content": [{"attachment": {"contentType": "text/plain", "data": "SmFuZSBEb2UgY2FtZS4=",
                                    "url": "https://example.com/1", "size": Raw("14"),
                                    "hash": "AA==", "title": "Note"}}],
        "description": "Note", "url": "https://example.com/2",
    },
    {
        "resourceType": "Condition", "id": "c1", "onsetAge": {"value": Raw("52"), "unit": "a"},
        "abatementAge": {"value": Raw("60"), "code": "mo", "unit": "month"},
        "subject": {"reference": "Patient/p1"}, "recordedDate": "2024-02-03",
        "code": {"text": "Asthma"}, "asserterString": "Ann Lee",
    },
    {
        "resourceType": "Location", "id": "l1", "name": "St. Mary", "address": {"city": "Boston"},
        "position": {"longitude": Raw("-71.05"), "latitude": Raw("42.35")},
        "telecom": [{"system": "url", "value": "https://example.com/p1"}],
    },
    {
        "resourceType": "Device", "id": "v1", "serialNumber": "SN-1", "lotNumber": "L",
        "udiCarrier": [{"carrierHRF": "(01)1", "deviceIdentifier": "D"}], "x-odd": "Doe",
        "manufactureDate": "2020-01-01", "patient": {"identifier": {"system": "x", "value": "9"}},
        "requisition": {"value": "R-1"}, "medicationReference": {"display": "Aspirin"},
    },
    {
        "fullUrl": "urn:uuid:p1",
        "resource": {"resourceType": "Practitioner", "id": "9", "name": [{"family": "Lee"}]},
        "request": {"method": "PUT", "url": "Patient?identifier=x|9", "ifMatch": 'W/"abc"'},
        "response": {"status": "201", "etag": 'W/"1"', "lastModified": "2024-03-02T10:00:00Z"},
        "search": {"mode": "match", "score": Raw("1")}, "link": [{"relation": "self", "url": "x"}],
    },
]  # fmt: skip


def changed(node: Any, draw: Random, share: float, key: str = "") -> Any:  # noqa: PLR0911
    """A resource in which some leaves are other ones, mostly of the same type."""
    match node:
        case dict():
            return {name: changed(value, draw, share, name) for name, value in node.items()}
        case list():
            return [changed(value, draw, share, key) for value in node]
        case _ if key == "resourceType" or draw.random() >= share:
            return node
        case _ if draw.random() < 0.02:
            return Raw(draw.choice([*ODD, *NUMBERS, '"Doe"', '"years"']))
        case Raw():
            return Raw(draw.choice(NUMBERS))
        case _ if key == "system":
            return draw.choice(SYSTEMS)
        case _ if key in {"unit", "code", "contentType"} and draw.random() < 0.7:
            return draw.choice(WORDS)
        case _:
            return draw.choice(draw.choice(POOLS))


def written(node: Any, draw: Random, odd: float) -> str:
    """JSON with escapes of all kinds and white space here and there, where `odd` is not 0."""
    space = draw.choice(["", " ", "\n", "\t"]) if draw.random() < odd / 4 else ""
    match node:
        case Raw():
            return space + node.text
        case dict():
            members = (
                f"{string(key, draw, odd / 20)}{space}:{written(value, draw, odd)}"
                for key, value in node.items()
            )
            return "{" + space + ",".join(members) + space + "}"
        case list():
            return "[" + ",".join(written(value, draw, odd) for value in node) + space + "]"
        case str():
            return string(node, draw, odd)
        case _:
            return json.dumps(node)


def string(value: str, draw: Random, odd: float) -> str:
    if draw.random() < odd:
        return '"' + "".join(
            f"\\u{ord(char):04x}" if draw.random() < 0.5 and ord(char) < 65536 else
            json.dumps(char, ensure_ascii=False)[1:-1].replace("/", draw.choice(["/", "\\/"]))
            for char in value
        ) + '"'  # fmt: skip
    return json.dumps(value, ensure_ascii=draw.random() < 0.5)


def payload(draw: Random) -> tuple[bytes, str]:
    """NDJSON or a Bundle, of resources that are like each other in groups."""
    bundled = draw.random() < 0.4
    odd = draw.choice([0, 0, 0.05, 0.3])
    lines: list[str] = []
    for resource in draw.choices(RESOURCES if bundled else RESOURCES[:-1], k=draw.choice([1, 2])):
        like = changed(resource, draw, draw.choice([0, 0.1, 0.3]))
        if bundled and "resource" not in like:
            like = {"resource": like}
        for _ in range(draw.randint(2, 5)):
            share = draw.choice([0, 0.05, 0.2, 0.5])
            lines.append(written(changed(like, draw, share), draw, odd))
    draw.shuffle(lines)
    if not bundled:
        return "\n".join(line.replace("\n", " ") for line in lines).encode(), "ndjson"
    head = '{"resourceType":"Bundle","type":"batch","id":"b1","entry":['
    return f"{head}{','.join(lines)}]}}".encode(), "json"


@contextmanager
def without_memory(patch: pytest.MonkeyPatch) -> Iterator[None]:
    """No resource is masked by a plan, and no code is known from earlier payloads."""
    with patch.context() as off:
        off.setattr(json_format, "shapes_of", lambda _: None)
        kept = set(fhir_elements.codes)
        fhir_elements.codes.clear()
        fhir_elements.codes.update(UNITS)
        yield
        fhir_elements.codes.update(kept)


def outcome(body: bytes, form: str, circumstances: Context) -> Outcome:
    try:
        return mask(body, f"application/fhir+{form}", "", circumstances)
    except Withheld as error:
        return str(error)


def check(body: bytes, form: str, circumstances: Context, patch: pytest.MonkeyPatch) -> None:
    with without_memory(patch):
        expected = outcome(body, form, circumstances)
    for _ in range(2):  # plans of the first time are in use the second time
        assert outcome(body, form, circumstances) == expected


def choose(draw: Random) -> tuple[bytes, str, Context]:
    body, form = payload(draw)
    return body, form, context(draw.choice(PROFILES), accept=draw.random() < 0.5)


@settings(max_examples=100, deadline=None)
@given(st.integers(min_value=0, max_value=2**64))
def test_plans_of_other_values_change_nothing(seed: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        check(*choose(Random(seed)), patch)  # noqa: S311


@settings(max_examples=100, deadline=None)
@given(st.integers(min_value=0, max_value=2**64), st.sampled_from([1, 2, 4]))
def test_shapes_that_come_often_change_nothing(seed: int, often: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fhir_reader, "OFTEN", often)
        patch.setattr(fhir_reader, "_APART", 0)
        fhir_shapes._known.clear()
        body, form, circumstances = choose(Random(seed))  # noqa: S311
        for _ in range(2 * often):
            outcome(body, form, circumstances)
        check(body, form, circumstances, patch)
    fhir_shapes._known.clear()


@pytest.mark.parametrize(
    "value",
    ["", "[name]", "[", "[a", "masked-5f2a9c01-3", "masked-x", "tk-1-x", "t", "m", "tom", "mary",
     "\\u005bname]", "\\\\", '\\"', "1931-02-03", "1980-02-03", "1980-02-03T10:00:00Z", "1980",
     "1980-02-03T10:00:00", "0980-02-03", "2980-02-03", "Patient/p1", "Patient/[id]", "a/b/c",
     "Patient/masked-5f2a9c01-3", "Patient/a/_history/1", "Patient/", "urn:uuid:", "urn:uuid:1:2",
     "urn:uuid:masked-5f2a9c01-3", "urn:x:Patient/1", "urn:x:1", "#p1", "https://x.org/Patient/p1",
     "02139", "02139-1234", "03600", "é", "\u2028", " "],
)  # fmt: skip
@pytest.mark.parametrize(
    "place", ["id", "reference", "birthDate", "date", "issued", "family", "value", "postalCode"]
)
def test_a_leaf_of_another_form_than_most_is_masked_as_ever(
    value: str, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = {
        "id": "p1", "reference": "Patient/p1", "birthDate": "1980-02-03", "date": "2024-02-03",
        "issued": "2024-02-03T10:00:00Z", "family": "Doe", "value": "617-555-0142",
        "postalCode": "02139",
    }  # fmt: skip

    def line(values: dict[str, str]) -> str:
        return (
            '{{"resourceType":"Patient","id":"{id}","link":{{"reference":"{reference}"}},'
            '"birthDate":"{birthDate}","date":"{date}","issued":"{issued}",'
            '"name":[{{"family":"{family}"}}],"telecom":[{{"value":"{value}"}}],'
            '"address":{{"postalCode":"{postalCode}"}}}}'
        ).format(**values)

    monkeypatch.setattr(fhir_reader, "OFTEN", 2)
    monkeypatch.setattr(fhir_reader, "_APART", 0)
    fhir_shapes._known.clear()
    like = [line(usual | {"id": f"p{number}"}) for number in range(6)]
    mask(ndjson(*like), "application/fhir+ndjson", "", context())
    other = line(usual | {place: value})

    check(ndjson(like[0], other, like[1], other), "ndjson", context(), monkeypatch)
    fhir_shapes._known.clear()


def ndjson(*documents: str) -> bytes:
    return "\n".join(documents).encode()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('["urn:x"]', '["http://hl7.org/fhir/sid/us-ssn"]'),
        ('{"x":"urn:x"}', '{"x":"us-ssn"}'),
    ],
)
def test_a_system_that_is_no_string_decides_too(
    before: str, after: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    like = '{"resourceType":"Observation","identifier":[{"system":%s,"value":"A-17"}]}'
    lines = [like % before] * 3 + [like % after]

    check(ndjson(*lines), "ndjson", context("limited-data-set"), monkeypatch)


@pytest.mark.parametrize("numbers", ["[1,-0]", "-0", "[-0,0]", "-0.0", "[-0]"])
def test_the_sign_of_a_zero_is_kept(numbers: str, monkeypatch: pytest.MonkeyPatch) -> None:
    line = f'{{"resourceType":"Observation","x":{numbers}}}'

    check(ndjson(*[line] * 4), "ndjson", context(), monkeypatch)


@pytest.mark.parametrize("levels", [90, 200, 450, 600, 750, 900])
def test_what_is_nested_too_deep_within_a_text_withholds_no_more_than_that(
    levels: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner = '{"resourceType":"Observation","x":' + "[" * levels + "]" * levels + "}"
    line = json.dumps({"resourceType": "Observation", "note": [{"text": inner}]})

    for _ in range(3):
        check(ndjson(line), "ndjson", context(accept=True), monkeypatch)


def test_what_lies_below_a_long_name_does_not_fill_the_memory() -> None:
    words = ["".join(chr(97 + int(digit)) for digit in str(number)) for number in range(500)]
    resource = {"resourceType": "Patient", "k" * 60_000: dict.fromkeys(words, "2024-01-01")}
    body = json.dumps(resource).encode()
    tracemalloc.start()
    try:
        for _ in range(3):
            mask(body, "application/fhir+json", "", context())
        kept, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
        fhir_shapes._known.clear()

    assert kept < 3_000_000  # 500 times 60,000 characters are 30,000,000
    assert peak < 6_000_000


LONG = "x" * 200_000


@pytest.mark.parametrize(
    "like",
    [
        '{{"resourceType":"A{0}{1}","id":"1","n":1,"u":2,"v":1}}',
        '{{"resourceType":"Patient","identifier":[{{"system":"{0}{1}","value":"1"}}],"n{2}":1}}',
        '{{"resourceType":"Patient","managingOrganization":{{"display":"a","reference":"{0}{1}"}}}}',
        '{{"resourceType":"Patient","k{1}{2}":"2024-01-01"}}',
        '{{"resourceType":"Parameters","parameter":[{{"name":"{0}{1}","valueString":"a"}}]}}',
    ],
    ids=["type", "system", "reference", "key", "label"],
)
def test_what_is_long_does_not_fill_the_memory(like: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fhir_shapes, "MAX_PIECES", 30_000)

    def meet(number: int) -> None:
        word = "".join(chr(97 + int(digit)) for digit in str(number))
        body = like.format(number, LONG, word * (1 + number // 8)).encode()
        for _ in range(3):
            mask(body, "application/fhir+json", "", context())

    fhir_shapes._known.clear()
    meet(0)
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for number in range(1, 40):
            meet(number)
        gc.collect()
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
        fhir_shapes._known.clear()

    assert grown < 5_000_000  # 39 times 200,000 characters are 7,800,000 for each copy


def test_a_result_is_planned_by_what_its_label_asks_for() -> None:
    def result(display: str, value: str) -> str:
        coding = f'{{"system":"http://loinc.org","code":"1-8","display":"{display}"}}'
        return (
            '{"resourceType":"Observation","status":"final","code":{"coding":['
            f'{coding}]}},"valueString":"{value}"}}'
        )

    labels = ["Urine colour", "Urine clarity", "Nitrite", "Last name", "Ketones", "Next of kin"]
    lines = [result(label, f"Vosh{index}kel") for index, label in enumerate(labels)] * 3

    done = mask("\n".join(lines).encode(), "application/fhir+ndjson", "", context(accept=True))

    shown = [json.loads(line)["valueString"] for line in done.body.splitlines()]
    assert shown == ["Vosh0kel", "Vosh1kel", "Vosh2kel", "[name]", "Vosh4kel", "[name]"] * 3
