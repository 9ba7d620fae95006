import pytest

from gateway.errors import Blocked, Reason
from gateway.guardrails.credentials import check
from gateway.model.sas import SAS_PARAMETERS
from tests.unit.guardrails.build import GATEWAY, every_encoding, operation, request

SOURCE = f"{GATEWAY}/c/phi/intake/a"


def blocked(query: str = "", **headers: str) -> Blocked:
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    with pytest.raises(Blocked) as caught:
        check(request(query=query, headers=fields), operation())
    assert caught.value.reason is Reason.CREDENTIAL_NOT_ACCEPTED
    assert "s3cret" not in str(caught.value) + caught.value.advice
    return caught.value


@pytest.mark.parametrize("name", every_encoding("sig"))
@pytest.mark.parametrize("query", ["{}=s3cret", "comp=tags&{}=s3cret", "a=b;{}=s3cret", "{}"])
def test_a_signature_in_the_query_is_blocked_however_it_is_written(query: str, name: str) -> None:
    blocked(query.format(name))


@pytest.mark.parametrize("name", sorted(SAS_PARAMETERS))
def test_every_part_of_a_shared_access_signature_is_blocked(name: str) -> None:
    blocked(f"{name}=1")


@pytest.mark.parametrize(
    "query",
    ["", "comp=block&blockid=c2ln", "comp=list&prefix=sig", "snapshot=1", "x=sig", "sigx=1"],
)
def test_other_parameters_pass(query: str) -> None:
    check(request(query=query), operation())


@pytest.mark.parametrize("header", ["x_ms_copy_source", "x_ms_previous_snapshot_url"])
@pytest.mark.parametrize(
    "url",
    [
        f"{SOURCE}?sv=2020&sig=s3cret",
        f"{SOURCE}?a#SIG=s3cret",
        f"{SOURCE}?snapshot=1&%73ig=s3cret",
        "https://user:s3cret@clinic.blob.core.windows.net/intake/a",
    ],
)
def test_a_credential_in_a_source_url_is_blocked(header: str, url: str) -> None:
    blocked(**{header: url})


def test_a_source_url_with_a_snapshot_passes() -> None:
    url = f"{GATEWAY}/c/phi/intake/a@b?snapshot=2026-11-23T03:10:00.0000000Z"

    check(request(headers={"x-ms-copy-source": url}), operation())


@pytest.mark.parametrize(
    "name",
    [
        "x-ms-copy-source-authorization",
        "x-ms-encryption-key",
        "x-ms-encryption-key-sha256",
        "x-ms-encryption-algorithm",
        "x-ms-source-encryption-key",
        "x-ms-source-encryption-key-sha256",
        "x-ms-source-encryption-algorithm",
        "X-Ms-File-Request-Intent",
    ],
)
def test_a_key_or_an_authorization_is_blocked(name: str) -> None:
    blocked(**{name: "s3cret"})


def test_an_encryption_scope_is_no_credential() -> None:
    check(request(headers={"x-ms-encryption-scope": "clinical"}), operation())


@pytest.mark.parametrize(
    "fact", ["sas", "copy_source_sas", "copy_source_authorization", "encryption_key"]
)
def test_a_credential_that_only_classification_saw_is_blocked(fact: str) -> None:
    with pytest.raises(Blocked):
        check(request(), operation(facts={fact: True}))
    check(request(), operation(facts={fact: False}))
