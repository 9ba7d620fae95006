"""Pauses of the cyclic garbage collector while one payload is masked.

Trees and lists of leaves live as long as a batch does and go by reference counting. A collection in
the middle of one finds nothing, and moves what is alive to the oldest generation, so that the
process is soon looked through as a whole: 20 ms and more for a document of a millisecond.
"""

import gc

THRESHOLDS = (50_000, 20, 20)
"""Of the collector in a process that masks: trees are many, and hold no cycles."""
MAX_PAUSED = 32 * 1024 * 1024
"""Bytes of a payload; for a larger one the collector goes on."""


class paused:  # noqa: N801  (a context manager, which is called like a function)
    """No collection for the time of one payload of `size` bytes.

    Where payloads are masked side by side, the one that has stopped the collector starts it again,
    whatever the other ones do; so no pause is longer than one payload takes.
    """

    __slots__ = ("_paused",)

    def __init__(self, size: int) -> None:
        self._paused = size <= MAX_PAUSED and gc.isenabled()

    def __enter__(self) -> None:
        if self._paused:
            gc.disable()

    def __exit__(self, *error: object) -> None:
        if self._paused:
            gc.enable()
