"""One conditional append, and finding out what became of it.

An append names the position that it expects, so it lands at most once, however often it is sent.
A failure says nothing: the tail of the journal is read and compared with the exact bytes. An append
that may still be under way (a ghost) is remembered, since it can land after the caller was told
that it failed; whatever is found at its position later is compared with it first.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from gateway.errors import NotFound, StoreError
from gateway.evidence.chain import Head
from gateway.ports import EvidenceStore

Pause: TypeAlias = Callable[[float], Awaitable[object]]

DELAYS: Final = (0.0, 0.05, 0.15, 0.45)
"""Seconds before each attempt; the store's own timeouts come on top."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Whole lines that go out in one append.

    Attributes:
        head: where they go.
        after: the head once they are there.
        data: the bytes.
    """

    head: Head
    after: Head
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Ghost:
    """A batch whose append has not been seen to land or fail, without its bytes."""

    after: Head
    size: int
    digest: bytes

    @classmethod
    def of(cls, batch: Batch) -> "Ghost":
        """Of a batch about to be sent."""
        return cls(batch.after, len(batch.data), hashlib.sha256(batch.data).digest())


@dataclass(frozen=True, slots=True)
class Landed:
    """Durable; `fenced` where somebody else's bytes follow, so nothing more can."""

    fenced: bool = False


@dataclass(frozen=True, slots=True)
class Haunted:
    """Not written: an earlier batch, thought lost, has landed in its place."""

    ghost: Ghost
    fenced: bool


@dataclass(frozen=True, slots=True)
class Overtaken:
    """Not written and never will be: somebody else's bytes stand there, or the blob is gone."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nobody knows; `sent` says whether an append was tried at all."""

    sent: bool


Fate: TypeAlias = Landed | Haunted | Overtaken | Unknown


async def land(
    store: EvidenceStore,
    batch: Batch,
    ghosts: Sequence[Ghost] = (),
    pause: Pause = asyncio.sleep,
) -> Fate:
    """Append a batch and say what became of it; bounded attempts.

    Where ghosts are about, the tail is read before anything is sent.
    """
    name, position, end = str(batch.head.name), batch.head.offset, batch.after.offset
    reach = max([len(batch.data), *(ghost.size for ghost in ghosts)]) + 1
    sent, may_send = False, not ghosts
    for delay in DELAYS:
        if delay:
            await pause(delay)
        if may_send:
            sent = True
            try:
                if await store.append(name, batch.data, position) == end:
                    return Landed()
            except NotFound:
                return Overtaken()
            except StoreError:
                # Whether it was refused, lost or late shows in the tail.
                pass
        try:
            tail = await store.read(name, position, reach)
        except NotFound:
            return Overtaken()
        except StoreError:
            may_send = False
            continue
        if tail:
            return _judge(tail, batch, ghosts)
        may_send = True
    return Unknown(sent)


def _judge(tail: bytes, batch: Batch, ghosts: Sequence[Ghost]) -> Fate:
    if tail.startswith(batch.data):
        return Landed(fenced=len(tail) > len(batch.data))
    for ghost in ghosts:
        start = tail[: ghost.size]
        if len(start) == ghost.size and hashlib.sha256(start).digest() == ghost.digest:
            return Haunted(ghost, fenced=len(tail) > ghost.size)
    return Overtaken()
