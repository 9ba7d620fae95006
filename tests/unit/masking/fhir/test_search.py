"""What a search compares is held against what its answer shows."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import Blocked, InvalidRequest
from gateway.masking.fhir.search import compared, held, opened, refuse_guesses
from gateway.masking.kinds import Kind
from gateway.masking.profiles.operators import Operator
from gateway.masking.profiles.paths import parse
from gateway.masking.profiles.profile import BUILT_IN
from gateway.masking.profiles.rules import FieldRule, Rules
from gateway.masking.tokens import Tokeniser, TokenKey
from gateway.model.fhir import FhirCall, Interaction, Parameter

KEY = TokenKey("1", bytes(range(64)))
TOKENS = Tokeniser(KEY, "tenant|oid|app|ehr")
PSEUDONYMOUS = BUILT_IN["pseudonymous"]
MRN = TOKENS.token(Kind.MRN, "12345")
NAME = TOKENS.token(Kind.NAME, "Quartermaine")
ID = TOKENS.id_token("9f3c2a44-0000-4000-8000-000000000001")


def search(name: str, value: str) -> FhirCall:
    code, _, modifier = name.partition(":")
    parameter = Parameter(name, value, code, modifier)
    return FhirCall(Interaction.SEARCH, ("Patient",), (parameter,))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("gender", "male"),
        ("code", "http://loinc.org|8480-6"),
        ("subject", "Patient/1"),
        ("_id", "1,2"),
        ("date", "ge2023,le2024"),
        ("identifier", f"urn:mrn|{MRN}"),
        ("family:exact", NAME),
    ],
)
def test_what_is_shown_may_be_compared(name: str, value: str) -> None:
    refuse_guesses(search(name, value), PSEUDONYMOUS)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("family", "Smith"),
        ("family:exact", f"{NAME},Smith"),
        ("family:exact", f"{NAME},\\"),
        ("family:exact", ","),
        ("family:exact", "\\"),
        ("identifier", f"{MRN}|x"),
        ("subject:identifier", "x"),
        ("birthdate", "1961"),
        ("date", "2023-01"),
        ("date:missing", "true"),
        ("date", "2023,"),
        ("never-heard-of", "x"),
        ("address-city", "Bristol"),
    ],
)
def test_what_is_masked_may_not(name: str, value: str) -> None:
    with pytest.raises(Blocked):
        refuse_guesses(search(name, value), PSEUDONYMOUS)


@given(st.text("abc,\\|/[]:", max_size=12))
def test_no_value_of_a_name_passes(value: str) -> None:
    if value:
        with pytest.raises(Blocked):
            refuse_guesses(search("family", value), PSEUDONYMOUS)


def test_a_limited_data_set_shows_dates_and_towns() -> None:
    limited = BUILT_IN["limited-data-set"]
    refuse_guesses(search("birthdate", "1961-04-02"), limited)
    refuse_guesses(search("address-city", "Bristol"), limited)
    with pytest.raises(Blocked):
        refuse_guesses(search("family", "Smith"), limited)


def test_beside_field_rules_only_references_are_taken_to_be_shown() -> None:
    rules = Rules([FieldRule(parse("Observation.code"), operator=Operator.REDACT)])
    own = replace(BUILT_IN["limited-data-set"], rules=rules)
    refuse_guesses(search("subject", "Patient/1"), own)
    for name, value in (("code", "8480-6"), ("birthdate", "1961"), ("gender", "male")):
        with pytest.raises(Blocked):
            refuse_guesses(search(name, value), own)


def test_an_unknown_parameter_counts_as_text() -> None:
    assert compared(Parameter("x", "1", "x")) is Kind.TEXT
    assert compared(Parameter("_count", "1")) is None


@pytest.mark.parametrize(
    ("name", "value", "plain"),
    [
        ("identifier", f"urn:mrn|{MRN}", "12345"),
        ("family:exact", NAME, "Quartermaine"),
        ("subject", f"Patient/{ID}", "9f3c2a44-0000-4000-8000-000000000001"),
    ],
)
def test_a_token_opens_where_its_kind_is_compared(name: str, value: str, plain: str) -> None:
    (item,) = held(search(name, value))

    assert opened(item, TOKENS)[1] == plain


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("identifier", NAME),
        ("family", NAME),
        ("family:contains", NAME),
        ("code", ID),
        ("subject", MRN),
        ("identifier:missing", MRN),
    ],
)
def test_a_token_opens_nowhere_else(name: str, value: str) -> None:
    (item,) = held(search(name, value))
    with pytest.raises(InvalidRequest):
        opened(item, TOKENS)


def test_a_token_of_another_scope_opens_nothing() -> None:
    other = Tokeniser(KEY, "tenant|other|app|ehr")
    (item,) = held(search("identifier", MRN))
    with pytest.raises(InvalidRequest):
        opened(item, other)


@pytest.mark.parametrize("value", ["[name]", "masked-0a0b0c0d-3", f"x{MRN}", "th-1-" + "a" * 52])
def test_marks_and_parts_are_refused(value: str) -> None:
    with pytest.raises(InvalidRequest):
        held(search("identifier", value))


def test_tokens_are_bounded_in_number() -> None:
    many = ",".join(TOKENS.token(Kind.MRN, str(number)) for number in range(21))
    with pytest.raises(InvalidRequest):
        held(search("identifier", many))
