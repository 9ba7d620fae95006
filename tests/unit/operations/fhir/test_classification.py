from typing import Any

import pytest

from gateway.errors import Blocked, GatewayError, InvalidRequest, Reason
from gateway.model.operation import Effect
from gateway.operations.fhir.classification import NOT_WRITTEN
from tests.unit.operations.fhir.build import ask, pairs

PATIENT = {"resourceType": "Patient"}
ONE = {"resourceType": "Patient", "id": "1"}


@pytest.mark.parametrize(
    ("method", "target", "body", "name", "expected"),
    [
        ("GET", "/metadata", None, "capabilities", [("read", "ehr/metadata")]),
        ("GET", "/Patient/1", None, "read", [("read", "ehr/Patient/1")]),
        ("GET", "/Patient/1/_history/2", None, "vread", [("read", "ehr/Patient/1")]),
        ("GET", "/Patient/1/_history", None, "history-instance", [("read", "ehr/Patient/1")]),
        ("GET", "/Patient/_history?_count=5", None, "history-type", [("read", "ehr/Patient")]),
        ("GET", "/Patient?gender=male", None, "search-type", [("read", "ehr/Patient")]),
        ("POST", "/Patient", PATIENT, "create", [("write", "ehr/Patient")]),
        ("PUT", "/Patient/1", ONE, "update", [("write", "ehr/Patient/1")]),
        (
            "PUT",
            "/Patient?identifier=1",
            PATIENT,
            "conditional-update",
            [("write", "ehr/Patient"), ("read", "ehr/Patient")],
        ),
        ("DELETE", "/Patient/1", None, "delete", [("delete", "ehr/Patient/1")]),
        (
            "DELETE",
            "/Patient/1?hardDelete=true",
            None,
            "delete",
            [("hardDelete/action", "ehr/Patient/1")],
        ),
        (
            "DELETE",
            "/Patient?identifier=1&_count=9",
            None,
            "conditional-delete",
            [("delete", "ehr/Patient"), ("read", "ehr/Patient")],
        ),
        (
            "GET",
            "/Patient/1/$everything?_type=Condition",
            None,
            "$everything",
            [("read", "ehr/Patient/1"), ("read", "ehr/Condition")],
        ),
        (
            "POST",
            "/Patient/$validate",
            PATIENT,
            "$validate",
            [("resourceValidate/action", "ehr/Patient")],
        ),
        ("GET", "/$export", None, "$export", [("export/action", "ehr")]),
    ],
)
def test_each_interaction_has_its_accesses(
    method: str, target: str, body: Any, name: str, expected: list[tuple[str, str]]
) -> None:
    operation = ask(method, target, body)

    assert (operation.name, pairs(operation)) == (name, expected)


def test_every_type_that_a_search_reaches_is_an_access() -> None:
    operation = ask(
        "GET",
        "/Encounter?subject:Patient.family=x&_has:Observation:encounter:code=1"
        "&_include=Encounter:location:Location&_revinclude=Provenance:target:Encounter",
    )

    assert {resource for _, resource in pairs(operation)} == {
        "ehr/Encounter",
        "ehr/Patient",
        "ehr/Observation",
        "ehr/Location",
        "ehr/Provenance",
    }
    assert operation.fhir is not None
    # What only decides what is found is not shown.
    assert operation.fhir.types == {"Encounter", "Location", "Provenance"}


def test_facts_name_codes_and_no_values() -> None:
    operation = ask("GET", "/Patient?family:exact=Quartermaine&_sort=-birthdate&_count=3")

    assert operation.facts["search_parameters"] == "birthdate,family"
    assert operation.facts["page_size"] == 3
    assert "Quartermaine" not in str(operation.facts)
    assert "Quartermaine" not in repr(operation)


