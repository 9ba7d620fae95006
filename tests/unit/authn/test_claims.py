import pytest
from pydantic import ValidationError

from gateway.authn.claims import Claims
from tests.fakes.identity import AGENT, AGENT_OBJECT, GROUP, claims


def test_identifiers_are_in_lower_case() -> None:
    found = Claims.model_validate(claims(oid=AGENT_OBJECT.upper(), groups=[GROUP.upper()]))
    assert found.oid == AGENT_OBJECT
    assert found.groups == [GROUP]


@pytest.mark.parametrize("version", [1, 2])
def test_the_client_is_that_of_the_tokens_version(version: int) -> None:
    assert Claims.model_validate(claims(version)).client == AGENT


def test_a_v1_client_does_not_stand_in_for_a_v2_client() -> None:
    assert Claims.model_validate(claims(2, ver="1.0")).client is None


def test_has_groups_false_is_no_overage() -> None:
    assert not Claims.model_validate(claims(hasgroups=False)).group_overage


def test_field_names_do_not_stand_in_for_claim_names() -> None:
    assert not Claims.model_validate(claims(has_groups=True, groups_source={})).group_overage


def test_an_error_shows_no_value() -> None:
    with pytest.raises(ValidationError) as caught:
        Claims.model_validate(claims(oid="secret-value"))
    assert "secret-value" not in str(caught.value)
