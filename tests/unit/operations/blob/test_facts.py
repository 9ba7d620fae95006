import pytest

from gateway.errors import Blocked, InvalidRequest
from gateway.operations.blob.facts import FACTS
from tests.unit.operations.build import classify_request


def test_every_operation_has_every_fact_with_its_type() -> None:
    facts = classify_request("GET", "/phi/x").facts
    assert set(facts) == set(FACTS)
    for name, value in facts.items():
        assert type(value) is FACTS[name], name


def test_facts_that_do_not_apply_are_empty() -> None:
    facts = classify_request("GET", "/phi/x").facts
    assert {name for name, value in facts.items() if value} == {"blob", "container", "method"}


def test_an_unknown_include_is_denied_and_a_repeated_one_is_one() -> None:
    listed = classify_request("GET", "/phi", "restype=container&comp=list&include=Tags,tags,,copy")
    assert listed.facts["include"] == "copy,tags"
    with pytest.raises(Blocked):
        classify_request("GET", "/phi", "restype=container&comp=list&include=tag")


def test_encryption_facts_cover_target_source_and_default() -> None:
    put = (("x-ms-blob-type", "BlockBlob"),)
    for name in ("x-ms-encryption-key-sha256", "x-ms-source-encryption-key"):
        assert classify_request("PUT", "/phi/x", headers=(*put, (name, "a"))).facts[
            "encryption_key"
        ]
    scoped = classify_request("PUT", "/phi/x", headers=(*put, ("x-ms-encryption-scope", "s1")))
    assert scoped.facts["encryption_scope"] == "s1"
    created = classify_request(
        "PUT", "/phi", "restype=container", headers=(("x-ms-default-encryption-scope", "s2"),)
    )
    assert created.facts["encryption_scope"] == "s2"


def test_a_retention_date_without_a_mode_is_a_fact() -> None:
    headers = (("x-ms-immutability-policy-until-date", "Mon, 01 Jan 2035 00:00:00 GMT"),)
    facts = classify_request("PUT", "/phi/x", "comp=immutabilityPolicies", headers=headers).facts
    assert facts["immutability"] == "set"


@pytest.mark.parametrize("name", ["x-ms-encryption-scope", "if-none-match", "x-ms-access-tier"])
def test_a_repeated_header_behind_a_fact_is_refused(name: str) -> None:
    with pytest.raises(InvalidRequest):
        classify_request("GET", "/phi/x", headers=((name, "a"), (name, "b")))
