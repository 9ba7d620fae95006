"""Records that wait for an append, and how many may."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from gateway.errors import EvidenceUnavailable
from gateway.model.canonical import Json
from gateway.model.exchange import Receipt

_MIB: Final = 1024 * 1024
# A cancelled caller forwards nothing, so its intent is best not written; an outcome always is.
_DROPPED_WITH_CALLER: Final = frozenset({"intent", "executing"})


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of a journal.

    Attributes:
        batch_bytes: of one append; Azure's oldest service versions allow 4 MiB a block.
        batch_records: of one append, which also bounds the event loop's work in one go.
        record_bytes: of one line.
        waiting: records that wait for an append; more are refused at once.
        blocks: appends to one blob; Azure allows 50,000.
        journal_bytes: of one blob, before CLOSE.
        age: of one blob.
    """

    batch_bytes: int = 4 * _MIB - 65536
    batch_records: int = 512
    record_bytes: int = _MIB
    waiting: int = 2048
    blocks: int = 40_000
    journal_bytes: int = 64 * _MIB
    age: timedelta = timedelta(hours=1)

    def __post_init__(self) -> None:
        if self.batch_bytes < 2 * self.record_bytes:
            raise ValueError("a batch holds OPEN and at least one record of any size allowed")


@dataclass(slots=True, eq=False)
class Waiting:
    """A record, and its caller's future; `receipt` is set when it is in a batch."""

    record: Mapping[str, Json]
    future: asyncio.Future[Receipt]
    receipt: Receipt | None = None

    def refuse(self, message: str) -> None:
        """Tell the caller that the record is not durable."""
        if not self.future.done():
            self.future.set_exception(EvidenceUnavailable(message, advice="try again later"))

    def acknowledge(self) -> None:
        """Tell the caller where the durable record stands."""
        if not self.future.done() and self.receipt is not None:
            self.future.set_result(self.receipt)

    @property
    def dropped(self) -> bool:
        """Nothing is to be written: refused already, or an intent whose caller has gone."""
        if not self.future.done():
            return False
        return not self.future.cancelled() or self.record.get("type") in _DROPPED_WITH_CALLER
