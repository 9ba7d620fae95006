import base64
import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import Withheld
from gateway.masking.profiles.profile import Profile
from tests.unit.masking.own import masked, own, tree

SECRET = "sig=" + "a1B2" * 12
PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "id": "p1",
    "name": [{"use": "official", "family": "Meyers", "given": ["Jo"]}],
    "birthDate": "1980-02-03",
    "_birthDate": {"extension": [{"url": "t", "valueDateTime": "1980-02-03T10:00:00Z"}]},
    "identifier": [{"system": "urn:x", "value": "A-4711"}],
    "gender": "male",
}


def safe_harbor(*rules: str) -> Profile:
    return own(f"{{extends: safe-harbor, rank: 41, fields: [{', '.join(rules)}]}}")


def test_a_rule_goes_over_what_the_field_says_by_itself() -> None:
    shown = tree(safe_harbor("{path: Patient.gender, do: redact}"), PATIENT)

    assert shown["gender"] == "[text]"
    assert shown["name"][0]["family"] == "[name]"


def test_an_exempting_rule_shows_the_field_and_nothing_else() -> None:
    shown = tree(safe_harbor("{path: Patient.identifier.value, do: keep}"), PATIENT)

    assert shown["identifier"][0]["value"] == "A-4711"
    assert shown["name"][0]["family"] == "[name]"


def test_a_rule_holds_for_everything_below_its_field() -> None:
    shown = tree(safe_harbor("{path: Patient.name, as: mrn}"), PATIENT)

    assert shown["name"] == [{"use": "[mrn]", "family": "[mrn]", "given": ["[mrn]"]}]


def test_a_deeper_rule_goes_over_the_one_it_lies_in() -> None:
    rules = ("{path: Patient.name, do: keep}", "{path: Patient.name.family, do: redact}")
    shown = tree(safe_harbor(*rules), PATIENT)

    assert shown["name"] == [{"use": "official", "family": "[name]", "given": ["Jo"]}]


def test_a_profiles_own_rules_go_over_those_it_extends_however_deep() -> None:
    base = safe_harbor("{path: Patient.name.family, do: drop}")
    made = own("{extends: safe-harbor, rank: 41, fields: [{path: Patient.name, do: keep}]}", base)

    assert tree(made, PATIENT)["name"] == PATIENT["name"]


def test_what_is_dropped_leaves_no_empty_element_and_no_trace_of_a_primitive() -> None:
    rules = (
        "{path: Patient.name.family, do: drop}",
        "{path: Patient.name.given, do: drop}",
        "{path: Patient.name.use, do: drop}",
        "{path: Patient.birthDate, do: drop}",
    )

    assert set(tree(safe_harbor(*rules), PATIENT)) == {"resourceType", "id", "identifier", "gender"}


@pytest.mark.parametrize("first", ["birthDate", "_birthDate"])
def test_a_primitive_and_what_is_said_about_it_may_both_be_dropped(first: str) -> None:
    pair = {"birthDate": "1980-02-03", "_birthDate": {"id": "x7"}}
    node = {"resourceType": "Patient", first: pair[first], **pair, "active": True}
    rules = ("{path: Patient.birthDate, do: drop}", "{path: Patient._birthDate, do: drop}")

    assert tree(safe_harbor(*rules), node) == {"resourceType": "Patient", "active": True}
    dropping = "{extends: safe-harbor, rank: 41, operators: {date: drop, id: drop}}"
    assert tree(dropping, node) == {"resourceType": "Patient", "active": True}


def test_a_document_that_is_dropped_whole_is_withheld() -> None:
    with pytest.raises(Withheld, match="drops all"):
        tree(safe_harbor("{path: Patient, do: drop}"), PATIENT)


def test_rules_start_anew_in_each_resource_and_go_on_from_the_bundle() -> None:
    bundle = {"resourceType": "Bundle", "entry": [{"fullUrl": "urn:x:1", "resource": PATIENT}]}
    inner = tree(safe_harbor("{path: Patient.gender, do: redact}"), bundle)
    outer = tree(safe_harbor("{path: Bundle.entry.resource.gender, do: redact}"), bundle)

    assert inner["entry"][0]["resource"]["gender"] == "[text]"
    assert outer["entry"][0]["resource"]["gender"] == "[text]"


def test_a_large_bundle_follows_the_same_rules() -> None:
    entry = {"fullUrl": "urn:x:1", "resource": {**PATIENT, "filler": "f" * 70_000}}
    bundle = {"resourceType": "Bundle", "entry": [entry, {"resource": PATIENT}]}

    for path in ("Patient.gender", "Bundle.entry.resource.gender"):
        shown = tree(safe_harbor(f"{{path: {path}, do: redact}}"), bundle)
        assert [one["resource"]["gender"] for one in shown["entry"]] == ["[text]", "[text]"]
    dropped = tree(safe_harbor("{path: Bundle.entry, do: drop}"), bundle)
    assert dropped == {"resourceType": "Bundle"}


def test_keys_twice_are_still_found_beside_settled_ones() -> None:
    profile = safe_harbor("{path: a, do: keep}", "{path: b, do: drop}")

    assert masked(profile, b'{"a":{"x":1,"y":{"z":2}},"b":{"c":{"d":1}},"e":1}').body == (
        b'{"a":{"x":1,"y":{"z":2}},"e":1}'
    )
    with pytest.raises(Withheld, match="key twice"):
        masked(profile, b'{"a":{"x":1,"x":{"z":2}},"b":{"c":{"d":1}},"e":1}')


