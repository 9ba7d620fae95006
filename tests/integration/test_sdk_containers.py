"""Containers with Microsoft's SDK, through the gateway."""

import uuid

import pytest
from azure.core.exceptions import (
    HttpResponseError,
    ResourceExistsError,
    ResourceNotFoundError,
)

from tests.integration.stack import ADMINISTRATOR, READER, Both, Heard, Stack, code

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket]


def test_a_container_is_created_found_and_deleted(stack: Stack) -> None:
    service = stack.agent("research")
    stored = stack.account("researchdata")
    name = f"test-{uuid.uuid4().hex}"

    created = service.create_container(name, metadata={"study": "rates"})
    through = service.get_container_client(name)
    listed = [item.name for item in service.list_containers(name_starts_with="test-")]

    assert created.url == f"{stack.running.url}/c/research/{name}"
    assert stored.get_container_client(name).get_container_properties().metadata == {
        "study": "rates"
    }
    assert through.exists()
    assert name in listed
    through.delete_container()
    assert not stored.get_container_client(name).exists()
    assert not through.exists()


def test_properties_and_metadata_are_those_in_storage(research: Both) -> None:
    research.through.set_container_metadata({"owner": "dr_lee", "stage": "2"})

    seen = research.through.get_container_properties()
    real = research.stored.get_container_properties()

    assert seen.metadata == real.metadata == {"owner": "dr_lee", "stage": "2"}
    assert (seen.etag, seen.last_modified) == (real.etag, real.last_modified)
    assert (seen.lease.state, seen.public_access) == ("available", None)


def test_listing_containers_goes_on_page_by_page(stack: Stack) -> None:
    stored = stack.account("researchdata")
    prefix = f"test-{uuid.uuid4().hex}"
    names = [f"{prefix}-{number}" for number in range(5)]
    for name in names:
        stored.create_container(name, metadata={"n": name[-1]})

    pages = stack.agent("research").list_containers(
        name_starts_with=prefix, include_metadata=True, results_per_page=2
    )
    found = [[(item.name, item.metadata) for item in page] for page in pages.by_page()]

    assert [len(page) for page in found] == [2, 2, 1]
    assert [item for page in found for item in page] == [(name, {"n": name[-1]}) for name in names]


def test_a_container_is_leased(research: Both) -> None:
    lease = research.through.acquire_lease(15)

    with pytest.raises(HttpResponseError) as caught:
        research.through.delete_container()
    assert code(caught.value) == "LeaseIdMissing"
    assert research.stored.get_container_properties().lease.state == "leased"
    lease.renew()
    lease.release()
    assert research.stored.get_container_properties().lease.state == "available"


def test_errors_are_the_exceptions_that_users_of_the_sdk_catch(
    stack: Stack, research: Both
) -> None:
    service = stack.agent("research")

    with pytest.raises(ResourceExistsError) as exists:
        service.create_container(research.stored.container_name)
    with pytest.raises(ResourceNotFoundError) as missing:
        service.get_container_client("no-such-container").get_container_properties()
    with pytest.raises(HttpResponseError) as malformed:
        service.create_container("Not_A_Name")

    assert (code(exists.value), exists.value.status_code) == ("ContainerAlreadyExists", 409)
    assert (code(missing.value), missing.value.status_code) == ("ContainerNotFound", 404)
    assert (code(malformed.value), malformed.value.status_code) == ("TargetInvalid", 400)


def test_access_policies_can_be_read_and_emptied(research: Both) -> None:
    assert research.through.get_container_access_policy() == {
        "public_access": None,
        "signed_identifiers": [],
    }

    research.through.set_container_access_policy({})

    assert research.stored.get_container_access_policy()["signed_identifiers"] == []


def test_the_service_tells_of_itself(stack: Stack) -> None:
    service = stack.agent("research")

    properties = service.get_service_properties()
    information = service.get_account_information()

    assert properties["analytics_logging"].version == "1.0"
    assert information["account_kind"]


def test_what_happened_is_on_record(stack: Stack) -> None:
    heard = Heard()
    name = f"test-{uuid.uuid4().hex}"

    stack.agent("research").create_container(name, raw_response_hook=heard)

    intent, outcome = stack.records(heard.exchange)
    assert (intent["type"], outcome["type"]) == ("intent", "outcome")
    assert intent["rule"] == "administer"
    assert intent["actor"]["agent"] == ADMINISTRATOR[0]
    assert intent["actor"]["sponsor"] == "alice.admin@clinic.example"
    assert intent["operation"]["name"] == "Create Container"
    assert [access["resource"] for access in intent["operation"]["accesses"]] == [
        f"research/{name}"
    ]
    assert (outcome["result"], outcome["upstream"]["status"]) == ("answered", 201)


def test_a_reader_cannot_create(stack: Stack) -> None:
    with stack.nothing_reaches_storage(), pytest.raises(HttpResponseError) as caught:
        stack.agent("research", *READER).create_container(f"test-{uuid.uuid4().hex}")

    assert (code(caught.value), caught.value.status_code) == ("NoRuleAllows", 403)
