"""The index in one table of the host account: PartitionKey is `{generation}.{partition}`.

One table and not one for each kind of row: it is one thing to create and to grant, partitions
keep the kinds apart, and a generation is dropped without touching the table.
"""

import asyncio
import gc
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import asynccontextmanager
from itertools import islice
from typing import Any, TypeAlias

from azure.core import MatchConditions
from azure.core.exceptions import (
    AzureError,
    HttpResponseError,
    ResourceExistsError,
    ResourceModifiedError,
    ResourceNotFoundError,
    ServiceRequestError,
)
from azure.data.tables import EdmType, EntityProperty, TableTransactionError, UpdateMode
from azure.data.tables.aio import TableClient

from gateway.errors import NotFound, PreconditionFailed, StoreUnavailable
from gateway.evidence.projection import Row
from gateway.ports import StoredRow

# https://learn.microsoft.com/rest/api/storageservices/performing-entity-group-transactions
_TRANSACTION = 100
# A full transaction takes 0.6 MiB while it is under way, and 50 ms of CPU time: more at once would
# take more memory and be done no sooner.
_AT_ONCE = 4
_OLDER = 20
_PAGE = 1000
_NOT_FOUND = 404

# Everything the client raises: its own errors, time running out, and ValueError for answers that
# it cannot deserialise (azure.core.exceptions.DeserializationError is one).
FAILURES = (AzureError, TimeoutError, ValueError)

_Entity: TypeAlias = dict[str, Any]
_Work: TypeAlias = Callable[[list[_Entity]], Awaitable[None]]


class AzureProjections:
    """`ports.Projections` through a client that is given, and closed by its owner."""

    def __init__(self, client: TableClient, *, timeout_seconds: float = 15.0) -> None:
        self._client = client
        self._timeout = timeout_seconds
        self._transactions = 0

    async def prepare(self) -> None:
        """See `ports.Projections`; where the table is there, its creation need not be allowed."""
        try:
            async with self._errors():
                async for _ in self._client.list_entities(results_per_page=1, select=["RowKey"]):
                    return
        except NotFound:
            async with self._errors():
                try:
                    await self._client.create_table()
                except ResourceExistsError:
                    return

    async def write(self, generation: int, rows: Sequence[Row]) -> None:
        """See `ports.Projections`."""
        unique = {(row.partition, row.key): _entity(generation, row) for row in rows}
        await _each(self._replace, _groups(unique[name] for name in sorted(unique)))

    async def _replace(self, group: Sequence[_Entity]) -> None:
        # The client does not repeat a transaction by itself; these may be repeated.
        for pause in (0.2, 1.0):
            try:
                return await self._replace_once(group)
            except StoreUnavailable:
                await asyncio.sleep(pause)
        return await self._replace_once(group)

    async def _replace_once(self, group: Sequence[_Entity]) -> None:
        async with self._errors():
            if len(group) == 1:
                await self._client.upsert_entity(group[0], mode=UpdateMode.REPLACE)
                return
            await self._transact(
                [("upsert", entity, {"mode": UpdateMode.REPLACE}) for entity in group]
            )

    async def _transact(self, operations: Sequence[tuple[Any, ...]]) -> None:
        await self._client.submit_transaction(operations)
        # The client writes each part of the message with the email package, which makes a class
        # for every header: 2.7 KB of reference cycles that a collection by itself finds too late.
        # One by hand puts that off still further, so what is older has its turn here as well.
        self._transactions += 1
        gc.collect(1 if self._transactions % _OLDER == 0 else 0)

    async def get(self, generation: int, partition: str, key: str) -> StoredRow:
        """See `ports.Projections`."""
        async with self._errors():
            entity = await self._client.get_entity(_partition(generation, partition), key)
        return StoredRow(_row(entity), str(entity.metadata["etag"]))

    async def swap(self, generation: int, row: Row, etag: str | None) -> str:
        """See `ports.Projections`."""
        entity = _entity(generation, row)
        async with self._errors():
            try:
                if etag is None:
                    answer = await self._client.create_entity(entity)
                else:
                    answer = await self._client.update_entity(
                        entity,
                        mode=UpdateMode.REPLACE,
                        etag=etag,
                        match_condition=MatchConditions.IfNotModified,
                    )
            except (ResourceExistsError, ResourceModifiedError) as error:
                raise PreconditionFailed("somebody else was first") from error
            except ResourceNotFoundError as error:
                if etag is None:
                    raise
                raise PreconditionFailed("the row has gone") from error
        return str(answer["etag"])

    async def query(self, generation: int, partition: str, since: str = "") -> AsyncIterator[Row]:
        """See `ports.Projections`."""
        pages = self._client.query_entities(
            "PartitionKey eq @partition and RowKey ge @since",
            parameters={"partition": _partition(generation, partition), "since": since},
            results_per_page=_PAGE,
        ).by_page()
        async for page in self._pages(pages):
            for entity in page:
                yield _row(entity)

    async def drop_before(self, generation: int) -> int:
        """See `ports.Projections`."""
        pages = self._client.query_entities(
            "PartitionKey lt @bound",
            parameters={"bound": _partition(generation, "")},
            select=["PartitionKey", "RowKey"],
            results_per_page=_PAGE,
        ).by_page()
        count = 0
        async for page in self._pages(pages):
            await _each(self._remove, _groups(page))
            count += len(page)
        return count

    async def _remove(self, group: Sequence[_Entity]) -> None:
        async with self._errors():
            try:
                await self._transact([("delete", entity) for entity in group])
            except (ResourceNotFoundError, TableTransactionError, ServiceRequestError):
                # Somebody else drops as well, or the connection was cut; one by one, what has
                # gone is no error.
                for entity in group:
                    await self._client.delete_entity(entity["PartitionKey"], entity["RowKey"])

    async def _pages(self, pages: AsyncIterator[Any]) -> AsyncIterator[list[_Entity]]:
        while True:
            async with self._errors():
                try:
                    page = [entity async for entity in await anext(pages)]
                except StopAsyncIteration:
                    return
            yield page

    @asynccontextmanager
    async def _errors(self) -> AsyncIterator[None]:
        """Time limit and translation of everything the client raises."""
        try:
            async with asyncio.timeout(self._timeout):
                yield
        except FAILURES as error:
            # Of a transaction, the error has the status of the part that failed.
            if isinstance(error, HttpResponseError) and error.status_code == _NOT_FOUND:
                raise NotFound(
                    "no such row, or no table for the index",
                    advice="`chaperone evidence reindex` makes both",
                ) from error
            raise StoreUnavailable(
                "the index did not answer",
                advice="check the host account's table endpoint and the role assignments",
                details=(("error", type(error).__name__),),
            ) from error


