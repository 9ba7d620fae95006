"""Tickets in Azure Table storage, moved by ETag compare-and-swap.

Three partitions: `ticket` (RowKey the ticket's id), `request` (RowKey the digest that finds it)
and `agent` (RowKey the application whose open tickets are counted). Nothing is retried by the SDK:
a swap that landed and is sent again would fail its own ETag check and read as somebody else's.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from enum import Enum
from types import MappingProxyType
from typing import Final, Literal

from azure.core import MatchConditions
from azure.core.exceptions import AzureError, ResourceExistsError
from azure.data.tables import UpdateMode
from azure.data.tables.aio import TableClient
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gateway.approvals.ticket import RESULT_TIME, Cite, Ticket, TicketState, due
from gateway.errors import NotFound, PreconditionFailed, StoreError, StoreUnavailable
from gateway.ports import Mark, StoredTicket

_LOG: Final = logging.getLogger(__name__)
_TICKET: Final = "ticket"
_PAGE: Final = 500

# https://learn.microsoft.com/rest/api/storageservices/table-service-error-codes
_GET: Mapping[str, type[StoreError]] = {"ResourceNotFound": NotFound}
_SWAP: Mapping[str, type[StoreError]] = dict.fromkeys(
    ("EntityAlreadyExists", "UpdateConditionNotSatisfied", "ConditionNotMet", "ResourceNotFound"),
    PreconditionFailed,
)

FAILURES = (AzureError, TimeoutError, ValueError)
"""Everything the client raises; ValueError for answers that it cannot deserialise."""


class _Row(BaseModel):
    """What a ticket's entity holds, all of it text; the seal says whether it is to be believed."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    state: TicketState
    sealed: str
    seal: str
    since: datetime
    expires: datetime
    decision: str = ""
    claim: str = ""
    execution: str = ""
    collected: str = ""
    looked: str = ""
    reason: str = ""
    kept: int = Field(default=2, ge=0, le=2)
    result: int = Field(default=int(RESULT_TIME.total_seconds()), ge=0, le=2**31)


class TableTickets:
    """`ports.Tickets` through a client that is given, and closed by its owner."""

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

    async def get(self, ticket_id: str) -> StoredTicket:
        """See `ports.Tickets`."""
        async with self._errors(_GET):
            entity = await self._client.get_entity(_TICKET, ticket_id, retry_total=0)
            return _stored(entity)

    async def swap(self, ticket: Ticket, etag: str | None) -> str:
        """See `ports.Tickets`."""
        return await self._swap(_TICKET, ticket.id, _entity(ticket), etag)

    async def due(self, now: datetime, limit: int = 500, start: str = "") -> Sequence[StoredTicket]:
        """See `ports.Tickets`."""
        parameters = {"partition": _TICKET, "now": _moment(now), "start": start}
        found: list[StoredTicket] = []
        for side in ("ge", "lt"):
            query = f"PartitionKey eq @partition and RowKey {side} @start and due le @now"
            if len(found) < limit:
                found += await self._query(query, parameters, limit - len(found))
        return found

    async def pending(self, limit: int = 500) -> Sequence[StoredTicket]:
        """See `ports.Tickets`."""
        query = "PartitionKey eq @partition and state eq @state"
        parameters = {"partition": _TICKET, "state": TicketState.PENDING.value}
        return await self._query(query, parameters, limit)

    async def _query(
        self, query: str, parameters: Mapping[str, str], limit: int
    ) -> Sequence[StoredTicket]:
        found: list[StoredTicket] = []
        async with self._errors():
            pages = self._client.query_entities(
                query, parameters=dict(parameters), results_per_page=_PAGE
            )
            async for entity in pages:
                try:
                    found.append(_stored(entity))
                except StoreError:
                    # One row that somebody else has written must not hide all others.
                    _LOG.error("an entity of the table of tickets cannot be understood")
                    continue
                if len(found) >= limit:
                    break
        return found

    async def remove(self, ticket_id: str) -> None:
        """See `ports.Tickets`."""
        async with self._errors():
            # Succeeds where nothing is there.
            await self._client.delete_entity(_TICKET, ticket_id)

    async def mark(self, kind: Literal["request", "agent"], key: str) -> Mark:
        """See `ports.Tickets`."""
        async with self._errors(_GET):
            entity = await self._client.get_entity(kind, key, retry_total=0)
            return Mark(str(entity.get("text", "")), _etag(entity))

    async def set_mark(
        self, kind: Literal["request", "agent"], key: str, text: str, etag: str | None
    ) -> None:
        """See `ports.Tickets`."""
        await self._swap(kind, key, {"text": text}, etag)

    async def _swap(
        self, partition: str, row: str, fields: Mapping[str, str], etag: str | None
    ) -> str:
        entity = {"PartitionKey": partition, "RowKey": row, **fields}
        async with self._errors(_SWAP):
            if etag is None:
                answer = await self._client.create_entity(entity, retry_total=0)
            else:
                answer = await self._client.update_entity(
                    entity,
                    mode=UpdateMode.REPLACE,
                    etag=etag,
                    match_condition=MatchConditions.IfNotModified,
                    retry_total=0,
                )
            return str(answer["etag"])

    @asynccontextmanager
    async def _errors(
        self, codes: Mapping[str, type[StoreError]] = MappingProxyType({})
    ) -> AsyncIterator[None]:
        """Time limit and translation of everything the client raises."""
        try:
            async with asyncio.timeout(self._timeout):
                yield
        except FAILURES as error:
            code = getattr(error, "error_code", None)
            code = str(code.value if isinstance(code, Enum) else code or "")
            if not code and isinstance(error, ResourceExistsError):
                # The client does not read the code of a creation's conflict.
                code = "EntityAlreadyExists"
            if kind := codes.get(code):
                raise kind(f"the table of tickets answered {code}") from None
            raise StoreUnavailable(
                "the table of tickets did not do it, or did not answer",
                details=(("error", type(error).__name__), *((("code", code),) if code else ())),
            ) from None


