"""Displays in groups of steps; other tests hold groups against the walk."""

import json
from typing import Any

import pytest

from gateway.masking.engine import mask
from gateway.masking.fields.fhir import UNITS
from gateway.masking.recognition.paragraphs import MAX_DISPLAY, MAX_DISPLAYS, paragraphs_of
from gateway.masking.recognition.scan import scanner
from tests.unit.masking.contexts import context

FHIR = "application/fhir+json"
DISPLAY = "Rosalind sign (finding)"


def bundle(*names: str, display: str = DISPLAY) -> bytes:
    people: list[Any] = [{"resourceType": "Patient", "name": [{"family": name}]} for name in names]
    sign = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": "urn:x", "code": "1", "display": display}], "text": display},
        "subject": {"reference": "Patient/p1", "display": "Jane Doe"},
    }
    entries = [{"resource": resource} for resource in (*people, sign)]
    return json.dumps({"resourceType": "Bundle", "type": "searchset", "entry": entries}).encode()


def sign_in(body: bytes) -> dict[str, Any]:
    masked = mask(body, FHIR, "", context(accept=True)).body
    found: dict[str, Any] = json.loads(masked)["entry"][-1]["resource"]
    return found


@pytest.mark.parametrize("times", [1, 3, 300])
def test_a_display_that_the_process_remembers_is_masked_where_a_patient_has_that_name(
    times: int,
) -> None:
    for _ in range(times):
        assert sign_in(bundle("Doe"))["code"]["text"] == DISPLAY

    masked = sign_in(bundle("Doe", "Rosalind"))

    assert masked["code"]["text"] == "[name] sign (finding)"
    assert masked["code"]["coding"][0]["display"] == "[name] sign (finding)"
    assert masked["subject"]["display"] == "[name]"


def test_a_display_in_which_something_was_found_is_not_remembered() -> None:
    odd = "Call 617-555-0142 about (finding)"
    for _ in range(5):
        assert "617-555-0142" not in json.dumps(sign_in(bundle("Doe", display=odd)))

    profile = context().resolved
    read = paragraphs_of(scanner(identifiers=True), profile.kept, prose=False)
    assert odd not in read.displays


@pytest.mark.parametrize("times", [1, 3, 300])
def test_a_display_of_one_word_is_masked_where_a_patient_has_that_name(times: int) -> None:
    for _ in range(times):
        assert sign_in(bundle(display="Rosalind"))["code"]["text"] == "Rosalind"
        assert sign_in(bundle("Doe", display="Rosalind"))["code"]["text"] == "Rosalind"

    masked = sign_in(bundle("Doe", "Rosalind", display="Rosalind"))

    assert masked["code"]["text"] == "[name]"
    assert masked["code"]["coding"][0]["display"] == "[name]"


def test_the_name_of_a_patient_is_not_remembered_as_a_display() -> None:
    for _ in range(5):
        sign_in(bundle("Quibblewick", display="Quibblewick"))

    profile = context().resolved
    read = paragraphs_of(scanner(identifiers=True), profile.kept, prose=False)
    assert "Quibblewick" not in read.displays


@pytest.mark.parametrize("times", [1, 3, 300])
def test_a_unit_in_a_list_is_masked_where_a_patient_has_that_name(times: int) -> None:
    def observed(name: str, word: str) -> Any:
        people = {"resourceType": "Patient", "name": [{"family": name}]}
        seen = {"resourceType": "Observation", "meta": {"profile": ["urn:x", word]}}
        entries = [{"resource": people}, {"resource": seen}]
        body = json.dumps({"resourceType": "Bundle", "type": "searchset", "entry": entries})
        masked = mask(body.encode(), FHIR, "", context(accept=True)).body
        return json.loads(masked)["entry"][1]["resource"]["meta"]["profile"]

    for _ in range(times):
        assert observed("Doe", "urn:y") == ["urn:x", "urn:y"]

    assert "{ratio}" in UNITS
    assert observed("Doe", "{ratio}") == ["urn:x", "{ratio}"]
    assert observed("Ratio", "{ratio}") == ["urn:x", "{[name]}"]


def test_displays_are_bounded() -> None:
    read = paragraphs_of(scanner(identifiers=True), frozenset(), prose=False)
    for number in range(MAX_DISPLAYS + 10):
        read.remember(f"finding {number}", frozenset())
    read.remember("x" * (MAX_DISPLAY + 1), frozenset())

    assert 0 < len(read.displays) <= MAX_DISPLAYS
    assert all(len(text) <= MAX_DISPLAY for text in read.displays)
