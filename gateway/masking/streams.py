"""Streams of the formats: fed in pieces whose boundaries change nothing."""

from collections.abc import Callable
from typing import Protocol

from gateway.errors import Reason, Withheld

MAX_BYTES = 128 * 1024 * 1024
MAX_LINE = 32 * 1024 * 1024


class Stream(Protocol):
    """Masks what is fed in pieces; the boundaries of the pieces change nothing."""

    def feed(self, data: bytes) -> bytes:
        """Masked bytes that are ready now, perhaps none.

        Raises:
            Withheld: the content may not be shown, or cannot be masked.
        """
        ...

    def flush(self) -> bytes:
        """The rest; the stream is at its end.

        Raises:
            Withheld: likewise.
        """
        ...


class WholeStream:
    """A format that can only be masked when all of it is there."""

    def __init__(self, mask: Callable[[bytes], bytes]) -> None:
        self._mask = mask
        self._pieces: list[bytes] = []
        self._size = 0

    def feed(self, data: bytes) -> bytes:
        """Nothing yet."""
        self._size += len(data)
        if self._size > MAX_BYTES:
            raise too_large()
        self._pieces.append(data)
        return b""

    def flush(self) -> bytes:
        """All of it, masked."""
        body = b"".join(self._pieces)
        self._pieces.clear()
        return self._mask(body)


class LineStream:
    """A format of records that end with a line feed (or another byte), each masked by itself.

    Args:
        mask: masks records that follow each other; as many come out.
        end: of a record.
        batch: how many are masked at once, counted from the first one, as the names in one of them
            are masked in the others; only the last ones may be fewer.
    """

    def __init__(
        self, mask: Callable[[list[bytes]], list[bytes]], end: bytes = b"\n", batch: int = 1
    ) -> None:
        self._mask = mask
        self._end = end
        self._batch = batch
        self._whole: list[bytes] = []
        self._pieces: list[bytes] = []
        self._waiting = 0

    def feed(self, data: bytes) -> bytes:
        """The records that `data` completes."""
        head, separator, tail = data.rpartition(self._end)
        if not separator:
            self._keep(data)
            return b""
        records = self._whole + b"".join([*self._pieces, head]).split(self._end)
        self._pieces.clear()
        self._waiting = 0
        self._keep(tail)
        ready = len(records) - len(records) % self._batch
        self._whole = records[ready:]
        if not ready:
            return b""
        return self._end.join(self._mask(records[:ready])) + self._end

    def flush(self) -> bytes:
        """The last records, the very last of which may not end as the others do."""
        last = b"".join(self._pieces)
        records = [*self._whole, last] if last else self._whole
        self._whole, self._pieces = [], []
        masked = self._mask(records) if records else []
        return self._end.join(masked if last else [*masked, b""])

    def _keep(self, data: bytes) -> None:
        self._waiting += len(data)
        if self._waiting > MAX_LINE:
            raise too_large()
        self._pieces.append(data)


def too_large() -> Withheld:
    """A bound on size is reached."""
    return Withheld("The content is larger than what can be masked.", reason=Reason.MASKING_FAILED)
