"""Which files are taken, and what is said of those that are not."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import ConfigurationError
from gateway.masking.fhir_anonymizer import load

RULE = {"path": "Patient.name", "method": "redact"}


def source(*rules: Any, **others: Any) -> str:
    return json.dumps({"fhirPathRules": rules or [RULE], **others})


@pytest.mark.parametrize(
    "text",
    [
        source(),
        source(fhirVersion=""),
        source(fhirVersion="r4", processingErrors="Raise"),
        source(processingError="skip"),
        source(parameters=None),
        source(parameters={"customSettings": {"a": 1}}),
        source({"path": "Patient.name", "method": "REDACT", "comment": "why"}),
        source({"path": "TestResource", "method": "keep"}),
        source({"path": "Patient.name", "method": "perturb", "span": "4", "roundTo": "2"}),
        source({"path": "Patient.gender", "method": "generalize", "cases": '{"true": "1"}'}),
        '\ufeff{ // comment\n "fhirPathRules": [{"path": "Patient.name", "method": "keep",},], }',
        '{"fhirPathRules": /* , } */ [{"path": "Patient.where(id=\'//\')", "method": "keep"}]}',
    ],
)
def test_accepted(text: str) -> None:
    assert not load(text).needs_key
    assert load(text.encode()).digest == load(text).digest


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "line 1"),
        ("[]", "not a JSON object"),
        ('{"fhirPathRules": [}', "line 1, column"),
        ('{"a": NaN}', "not JSON"),
        ("[" * 100_000, "not JSON"),
        ('{"fhirPathRules": [], "fhirPathRules": []}', "twice"),
        ("{}", "no `fhirPathRules`"),
        (source(fhirVersion="Stu3"), "another version"),
        (source(processingErrors="keep"), "raise or skip"),
        (source(fhirPathRule=[]), "'fhirPathRule'"),
        (source(parameters=[]), "`parameters`"),
        (source(parameters={"kAnonymitySettings": {}}), "kAnonymitySettings"),
        (source(parameters={"cryptoHashKey": 1}), "cryptoHashKey"),
        (source(parameters={"encryptKey": "short"}), "16, 24 or 32 bytes"),
        (source(parameters={"enablePartialAgesForRedact": 1}), "enablePartialAgesForRedact"),
        (source(parameters={"dateShiftScope": "planet"}), "dateShiftScope"),
        (source(parameters={"dateShiftFixedOffsetInDays": 1.5}), "dateShiftFixedOffsetInDays"),
        (source(parameters={"restrictedZipCodeTabulationAreas": [36]}), "restrictedZip"),
        ('{"fhirPathRules": "\\ud800"}', "not UTF-8"),
        ('{"a": "\ud800"}', "not UTF-8"),
        (source("x"), "Rule 1 (line 1): it is not a JSON object"),
        (source({"path": "Patient.name"}), "no method"),
        (source({"path": "Patient.name", "method": "custom"}), "method is not supported"),
        (source({"path": "Patient.name", "method": "substitute"}), "replaceWith"),
        (source({"path": "Patient.name", "method": "perturb"}), "span"),
        (source({"path": "Patient.name", "method": "perturb", "span": -1}), "span"),
        (source({"path": "Patient.name", "method": "perturb", "span": "NaN"}), "span"),
        (source({"path": "a", "method": "perturb", "span": 1, "roundTo": 29}), "roundTo"),
        (source({"path": "a", "method": "perturb", "span": 1, "roundTo": 0.5}), "roundTo"),
        (source({"path": "a", "method": "perturb", "span": 1, "rangeType": "x"}), "rangeType"),
        (source({"path": "a", "method": "generalize"}), "cases"),
        (source({"path": "a", "method": "generalize", "cases": {"((": "1"}}), "case cannot"),
        (source({"path": "a", "method": "generalize", "cases": {"true": [1]}}), "a case is not"),
        (
            source({"path": "a", "method": "generalize", "cases": {}, "otherValues": "encrypt"}),
            "otherValues",
        ),
    ],
)
def test_refused(text: str, said: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load(text)

    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("Patient.name.trace('x')", "trace() is not supported"),
        ("Patient.name.where()", "another number of arguments"),
        ("Patient.name[", "its end"),
        ("Patient..name", "a name is expected"),
        ("Patient.name)", "end is expected"),
        ("Patient.name.%x", "character 14"),
        ("Patient.name.where($index = 1)", "$index"),
        ("(" * 100 + "a" + ")" * 100, "nested more than"),
        ("-" * 100 + "1", "signs"),
        ("a." * 3_000 + "a", "longer than"),
        ("Patient.birthDate = @2010T25:61:00+99:99", "is not a date"),
        ("Patient.name.where(family.matches('(?=a)'))", "not RE2"),
        ("Patient.name as 1", "not the name of a type"),
        ("Patient.name.where(use = 'official)", "character"),
        ("a" + " | a" * 1_500, "longer than"),
    ],
)
def test_a_path_is_refused_with_its_rule_and_line(path: str, said: str) -> None:
    text = json.dumps({"fhirPathRules": [RULE, {"path": path, "method": "keep"}]}, indent=1)

    with pytest.raises(ConfigurationError) as caught:
        load(text)

    assert "Rule 2 (line 7)" in str(caught.value)
    assert said in str(caught.value)
    assert caught.value.advice


def refusal(rules: Any, otherwise: str) -> str:
    """What is said of rules that are refused; nothing but a ConfigurationError is raised."""
    try:
        load({"fhirPathRules": rules})
    except ConfigurationError as error:
        return str(error)
    return otherwise


@given(st.text(max_size=200))
def test_any_path_is_taken_or_refused(path: str) -> None:
    assert "Rule 1" in refusal([{"path": path, "method": "keep"}], "Rule 1")


_WORDS = st.sampled_from(
    [
        *".()=|[]-{}~,",
        *("Patient", "name", "where", "nodesByType", "descendants", "and", "as"),
        *("'x'", "'Address'", "@2010", "$this", "0", "1.5"),
    ]
)


@given(st.lists(_WORDS, max_size=25).map(" ".join))
def test_any_words_are_taken_or_refused(path: str) -> None:
    assert "Rule 1" in refusal([{"path": path, "method": "keep"}], "Rule 1")


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["path", "method", "cases", "span"]), inner)
        ),
        max_leaves=10,
    )
)
def test_any_rules_are_taken_or_refused(rules: Any) -> None:
    with pytest.raises(ConfigurationError):
        load({"fhirPathRules": rules, "parameters": {}, "x": 1})
    assert refusal(rules, "taken")


def test_keys_that_the_rules_do_not_use_are_not_asked_for() -> None:
    assert not load(source(parameters={"cryptoHashKey": ""})).needs_key
    assert load(source({"path": "Patient.id", "method": "encrypt"})).needs_key
    shift = {"path": "Patient.birthDate", "method": "dateShift"}
    assert load(source(shift)).needs_key
    assert not load(source(shift, parameters={"dateShiftFixedOffsetInDays": 3})).needs_key
    assert not load(source(shift, parameters={"dateShiftKey": "k"})).needs_key
    assert not load(source(shift), key=b"k").needs_key


def test_a_configuration_does_not_show_its_keys() -> None:
    shown = repr(load(source(parameters={"cryptoHashKey": "SECRET", "dateShiftKey": "SECRET"})))

    assert "SECRET" not in shown
