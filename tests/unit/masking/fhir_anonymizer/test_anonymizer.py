"""What a whole configuration does to small resources."""

import json
from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest

from gateway.errors import Withheld
from gateway.masking.codecs.json_codec import Number, decode, encode
from gateway.masking.fhir_anonymizer import Anonymized, load

TODAY = date(2026, 8, 3)
KEY = b"a token key of the deployment"
REDACTED = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
    "code": "REDACTED",
    "display": "redacted",
}


def run(
    resource: Mapping[str, Any],
    *rules: Mapping[str, Any],
    processing: str = "raise",
    scope: str = "",
    **parameters: Any,
) -> Anonymized:
    source = {"fhirPathRules": rules, "parameters": parameters, "processingErrors": processing}
    anonymizer = load(source, key=KEY)
    return anonymizer.apply(decode(json.dumps(resource).encode()), today=TODAY, scope=scope)


def masked(resource: Mapping[str, Any], *rules: Mapping[str, Any], **settings: Any) -> Any:
    return json.loads(encode(run(resource, *rules, **settings).tree))


def rule(path: str, method: str, **others: Any) -> dict[str, Any]:
    return {"path": path, "method": method, **others}


def codes(resource: Mapping[str, Any]) -> list[str]:
    return [label["code"] for label in resource.get("meta", {}).get("security", [])]


PATIENT = {
    "resourceType": "Patient",
    "id": "p1",
    "active": True,
    "name": [{"use": "official", "family": "Marsh", "given": ["Ada", "May"]}],
    "birthDate": "1980-02-03",
    "address": [{"city": "Troy", "postalCode": "12180", "country": "US"}],
    "deceasedBoolean": False,
}


def test_the_first_rule_that_names_an_element_settles_it_and_all_below() -> None:
    result = masked(
        PATIENT, rule("Patient.name.family", "keep"), rule("nodesByType('HumanName')", "redact")
    )

    assert result["name"] == [{"family": "Marsh"}]
    assert result["birthDate"] == "1980-02-03"


def test_a_kept_whole_is_not_touched_by_later_rules() -> None:
    result = masked(PATIENT, rule("Patient", "keep"), rule("Patient.name", "redact"))

    assert result == PATIENT


def test_what_is_left_empty_is_removed_and_the_resource_is_labelled() -> None:
    assert masked(PATIENT, rule("Resource", "redact")) == {
        "resourceType": "Patient",
        "meta": {"security": [REDACTED]},
    }


def test_a_choice_is_named_without_its_type() -> None:
    assert "deceasedBoolean" not in masked(PATIENT, rule("Patient.deceased", "redact"))
    assert masked(PATIENT, rule("Patient.deceasedBoolean", "redact")) == PATIENT


def test_a_rule_for_another_type_of_resource_does_nothing() -> None:
    assert masked(PATIENT, rule("Practitioner.name", "redact")) == PATIENT


@pytest.mark.parametrize(
    ("path", "left"),
    [
        ("nodesByName('city')", {"postalCode": "12180", "country": "US"}),
        ("nodesByType('Address').city", {"postalCode": "12180", "country": "US"}),
        ("nodesByType('Address').where(city='Troy').country", {"city": "Troy"}),
        ("Patient.address.where(country = 'DE').city", {"city": "Troy", "country": "US"}),
        ("Patient.nodesByType('Address').city | Patient.address.country", {"postalCode": "12180"}),
        ("Patient.descendants().where($this is string)", {}),
    ],
)
def test_paths(path: str, left: dict[str, str]) -> None:
    result = masked(PATIENT, rule(path, "redact"))

    assert left.items() <= (result.get("address") or [{}])[0].items()
    assert result != PATIENT or "DE" in path


def test_elements_of_equal_value_in_a_union_are_all_reached() -> None:
    resource = {**PATIENT, "name": [{"family": "Same"}, {"family": "Same"}]}

    assert "name" not in masked(
        resource, rule("Patient.name.family | Patient.name.given", "redact")
    )


