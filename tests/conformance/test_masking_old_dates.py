"""Dates that tell of an age over 89 go with their year: 45 CFR 164.514(b)(2)(i)(C)."""

import json
from collections.abc import Callable

import pytest
from fhir.resources.R4B import get_fhir_model_class

from gateway.masking.engine import mask
from tests.unit.masking.contexts import context

FHIR, LINES = "application/fhir+json", "application/fhir+ndjson"
HL7 = "x-application/hl7-v2+er7"
OLD, LAST = "1936", "1937"
"""Years, seen from 2026: who has lived in them is over 89, or may be of 89 years."""
OLD_DAY = f"{OLD}-03-04"
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


REQUIRED: dict[str, dict[str, object]] = {
    "Immunization": {
        "status": "completed",
        "vaccineCode": {"text": "MMR"},
        "patient": {"reference": "Patient/p1"},
        "occurrenceDateTime": OLD_DAY,
    },
    "MedicationAdministration": {
        "status": "completed",
        "medicationCodeableConcept": {"text": "Aspirin"},
        "subject": {"reference": "Patient/p1"},
        "effectiveDateTime": OLD_DAY,
    },
    "Provenance": {
        "target": [{"reference": "Patient/p1"}],
        "recorded": f"{OLD_DAY}T10:11:12Z",
        "agent": [{"who": {"reference": "Practitioner/d1"}}],
    },
    "Encounter": {
        "status": "finished",
        "class": {"code": "AMB"},
        "statusHistory": [{"status": "planned", "period": {"start": OLD_DAY, "end": OLD_DAY}}],
    },
    "Slot": {
        "schedule": {"reference": "Schedule/s1"},
        "status": "free",
        "start": f"{OLD_DAY}T10:11:12Z",
        "end": f"{OLD_DAY}T10:21:12Z",
    },
    "VisionPrescription": {
        "status": "active",
        "created": OLD_DAY,
        "patient": {"reference": "Patient/p1"},
        "dateWritten": OLD_DAY,
        "prescriber": {"reference": "Practitioner/d1"},
        "lensSpecification": [{"product": {"text": "lens"}, "eye": "left"}],
    },
    "QuestionnaireResponse": {
        "status": "completed",
        "item": [{"linkId": "1", "answer": [{"valueDate": OLD_DAY}, {"valueDateTime": OLD_DAY}]}],
    },
    "ImmunizationRecommendation": {
        "patient": {"reference": "Patient/p1"},
        "date": OLD_DAY,
        "recommendation": [
            {
                "vaccineCode": [{"text": "MMR"}],
                "forecastStatus": {"text": "due"},
                "dateCriterion": [{"code": {"text": "due"}, "value": OLD_DAY}],
            }
        ],
    },
    "Goal": {
        "lifecycleStatus": "active",
        "description": {"text": "x"},
        "subject": {"reference": "Patient/p1"},
        "target": [{"dueDate": OLD_DAY}],
    },
}
"""Resources that are valid FHIR, with old dates that R4 requires, or that stand alone."""


@pytest.mark.parametrize("profile", ["safe-harbor", "pseudonymous"])
@pytest.mark.parametrize("kind", REQUIRED)
def test_fhir_stays_valid_where_a_date_is_required(kind: str, profile: str) -> None:
    resource = {"resourceType": kind, "id": "r1", **REQUIRED[kind]}
    model = get_fhir_model_class(kind)
    model.model_validate(resource)

    shown = mask(json.dumps(resource).encode(), FHIR, "", context(profile)).body

    assert OLD.encode() not in shown
    model.model_validate_json(shown)
    again = mask(shown, FHIR, "", context(profile)).body
    assert again.count(b'"masked"') == shown.count(b'"masked"')
    model.model_validate_json(again)


def test_what_is_required_says_that_it_is_masked_in_xml_too() -> None:
    body = (
        f'<Claim xmlns="http://hl7.org/fhir"><status value="active"/><created value="{OLD_DAY}"/>'
        '<provider><reference value="Practitioner/d1"/></provider></Claim>'
    )

    shown = mask(body.encode(), "application/fhir+xml", "", context()).body.decode()

    assert OLD not in shown
    reason = '<valueCode value="masked"/></extension></created><provider>'
    assert reason in shown


@pytest.mark.parametrize("year", [1801, 1936])
def test_a_number_that_is_an_old_year_goes(year: int) -> None:
    body = {"onset": year, "deathYear": year, "year_of_diagnosis": year, "admit_yr": year}
    rows = {"columns": ["onset", "code"], "rows": [[year, "a"]]}

    for document in (body, rows):
        shown = mask(json.dumps(document).encode(), "application/json", "", context()).body
        assert str(year).encode() not in shown


def test_a_number_that_is_no_old_year_stays() -> None:
    body = {"onset": 1937, "deathYear": 2019, "day": 45, "pack_years": 30, "years": 1900}

    shown = mask(json.dumps(body).encode(), "application/json", "", context()).body

    assert json.loads(shown) == body


@pytest.mark.parametrize(
    "parts", [{"year": 2019, "month": 3, "day": 14}, {"Year": 2019, "Month": "March", "Day": "14"}]
)
def test_the_day_and_month_of_a_date_in_parts_go(parts: dict[str, object]) -> None:
    body = {"admitted": parts, "visit": {"on": parts}}

    shown = json.loads(mask(json.dumps(body).encode(), "application/json", "", context()).body)

    year, month, day = parts
    for found in (shown["admitted"], shown["visit"]["on"]):
        assert found == {year: parts[year], month: "[date]", day: "[date]"}


def test_the_year_of_an_old_date_in_parts_goes() -> None:
    body = {"x": {"year": 1934, "month": 3, "day": 4}, "y": {"year": "1934-03-04", "month": 3}}

    shown = json.loads(mask(json.dumps(body).encode(), "application/json", "", context()).body)

    assert shown == {
        "x": dict.fromkeys(("year", "month", "day"), "[date]"),
        "y": {"year": "[date]", "month": 3},
    }


def test_the_day_and_month_of_a_date_in_a_list_go() -> None:
    body = {"admitted": [2019, 3, 14, 10, 30], "born": [1980, 3, 14], "timestamps": [3, 14]}

    shown = json.loads(mask(json.dumps(body).encode(), "application/json", "", context()).body)

    assert shown["admitted"] == [2019, "[date]", "[date]", "[date]", "[date]"]
    assert shown["born"] == [1980, "[date]", "[date]"]
    assert shown["timestamps"] == [3, 14]


@pytest.mark.parametrize(
    "text",
    [
        "Mon Mar  4 10:11:12 2019",
        "Mon Mar  4 10:11:12 MST 2019",
        "Mon Mar 04 10:11:12 +0000 2019",
    ],
)
def test_dates_as_logs_write_them_become_years(text: str) -> None:
    body = f"run at {text} on node 7"

    shown = mask(body.encode(), "text/plain", "", context(accept=True)).body

    assert shown == b"run at 2019 on node 7"


def test_the_day_of_a_line_of_a_log_goes() -> None:
    shown = mask(b"Mar  4 10:11:12 node7 started", "text/plain", "", context(accept=True)).body

    assert shown == b"[date] node7 started"


def test_a_value_that_is_all_of_a_date_is_one_whatever_its_name() -> None:
    body = {
        "x": "20190304",
        "y": "19340304",
        "code": "20190304",
        "total": "20190304",
        "z": 20190304,
    }

    shown = mask(json.dumps(body).encode(), "application/json", "", context()).body

    assert json.loads(shown) == body | {"x": "2019", "y": "[date]"}