def _partition(generation: int, partition: str) -> str:
    return f"{generation:08d}.{partition}"


def _entity(generation: int, row: Row) -> _Entity:
    # All integers as Int64: whether one fits 32 bits must not decide its type.
    columns = {
        name: EntityProperty(value, EdmType.INT64) if isinstance(value, int) else value
        for name, value in row.columns.items()
    }
    return {
        **columns,
        "PartitionKey": _partition(generation, row.partition),
        "RowKey": row.key,
    }


def _row(entity: Mapping[str, Any]) -> Row:
    columns = {
        name: value.value if isinstance(value, EntityProperty) else value
        for name, value in entity.items()
        if name not in {"PartitionKey", "RowKey"}
    }
    return Row(str(entity["PartitionKey"]).partition(".")[2], str(entity["RowKey"]), columns)


def _groups(entities: Iterable[_Entity]) -> Iterator[list[_Entity]]:
    """Transactions: of one partition, and not too long. Entities come in order of partitions."""
    group: list[_Entity] = []
    for entity in entities:
        full = len(group) == _TRANSACTION
        if group and (full or group[0]["PartitionKey"] != entity["PartitionKey"]):
            yield group
            group = []
        group.append(entity)
    if group:
        yield group


async def _each(work: _Work, groups: Iterable[list[_Entity]]) -> None:
    """Some at a time; the first error once those at work have ended."""
    pending = iter(groups)
    while some := list(islice(pending, _AT_ONCE)):
        results = await asyncio.gather(*map(work, some), return_exceptions=True)
        for error in filter(None, results):
            raise error
