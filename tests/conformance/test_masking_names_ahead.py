"""Whom a payload names anywhere is found in the text before it, in attachments and in codes."""

import base64
import json
from typing import Any

import pytest

from gateway.masking.engine import PayloadMasker, mask
from gateway.masking.formats import Format
from gateway.masking.payload import Payload
from tests.unit.masking.contexts import context

SHOWN = context(accept=True)
LINES = "application/fhir+ndjson"
TEXT = "today vosharkel felt well"
BASE64 = base64.b64encode(TEXT.encode()).decode()
NOTE: dict[str, Any] = {
    "resourceType": "DocumentReference",
    "content": [{"attachment": {"contentType": "text/plain", "data": BASE64}}],
}
FILLER = {"resourceType": "Observation", "status": "final", "note": [{"text": "felt well"}]}
NAMING: list[dict[str, Any]] = [
    {
        "resourceType": "Encounter",
        "participant": [
            {"individual": {"reference": "Practitioner/1", "display": "Vosharkel Quimbrel"}}
        ],
    },
    {"resourceType": "Encounter", "participant": [{"individual": {"display": "Vosharkel Q"}}]},
    {"resourceType": "Patient", "name": [{"text": "Vosharkel Quimbrel"}]},
    {"resourceType": "Condition", "asserterString": "Vosharkel Quimbrel"},
    {"resourceType": "Condition", "note": [{"authorString": "Vosharkel Quimbrel"}]},
    {"resourceType": "Patient", "contact": [{"name": {"given": ["Vosharkel"]}}]},
]


def shown(body: bytes) -> str:
    """All that a masked document says, its base64 decoded."""
    text = body.decode()
    for piece in text.split('"'):
        if len(piece) >= 24 and not len(piece) % 4 and piece.replace("=", "").isalnum():
            text += base64.b64decode(piece).decode("utf-8", "replace")
    assert "felt well" in text
    return text.lower()


@pytest.mark.parametrize("naming", NAMING, ids=json.dumps)
@pytest.mark.parametrize("between", [0, 70])
@pytest.mark.parametrize("end", ["", "\n"])
@pytest.mark.parametrize("note", [NOTE, {**FILLER, "note": [{"text": TEXT}]}])
def test_a_name_in_a_later_resource_is_found(
    naming: dict[str, Any], between: int, end: str, note: dict[str, Any]
) -> None:
    items = [note, *[FILLER] * between, naming]
    lines = ("\n".join(map(json.dumps, items)) + end).encode()
    bundle = {"resourceType": "Bundle", "entry": [{"resource": item} for item in items]}

    for _ in range(3):  # there are plans by then
        assert "vosharkel" not in shown(mask(lines, "application/fhir+ndjson", "", SHOWN).body)
        done = mask(json.dumps(bundle).encode(), "application/fhir+json", "", SHOWN)
        assert "vosharkel" not in shown(done.body)


@pytest.mark.parametrize("between", [0, 70])
@pytest.mark.parametrize("number", ["VN 88-41x", "quorx7"])
def test_a_number_of_a_visit_is_found_in_text(number: str, between: int) -> None:
    said = f"felt well at visit {number} then"
    data = base64.b64encode(said.encode()).decode()
    items: list[dict[str, Any]] = [
        {**FILLER, "note": [{"text": said}]},
        {**NOTE, "content": [{"attachment": {"contentType": "text/plain", "data": data}}]},
        *[FILLER] * between,
        {"resourceType": "Encounter", "identifier": [{"system": "urn:x", "value": number}]},
    ]

    for _ in range(3):  # there are plans by then
        done = shown(mask("\n".join(map(json.dumps, items)).encode(), LINES, "", SHOWN).body)
        assert number.lower() not in done
        assert done.count("visit [mrn] then") == 2


@pytest.mark.parametrize(
    "behind",
    [
        {"author": [{"display": "Vosharkel Quimbrel"}]},
        {"author": [{"reference": "Practitioner/1", "display": "Vosharkel Quimbrel"}]},
        {"contained": [{"resourceType": "Patient", "name": [{"given": ["Vosharkel"]}]}]},
    ],
)
def test_an_attachment_is_read_with_the_names_behind_it(behind: dict[str, Any]) -> None:
    for _ in range(3):
        done = mask(json.dumps(NOTE | behind).encode(), "application/fhir+json", "", SHOWN)
        assert "vosharkel" not in shown(done.body)


@pytest.mark.parametrize(
    "document",
    [
        {"letter": BASE64, "record": NAMING[2]},
        [NOTE, NAMING[2]],
        {"letter": json.dumps({"a": TEXT}), "b": {"c": {"patient_name": "Vosharkel Quimbrel"}}},
    ],
)
def test_so_are_attachments_in_other_json(document: Any) -> None:
    done = mask(json.dumps(document).encode(), "application/json", "", SHOWN)

    assert "vosharkel" not in shown(done.body)


def test_a_single_word_is_masked_where_text_of_the_document_introduces_it() -> None:
    document = {"a": "Vosharkel", "note": "Patient: Vosharkel Quimbrel came", "b": "quimbrel"}

    done = mask(json.dumps(document).encode(), "application/json", "", SHOWN).body

    assert json.loads(done) == {"a": "[name]", "note": "Patient: [name] came", "b": "[name]"}


ROLE = (
    '{{"resourceType":"PractitionerRole","practitioner":{{"display":"{}"}},"code":'
    '[{{"coding":[{{"system":"x","code":"1","display":"General Practice"}}]}}]}}'
)


def test_a_display_that_was_passed_is_looked_at_when_a_name_is_known() -> None:
    lines = [ROLE.format("Jane")] * 64 + [ROLE.format("Practice")] * 2

    done = mask("\n".join(lines).encode(), "application/fhir+ndjson", "", context()).body

    displays = [json.loads(line)["code"][0]["coding"][0]["display"] for line in done.splitlines()]
    assert displays[-2:] == ["General [name]"] * 2


@pytest.mark.parametrize("piece", [1, 7, 100, 5_000])
def test_pieces_of_ndjson_change_nothing(piece: int) -> None:
    notes = [{**FILLER, "note": [{"text": f"felt well, vosh{word}"}]} for word in ("a", "b") * 40]
    notes[9] = {**FILLER, "note": [{"text": "Patient: Vosha Voshb felt well."}]}
    body = "\n".join(map(json.dumps, notes)).encode()

    def streamed(size: int) -> bytes:
        engine = PayloadMasker(Payload(SHOWN, body))
        stream = engine.stream(Format.NDJSON, body)
        pieces = [stream.feed(body[at : at + size]) for at in range(0, len(body), size)]
        return b"".join([*pieces, stream.flush()])

    assert streamed(piece) == streamed(len(body))
