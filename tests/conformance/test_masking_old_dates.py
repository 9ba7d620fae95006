"""Dates that tell of an age over 89 go with their year: 45 CFR 164.514(b)(2)(i)(C)."""

import json
from collections.abc import Callable

import pytest

from gateway.masking.engine import mask
from tests.unit.masking.contexts import context

FHIR, LINES = "application/fhir+json", "application/fhir+ndjson"
HL7 = "x-application/hl7-v2+er7"
OLD, LAST = "1936", "1937"
"""Years, seen from 2026: who has lived in them is over 89, or may be of 89 years."""
MESSAGE = "MSH|^~\\&|A|B|C|D|20260102||ADT^A01|1|P|2.5.1\rDG1|1||F32.9||{}0304\r"


def condition(year: str) -> dict[str, object]:
    return {
        "resourceType": "Condition",
        "id": "c1",
        "subject": {"reference": "Patient/p1"},
        "onsetDateTime": f"{year}-03-04",
        "recordedDate": f"{year}-03-04T10:11:12Z",
        "meta": {"lastUpdated": f"{year}-03-04T10:11:12.000Z"},
        "note": [{"time": f"{year}-03-04", "text": f"Seen on 4 March {year}."}],
    }


BODIES: dict[str, tuple[str, Callable[[str], str]]] = {
    "fhir": (FHIR, lambda year: json.dumps(condition(year))),
    "compact": (FHIR, lambda year: json.dumps(condition(year), separators=(",", ":"))),
    "lines": (LINES, lambda year: "\n".join([json.dumps(condition(year))] * 70)),
    "bundle": (
        FHIR,
        lambda year: json.dumps(
            {"resourceType": "Bundle", "entry": [{"resource": condition(year)}] * 70}
        ),
    ),
    "timing": (
        FHIR,
        lambda year: json.dumps(
            {
                "resourceType": "MedicationRequest",
                "id": "m1",
                "dosageInstruction": [{"timing": {"event": [f"{year}-03-04", "2020-01-02"]}}],
                "extension": [{"url": "http://example.org/a", "valueString": f"{year}-03-04"}],
            }
        ),
    ),
    "partial": (
        FHIR,
        lambda year: json.dumps({"resourceType": "Condition", "abatementDateTime": f"{year}-03"}),
    ),
    "json": ("application/json", lambda year: json.dumps({"onset": f"{year}-03-04", "x": 1})),
    "csv": ("text/csv", lambda year: f"START,code\n{year}-03-04,a\n2020-01-02,b\n"),
    "csv of numbers": ("text/csv", lambda year: f"START,code\n{year}0304,a\n"),
    "hl7v2": (HL7, MESSAGE.format),
    "text": ("text/plain", lambda year: f"Seen on 4 March {year}."),
    "xml": (
        "application/fhir+xml",
        lambda year: (
            '<Condition xmlns="http://hl7.org/fhir"><onsetDateTime value='
            f'"{year}-03-04"/></Condition>'
        ),
    ),
}


@pytest.mark.parametrize("accept", [False, True])
@pytest.mark.parametrize("name", BODIES)
def test_a_date_that_tells_of_an_age_over_89_goes_with_its_year(name: str, accept: bool) -> None:
    kind, made = BODIES[name]
    own = context(accept=accept or kind == "text/plain")
    for _ in range(60):  # until shapes are known
        mask(made("2019").encode(), kind, "", own)
    shown = mask(made(OLD).encode(), kind, "", own)

    assert OLD.encode() not in shown.body
    assert shown.counts["date"] >= 1
    assert mask(shown.body, kind, "", own).body == shown.body
    assert LAST.encode() in mask(made(LAST).encode(), kind, "", own).body


def test_fhir_stays_valid_without_the_date() -> None:
    shown = json.loads(mask(json.dumps(condition(OLD)).encode(), FHIR, "", context()).body)

    assert not {"onsetDateTime", "recordedDate"} & shown.keys()
    assert "lastUpdated" not in shown.get("meta", {})
    assert "time" not in shown["note"][0]


@pytest.mark.parametrize("profile", ["limited-data-set", "secrets-only"])
def test_a_profile_that_shows_dates_shows_old_ones(profile: str) -> None:
    shown = mask(json.dumps(condition(OLD)).encode(), FHIR, "", context(profile)).body

    assert f'"{OLD}-03-04"'.encode() in shown
