import pytest

from gateway.local import directory
from gateway.local.identity_provider import main, token_request
from gateway.local.issuer import RefusedError

FORM = {
    "grant_type": ["client_credentials"],
    "client_id": [directory.AGENTS["triage-agent"].application],
    "client_secret": [directory.CLIENT_SECRET],
    "scope": [f"{directory.AUDIENCE}/.default"],
}


def test_a_scope_of_the_gateway_is_its_id_in_v2_and_its_uri_in_v1() -> None:
    assert token_request(FORM, None).audience == directory.AUDIENCE_ID
    assert token_request({**FORM, "dev_version": ["1"]}, None).audience == directory.AUDIENCE


def test_without_extensions_the_directory_decides_the_groups() -> None:
    assert token_request(FORM, None).groups is None
    assert token_request({**FORM, "dev_groups": ["a, b", "c"]}, None).groups == ("a", "b", "c")
    assert token_request({**FORM, "dev_groups": [""]}, None).groups == ()


def test_a_field_given_twice_is_refused() -> None:
    with pytest.raises(RefusedError):
        token_request({**FORM, "scope": ["a/.default", "b/.default"]}, None)


@pytest.mark.parametrize("environment", ["production", ""])
def test_it_does_not_start_in_production(
    environment: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CHAPERONE_ENVIRONMENT", environment)
    assert main(["--cert", "absent.pem", "--key", "absent.key"]) == 2
    assert "production" in capsys.readouterr().err
