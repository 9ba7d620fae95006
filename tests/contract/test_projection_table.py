"""The same cases on the fake and on Azure Table storage as Azurite speaks it."""

import gc
import inspect
import uuid
from collections.abc import AsyncIterator

import azure.core.exceptions
import pytest
from azure.data.tables.aio import TableClient
from hypothesis import given
from hypothesis import strategies as st

from gateway.adapters import projection_table
from gateway.adapters.projection_table import AzureProjections
from gateway.errors import NotFound, PreconditionFailed, StoreUnavailable
from gateway.evidence.projection import Row, key_part
from gateway.local.azurite import Azurite
from gateway.ports import Projections
from tests.fakes.projection import FakeProjections

ACCOUNT = "chaperonestate"
MARKS = [pytest.mark.integration, pytest.mark.enable_socket]
AZURITE = pytest.param("azurite", marks=MARKS)


@pytest.fixture
async def client(azurite: Azurite) -> AsyncIterator[TableClient]:
    async with TableClient.from_connection_string(
        azurite.connection_string(ACCOUNT), f"index{uuid.uuid4().hex}", retry_total=0
    ) as made:
        yield made


@pytest.fixture(params=["fake", AZURITE])
def bare(request: pytest.FixtureRequest) -> Projections:
    # Asked for by name, so that the fake's cases start no emulator.
    if request.param == "fake":
        return FakeProjections()
    return AzureProjections(request.getfixturevalue("client"))


@pytest.fixture
async def table(bare: Projections) -> Projections:
    await bare.prepare()
    return bare


def row(partition: str, key: str, **columns: str | int) -> Row:
    return Row(partition, key, columns)


async def rows(table: Projections, generation: int, partition: str, since: str = "") -> list[Row]:
    return [found async for found in table.query(generation, partition, since)]


async def test_a_missing_table_is_an_error_until_it_is_prepared(bare: Projections) -> None:
    with pytest.raises(NotFound):
        await rows(bare, 1, "session.a")
    with pytest.raises(NotFound):
        await bare.write(1, [row("session.a", "r.1")])
    with pytest.raises(NotFound):
        await bare.write(1, [row("session.a", "r.1"), row("session.a", "r.2")])
    with pytest.raises(NotFound):
        await bare.swap(1, row("session.a", "r.1"), None)
    await bare.prepare()
    await bare.prepare()
    await bare.write(1, [row("session.a", "r.1")])
    await bare.prepare()
    assert await rows(bare, 1, "session.a") == [row("session.a", "r.1")]


async def test_columns_come_back_as_they_were(table: Projections) -> None:
    written = row(
        "session.a",
        "r.1",
        text="Ünïcode … \\ / # ? ' \"",
        empty="",
        moment="2026-08-03T12:00:00.000000Z",
        guid="22222222-2222-2222-2222-222222222222",
        number=7,
        zero=0,
        large=2**53 - 1,
    )
    await table.write(1, [written])
    assert await rows(table, 1, "session.a") == [written]
    assert (await table.get(1, "session.a", "r.1")).row == written


async def test_writing_again_replaces_the_whole_row(table: Projections) -> None:
    await table.write(1, [row("p", "k", one=1, two="2")])
    await table.write(1, [row("p", "k", three="3")])
    assert await rows(table, 1, "p") == [row("p", "k", three="3")]


async def test_of_rows_with_one_key_the_last_counts(table: Projections) -> None:
    await table.write(1, [row("p", "k", n=1), row("q", "k", n=2), row("p", "k", n=3)])
    assert await rows(table, 1, "p") == [row("p", "k", n=3)]


async def test_nothing_can_be_written(table: Projections) -> None:
    await table.write(1, [])
    assert await rows(table, 1, "p") == []


async def test_many_rows_of_many_partitions_are_all_written_in_order(table: Projections) -> None:
    many = [row(f"p{n % 3}", f"r.{n:05d}", n=n) for n in range(650)]
    await table.write(1, [*reversed(many), row("q", "x")])
    for part in range(3):
        expected = [each for each in many if each.partition == f"p{part}"]
        assert await rows(table, 1, f"p{part}") == expected
    assert await rows(table, 1, "q") == [row("q", "x")]


@pytest.mark.integration
@pytest.mark.enable_socket
async def test_what_a_transaction_makes_does_not_wait_for_a_collection(
    client: TableClient,
) -> None:
    """Its client makes a class for every header of every part; by itself none would go."""
    table = AzureProjections(client)
    await table.prepare()
    gc.collect()
    gc.disable()
    try:
        await table.write(1, [row("p", f"r.{n:05d}", n=n) for n in range(800)])
        left = [
            made
            for made in gc.get_objects()
            if isinstance(made, type) and made.__module__ == "email.headerregistry"
        ]
    finally:
        gc.enable()
    assert len(left) < 100, "1,600 were made"


class Left:
    """What refers to itself: only a collection of the generation that it is in ends it."""

    alive = 0

    def __init__(self) -> None:
        self.itself = self
        Left.alive += 1

    def __del__(self) -> None:
        Left.alive -= 1


