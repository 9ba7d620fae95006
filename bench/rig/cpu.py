"""CPU time of process trees."""

import contextlib
from pathlib import Path

import psutil

_NANOSECONDS = 1_000_000_000


def seconds(pid: int) -> float:
    """CPU seconds that a process and its descendants have used so far.

    From the scheduler's own account (nanoseconds, `/proc/{pid}/task/*/schedstat`) where there is
    one; elsewhere from the clock ticks that every system keeps.
    """
    total = 0.0
    with contextlib.suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        for member in (process, *process.children(recursive=True)):
            total += _scheduled(member.pid) or _ticks(member)
    return total


def _scheduled(pid: int) -> float:
    total = 0
    with contextlib.suppress(OSError, ValueError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            # A thread that has ended meanwhile takes its account along.
            with contextlib.suppress(OSError):
                total += int((task / "schedstat").read_text().split()[0])
    return total / _NANOSECONDS


def _ticks(process: psutil.Process) -> float:
    with contextlib.suppress(psutil.Error):
        times = process.cpu_times()
        return float(times.user + times.system)
    return 0.0


def resident_mebibytes(pid: int) -> float:
    """Resident memory of a process tree now, in MiB."""
    total = 0
    with contextlib.suppress(psutil.Error):
        process = psutil.Process(pid)
        for member in (process, *process.children(recursive=True)):
            total += member.memory_info().rss
    return total / 2**20