def test_labels_are_added_once_and_in_order() -> None:
    resource = {**PATIENT, "meta": {"versionId": "1", "security": [{"code": "redacted"}]}}
    result = masked(
        resource,
        rule("Patient.birthDate", "dateShift"),
        rule("Patient.id", "cryptoHash"),
        rule("Patient.name", "redact"),
        rule("Patient.address.city", "substitute", replaceWith="Town"),
        rule("Patient.address.country", "encrypt"),
        rule("nodesByName('postalCode')", "redact"),
        rule("Patient.active", "generalize", cases={"true": "false"}),
        enablePartialZipCodesForRedact=True,
    )

    assert result["meta"]["versionId"] == "1"
    assert codes(result) == [
        "redacted",
        "ABSTRED",
        "CRYTOHASH",
        "MASKED",
        "PERTURBED",
        "SUBSTITUTED",
        "GENERALIZED",
    ]


def test_nothing_done_is_not_labelled() -> None:
    assert masked(PATIENT, rule("Patient.photo", "redact")) == PATIENT


def test_entries_of_a_bundle_are_resources_of_their_own() -> None:
    bundle = {
        "resourceType": "Bundle",
        "id": "b",
        "type": "collection",
        "entry": [
            {"fullUrl": "urn:x", "resource": PATIENT},
            {"resource": {"resourceType": "Group", "id": "g", "type": "person", "actual": True}},
        ],
    }
    result = masked(bundle, rule("Patient.name", "redact"), rule("Bundle.entry.fullUrl", "keep"))
    patient, group = (entry["resource"] for entry in result["entry"])

    assert "name" not in patient
    assert codes(patient) == ["REDACTED"]
    assert codes(group) == []
    assert codes(result) == ["REDACTED"]


def test_a_bundle_that_is_redacted_keeps_its_resources_as_husks() -> None:
    bundle = {
        "resourceType": "Bundle",
        "type": "batch",
        "entry": [{"fullUrl": "urn:x", "resource": {**PATIENT, "contained": [PATIENT]}}],
    }

    assert masked(bundle, rule("Resource", "redact")) == {
        "resourceType": "Bundle",
        "meta": {"security": [REDACTED]},
        "entry": [
            {
                "resource": {
                    "resourceType": "Patient",
                    "meta": {"security": [REDACTED]},
                    "contained": [{"resourceType": "Patient"}],
                }
            }
        ],
    }


def test_a_contained_resource_is_labelled_at_the_one_that_holds_it() -> None:
    resource = {"resourceType": "Condition", "contained": [PATIENT], "subject": {"display": "x"}}
    result = masked(resource, rule("Patient.name", "redact"), rule("Condition.subject", "keep"))

    assert "name" not in result["contained"][0]
    assert "meta" not in result["contained"][0]
    assert codes(result) == ["REDACTED"]


def test_types_of_elements_do_not_reach_into_contained_resources_by_the_outer_rule() -> None:
    resource = {"resourceType": "Condition", "contained": [PATIENT], "subject": {"display": "x"}}
    result = masked(resource, rule("Condition.nodesByType('HumanName')", "redact"))

    assert result == resource


def test_extensions_of_values_follow_them() -> None:
    resource = {
        "resourceType": "Patient",
        "birthDate": "1980-02-03",
        "_birthDate": {"extension": [{"url": "http://x", "valueDateTime": "1980-02-03T01:02:03Z"}]},
        "name": [{"given": ["Ada", None], "_given": [None, {"id": "g2"}]}],
    }

    assert masked(resource, rule("Patient.active", "redact")) == resource
    assert masked(resource, rule("nodesByType('Extension')", "redact"))["name"] == resource["name"]
    result = masked(resource, rule("Patient.birthDate", "redact"), enablePartialDatesForRedact=True)
    assert result["birthDate"] == "1980"
    assert result["_birthDate"] == {"extension": [{"valueDateTime": "1980"}]}


def test_an_unknown_member_is_withheld_whatever_the_rules() -> None:
    with pytest.raises(Withheld, match="does not define") as caught:
        run({**PATIENT, "nickname_of_ada": "x"}, rule("Patient", "redact"), processing="skip")

    assert "nickname" not in str(caught.value)


