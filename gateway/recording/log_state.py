"""What the log's timer remembers between two runs: how far journals, batches and signing have got.

None of it is trusted: batches in the evidence decide, and everything here is made again from them.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from gateway.errors import NotFound
from gateway.evidence.following import Cursor
from gateway.evidence.log import Batch
from gateway.ports import StateStore
from gateway.recording.cursors import Cursors, Day

LEASE: Final = "log/lease"
HEAD: Final = "log/head"


class _Head(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    last: int | None = Field(default=None, ge=0)
    audited: int | None = Field(default=None, ge=0)
    signed: int = Field(default=0, ge=0)
    signed_at: AwareDatetime | None = None


@dataclass(frozen=True, slots=True)
class Head:
    """Where the next run begins; batches are named by the number of leaves before them.

    Attributes:
        last: the last batch that the cursors know, None for none.
        audited: the last batch that was read back and computed again.
        signed: leaves under the last checkpoint.
        signed_at: when that was signed, None for never.
        etag: of the blob, None where there is none.
    """

    last: int | None = None
    audited: int | None = None
    signed: int = 0
    signed_at: datetime | None = None
    etag: str | None = None


async def read_head(state: StateStore) -> Head:
    """The head; a new one where there is none, or none that can be understood.

    Raises:
        StoreUnavailable: it cannot be read.
    """
    try:
        found = await state.get(HEAD)
    except NotFound:
        return Head()
    try:
        kept = _Head.model_validate_json(found.data)
    except ValidationError:
        return Head(etag=found.etag)
    return Head(kept.last, kept.audited, kept.signed, kept.signed_at, found.etag)


async def write_head(state: StateStore, head: Head) -> Head:
    """Keep it, unless somebody else has kept another.

    Raises:
        PreconditionFailed: somebody else was first.
        StoreUnavailable: unknown.
    """
    kept = _Head(last=head.last, audited=head.audited, signed=head.signed, signed_at=head.signed_at)
    return replace(head, etag=await state.swap(HEAD, kept.model_dump_json().encode(), head.etag))


async def apply(cursors: Cursors, batch: Batch) -> None:
    """Let the cursors know a batch; doing it again changes nothing.

    Raises:
        StoreError: not all could be written.
    """
    days: dict[str, Day] = {}
    ends: dict[str, dict[str, Cursor]] = {}
    for span in batch.spans:
        day = span.journal.day
        if day not in days:
            days[day] = await cursors.day(day)
        before = days[day].cursors.get(str(span.journal), Cursor())
        if span.after.seq > before.seq:
            ends.setdefault(day, {})[str(span.journal)] = span.after
    for day, moved in ends.items():
        await cursors.move(days[day], moved)
