from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.evidence import fhir_clear
from gateway.model.connection import Sensitivity
from gateway.model.message import Target
from tests.builders.evidence import KEYS

ID = "9f3c2a44-0000-4000-8000-000000000001"


def shown(path: str, query: str = "", names: Sensitivity = Sensitivity.EPHI) -> str:
    return fhir_clear.target(Target(path, query), names, KEYS)


def test_types_and_words_stand_in_clear_and_ids_do_not() -> None:
    text = shown(f"/Patient/{ID}/_history/2")

    assert text.startswith("/Patient/hmac-sha256:")
    assert "/_history/" in text
    assert ID not in text


def test_ids_stand_in_clear_where_the_manifest_says_so() -> None:
    assert shown(f"/Patient/{ID}", names=Sensitivity.PLAIN) == f"/Patient/{ID}"
    assert "Jane" not in shown("/Patient/Jane%20Doe", names=Sensitivity.PLAIN)


@pytest.mark.parametrize("pair", ["_count=5", "_summary=count", "_total=none", "hardDelete=true"])
def test_controls_of_the_protocol_stand_in_clear(pair: str) -> None:
    assert shown("/Patient", pair) == f"/Patient?{pair}"


@given(st.text(min_size=6, max_size=30))
def test_no_value_of_a_parameter_stands_in_a_record(value: str) -> None:
    encoded = quote(value, safe="")
    for name in ("family:exact", "_page", "subject:Patient.name", "made-up", "_count", "_summary"):
        text = shown("/Patient", f"{name}=x{encoded}")
        assert text.partition("=")[2].startswith("hmac-sha256:") or name not in text


def test_a_parameter_that_fhir_does_not_have_is_a_digest() -> None:
    assert "jane-doe" not in shown("/Patient", "jane-doe-1961=1")