@pytest.mark.parametrize(
    "content",
    [
        [],
        {},
        {"resourceType": "Nothing"},
        {"resourceType": ["Patient"]},
        {"resourceType": "Patient", "name": "Ada"},
        {"resourceType": "Patient", "name": [["Ada"]]},
        {"resourceType": "Patient", "birthDate": {"a": 1}},
        {"resourceType": "Patient", "_birthDate": "x"},
        {"resourceType": "Patient", "_name": [{}]},
        {"resourceType": "Patient", "contained": ["x"]},
        {"resourceType": "Patient", "multipleBirthInteger": 10**60},
        {"resourceType": "Patient", "multipleBirthInteger": Number("1E999999999")},
        {"resourceType": "Patient", "multipleBirthInteger": Number("1E-999999999")},
    ],
)
def test_what_is_not_fhir_is_withheld(content: Any) -> None:
    with pytest.raises(Withheld):
        load({"fhirPathRules": [rule("Resource", "redact")]}).apply(content, today=TODAY)


def test_numbers_keep_their_bytes() -> None:
    body = b'{"resourceType":"Observation","valueQuantity":{"value":1.500},"status":"final"}'
    anonymizer = load({"fhirPathRules": [rule("Observation.id", "keep")]})

    assert encode(anonymizer.apply(decode(body), today=TODAY).tree) == body


def test_counts_name_methods_and_paths_and_no_value() -> None:
    result = run(PATIENT, rule("Patient.name", "redact"), rule("Patient.id", "cryptoHash"))

    assert result.counts == {
        ("REDACTED", "Patient.name.use"): 1,
        ("REDACTED", "Patient.name.family"): 1,
        ("REDACTED", "Patient.name.given"): 2,
        ("CRYTOHASH", "Patient.id"): 1,
    }


FAILING = rule("Patient.name.family", "generalize", cases={"$this >= 0": "1"})


def test_what_a_rule_fails_on_is_withheld() -> None:
    with pytest.raises(Withheld, match="cannot be applied"):
        run(PATIENT, FAILING)


def test_what_a_rule_fails_on_is_emptied_under_skip() -> None:
    result = run(PATIENT, FAILING, processing="Skip")

    assert result.tree == {"resourceType": "Patient", "meta": {"security": [REDACTED]}}
    assert result.emptied


def test_a_lacking_key_masks_nothing() -> None:
    anonymizer = load({"fhirPathRules": [rule("Patient.id", "cryptoHash")]})

    assert anonymizer.needs_key
    with pytest.raises(Withheld, match="key"):
        anonymizer.apply(decode(json.dumps(PATIENT).encode()), today=TODAY)
    keyed = anonymizer.keyed(KEY)
    assert not keyed.needs_key
    assert keyed.digest == anonymizer.digest
    assert keyed.apply(decode(json.dumps(PATIENT).encode()), today=TODAY).counts == {
        ("CRYTOHASH", "Patient.id"): 1
    }


def test_expressions_have_a_bound() -> None:
    resource = {**PATIENT, "name": [{"family": str(number)} for number in range(3_000)]}

    with pytest.raises(Withheld, match="too long"):
        run(resource, rule("Patient.name.family.distinct()", "redact"))


def test_the_tree_that_is_given_stays_as_it_is() -> None:
    tree = decode(json.dumps(PATIENT).encode())
    load({"fhirPathRules": [rule("Resource", "redact")]}).apply(tree, today=TODAY)

    assert encode(tree) == encode(decode(json.dumps(PATIENT).encode()))


def test_texts_that_methods_put_in_are_settled_and_no_others() -> None:
    rules = [
        rule("Patient.name.given[0]", "encrypt"),
        rule("Patient.id", "cryptoHash"),
        rule("Patient.address", "substitute", replaceWith={"city": "Town"}),
        rule("Patient.birthDate", "generalize", cases={"true": "'made of ' & $this"}),
    ]
    settled: list[str] = []

    def settle(value: str) -> str:
        settled.append(value)
        return "settled"

    tree = decode(json.dumps(PATIENT).encode())
    result = load({"fhirPathRules": rules}, key=KEY).apply(tree, today=TODAY, settle=settle).tree

    assert isinstance(result, dict)
    assert result["id"] == "settled"
    assert result["name"] == [{"use": "official", "family": "Marsh", "given": ["settled", "May"]}]
    assert result["address"] == [{"city": "settled"}]
    assert result["birthDate"] == "made of 1980-02-03"
    assert "Town" in settled
    assert len(settled) == 3


