"""The deny table in Azure Table storage: PartitionKey is the kind, RowKey the value."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

from azure.core.exceptions import AzureError, ResourceExistsError, ResourceNotFoundError
from azure.data.tables import UpdateMode
from azure.data.tables.aio import TableClient

from gateway.errors import NotFound, StoreError, StoreUnavailable
from gateway.model.denial import identifier
from gateway.ports import DenyEntry

MAX_ENTRIES = 10_000
_PAGE = 1000  # the service's own maximum

# Everything the client raises: its own errors, time running out, and ValueError for answers that
# it cannot deserialise (azure.core.exceptions.DeserializationError is one).
FAILURES = (AzureError, TimeoutError, ValueError)


class AzureDenyTable:
    """Reads and changes the table through a client that is given, and closed by its owner."""

    def __init__(self, client: TableClient, *, timeout_seconds: float = 10.0) -> None:
        self._client = client
        self._timeout = timeout_seconds

    async def create(self) -> None:
        """Create the table where it is missing (deployments do; the local host calls this).

        Raises:
            StoreError: it cannot be created.
        """
        async with self._errors():
            try:
                await self._client.create_table()
            except ResourceExistsError:
                return

    async def entries(self) -> Sequence[DenyEntry]:
        """All entries, strongly consistent.

        Raises:
            StoreError: the table is missing, cannot be read in time, or has over 10,000 entries.
        """
        found: list[DenyEntry] = []
        async with self._errors():
            async for entity in self._client.list_entities(results_per_page=_PAGE):
                found.append(_entry(entity))
                if len(found) > MAX_ENTRIES:
                    raise StoreError("the deny table has over 10,000 entries; remove expired ones")
        return found

    async def add(self, entry: DenyEntry) -> None:
        """Deny; an entry of the same kind and value is replaced.

        Raises:
            InvalidRequest: an unknown kind, or a value that cannot be an identifier of that kind.
            StoreError: it may or may not have been written.
        """
        kind, value = identifier(entry.kind, entry.value)
        entity = {
            "PartitionKey": kind,
            "RowKey": value,
            "reason": entry.reason,
            "by": entry.by,
            "at": entry.at,
        }
        async with self._errors():
            await self._client.upsert_entity(entity, mode=UpdateMode.REPLACE)

    async def remove(self, kind: str, value: str) -> None:
        """Deny no longer.

        Raises:
            InvalidRequest: as for `add`.
            NotFound: there is no such entry.
            StoreError: it may or may not have been removed.
        """
        kind, value = identifier(kind, value)
        async with self._errors():
            # delete_entity succeeds where nothing is there; a typing error must not.
            await self._client.get_entity(kind, value)
            await self._client.delete_entity(kind, value)

    @asynccontextmanager
    async def _errors(self) -> AsyncIterator[None]:
        """Time limit and translation of everything the client raises."""
        try:
            async with asyncio.timeout(self._timeout):
                yield
        except ResourceNotFoundError as error:
            raise NotFound("no such entry, or no deny table") from error
        except FAILURES as error:
            raise StoreUnavailable("the deny table did not answer") from error


def _entry(entity: Mapping[str, object]) -> DenyEntry:
    return DenyEntry(
        kind=str(entity["PartitionKey"]),
        value=str(entity["RowKey"]).lower(),
        reason=str(entity.get("reason", "")),
        by=str(entity.get("by", "")),
        at=str(entity.get("at", "")),
    )
