"""The same cases on the fake and on Azure Table storage as Azurite speaks it."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest
from azure.data.tables.aio import TableClient

from gateway.adapters.tickets import TableTickets
from gateway.approvals.ticket import Cite, Ticket, TicketState, move
from gateway.errors import NotFound, PreconditionFailed, StoreError, StoreUnavailable
from gateway.local.azurite import Azurite
from gateway.ports import StoredTicket, Tickets
from tests.fakes.approvals import FakeTickets
from tests.fakes.time import NOON

AZURITE = pytest.param("azurite", marks=[pytest.mark.integration, pytest.mark.enable_socket])
TICKET = Ticket("a" * 32, TicketState.PENDING, "{}", "seal", NOON, NOON + timedelta(hours=1))


@pytest.fixture
async def client(azurite: Azurite) -> AsyncIterator[TableClient]:
    string = azurite.connection_string("chaperonestate")
    async with TableClient.from_connection_string(string, f"t{uuid.uuid4().hex}") as made:
        yield made


@pytest.fixture(params=["fake", AZURITE])
def place(request: pytest.FixtureRequest) -> TableClient | None:
    # Asked for by name, so that the fake's cases start no emulator.
    if request.param == "fake":
        return None
    found: TableClient = request.getfixturevalue("client")
    return found


@pytest.fixture
async def tickets(place: TableClient | None) -> Tickets:
    if place is None:
        return FakeTickets()
    made = TableTickets(place)
    await made.create()
    await made.create()
    return made


async def test_a_ticket_is_read_as_it_was_written(tickets: Tickets) -> None:
    full = replace(
        TICKET,
        decision='{"a": "ü"}',
        claim="c" * 32,
        execution=Cite("journal/2026/08/03/00000000000000ff-0.ndjson", 3, 1234),
        collected="hmac-sha256:1:00",
        looked_at=NOON + timedelta(seconds=1.5),
        reason="DriverLost",
        kept=1,
        sealed="x" * 30_000,
    )
    etag = await tickets.swap(full, None)
    assert await tickets.get(full.id) == StoredTicket(full, etag)


async def test_nobody_else_has_the_name(tickets: Tickets) -> None:
    with pytest.raises(NotFound):
        await tickets.get(TICKET.id)
    with pytest.raises(PreconditionFailed):
        await tickets.swap(TICKET, "W/\"datetime'2026-08-03T12%3A00%3A00.0000000Z'\"")
    await tickets.swap(TICKET, None)
    with pytest.raises(PreconditionFailed):
        await tickets.swap(TICKET, None)


async def test_of_many_that_move_a_ticket_one_succeeds(tickets: Tickets) -> None:
    etag = await tickets.swap(TICKET, None)
    ends = await asyncio.gather(
        *(
            tickets.swap(replace(move(TICKET, TicketState.DECIDING, NOON), claim=str(n)), etag)
            for n in range(8)
        ),
        return_exceptions=True,
    )
    assert sum(isinstance(end, str) for end in ends) == 1
    assert sum(isinstance(end, PreconditionFailed) for end in ends) == 7


async def test_what_is_due_is_found_and_nothing_else(tickets: Tickets) -> None:
    later = replace(TICKET, id="b" * 32, expires_at=NOON + timedelta(hours=2))
    for ticket in (TICKET, later):
        await tickets.swap(ticket, None)
    assert list(await tickets.due(NOON)) == []
    due = await tickets.due(NOON + timedelta(hours=1, minutes=1))
    assert [stored.ticket for stored in due] == [TICKET]
    assert len(await tickets.due(NOON + timedelta(hours=3))) == 2
    assert len(await tickets.due(NOON + timedelta(hours=3), 1)) == 1
    await tickets.swap(move(TICKET, TicketState.EXPIRED, NOON), due[0].etag)


async def test_what_is_due_begins_where_it_is_asked_for_and_comes_round(tickets: Tickets) -> None:
    for digit in "0369c":
        await tickets.swap(replace(TICKET, id=digit * 32), None)
    later = NOON + timedelta(hours=3)

    async def found(limit: int, start: str) -> str:
        return "".join(row.ticket.id[0] for row in await tickets.due(later, limit, start))

    assert await found(500, "") == "0369c"
    assert await found(500, "6" * 32) == "69c03"
    assert await found(3, "7") == "9c0"
    assert await found(2, "3") == "36"
    assert await found(500, "f" * 32) == "0369c"


async def test_a_ticket_is_forgotten(tickets: Tickets) -> None:
    await tickets.swap(TICKET, None)
    await tickets.remove(TICKET.id)
    await tickets.remove(TICKET.id)
    with pytest.raises(NotFound):
        await tickets.get(TICKET.id)


async def test_marks_are_swapped_too(tickets: Tickets) -> None:
    with pytest.raises(NotFound):
        await tickets.mark("request", "k")
    await tickets.set_mark("request", "k", "one", None)
    with pytest.raises(PreconditionFailed):
        await tickets.set_mark("request", "k", "two", None)
    first = await tickets.mark("request", "k")
    await tickets.set_mark("request", "k", "two", first.etag)
    with pytest.raises(PreconditionFailed):
        await tickets.set_mark("request", "k", "three", first.etag)
    assert (await tickets.mark("request", "k")).text == "two"
    with pytest.raises(NotFound):
        await tickets.mark("agent", "k")


@pytest.mark.integration
@pytest.mark.enable_socket
@pytest.mark.parametrize(
    "changes",
    [
        {"state": "approved!"},
        {"since": "2026-08-03T12:00:00"},
        {"execution": "not a cite"},
        {"kept": "9"},
        {"looked": "soon"},
    ],
)
async def test_an_entity_written_by_somebody_else_is_an_error(
    client: TableClient, changes: dict[str, str]
) -> None:
    tickets = TableTickets(client)
    await tickets.create()
    await tickets.swap(TICKET, None)
    entity = await client.get_entity("ticket", TICKET.id)
    await client.update_entity({**entity, **changes})
    with pytest.raises(StoreError):
        await tickets.get(TICKET.id)


@pytest.mark.integration
@pytest.mark.enable_socket
async def test_a_table_that_is_not_there_or_refuses_is_an_error(client: TableClient) -> None:
    tickets = TableTickets(client)
    with pytest.raises(StoreError):
        await tickets.due(NOON)
    with pytest.raises(StoreError):
        await tickets.get(TICKET.id)
    await tickets.create()
    with pytest.raises(StoreUnavailable):
        await tickets.swap(replace(TICKET, sealed="x" * 40_000), None)


@pytest.mark.integration
@pytest.mark.enable_socket
async def test_silence_is_unavailable(client: TableClient) -> None:
    tickets = TableTickets(client, timeout_seconds=0)
    with pytest.raises(StoreUnavailable):
        await tickets.get(TICKET.id)


async def test_what_waits_is_found_and_nothing_else(tickets: Tickets) -> None:
    for number, state in enumerate(TicketState):
        await tickets.swap(replace(TICKET, id=f"{number:032x}", state=state), None)
    await tickets.swap(replace(TICKET, id="f" * 32), None)
    await tickets.set_mark("agent", "pending", "pending", None)
    found = await tickets.pending()
    assert {stored.ticket.state for stored in found} == {TicketState.PENDING}
    assert len(found) == 2
    assert len(await tickets.pending(limit=1)) == 1


@pytest.mark.integration
@pytest.mark.enable_socket
async def test_a_row_that_somebody_else_wrote_hides_no_other(client: TableClient) -> None:
    tickets = TableTickets(client)
    await tickets.create()
    await tickets.swap(replace(TICKET, id="1" * 32), None)
    row = dict(await client.get_entity("ticket", "1" * 32))
    await client.create_entity({**row, "RowKey": "0" * 32, "since": "yesterday"})
    await client.create_entity({**row, "RowKey": "2" * 32, "kept": "many"})
    for found in (await tickets.pending(), await tickets.due(NOON + timedelta(days=1))):
        assert [stored.ticket.id for stored in found] == ["1" * 32]
