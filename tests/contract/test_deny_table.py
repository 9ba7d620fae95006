"""The same cases on the fake and on Azure Table storage as Azurite speaks it."""

import inspect
import uuid
from collections.abc import AsyncIterator

import azure.core.exceptions
import pytest
from azure.data.tables.aio import TableClient

from gateway.adapters import deny_table
from gateway.adapters.deny_table import AzureDenyTable
from gateway.errors import InvalidRequest, NotFound, StoreError, StoreUnavailable
from gateway.local.azurite import Azurite
from gateway.ports import DenyEntry, DenyRegister
from tests.fakes.identity import AGENT, AGENT_OBJECT, FakeDenyTable

SESSION = "0123456789abcdef0123456789abcdef"
ACCOUNT = "chaperonestate"
AZURITE = pytest.param("azurite", marks=[pytest.mark.integration, pytest.mark.enable_socket])


@pytest.fixture
async def client(azurite: Azurite) -> AsyncIterator[TableClient]:
    async with TableClient.from_connection_string(
        azurite.connection_string(ACCOUNT),
        f"deny{uuid.uuid4().hex}",
        retry_total=0,
    ) as made:
        yield made


@pytest.fixture(params=["fake", AZURITE])
def place(request: pytest.FixtureRequest) -> TableClient | None:
    # Asked for by name, so that the fake's cases start no emulator.
    if request.param == "fake":
        return None
    found: TableClient = request.getfixturevalue("client")
    return found


@pytest.fixture
async def table(place: TableClient | None) -> DenyRegister:
    if place is None:
        return FakeDenyTable()
    made = AzureDenyTable(place)
    await made.create()
    return made


@pytest.mark.parametrize(
    ("kind", "value"),
    [("oid", AGENT_OBJECT), ("azp", AGENT), ("uti", "xu1-token_id"), ("session", SESSION)],
)
async def test_what_is_added_is_read_with_who_when_and_why(
    table: DenyRegister, kind: str, value: str
) -> None:
    entry = DenyEntry(kind, value, "lost laptop", "alice", "2026-08-03T12:00:00+00:00")
    assert list(await table.entries()) == []
    await table.add(entry)
    assert list(await table.entries()) == [entry]


async def test_values_are_kept_in_lower_case(table: DenyRegister) -> None:
    await table.add(DenyEntry("uti", " Xu1-Token_ID "))
    assert [entry.value for entry in await table.entries()] == ["xu1-token_id"]


async def test_adding_again_replaces(table: DenyRegister) -> None:
    await table.add(DenyEntry("oid", AGENT_OBJECT, "first"))
    await table.add(DenyEntry("oid", AGENT_OBJECT.upper(), "second"))
    assert [entry.reason for entry in await table.entries()] == ["second"]


async def test_one_value_may_be_denied_as_several_kinds(table: DenyRegister) -> None:
    await table.add(DenyEntry("oid", AGENT))
    await table.add(DenyEntry("azp", AGENT))
    assert sorted(entry.kind for entry in await table.entries()) == ["azp", "oid"]


async def test_what_is_removed_is_gone(table: DenyRegister) -> None:
    await table.add(DenyEntry("oid", AGENT_OBJECT))
    await table.remove("oid", AGENT_OBJECT.upper())
    assert list(await table.entries()) == []


async def test_removing_what_is_not_there_is_said(table: DenyRegister) -> None:
    with pytest.raises(NotFound):
        await table.remove("oid", AGENT_OBJECT)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("upn", "lee"),
        ("", AGENT),
        ("oid", "lee"),
        ("session", "today"),
        ("uti", ""),
        ("uti", "a/b"),
    ],
)
async def test_what_is_no_identifier_is_refused(table: DenyRegister, kind: str, value: str) -> None:
    with pytest.raises(InvalidRequest):
        await table.add(DenyEntry(kind, value))
    with pytest.raises(InvalidRequest):
        await table.remove(kind, value)
    assert list(await table.entries()) == []


# --- the adapter alone --------------------------------------------------------------------------


@pytest.mark.integration
@pytest.mark.enable_socket
async def test_more_entries_than_a_page_are_all_read(client: TableClient) -> None:
    table = AzureDenyTable(client, timeout_seconds=60)
    await table.create()
    await table.create()
    for start in range(0, 1100, 100):
        await client.submit_transaction(
            [
                ("upsert", {"PartitionKey": "uti", "RowKey": f"token-{number}"})
                for number in range(start, start + 100)
            ]
        )
    assert len(await table.entries()) == 1100


@pytest.mark.integration
@pytest.mark.enable_socket
async def test_a_table_that_is_over_its_bound_is_an_error(
    client: TableClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deny_table, "MAX_ENTRIES", 1)
    table = AzureDenyTable(client)
    await table.create()
    await table.add(DenyEntry("oid", AGENT_OBJECT))
    await table.add(DenyEntry("azp", AGENT))
    with pytest.raises(StoreError):
        await table.entries()


@pytest.mark.integration
@pytest.mark.enable_socket
async def test_a_missing_table_is_an_error_not_an_empty_list(client: TableClient) -> None:
    with pytest.raises(NotFound):
        await AzureDenyTable(client).entries()


@pytest.mark.integration
@pytest.mark.enable_socket
async def test_a_table_that_cannot_be_reached_is_unavailable() -> None:
    unreachable = (
        "DefaultEndpointsProtocol=http;AccountName=a;AccountKey=a2V5;"
        "TableEndpoint=http://127.0.0.1:1/a;"
    )
    async with TableClient.from_connection_string(unreachable, "deny", retry_total=0) as client:
        table = AzureDenyTable(client)
        with pytest.raises(StoreUnavailable):
            await table.entries()
        with pytest.raises(StoreUnavailable):
            await table.create()
        with pytest.raises(StoreUnavailable):
            await table.add(DenyEntry("oid", AGENT))


@pytest.mark.integration
@pytest.mark.enable_socket
async def test_a_table_that_does_not_answer_in_time_is_unavailable(client: TableClient) -> None:
    with pytest.raises(StoreUnavailable):
        await AzureDenyTable(client, timeout_seconds=0).entries()


def test_every_exception_of_the_client_is_translated() -> None:
    found = [
        one
        for one in vars(azure.core.exceptions).values()
        if inspect.isclass(one)
        and issubclass(one, Exception)
        and one.__module__ == "azure.core.exceptions"
    ]
    assert len(found) > 15
    assert not [one for one in found if not issubclass(one, deny_table.FAILURES)]
