"""The local host with every allocation traced, for what grows in a gateway process.

`python -m tests.soak.traced` takes the local host's arguments. On SIGUSR1 it collects garbage and
writes a snapshot to `{TRACED_FOLDER}/{pid}-{number}.trace`; `grown()` compares two of them.
"""

import gc
import itertools
import os
import signal
import sys
import tracemalloc
from pathlib import Path
from types import FrameType

from gateway.local import host

FOLDER = "TRACED_FOLDER"
_OWN = (tracemalloc.Filter(inclusive=False, filename_pattern=tracemalloc.__file__),)
_numbers = itertools.count()


def snapshot_file(folder: Path, pid: int, number: int) -> Path:
    """Where the process writes its snapshot of this number, counted from 0."""
    return folder / f"{pid}-{number}.trace"


def grown(before: Path, after: Path, most: int = 10) -> tuple[int, list[str]]:
    """Bytes of Python objects that came to stay, and the lines that allocated the most of them."""
    first, last = (
        tracemalloc.Snapshot.load(str(path)).filter_traces(_OWN) for path in (before, after)
    )
    differences = last.compare_to(first, "lineno")
    lines = [
        f"{item.size_diff / 1024:+9.1f} KiB {item.count_diff:+7} objects  {item.traceback}"
        for item in differences[:most]
    ]
    return sum(item.size_diff for item in differences), lines


def _dump(_signum: int, _frame: FrameType | None) -> None:
    gc.collect()
    path = snapshot_file(Path(os.environ[FOLDER]), os.getpid(), next(_numbers))
    part = path.with_suffix(".part")
    tracemalloc.take_snapshot().dump(str(part))
    part.rename(path)


if __name__ == "__main__":
    signal.signal(signal.SIGUSR1, _dump)
    tracemalloc.start()
    sys.exit(host.main())
