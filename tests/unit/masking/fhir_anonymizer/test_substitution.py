"""What stands after a substitution."""

import json
from datetime import date
from typing import Any

import pytest

from gateway.errors import Withheld
from gateway.masking.codecs.json_codec import decode, encode
from gateway.masking.fhir_anonymizer import load

TODAY = date(2026, 8, 3)


def named(name: Any, *rules: tuple[str, Any]) -> Any:
    """The name of a patient after rules that substitute, or keep where nothing is given."""
    resource = {"resourceType": "Patient", "active": True, "name": name}
    source = {
        "fhirPathRules": [
            {"path": path, "method": "substitute", "replaceWith": value}
            if value is not ...
            else {"path": path, "method": "keep"}
            for path, value in rules
        ]
    }
    result = load(source).apply(decode(json.dumps(resource).encode()), today=TODAY)
    return json.loads(encode(result.tree)).get("name")


NAME = {"use": "official", "family": "Marsh", "given": ["Ada", "May"]}


@pytest.mark.parametrize(
    ("replacement", "result"),
    [
        ({"family": "X", "given": ["Y"]}, {"family": "X", "given": ["Y"]}),
        ({"family": "X", "given": ["Y", "Z", "W"]}, {"family": "X", "given": ["Y", "Z", "W"]}),
        (
            {"text": "X", "period": {"start": "2020", "end": ""}},
            {"text": "X", "period": {"start": "2020"}},
        ),
    ],
)
def test_a_structure_is_replaced_with_the_fragment(replacement: Any, result: Any) -> None:
    assert named([NAME, NAME], ("Patient.name", replacement)) == [result, result]


@pytest.mark.parametrize("replacement", [None, {}])
def test_nothing_in_place_of_a_structure_removes_it(replacement: Any) -> None:
    assert named([NAME], ("Patient.name", replacement)) is None


def test_a_value_is_replaced() -> None:
    assert named([NAME], ("Patient.name.given", "X")) == [{**NAME, "given": ["X", "X"]}]
    assert named([NAME], ("Patient.name.given", None)) == [{"use": "official", "family": "Marsh"}]


def test_what_an_earlier_rule_settled_stays() -> None:
    whole = ("Patient.name", {"family": "X", "given": ["Y", "Z"]})

    assert named([NAME], ("Patient.name.given[0]", ...), whole) == [
        {"family": "X", "given": ["Ada", "Z"]}
    ]
    assert named([NAME], ("Patient.name.given[1]", "kept"), whole) == [
        {"family": "X", "given": ["Y", "kept"]}
    ]


def test_a_settled_part_below_a_removed_structure_stays() -> None:
    name = {**NAME, "period": {"start": "2020-01-01", "end": "2021-01-01"}}

    assert named([name], ("Patient.name.period.start", ...), ("Patient.name", {})) == [
        {"period": {"start": "2020-01-01"}}
    ]


def test_later_rules_leave_a_substituted_fragment() -> None:
    assert named([NAME], ("Patient.name", {"family": "X"}), ("Patient.name.family", "Y")) == [
        {"family": "X"}
    ]


def test_truth_values_and_numbers_stay_of_their_type() -> None:
    source = {
        "fhirPathRules": [{"path": "Patient.active", "method": "substitute", "replaceWith": False}]
    }
    result = load(source).apply({"resourceType": "Patient", "active": True}, today=TODAY)

    assert json.loads(encode(result.tree))["active"] is False


@pytest.mark.parametrize("replacement", ["text", [], {"city": "Troy"}, {"family": {"a": 1}}])
def test_a_fragment_of_another_type_is_refused(replacement: Any) -> None:
    with pytest.raises(Withheld, match="cannot be applied"):
        named([NAME], ("Patient.name", replacement))


def test_many_repetitions_take_no_longer_than_they_are() -> None:
    name = {"given": ["Ada"] * 50_000}

    assert named([name], ("Patient.name", {"given": ["X"]})) == [{"given": ["X"]}]


def test_a_choice_takes_the_type_of_the_fragment() -> None:
    resource = {"resourceType": "Patient", "extension": [{"url": "http://x", "valueString": "a"}]}
    source = {
        "fhirPathRules": [
            {
                "path": "Patient.extension",
                "method": "substitute",
                "replaceWith": {"url": "http://y", "valueDecimal": 1},
            }
        ]
    }
    result = load(source).apply(decode(json.dumps(resource).encode()), today=TODAY)

    assert json.loads(encode(result.tree))["extension"] == [{"url": "http://y", "valueDecimal": 1}]
