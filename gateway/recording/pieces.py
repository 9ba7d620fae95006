"""A blob of the evidence piece by piece: what reads a long one holds little of it at a time."""

from collections.abc import AsyncIterator
from hashlib import sha256
from typing import Final

from gateway.ports import EvidenceStore

PIECE: Final = 256 * 1024
"""Bytes read at once; small, since requests may wait in the same event loop meanwhile."""


async def pieces(
    store: EvidenceStore, name: str, begin: int = 0, end: int | None = None
) -> AsyncIterator[bytes]:
    """The bytes from `begin` to `end`, or to where the blob ends.

    Raises:
        NotFound: no such blob.
        StoreUnavailable: it cannot be read on.
    """
    while end is None or begin < end:
        size = PIECE if end is None else min(PIECE, end - begin)
        piece = await store.read(name, begin, size)
        yield piece
        begin += len(piece)
        if len(piece) < size:
            return


async def digest_of(store: EvidenceStore, name: str, begin: int, end: int) -> str:
    """SHA-256 hex of these bytes.

    Raises:
        NotFound: no such blob.
        StoreUnavailable: they cannot be read.
    """
    found = sha256()
    async for piece in pieces(store, name, begin, end):
        found.update(piece)
    return found.hexdigest()
