"""What the gateway costs beside nginx and mitmproxy, in interleaved rounds of one run.

`python -m bench.latency [--quick] [--json] [--size 2k]` from the repository's root. Prints medians
and ratios; exit status 1 where a goal is missed. Everything is on loopback, bounded in time: about
five minutes, under one with `--quick`. docs/performance.md says how to read the figures.
"""

import argparse
import json
import math
import os
import platform
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version

from bench.rig import cpu, deployment, documents, load, upstream
from bench.rig.deployment import Contender, Rig

DIRECT, NGINX, MITMPROXY = "direct", "nginx", "mitmproxy"
GATEWAY, UNRECORDED = "gateway", "gateway without recording"
EMULATED = "gateway on Azurite"
_IDLE_SHARE = 0.05
_LONGEST_SECONDS = 10
_BESIDE_CONNECTIONS = 4


@dataclass(frozen=True, slots=True)
class Plan:
    """What is measured for how long.

    Attributes:
        rounds: of each cell; their medians count.
        seconds: of one sample.
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
    """Everything that was measured."""

    cells: defaultdict[Cell, list[Measured]] = field(default_factory=lambda: defaultdict(list))
    alone: list[float] = field(default_factory=list)
    beside: list[float] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    peaks: dict[str, float] = field(default_factory=dict)

    def cpu(self, name: str, size: str, connections: int) -> float:
        """Median CPU microseconds per request; NaN where nothing was measured."""
        return _median([item.cpu for item in self.cells[name, size, connections]])

    def p50(self, name: str, size: str, connections: int) -> float:
        """Median of the rounds' median latencies, in microseconds."""
        return _median([item.sample.p50 for item in self.cells[name, size, connections]])

    def p99(self, name: str, size: str, connections: int) -> float:
        """Median of the rounds' 99th percentiles, in microseconds."""
        return _median([item.sample.p99 for item in self.cells[name, size, connections]])

    def rate(self, name: str, size: str, connections: int) -> float:
        """Median requests per second."""
        items = self.cells[name, size, connections]
        return _median([item.sample.requests / item.sample.seconds for item in items])

    def failed(self, name: str, size: str, connections: int) -> int:
        """Requests that failed or were refused, in all rounds."""
        return sum(item.sample.failed for item in self.cells[name, size, connections])


@dataclass(frozen=True, slots=True)
class Ratio:
    """One figure with its goal; `at_least` or at most."""

    name: str
    value: float
    goal: float
    at_least: bool

    @property
    def met(self) -> bool | None:
        """Whether the goal is met, None where it was not measured."""
        if math.isnan(self.value):
            return None
        return self.value >= self.goal if self.at_least else self.value <= self.goal


def _median(values: Sequence[float]) -> float:
    known = [value for value in values if not math.isnan(value)]
    return statistics.median(known) if known else math.nan


def measure(rig: Rig, plan: Plan, report: Run) -> None:
    """All cells in every round, the contenders in turn and in reverse order in the next round."""
    _warm(rig, plan)
    for number in range(plan.rounds):
        for size in plan.sizes:
            if number and size == "10m":
                continue  # its ratios are coarse in any case, and it takes most of the time
            for connections in plan.connections:
                _round(rig, plan, report, (size, connections, number))
        _head_of_line(rig, plan, report)


def _round(rig: Rig, plan: Plan, report: Run, where: tuple[str, int, int]) -> None:
    size, connections, number = where
    turn = [item for item in rig.contenders.values() if item.name != EMULATED or size == "2k"]
    seconds = plan.seconds * (2 if size == "10m" else 1)
    for contender in turn if number % 2 == 0 else reversed(turn):
        cell = f"{contender.name}, {size}, c={connections}"
        alone = report.p50(contender.name, size, 1)
        if time.monotonic() > plan.deadline:
            report.left_out.append(f"{cell}, round {number + 1}: time was up")
            continue
        if connections > 1 and not alone * connections < _LONGEST_SECONDS * 1e6:
            # Such a sample would tell of its own end alone.
            report.left_out.append(f"{cell}: so many at once would take over {_LONGEST_SECONDS} s")
            continue
        report.cells[contender.name, size, connections].append(
            sample(contender, rig, size, connections, seconds)
        )
        peak = max(report.peaks.get(contender.name, 0), cpu.resident_mebibytes(contender.pid))
        report.peaks[contender.name] = peak


