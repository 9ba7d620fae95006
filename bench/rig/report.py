"""What one run found: ratios with their goals, as text, JSON and Markdown."""

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bench.rig import documents
from bench.rig.deployment import DIRECT, GATEWAY, HOST, MITMPROXY, NGINX, UNRECORDED
from bench.rig.rounds import BESIDE_CONNECTIONS, Run, median


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

    @property
    def verdict(self) -> str:
        """The goal, and whether it is met, in words."""
        sign = "at least" if self.at_least else "at most"
        words = {True: "met", False: "missed", None: "not measured"}[self.met]
        return f"{sign} {self.goal:g}: {words}"


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
    added = report.p50(NGINX, "2k", 1) - direct
    # Where the machine is so busy that nginx adds nothing, there is nothing to compare with.
    ratio = (report.p50(GATEWAY, "2k", 1) - direct) / added if added > 0 else math.nan
    found.append(Ratio("added p50, gateway over nginx, 2k, c=1", ratio, 8.0, at_least=False))
    recorded = report.cpu(GATEWAY, "2k", 32) / report.cpu(UNRECORDED, "2k", 32)
    found.append(Ratio("CPU, with recording over without, 2k, c=32", recorded, 1.3, at_least=False))
    beside = median(report.beside) / median(report.alone)
    name = f"p99 of 2k beside one client on 10m over alone, c={BESIDE_CONNECTIONS}"
    found.append(Ratio(name, beside, 3.0, at_least=False))
    return found


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the table; times in microseconds, NaN where nothing was measured."""

    size: str
    connections: int
    contender: str
    cpu: float
    p50: float
    p99: float
    rate: float
    failed: int

    @property
    def per_core(self) -> float:
        """Requests per second and core."""
        return 1e6 / self.cpu if self.cpu > 0 else math.nan


def lines(report: Run) -> list[Line]:
    """Every cell, by size and connections, the contenders in the order of measurement."""
    return [
        Line(
            size,
            connections,
            name,
            report.cpu(name, size, connections),
            report.p50(name, size, connections),
            report.p99(name, size, connections),
            report.rate(name, size, connections),
            report.failed(name, size, connections),
        )
        for name, size, connections in sorted(report.cells, key=_order)
    ]


def _order(cell: tuple[str, str, int]) -> tuple[int, int]:
    return list(documents.SIZES).index(cell[1]), cell[2]


def as_json(report: Run, found: Mapping[str, object], missing: Mapping[str, str]) -> str:
    """Everything, for other programs."""
    cells = [
        {
            "contender": line.contender,
            "size": line.size,
            "connections": line.connections,
            "cpu_us": line.cpu,
            "p50_us": line.p50,
            "p99_us": line.p99,
            "requests_per_second": line.rate,
            "failed": line.failed,
        }
        for line in lines(report)
    ]
    judged = [
        {"name": item.name, "value": item.value, "goal": item.goal, "met": item.met}
        for item in ratios(report)
    ]
    whole = {
        "conditions": dict(found),
        "cells": cells,
        "ratios": judged,
        "p99_us": {"alone": report.alone, "beside": report.beside},
        "resident_mib": report.peaks,
        "left_out": dict(missing),
    }
    return json.dumps(_without_nan(whole), indent=2)


def _without_nan(value: object) -> object:
    match value:
        case float() if not math.isfinite(value):
            return None
        case dict():
            return {key: _without_nan(item) for key, item in value.items()}
        case list():
            return [_without_nan(item) for item in value]
        case _:
            return value


def as_text(report: Run, found: Mapping[str, object], missing: Mapping[str, str]) -> Iterator[str]:
    """The same for people."""
    for key, value in found.items():
        yield f"{key}: {value}"
    yield ""
    head = f"{'size':>5} {'c':>3}  {'contender':<26}{'CPU us/req':>11}{'req/s/core':>11}"
    yield head + f"{'p50 us':>10}{'p99 us':>10}{'req/s':>9}{'failed':>8}"
    for line in lines(report):
        yield (
            f"{line.size:>5} {line.connections:>3}  {line.contender:<26}{line.cpu:>11.0f}"
            f"{line.per_core:>11.0f}{line.p50:>10.0f}{line.p99:>10.0f}{line.rate:>9.0f}"
            f"{line.failed:>8}"
        )
    yield ""
    yield from _further(report)
    yield ""
    for item in ratios(report):
        yield f"{item.value:>8.2f}  {item.name} ({item.verdict})"
    for what, why in missing.items():
        yield f"left out: {what}: {why}"


def _further(report: Run) -> Iterator[str]:
    if report.alone:
        yield (
            f"p99 of 2k at c={BESIDE_CONNECTIONS}: alone {median(report.alone):.0f} us, "
            f"beside one client on 10m {median(report.beside):.0f} us"
        )
    own = report.cpu(GATEWAY, "2k", 32) - report.cpu(HOST, "2k", 32)
    yield f"CPU per request beside the local host's, 2k, c=32: {own:.0f} us"
    sizes = ", ".join(f"{name} {mib:.0f}" for name, mib in report.peaks.items())
    yield f"resident MiB: {sizes}"


def as_markdown(
    report: Run, found: Mapping[str, object], missing: Mapping[str, str]
) -> Iterator[str]:
    """The same for docs/performance.md."""
    yield "| figure | measured | goal |"
    yield "| --- | --- | --- |"
    for item in ratios(report):
        yield f"| {item.name} | {_number(item.value, 2)} | {item.verdict} |"
    yield ""
    yield "| size | c | contender | CPU µs/request | requests/s/core | p50 µs | p99 µs |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    for line in lines(report):
        figures = (line.cpu, line.per_core, line.p50, line.p99)
        cells = " | ".join(_number(figure) for figure in figures)
        yield f"| {line.size} | {line.connections} | {line.contender} | {cells} |"
    yield ""
    for text in _further(report):
        yield f"- {text}"
    for what, why in missing.items():
        yield f"- left out: {what}: {why}"
    yield ""
    for key, value in found.items():
        yield f"- {key}: {value}"


def _number(value: float, places: int = 0) -> str:
    return f"{value:.{places}f}" if math.isfinite(value) else "-"
