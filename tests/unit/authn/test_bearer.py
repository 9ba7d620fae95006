import pytest
from azure.storage.blob._shared.authentication import StorageHttpChallenge
from hypothesis import given
from hypothesis import strategies as st

from gateway.authn.bearer import bearer, challenge, resource
from gateway.errors import ConfigurationError, Reason, Unauthenticated
from tests.fakes.identity import AUDIENCE, AUDIENCE_ID, AUTHORITY, TENANT


def refused(*values: str) -> Unauthenticated:
    with pytest.raises(Unauthenticated) as caught:
        bearer(values)
    return caught.value


@pytest.mark.parametrize("value", ["Bearer a.b-c_d", "bearer a.b-c_d", "BEARER   a.b-c_d "])
def test_one_bearer_token_is_taken_whatever_the_case_of_the_scheme(value: str) -> None:
    assert bearer([value]) == "a.b-c_d"


def test_no_authorization_field_means_the_token_is_missing() -> None:
    assert refused().reason is Reason.TOKEN_MISSING


def test_two_authorization_fields_are_refused() -> None:
    assert refused("Bearer a", "Bearer a").reason is Reason.TOKEN_INVALID


@pytest.mark.parametrize(
    "value", ["SharedKey dev:c2ln", "SharedKeyLite a:b", "Basic YTpi", "", "x"]
)
def test_another_scheme_is_told_to_use_a_token_credential(value: str) -> None:
    error = refused(value)
    assert error.reason is Reason.CREDENTIAL_NOT_ACCEPTED
    assert "token credential" in error.advice


@pytest.mark.parametrize(
    "value", ["Bearer", "Bearer ", "Bearer a b", "Bearer a, Bearer b", "Bearer a\n", "Bearer ä"]
)
def test_a_broken_bearer_field_is_refused(value: str) -> None:
    assert refused(value).reason is Reason.TOKEN_INVALID


@given(st.lists(st.text(), max_size=2))
def test_any_field_is_either_a_token_or_unauthenticated(values: list[str]) -> None:
    try:
        token = bearer(values)
    except Unauthenticated:
        return
    assert token.isascii()
    assert " " not in token


def test_the_storage_sdk_reads_tenant_and_resource_from_the_challenge() -> None:
    parsed = StorageHttpChallenge(  # type: ignore[no-untyped-call]
        challenge(AUTHORITY, TENANT, AUDIENCE)
    )
    assert parsed.scheme == "Bearer"
    assert parsed.tenant_id == TENANT
    assert parsed.resource_id == AUDIENCE
    assert parsed.authorization_uri == f"{AUTHORITY}/{TENANT}/oauth2/authorize"


@pytest.mark.parametrize("part", ["a=b", "a b", 'a"', "a,b", ""])
def test_a_challenge_that_an_sdk_would_misread_is_a_configuration_error(part: str) -> None:
    with pytest.raises(ConfigurationError):
        challenge(AUTHORITY, TENANT, part)


def test_the_challenge_names_the_application_id_uri_before_the_bare_id() -> None:
    assert resource([AUDIENCE_ID, AUDIENCE]) == AUDIENCE
    assert resource([AUDIENCE_ID]) == AUDIENCE_ID


def test_a_challenge_needs_an_audience() -> None:
    with pytest.raises(ConfigurationError):
        resource([])
