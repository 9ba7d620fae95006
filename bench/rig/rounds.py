"""Rounds over all contenders in turns, bounded in time whatever a contender does."""

import math
import statistics
import subprocess
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from bench.rig import cpu, deployment, likeness, load
from bench.rig.contender import Contender
from bench.rig.deployment import GATEWAY, Rig

BESIDE_CONNECTIONS = 4
_IDLE_SHARE = 0.05
_IDLE_SECONDS = 10
_LONGEST_SECONDS = 18
_ENOUGH = 2
"""Answers that a sample should see at least."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is measured for how long.

    Attributes:
        rounds: of each cell but those of 10 MB, which have one; their medians count.
        seconds: of one sample; longer where that is too short for a few answers.
        deadline: no sample starts after this moment of the monotonic clock.
    """

    sizes: tuple[str, ...]
    connections: tuple[int, ...]
    rounds: int
    seconds: int
    deadline: float


Cell = tuple[str, str, int]
"""Contender, size and connections."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One sample: what the client saw, and CPU microseconds of the contender per request."""

    sample: load.Sample
    cpu: float


@dataclass(slots=True)
class Run:
    """Everything that was measured.

    Attributes:
        single: seconds of one request, by contender and size.
        alone: 99th percentiles of small requests alone, in microseconds.
        beside: the same beside one client that loops on the largest document.
        left_out: cells without a sample, with the reason.
        peaks: resident MiB by contender.
        seconds: that it all took.
    """

    cells: defaultdict[Cell, list[Measured]] = field(default_factory=lambda: defaultdict(list))
    single: dict[tuple[str, str], float] = field(default_factory=dict)
    alone: list[float] = field(default_factory=list)
    beside: list[float] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)
    peaks: dict[str, float] = field(default_factory=dict)
    seconds: float = math.nan

    def cpu(self, name: str, size: str, connections: int) -> float:
        """Median CPU microseconds per request; NaN where nothing was measured."""
        return median(item.cpu for item in self._of(name, size, connections))

    def p50(self, name: str, size: str, connections: int) -> float:
        """Median of the rounds' median latencies, in microseconds."""
        return median(item.sample.p50 for item in self._of(name, size, connections))

    def p99(self, name: str, size: str, connections: int) -> float:
        """Median of the rounds' 99th percentiles, in microseconds."""
        return median(item.sample.p99 for item in self._of(name, size, connections))

    def rate(self, name: str, size: str, connections: int) -> float:
        """Median requests per second."""
        items = self._of(name, size, connections)
        return median(item.sample.requests / item.sample.seconds for item in items)

    def failed(self, name: str, size: str, connections: int) -> int:
        """Requests that failed or were refused, in all rounds."""
        return sum(item.sample.failed for item in self._of(name, size, connections))

    def _of(self, name: str, size: str, connections: int) -> Sequence[Measured]:
        return self.cells.get((name, size, connections), ())


def median(values: Iterable[float]) -> float:
    """Of the numbers among the values; NaN without any."""
    known = [value for value in values if not math.isnan(value)]
    return statistics.median(known) if known else math.nan


def measure(rig: Rig, plan: Plan, report: Run) -> None:
    """All cells, the contenders in turn and in reverse order in the next round.

    What the ratios are made of comes first, so that a slow machine still gives them.
    """
    started = time.monotonic()
    _single(rig, plan, report)
    _warm(rig, plan, report)
    small = [size for size in plan.sizes if size != "10m"]
    for number in range(plan.rounds):
        for size in small:
            for connections in plan.connections:
                _round(rig, plan, report, (size, connections, number))
        _head_of_line(rig, plan, report)
    if "10m" in plan.sizes:
        for connections in plan.connections:
            _round(rig, plan, report, ("10m", connections, 0))
    report.seconds = time.monotonic() - started


def _single(rig: Rig, plan: Plan, report: Run) -> None:
    """How long one request takes, the best of two: decides how long samples must be."""
    for contender in rig.contenders.values():
        for size in contender.sizes:
            if size not in plan.sizes and contender.name != GATEWAY:
                continue
            took = [math.inf]
            for _ in range(2):
                started = time.monotonic()
                try:
                    likeness.fetch(contender, size, _LONGEST_SECONDS)
                except OSError:
                    break
                took.append(time.monotonic() - started)
            report.single[contender.name, size] = min(took)


