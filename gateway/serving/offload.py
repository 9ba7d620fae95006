"""Work on large bodies in a thread, so that the event loop goes on with other requests."""

import asyncio
from collections.abc import Callable
from typing import Final, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

IN_PLACE_BYTES: Final = 64 * 1024
"""Below this, a change of threads costs more than the work; at 20 MB/s it is 3 ms."""


async def offload(size: int, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """What `work` returns; in a thread where it is about more than `IN_PLACE_BYTES` bytes."""
    if size <= IN_PLACE_BYTES:
        return work(*args, **kwargs)
    return await asyncio.to_thread(work, *args, **kwargs)