def _entity(ticket: Ticket) -> dict[str, str]:
    cite = ticket.execution
    return {
        "state": ticket.state.value,
        "sealed": ticket.sealed,
        "seal": ticket.seal,
        "since": _moment(ticket.since),
        "expires": _moment(ticket.expires_at),
        "due": _moment(due(ticket)),
        "decision": ticket.decision,
        "claim": ticket.claim,
        "execution": f"{cite.seq} {cite.offset} {cite.journal}" if cite else "",
        "collected": ticket.collected,
        "looked": _moment(ticket.looked_at) if ticket.looked_at else "",
        "reason": ticket.reason,
        "kept": str(ticket.kept),
        "result": str(ticket.result_seconds),
    }


def _stored(entity: Mapping[str, object]) -> StoredTicket:
    """The ticket in an entity.

    Raises:
        StoreError: somebody else has written it.
    """
    try:
        row = _Row.model_validate(entity)
        ticket = Ticket(
            id=str(entity["RowKey"]),
            state=row.state,
            sealed=row.sealed,
            seal=row.seal,
            since=_aware(row.since),
            expires_at=_aware(row.expires),
            decision=row.decision,
            claim=row.claim,
            execution=_cite(row.execution),
            collected=row.collected,
            looked_at=_aware(datetime.fromisoformat(row.looked)) if row.looked else None,
            reason=row.reason,
            kept=row.kept,
            result_seconds=row.result,
        )
    except (ValidationError, ValueError):
        raise StoreError("an entity of the table of tickets cannot be understood") from None
    return StoredTicket(ticket, _etag(entity))


def _cite(text: str) -> Cite | None:
    if not text:
        return None
    seq, offset, journal = text.split(" ", 2)
    return Cite(journal, int(seq), int(offset))


def _moment(at: datetime) -> str:
    """RFC 3339 in UTC with six decimals, so that text order is time order."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _aware(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError("a time without a zone")
    return at


def _etag(entity: object) -> str:
    metadata: Mapping[str, object] = getattr(entity, "metadata", {})
    return str(metadata["etag"])