def _round(rig: Rig, plan: Plan, report: Run, where: tuple[str, int, int]) -> None:
    size, connections, number = where
    turn = [item for item in rig.contenders.values() if size in item.sizes]
    for contender in turn if number % 2 == 0 else reversed(turn):
        cell = (contender.name, size, connections)
        name = f"{contender.name}, {size}, c={connections}"
        # With several at once each waits for the others: the samples see that many answers.
        needed = report.single[contender.name, size] * max(connections, _ENOUGH)
        if needed > _LONGEST_SECONDS:
            report.left_out[name] = f"it would take more than {_LONGEST_SECONDS} s"
            continue
        seconds = max(plan.seconds, math.ceil(needed))
        if time.monotonic() + seconds > plan.deadline:
            if cell not in report.cells:
                report.left_out[name] = "the time was up"
            continue
        report.cells[cell].append(sample(contender, rig, size, connections, seconds))
        peak = max(report.peaks.get(contender.name, 0), cpu.resident_mebibytes(contender.pid))
        report.peaks[contender.name] = peak


def sample(contender: Contender, rig: Rig, size: str, connections: int, seconds: int) -> Measured:
    """Load for some seconds, and the CPU time that the contender took for it."""
    wait_until_idle(contender.pid)
    asked = load.Load(contender.url(size), contender.headers, connections, seconds)
    before, served = cpu.seconds(contender.pid), rig.served()
    seen = load.run(asked, deployment.pinned(deployment.WORKING))
    wait_until_idle(contender.pid)
    used = cpu.seconds(contender.pid) - before
    # What was under way when the load ended has cost time as well, so the stub's count is the true
    # one; asking it is a request of its own.
    counted = rig.served() - served - 1 if contender.reaches else 0
    requests = counted if counted > 0 else seen.requests
    return Measured(seen, used / requests * 1e6 if requests > 0 else math.nan)


def wait_until_idle(pid: int, seconds: float = _IDLE_SECONDS) -> None:
    """Until what was still under way has ended; its cost belongs to the sample before."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        before, start = cpu.seconds(pid), time.monotonic()
        time.sleep(0.05)
        if cpu.seconds(pid) - before < _IDLE_SHARE * (time.monotonic() - start):
            return


def _warm(rig: Rig, plan: Plan, report: Run) -> None:
    for contender in rig.contenders.values():
        if report.single[contender.name, "2k"] < 1:
            for connections in plan.connections:
                asked = load.Load(contender.url("2k"), contender.headers, connections, 1)
                load.run(asked, deployment.pinned(deployment.WORKING))


def _head_of_line(rig: Rig, plan: Plan, report: Run) -> None:
    """2 KB requests alone, and beside one client that loops on 10 MB; in turns."""
    gateway = rig.contenders[GATEWAY]
    needed = report.single[GATEWAY, "10m"]
    seconds = max(2 * plan.seconds, math.ceil(min(2 * needed, _LONGEST_SECONDS)))
    name = "2k beside 10m"
    if needed > _LONGEST_SECONDS:
        report.left_out[name] = f"one document takes more than {_LONGEST_SECONDS} s"
        return
    if time.monotonic() + 2 * seconds > plan.deadline:
        if not report.beside:
            report.left_out[name] = "the time was up"
        return
    small = load.Load(gateway.url("2k"), gateway.headers, BESIDE_CONNECTIONS, seconds)
    big = load.Load(gateway.url("10m"), gateway.headers, 1, seconds + 1)
    words = deployment.pinned(deployment.WORKING)
    report.alone.append(load.run(small, words).p99)
    with subprocess.Popen([*words, *load.looping(big)], stdout=subprocess.DEVNULL) as looping:
        try:
            time.sleep(0.5)
            report.beside.append(load.run(small, words).p99)
        finally:
            looping.terminate()
    wait_until_idle(gateway.pid)


def skipped(rig: Rig, report: Run) -> Mapping[str, str]:
    """Whatever was not measured, and why."""
    return {**rig.skipped, **report.left_out}