def test_kept_numbers_keep_their_digits() -> None:
    profile = safe_harbor("{path: a, do: keep}")
    body = b'{"a":{"x":1.50,"y":1E2,"z":123456789012345678901234567890,"n":-0}}'

    assert masked(profile, body).body == body


def test_keys_below_a_masked_field_are_masked_too() -> None:
    shown = tree(safe_harbor("{path: a, do: redact}"), {"a": {"517-64-9982": {"b": 1}}})

    assert shown == {"a": {"[ssn]": {"b": "[text]"}}}


@pytest.mark.parametrize("rule", ["do: keep", "as: city", "as: age", "as: date", "as: zip"])
@pytest.mark.parametrize("base", ["safe-harbor", "limited-data-set", "secrets-only", "none"])
def test_no_rule_lets_a_secret_pass(rule: str, base: str) -> None:
    profile = own(f"{{extends: {base}, rank: 9, fields: [{{path: '**.a', {rule}}}]}}")
    hidden = base64.b64encode(f"the key is {SECRET}".encode()).decode()
    for value in (SECRET, f"x {SECRET} y", hidden, [SECRET], {"b": {"c": SECRET}}):
        done = masked(profile, b'{"k":{"a":%s}}' % _json(value)).body
        assert SECRET.encode() not in done
        assert hidden.encode() not in done
    named = masked(profile, b'{"a":{"password":"hunter2","x":{"api_key":"k"}}}').body
    assert b"hunter2" not in named


@given(st.text(max_size=30), st.text(max_size=30), st.sampled_from(["keep", "redact", "hash"]))
def test_no_rule_lets_a_secret_pass_whatever_stands_round_it(
    before: str, after: str, word: str
) -> None:
    profile = own(f"{{extends: safe-harbor, rank: 9, fields: [{{path: a, do: {word}}}]}}")
    value = f"{before} AccountKey={'Zm9v' * 21}Zg==; {after}"

    assert b"Zm9vZm9v" not in masked(profile, b'{"a":%s}' % _json(value)).body


def _json(value: object) -> bytes:
    return json.dumps(value).encode()


SHIFTING = "{extends: limited-data-set, rank: 21, operators: {date: date-shift}}"


def _visit(patient: str, start: str, end: str) -> dict[str, Any]:
    return {
        "resourceType": "Encounter",
        "id": "e",
        "subject": {"reference": f"Patient/{patient}"},
        "period": {"start": start, "end": end},
    }


def test_dates_of_one_patient_move_together() -> None:
    bundle = {
        "resourceType": "Bundle",
        "entry": [
            {"resource": PATIENT},
            {"resource": _visit("p1", "2020-02-27T08:00:00Z", "2020-03-02T09:30:00Z")},
            {"resource": _visit("p2", "2020-02-27", "2020-03-02")},
        ],
    }
    born, one, two = (entry["resource"] for entry in tree(SHIFTING, bundle)["entry"])

    moved = date.fromisoformat(born["birthDate"]) - date(1980, 2, 3)
    assert 1 <= abs(moved.days) <= 50
    start, end = one["period"]["start"], one["period"]["end"]
    assert date.fromisoformat(start[:10]) - date(2020, 2, 27) == moved
    assert date.fromisoformat(end[:10]) - date(2020, 3, 2) == moved
    assert (start[10:], end[10:]) == ("T08:00:00Z", "T09:30:00Z")
    assert two["period"]["start"] != start[:10]


def test_the_date_of_nobody_becomes_a_year() -> None:
    shown = tree(SHIFTING, {"resourceType": "Location", "recordedDate": "2020-02-27"})

    assert shown["recordedDate"] == "2020"


def test_who_is_over_89_has_no_birth_date_that_is_only_moved() -> None:
    assert "birthDate" not in tree(SHIFTING, {**PATIENT, "birthDate": "1930-01-01"})


def test_records_of_other_json_say_whose_they_are() -> None:
    shown = tree(SHIFTING, [{"patientId": "7", "admitted": "2020-02-27", "left": "2020-03-01"}])[0]

    gap = date.fromisoformat(shown["left"]) - date.fromisoformat(shown["admitted"])
    assert gap.days == 3
    assert shown["admitted"] != "2020-02-27"


def test_a_kind_that_is_dropped_leaves_no_member() -> None:
    shown = tree("{extends: safe-harbor, rank: 41, operators: {name: drop}}", PATIENT)

    assert shown["name"] == [{"use": "official"}]


@pytest.mark.parametrize(
    ("use", "left"),
    [("withhold", "[text]"), ("structure", "ASSESSMENT: [text]\n- [text]"), ("drop", None)],
)
def test_free_text_becomes_what_the_profile_says_even_where_a_rule_accepts_it(
    use: str, left: str | None
) -> None:
    profile = f"{{extends: safe-harbor, rank: 41, text: {use}}}"
    node = {"note": "ASSESSMENT: Jo Meyers\n- better", "status": "done"}
    shown = tree(profile, node, accept=True)

    assert shown == ({"status": "done"} if left is None else {"note": left, "status": "done"})
