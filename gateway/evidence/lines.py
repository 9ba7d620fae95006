"""A journal's lines out of pieces of it: reading one takes little memory however long it is."""

from typing import Final

from gateway.evidence.following import MAX_LINE

_KEPT: Final = 2 * MAX_LINE
"""Bytes of a line that are kept: what is longer is no record, and need not be one in whole."""


class Lines:
    """Cuts pieces, given in their order and each shorter than 4 MiB, into lines.

    Of a line longer than any that a journal writes no more than its first 4 MiB are given: they
    are no record and have another hash than the line, and nobody can fill the memory with it.

    Attributes:
        size: bytes so far.
        start: offset of the last line that has ended, from the beginning of the first piece.
        rest: bytes behind the last newline.
    """

    def __init__(self) -> None:
        self.size = 0
        self.start = 0
        self.rest = 0
        self._kept: list[bytes] = []

    def feed(self, piece: bytes) -> list[bytes]:
        """The lines that end in this piece, without their newlines."""
        lines = piece.split(b"\n")
        last = lines.pop()
        if lines:
            inside = self.size + len(piece) - len(last) - 1 - len(lines[-1])
            self.start = inside if len(lines) > 1 else self.size - self.rest
            lines[0] = self._ended(lines[0])
        self._keep(last)
        self.size += len(piece)
        return lines

    def _ended(self, part: bytes) -> bytes:
        if not self.rest:
            return part
        self._keep(part)
        line = b"".join(self._kept)
        self._kept.clear()
        self.rest = 0
        return line

    def _keep(self, part: bytes) -> None:
        if part and self.rest < _KEPT:
            self._kept.append(part[: _KEPT - self.rest])
        self.rest += len(part)
