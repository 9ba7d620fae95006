"""The Merkle tree over the records of all journals (RFC 6962 section 2.1).

Only the right edge is kept: the roots of the perfect subtrees that the leaves so far fill, which
is enough to append and to know the root, however many leaves there are.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from typing import Final

EMPTY: Final = hashlib.sha256(b"").digest()
"""The root over no leaves."""
_LEAF: Final = b"\x00"
_NODE: Final = b"\x01"


def leaf(line: bytes) -> bytes:
    """The hash of one record, given as its line without the newline; 32 bytes."""
    return hashlib.sha256(_LEAF + line).digest()


def node(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node."""
    return hashlib.sha256(_NODE + left + right).digest()


@dataclass(frozen=True, slots=True)
class Edge:
    """The tree's right edge.

    Attributes:
        size: leaves so far.
        hashes: roots of the perfect subtrees from left to right, one for each bit of `size`.
    """

    size: int = 0
    hashes: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        if self.size < 0 or len(self.hashes) != self.size.bit_count():
            raise ValueError("an edge has one hash for each bit of its size")
        if any(len(one) != hashlib.sha256().digest_size for one in self.hashes):
            raise ValueError("a hash has 32 bytes")

    @property
    def root(self) -> bytes:
        """The root hash over the leaves so far."""
        if not self.hashes:
            return EMPTY
        return reduce(lambda right, left: node(left, right), reversed(self.hashes))

    def extended(self, leaves: Iterable[bytes]) -> "Edge":
        """The edge after more leaves, given as their hashes."""
        size, stack = self.size, list(self.hashes)
        for one in leaves:
            carried, rest = one, size
            while rest & 1:
                carried = node(stack.pop(), carried)
                rest >>= 1
            stack.append(carried)
            size += 1
        return Edge(size, tuple(stack))
