"""Closed-loop load: wrk where it is installed, else a client of our own over asyncio sockets."""

import argparse
import asyncio
import math
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

_UNITS = {"us": 1.0, "ms": 1e3, "s": 1e6, "m": 6e7}
_PERCENTILE = re.compile(r"^\s+(50|99)%\s+([0-9.]+)(us|ms|s|m)$", re.MULTILINE)
_DONE = re.compile(r"^\s*([0-9]+) requests in ([0-9.]+)(us|ms|s|m)", re.MULTILINE)
_ERRORS = re.compile(r"Socket errors: connect ([0-9]+), read ([0-9]+), write ([0-9]+), timeout")
_STATUS = re.compile(r"Non-2xx or 3xx responses: ([0-9]+)")
_WAIT_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Load:
    """What to ask, how often at once and for how long."""

    url: str
    headers: Mapping[str, str]
    connections: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Sample:
    """What one run of load saw; latencies in microseconds, NaN where nothing was answered."""

    requests: int
    seconds: float
    p50: float
    p99: float
    failed: int


class LoadFailed(Exception):
    """The load could not be made; `str()` is what wrk said."""


def generator() -> str:
    """The name of what makes the load."""
    return "wrk" if shutil.which("wrk") else "own asyncio client (no wrk found)"


def command(load: Load) -> list[str]:
    """The load as a wrk command."""
    fields = [word for name, value in load.headers.items() for word in ("-H", f"{name}: {value}")]
    return [
        "wrk",
        "-t1",
        f"-c{load.connections}",
        f"-d{max(1, math.ceil(load.seconds))}s",
        "--timeout=60s",
        "--latency",
        *fields,
        load.url,
    ]


def run(load: Load, prefix: Sequence[str] = ()) -> Sample:
    """Make the load and wait for its end; `prefix` goes before wrk's command line."""
    if shutil.which("wrk"):
        done = subprocess.run(
            [*prefix, *command(load)],
            capture_output=True,
            text=True,
            timeout=load.seconds + _WAIT_SECONDS,
            check=False,
        )
        if done.returncode != 0:
            # Its command line holds a token.
            raise LoadFailed(done.stderr.strip())
        return parse(done.stdout)
    return asyncio.run(_own(load))


def looping(load: Load) -> list[str]:
    """A command that makes the load in a process of its own."""
    if shutil.which("wrk"):
        return command(load)
    fields = [word for name, value in load.headers.items() for word in ("-H", f"{name}: {value}")]
    timing = ["-c", str(load.connections), "-d", str(load.seconds)]
    return [sys.executable, "-m", "bench.rig.load", *timing, *fields, load.url]


def parse(report: str) -> Sample:
    """What wrk printed.

    Raises:
        ValueError: it is no report of wrk's.
    """
    done = _DONE.search(report)
    if done is None:
        raise ValueError("wrk did not say how many requests it made")
    requests = int(done[1])
    found = {
        mark: float(number) * _UNITS[unit] for mark, number, unit in _PERCENTILE.findall(report)
    }
    broken, refused = _ERRORS.search(report), _STATUS.search(report)
    failed = sum(map(int, broken.groups())) if broken else 0
    failed += int(refused[1]) if refused else 0
    # wrk counts what was refused as answered: a latency of refusals is not the one asked for.
    answered = requests > 0 and failed < requests
    p50, p99 = (found.get(mark, math.nan) if answered else math.nan for mark in ("50", "99"))
    return Sample(requests, float(done[2]) * _UNITS[done[3]] / 1e6, p50, p99, failed)


async def _own(load: Load) -> Sample:
    latencies: list[float] = []
    failures = [0]
    start = time.perf_counter()
    end = start + load.seconds
    await asyncio.gather(*(_loop(load, end, latencies, failures) for _ in range(load.connections)))
    took = time.perf_counter() - start
    latencies.sort()
    p50 = latencies[len(latencies) // 2] if latencies else math.nan
    p99 = latencies[len(latencies) * 99 // 100] if latencies else math.nan
    return Sample(len(latencies), took, p50 * 1e6, p99 * 1e6, failures[0])


async def _loop(load: Load, end: float, latencies: list[float], failures: list[int]) -> None:
    parts = urlsplit(load.url)
    lines = [f"GET {parts.path or '/'} HTTP/1.1", f"Host: {parts.netloc}"]
    lines += [f"{name}: {value}" for name, value in load.headers.items()]
    request = ("\r\n".join(lines) + "\r\n\r\n").encode()
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port, limit=2**20)
    while (begin := time.perf_counter()) < end:
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = re.search(rb"content-length: *([0-9]+)", head)
        await reader.readexactly(int(length[1]) if length else 0)
        latencies.append(time.perf_counter() - begin)
        failures[0] += not head.startswith(b"http/1.1 2")
    writer.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-c", type=int, default=1)
    parser.add_argument("-d", type=float, default=1)
    parser.add_argument("-H", action="append", default=[], dest="fields")
    parser.add_argument("url")
    options = parser.parse_args()
    pairs = dict(field.split(": ", 1) for field in options.fields)
    print(asyncio.run(_own(Load(options.url, pairs, options.c, options.d))))