def sample(contender: Contender, rig: Rig, size: str, connections: int, seconds: int) -> Measured:
    """Load for some seconds, and the CPU time that the contender took for it."""
    _wait_until_idle(contender.pid)
    asked = load.Load(contender.url(size, rig.area), contender.headers, connections, seconds)
    before, served = cpu.seconds(contender.pid), rig.served()
    seen = load.run(asked, deployment.pinned(deployment.WORKING))
    _wait_until_idle(contender.pid)
    used = cpu.seconds(contender.pid) - before
    # What was under way when the load ended has cost time as well, so the stub's count is the true
    # one; asking it is a request of its own.
    requests = rig.served() - served - 1 or seen.requests
    return Measured(seen, used / requests * 1e6 if requests > 0 else math.nan)


def _wait_until_idle(pid: int, seconds: float = 20) -> None:
    """Until what was still under way has ended; its cost belongs to the sample before."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        before, start = cpu.seconds(pid), time.monotonic()
        time.sleep(0.05)
        if cpu.seconds(pid) - before < _IDLE_SHARE * (time.monotonic() - start):
            return


def _warm(rig: Rig, plan: Plan) -> None:
    for contender in rig.contenders.values():
        for connections in plan.connections:
            asked = load.Load(contender.url("2k", rig.area), contender.headers, connections, 1)
            load.run(asked, deployment.pinned(deployment.WORKING))


def _head_of_line(rig: Rig, plan: Plan, report: Run) -> None:
    """2 KB requests alone, and beside one client that loops on 10 MB; in turns."""
    gateway = rig.contenders[GATEWAY]
    small = load.Load(
        gateway.url("2k", rig.area), gateway.headers, _BESIDE_CONNECTIONS, 2 * plan.seconds
    )
    big = load.Load(gateway.url("10m", rig.area), gateway.headers, 1, 2 * plan.seconds + 1)
    words = deployment.pinned(deployment.WORKING)
    if time.monotonic() > plan.deadline:
        report.left_out.append("2k beside 10m: time was up")
        return
    report.alone.append(load.run(small, words).p99)
    with subprocess.Popen([*words, *load.looping(big)], stdout=subprocess.DEVNULL) as looping:
        time.sleep(0.5)
        report.beside.append(load.run(small, words).p99)
        looping.terminate()
    _wait_until_idle(gateway.pid)


def ratios(report: Run) -> list[Ratio]:
    """The figures that the gateway is judged on."""
    found = [
        Ratio(
            f"requests per core, gateway over mitmproxy, {size}, c=32",
            report.cpu(MITMPROXY, size, 32) / report.cpu(GATEWAY, size, 32),
            goal,
            at_least=True,
        )
        for size, goal in (("2k", 5.0), ("200k", 3.0))
    ]
    direct = report.p50(DIRECT, "2k", 1)
    found.append(
        Ratio(
            "added p50, gateway over nginx, 2k, c=1",
            (report.p50(GATEWAY, "2k", 1) - direct) / (report.p50(NGINX, "2k", 1) - direct),
            8.0,
            at_least=False,
        )
    )
    found.append(
        Ratio(
            "CPU per request, with recording over without, 2k, c=32",
            report.cpu(GATEWAY, "2k", 32) / report.cpu(UNRECORDED, "2k", 32),
            1.3,
            at_least=False,
        )
    )
    found.append(
        Ratio(
            "2k p99 beside one client on 10m over alone, c=4",
            _median(report.beside) / _median(report.alone) if report.alone else math.nan,
            3.0,
            at_least=False,
        )
    )
    return found


def conditions(rig: Rig, plan: Plan) -> dict[str, object]:
    """What the figures were measured under."""
    return {
        "masking": "on: content of a masked area is masked"
        if rig.masks
        else "off: an area is read in which nothing is masked",
        "upstream stub": upstream.version(),
        "append": "stand-in of our own (201 at once, bench/rig/store.py)",
        "load": load.generator(),
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "load average at the start": round(os.getloadavg()[0], 2),
        "pinned": bool(deployment.pinned(0)),
        "rounds": plan.rounds,
        "seconds": plan.seconds,
        "versions": {name: version(name) for name in ("aiohttp", "uvicorn", "uvloop", "orjson")},
        "skipped": dict(rig.skipped),
    }


def as_json(report: Run, found: dict[str, object]) -> str:
    """Everything, for other programs."""
    cells = [
        {
            "contender": name,
            "size": size,
            "connections": connections,
            "cpu_us": report.cpu(name, size, connections),
            "p50_us": report.p50(name, size, connections),
            "p99_us": report.p99(name, size, connections),
            "requests_per_second": report.rate(name, size, connections),
            "failed": report.failed(name, size, connections),
        }
        for name, size, connections in report.cells
    ]
    judged = [
        {"name": item.name, "value": item.value, "goal": item.goal, "met": item.met}
        for item in ratios(report)
    ]
    whole = {
        "conditions": found,
        "cells": cells,
        "ratios": judged,
        "p99_us": {"alone": report.alone, "beside": report.beside},
        "resident_mib": report.peaks,
        "left_out": report.left_out,
    }
    return json.dumps(_without_nan(whole), indent=2)


def _without_nan(value: object) -> object:
    match value:
        case float() if math.isnan(value):
            return None
        case dict():
            return {key: _without_nan(item) for key, item in value.items()}
        case list():
            return [_without_nan(item) for item in value]
        case _:
            return value


def as_text(report: Run, found: dict[str, object]) -> Iterator[str]:
    """The same for people."""
    for key, value in found.items():
        yield f"{key}: {value}"
    yield ""
    head = f"{'size':>5} {'c':>3}  {'contender':<26}{'CPU us/req':>11}{'req/s/core':>11}"
    yield head + f"{'p50 us':>10}{'p99 us':>10}{'req/s':>9}{'failed':>8}"
    for name, size, connections in report.cells:
        used = report.cpu(name, size, connections)
        yield (
            f"{size:>5} {connections:>3}  {name:<26}{used:>11.0f}{_per_second(used):>11.0f}"
            f"{report.p50(name, size, connections):>10.0f}"
            f"{report.p99(name, size, connections):>10.0f}"
            f"{report.rate(name, size, connections):>9.0f}"
            f"{report.failed(name, size, connections):>8}"
        )
    yield ""
    if report.alone:
        yield (
            f"2k p99 at c={_BESIDE_CONNECTIONS}: alone {_median(report.alone):.0f} us, "
            f"beside one client on 10m {_median(report.beside):.0f} us"
        )
    sizes = ", ".join(f"{name} {mib:.0f}" for name, mib in report.peaks.items())
    yield f"resident MiB after load: {sizes}"
    yield ""
    for item in ratios(report):
        words = {True: "met", False: "MISSED", None: "not measured"}[item.met]
        sign = ">=" if item.at_least else "<="
        yield f"{item.value:>8.2f}  (goal {sign} {item.goal:g}: {words})  {item.name}"
    for what in report.left_out:
        yield f"left out: {what}"


def _per_second(microseconds: float) -> float:
    return 1e6 / microseconds if microseconds > 0 else math.nan


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m bench.latency", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON and nothing else")
    parser.add_argument("--quick", action="store_true", help="under a minute, no 10 MB cells")
    parser.add_argument("--unmasked", action="store_true", help="read where nothing is masked")
    parser.add_argument("--size", action="append", choices=sorted(documents.SIZES))
    parser.add_argument("--rounds", type=int, help="of each cell")
    options = parser.parse_args(arguments)
    quick: bool = options.quick
    started = time.monotonic()
    plan = Plan(
        sizes=tuple(options.size or (("2k", "200k") if quick else documents.SIZES)),
        connections=(1, 32),
        rounds=options.rounds or (1 if quick else 3),
        seconds=1 if quick else 2,
        deadline=started + (45 if quick else 250),
    )
    report = Run()
    with deployment.running(with_azurite=not quick, masked=not options.unmasked) as rig:
        found = conditions(rig, plan)
        try:
            measure(rig, plan, report)
        except load.LoadFailed:
            rig.supervisor.check()  # says which contender has ended, and its last words
            raise
    if options.json:
        print(as_json(report, found))
    else:
        print("\n".join(as_text(report, found)))
    return 1 if any(item.met is False for item in ratios(report)) else 0


if __name__ == "__main__":
    sys.exit(main())