class Beside:
    """A client of tables in whose process something lives from one transaction to the next."""

    def __init__(self) -> None:
        self.made: Left | None = None

    async def submit_transaction(self, operations: object) -> None:
        self.made = Left()


async def test_what_lives_through_a_transaction_goes_as_well() -> None:
    table = AzureProjections(Beside())  # type: ignore[arg-type]
    gc.collect()
    gc.disable()
    try:
        for number in range(200):
            await table.write(1, [row("p", f"r.{number}"), row("p", f"s.{number}")])
        assert Left.alive < 50
    finally:
        gc.enable()


async def test_a_query_begins_at_a_key_and_stays_in_its_partition(table: Projections) -> None:
    await table.write(1, [row("p", key) for key in ("r.1", "r.2", "s.1")])
    await table.write(1, [row("p.q", "r.9"), row("o", "t.1")])
    assert [each.key for each in await rows(table, 1, "p", "r.2")] == ["r.2", "s.1"]
    assert [each.key for each in await rows(table, 1, "p", "s.")] == ["s.1"]
    assert await rows(table, 1, "p", "t") == []


async def test_a_quote_in_a_partition_is_no_syntax(table: Projections) -> None:
    await table.write(1, [row("p", "k")])
    assert await rows(table, 1, "' or PartitionKey ge '") == []


async def test_a_row_moves_only_from_what_was_read(table: Projections) -> None:
    first = await table.swap(1, row("p", "k", n=1), None)
    with pytest.raises(PreconditionFailed):
        await table.swap(1, row("p", "k", n=9), None)
    stored = await table.get(1, "p", "k")
    assert (stored.row, stored.etag) == (row("p", "k", n=1), first)
    second = await table.swap(1, row("p", "k", n=2), first)
    with pytest.raises(PreconditionFailed):
        await table.swap(1, row("p", "k", n=9), first)
    stored = await table.get(1, "p", "k")
    assert (stored.row, stored.etag) == (row("p", "k", n=2), second)
    with pytest.raises(NotFound):
        await table.get(1, "p", "other")


async def test_a_row_that_has_gone_is_not_moved(table: Projections) -> None:
    etag = await table.swap(1, row("p", "k"), None)
    await table.drop_before(2)
    with pytest.raises(PreconditionFailed):
        await table.swap(1, row("p", "k"), etag)


async def test_generations_do_not_meet_and_earlier_ones_can_be_dropped(
    table: Projections,
) -> None:
    for generation in (1, 2, 9, 10, 11):
        await table.write(generation, [row("p", f"{n:04d}", g=generation) for n in range(230)])
        await table.write(generation, [row("q", "k")])
    assert len(await rows(table, 2, "p")) == 230
    assert await table.drop_before(10) == 3 * 231
    assert [len(await rows(table, each, "p")) for each in (1, 2, 9, 10, 11)] == [0, 0, 0, 230, 230]
    assert await table.drop_before(10) == 0


@given(st.text(max_size=300))
def test_any_text_becomes_a_key_that_tables_accept(text: str) -> None:
    key = key_part(text)
    assert key
    assert not set(key) & set("/\\#?%'.")
    assert key.isascii()
    assert key.isprintable()
    assert len(key) <= 200
    assert key_part(key) == key


# --- the adapter alone --------------------------------------------------------------------------


@pytest.mark.integration
@pytest.mark.enable_socket
async def test_of_two_that_drop_at_once_neither_fails(client: TableClient) -> None:
    table = AzureProjections(client)
    await table.prepare()
    await table.write(1, [row("p", f"{n:04d}") for n in range(50)])
    group = [{"PartitionKey": "00000001.p", "RowKey": f"{n:04d}"} for n in range(50)]
    await client.delete_entity("00000001.p", "0007")
    await table._remove(group)
    assert await rows(table, 1, "p") == []


@pytest.mark.integration
@pytest.mark.enable_socket
async def test_a_table_that_cannot_be_reached_is_unavailable() -> None:
    unreachable = (
        "DefaultEndpointsProtocol=http;AccountName=a;AccountKey=a2V5;"
        "TableEndpoint=http://127.0.0.1:1/a;"
    )
    async with TableClient.from_connection_string(unreachable, "index", retry_total=0) as client:
        table = AzureProjections(client)
        for work in (
            table.prepare(),
            table.write(1, [row("p", "k")]),
            table.write(1, [row("p", "k"), row("p", "l")]),
            table.get(1, "p", "k"),
            table.swap(1, row("p", "k"), None),
            rows(table, 1, "p"),
            table.drop_before(2),
        ):
            with pytest.raises(StoreUnavailable):
                await work


@pytest.mark.integration
@pytest.mark.enable_socket
async def test_a_table_that_does_not_answer_in_time_is_unavailable(client: TableClient) -> None:
    with pytest.raises(StoreUnavailable):
        await rows(AzureProjections(client, timeout_seconds=0), 1, "p")


def test_every_exception_of_the_client_is_translated() -> None:
    found = [
        one
        for one in vars(azure.core.exceptions).values()
        if inspect.isclass(one)
        and issubclass(one, Exception)
        and one.__module__ == "azure.core.exceptions"
    ]
    assert len(found) > 15
    assert not [one for one in found if not issubclass(one, projection_table.FAILURES)]