KILOGRAMS = {"value": 18, "unit": "kg"}
WEIGHED = {
    "resourceType": "Observation",
    "status": "final",
    "code": {"text": "Weight"},
    "valueQuantity": KILOGRAMS,
}
AILING = {
    "resourceType": "Condition",
    "subject": {"reference": "Patient/p1"},
    "onsetAge": {"value": 40, "unit": "a"},
    "abatementString": "in spring",
}


@pytest.mark.parametrize(
    ("resource", "of", "element", "left"),
    [
        (
            WEIGHED,
            rule("(Observation.value as Quantity).value", "redact"),
            "valueQuantity",
            {"unit": "kg"},
        ),
        (
            WEIGHED,
            rule("Observation.value.ofType(Quantity).unit", "substitute", replaceWith="g"),
            "valueQuantity",
            {"value": 18, "unit": "g"},
        ),
        (WEIGHED, rule("Observation.value as string", "redact"), "valueQuantity", KILOGRAMS),
        (WEIGHED, rule("Observation.value", "perturb", span=0), "valueQuantity", KILOGRAMS),
        (AILING, rule("Condition.onset | Condition.abatement as Age", "redact"), "onsetAge", None),
        (AILING, rule("Condition.abatement as Age", "redact"), "abatementString", "in spring"),
        (AILING, rule("Condition.abatement | Condition.onset", "redact"), "abatementString", None),
        (AILING, rule("Resource.subject.reference", "redact"), "subject", None),
        (AILING, rule("DomainResource.onset", "redact"), "onsetAge", None),
    ],
)  # fmt: skip
def test_choices_of_types_are_told_apart(
    resource: dict[str, Any], of: dict[str, Any], element: str, left: Any
) -> None:
    assert masked(resource, of).get(element) == left


def test_a_resource_that_is_found_by_its_type_has_its_label_at_the_bundle() -> None:
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": PATIENT}]}

    result = masked(bundle, rule("nodesByType('Patient')", "redact"))

    assert result["entry"] == [{"resource": {"resourceType": "Patient"}}]
    assert codes(result) == ["REDACTED"]


def test_every_method_has_its_label() -> None:
    resource = {**PATIENT, "multipleBirthInteger": 2, "gender": "other"}

    result = masked(
        resource,
        rule("Patient.gender", "generalize", cases={"true": "'unknown'"}),
        rule("Patient.name.family", "substitute", replaceWith="Doe"),
        rule("Patient.multipleBirth", "perturb", span=0),
        rule("Patient.address.city", "encrypt"),
        rule("Patient.id", "cryptoHash"),
        rule("Patient.address.postalCode", "redact"),
        rule("Patient.active", "redact"),
        rule("Patient.name.given", "keep"),
        enablePartialZipCodesForRedact=True,
        encryptKey="0123456789abcdef",
    )

    assert codes(result) == [
        *("REDACTED", "ABSTRED", "CRYTOHASH", "MASKED", "PERTURBED", "SUBSTITUTED", "GENERALIZED")
    ]
    systems = [label.get("system", "") for label in result["meta"]["security"]]
    assert [bool(system) for system in systems] == [True] * 4 + [False] * 3
    assert result["meta"]["security"][3]["display"] == "masked"


def test_rules_that_contend_leave_what_came_first() -> None:
    result = masked(
        PATIENT,
        rule("Patient.name.given.first()", "keep"),
        rule("Patient.name.family", "cryptoHash"),
        rule(
            "nodesByType('HumanName')",
            "substitute",
            replaceWith={"family": "Doe", "given": ["A", "B", "C"], "text": "A Doe"},
        ),
        rule("Patient.name", "redact"),
        cryptoHashKey="k",
    )

    (name,) = result["name"]
    assert name.keys() == {"family", "given", "text"}
    assert len(name["family"]) == 64
    assert name["given"] == ["Ada", "B", "C"]
    assert name["text"] == "A Doe"