def test_a_conditional_create_reads_what_it_searches() -> None:
    operation = ask("POST", "/Patient", PATIENT, ("if-none-exist", "identifier=1"))

    assert operation.name == "conditional-create"
    assert pairs(operation) == [("write", "ehr/Patient"), ("read", "ehr/Patient")]
    assert operation.effect is Effect.WRITE


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("GET", "/"),
        ("GET", "/_history"),
        ("GET", "/Nonsense/1"),
        ("GET", "/Parameters/1"),
        ("GET", "/Patient/1/Observation"),
        ("GET", "/Patient/$graphql"),
        ("GET", "/Patient/1/$purge-history"),
        ("HEAD", "/Patient/1"),
        ("PATCH", "/Patient?identifier=1"),
        ("POST", "/Patient/1"),
        ("DELETE", "/Patient/1/_history/2"),
        ("GET", "/Patient?_filter=x"),
        ("GET", "/Patient?_query=x"),
        ("GET", "/Patient?_text=x"),
        ("GET", "/Patient?_contained=true"),
        ("GET", "/Patient?_include=*"),
        ("GET", "/Patient?_include=Observation:subject"),
        ("GET", "/Observation?subject.family=x"),
        ("GET", "/Observation?subject:Patient.general-practitioner:Practitioner.name=x"),
        ("GET", "/Patient?_has:Observation:patient:_has:Provenance:target:agent=1"),
        ("GET", "/Patient?code:in=http://x"),
        ("GET", "/Patient?_format=xml"),
        ("GET", "/Patient/1?_elements=name"),
        ("DELETE", "/Patient/1?hardDelete=false"),
    ],
)
def test_what_is_not_in_the_grammar_is_refused(method: str, target: str) -> None:
    with pytest.raises(GatewayError) as refused:
        ask(method, target)
    assert refused.value.reason in {Reason.OPERATION_UNKNOWN, Reason.REQUEST_INVALID}


@pytest.mark.parametrize(
    "target",
    [
        "/Patient/..",
        "/Patient/%2e%2e",
        "/Patient//1",
        "/Patient/1/",
        "/Patient/1%2f2",
        "/Patient/a%00",
        "/Patient?name=%ff",
        "/Patient?name=%0a",
        "/Patient?name=a;b=c",
        "/Patient?name=%zz",
        "/Patient?name",
        "/Patient?_page=anything",
        "/Patient?" + "&".join(["name=a"] * 65),
    ],
)
def test_what_can_be_read_in_two_ways_is_refused(target: str) -> None:
    with pytest.raises((InvalidRequest, Blocked)):
        ask("GET", target)


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b'{"resourceType":"Observation"}',
        b'{"resourceType":"Patient","resourceType":"Patient"}',
        b'{"resourceType":"Patient","x":NaN}',
        b"\xff",
        b'{"resourceType":"Patient","x":' + b"[" * 200 + b"]" * 200 + b"}",
        {"resourceType": "Patient", "link": [{"other": {"reference": "Patient?name=x"}}]},
    ],
)
def test_a_body_is_one_plain_resource_of_the_type(body: Any) -> None:
    with pytest.raises((InvalidRequest, Blocked)):
        ask("POST", "/Patient", body)


def test_an_update_is_of_the_resource_that_it_holds() -> None:
    with pytest.raises(InvalidRequest):
        ask("PUT", "/Patient/2", ONE)


@pytest.mark.parametrize("header", ["x-provenance", "x-http-method-override", "if-none-exist"])
def test_headers_that_change_what_is_done_are_refused(header: str) -> None:
    with pytest.raises(Blocked):
        ask("GET", "/Patient/1", None, (header, "x=1"))


@pytest.mark.parametrize("kind", sorted(NOT_WRITTEN))
def test_what_changes_the_service_itself_is_not_written(kind: str) -> None:
    with pytest.raises(Blocked):
        ask("POST", f"/{kind}", {"resourceType": kind})
    assert ask("GET", f"/{kind}/1").name == "read"


@pytest.mark.parametrize("criteria", ["", "?_sort=name", "?_include=Patient:link:Patient"])
def test_a_conditional_deletion_has_criteria(criteria: str) -> None:
    with pytest.raises((InvalidRequest, Blocked)):
        ask("DELETE", f"/Patient{criteria}")


@pytest.mark.parametrize("op", ["test", "copy", "move"])
def test_a_patch_neither_compares_nor_moves(op: str) -> None:
    with pytest.raises(Blocked):
        ask("PATCH", "/Patient/1", [{"op": op, "path": "/x"}], kind="application/json-patch+json")
