"""What one gateway process keeps of the requests that it has answered.

    python -m tests.soak.growth --requests 50000 --json growth.json

Nothing is killed: one process, or two, serves masked reads, writes, listings and refusals of many
sessions at the highest rate that the machine gives. Its resident size is looked at beside the
number of requests answered by then; the line through these points is the growth, and the mean size
in each quarter of the requests shows whether it goes on or levels off. With `--traced` one process
serves in which every allocation is traced (several times slower), and what has come to stay after
the warm-up is shown line by line.
"""

import argparse
import asyncio
import json
import os
import random
import signal
import ssl
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path

import aiohttp
import psutil

from gateway.local.dev import Options as RunOptions
from gateway.local.dev import running
from tests.integration.deployment import Deployment
from tests.integration.stack import ADMINISTRATOR, READER, Stack
from tests.soak.soak import MANIFEST, MIB, Growth, slope
from tests.soak.traced import FOLDER, grown, snapshot_file

_SECONDS = aiohttp.ClientTimeout(total=600)
_EXCHANGE = "x-chaperone-exchange"
_REQUESTS_OF_A_SESSION = 50
_BLOBS = 200
_LOOKS = 200
_SNAPSHOT_SECONDS = 60
_TIMERS_SECONDS = 130
"""The index and the log are brought up to date once a minute, which loads what they need."""


@dataclass(frozen=True, slots=True)
class Options:
    """How much.

    Attributes:
        processes: that serve.
        requests: to all of them together, after the warm-up.
        warm: requests before the first look, and two minutes at least: pools, compiled patterns
            and caches are there then.
        workers: requests under way at any time.
        traced: whether to trace allocations, in a process of its own.
    """

    processes: int = 1
    requests: int = 50_000
    warm: int = 8_000
    workers: int = 12
    traced: bool = False


@dataclass(frozen=True, slots=True)
class Kind:
    """One request of the mix."""

    method: str
    path: str
    token: str
    expected: int


class Caller:
    """Sends the mix to each process in turn, and looks at their sizes on the way."""

    def __init__(
        self,
        options: Options,
        hosts: Sequence[tuple[int, str]],
        ca_file: str,
        warm: Callable[[], object] = lambda: None,
    ) -> None:
        """`warm` is called once, when the warm-up is over."""
        self._options = options
        self._warm = warm
        self._hosts = hosts
        self._ca_file = ca_file
        self.seen: dict[int, list[tuple[float, float]]] = {pid: [] for pid, _ in hosts}
        self._sent = 0
        self._end = sys.maxsize
        self._began = time.monotonic()

    async def run(self, mix: Sequence[Kind]) -> None:
        """Until all are answered.

        Raises:
            RuntimeError: an answer was not the one expected.
        """
        context = ssl.create_default_context(cafile=self._ca_file)
        connector = aiohttp.TCPConnector(ssl=context, limit=0)
        async with (
            aiohttp.ClientSession(connector=connector, timeout=_SECONDS) as session,
            asyncio.TaskGroup() as group,
        ):
            for number in range(self._options.workers):
                group.create_task(self._work(session, mix, random.Random(number)))  # noqa: S311

    async def _work(
        self, session: aiohttp.ClientSession, mix: Sequence[Kind], draw: random.Random
    ) -> None:
        label = ""
        every = max(1, self._options.requests // _LOOKS)
        while self._sent < self._end:
            number, self._sent = self._sent, self._sent + 1
            if number % _REQUESTS_OF_A_SESSION == 0 or not label:
                label = str(uuid.UUID(int=draw.getrandbits(128)))
            if self._end == sys.maxsize and self._is_warm(number):
                self._end = number + self._options.requests
                self._warm()
            _, url = self._hosts[number % len(self._hosts)]
            await self._send(session, url, draw.choice(mix), label, draw)
            if self._end < sys.maxsize and number % every == 0:
                self._look(number // len(self._hosts))

    async def _send(
        self, session: aiohttp.ClientSession, url: str, kind: Kind, label: str, draw: random.Random
    ) -> None:
        headers = {
            "authorization": f"Bearer {kind.token}",
            "x-ms-version": "2025-11-05",
            "x-chaperone-session": label,
            "x-ms-client-request-id": str(uuid.UUID(int=draw.getrandbits(128))),
        }
        data = None
        if kind.method == "PUT":
            headers["x-ms-blob-type"] = "BlockBlob"
            data = draw.randbytes(1024).hex().encode()
        path = kind.path.format(draw.randrange(_BLOBS))
        async with session.request(kind.method, url + path, headers=headers, data=data) as answer:
            await answer.read()
            if answer.status != kind.expected:
                code = answer.headers.get("x-ms-error-code", "")
                said = f"{answer.status} {code}, exchange {answer.headers.get(_EXCHANGE, '')}"
                raise RuntimeError(f"{kind.method} {path} was answered {said}")

    def _is_warm(self, number: int) -> bool:
        """Enough requests, and each timer has been due."""
        since = time.monotonic() - self._began
        return number >= self._options.warm and since >= _TIMERS_SECONDS

    def _look(self, answered: int) -> None:
        for pid, _ in self._hosts:
            self.seen[pid].append((answered, psutil.Process(pid).memory_info().rss))


def mix_of(stack: Stack, box: str, documents: Sequence[str]) -> list[Kind]:
    """Of forty requests eighteen writes, sixteen reads, two each of the others.

    The others: reads that are masked as a whole, listings, requests without a right. They cost many
    times as much, or write to one journal only.
    """
    writer, reader = stack.token(*ADMINISTRATOR), stack.token(*READER)
    blob, container = f"/c/research/{box}/b{{}}", f"/c/research/{box}?restype=container"
    return [
        *[Kind("PUT", blob, writer, 201)] * 18,
        *[Kind("GET", blob, writer, 200)] * 8,
        *[Kind("HEAD", blob, writer, 200)] * 8,
        *[Kind("GET", f"{container}&comp=list&maxresults=10", writer, 200)] * 2,
        *[Kind("GET", blob, reader, 403)] * 2,
        *[Kind("GET", f"/c/clinic/phi/{name}", reader, 200) for name in documents],
    ]


def growth(options: Options) -> tuple[list[Growth], list[str]]:
    """One run, from starting everything, and what grew where that is traced. Main thread only."""
    with ExitStack() as resources:
        run = resources.enter_context(running(RunOptions(manifest=MANIFEST)))
        deployment = Deployment(run, run.environment)
        stack = Stack(run, deployment, resources)
        container = stack.account("researchdata").create_container("growth")
        for number in range(_BLOBS):
            container.upload_blob(f"b{number}", b"content")
        phi = stack.account("clinicdata").get_container_client("phi")
        documents = [name for name in phi.list_blob_names() if name.endswith(".json")]
        mix = mix_of(stack, "growth", documents[:2])
        if options.traced:
            return _traced(options, deployment, mix)
        more = [deployment.start() for _ in range(options.processes - 1)]
        hosts = [(run.host.process.pid, run.url), *((host.pid, host.url) for host in more)]
        caller = Caller(options, hosts, str(run.ca_file))
        asyncio.run(caller.run(mix))
        for host in more:
            host.stop()
        return _lines(caller), [
            f"process {pid}: {', '.join(f'{size / MIB:.1f}' for size in quarters(seen))} MiB "
            "in the quarters of its requests"
            for pid, seen in caller.seen.items()
        ]


def _traced(
    options: Options, deployment: Deployment, mix: Sequence[Kind]
) -> tuple[list[Growth], list[str]]:
    """The same of one process whose allocations are traced."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with deployment.host(command="tests.soak.traced", **{FOLDER: name}) as host:

            def snapshot(number: int) -> Path:
                path = snapshot_file(folder, host.pid, number)
                os.kill(host.pid, signal.SIGUSR1)
                until = time.monotonic() + _SNAPSHOT_SECONDS
                while not path.exists():
                    if time.monotonic() > until:
                        raise RuntimeError("the process wrote no snapshot")
                    time.sleep(0.05)
                return path

            hosts = [(host.pid, host.url)]
            ca_file = str(deployment.running.ca_file)
            caller = Caller(options, hosts, ca_file, lambda: snapshot(0))
            asyncio.run(caller.run(mix))
            size, lines = grown(snapshot_file(folder, host.pid, 0), snapshot(1))
            host.stop()
    whole = f"{size / MIB:+.2f} MiB of traced objects, most of them from"
    return _lines(caller), [whole, *lines]


def quarters(points: Sequence[tuple[float, float]]) -> list[float]:
    """Mean size in each quarter of the looks."""
    bounds = [len(points) * number // 4 for number in range(5)]
    return [
        sum(size for _, size in points[start:end]) / (end - start)
        for start, end in pairwise(bounds)
        if start < end
    ]


def _lines(caller: Caller) -> list[Growth]:
    return [
        Growth(pid, int(seen[-1][0] - seen[0][0]), slope(seen) * (seen[-1][0] - seen[0][0]))
        for pid, seen in caller.seen.items()
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; 1 where a process grows by more than the bound."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    for name, default in asdict(Options()).items():
        if name != "traced":
            parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--traced", action="store_true", help="trace allocations")
    parser.add_argument("--json", type=Path, help="write the outcome here as well")
    given = vars(parser.parse_args(arguments))
    path: Path | None = given.pop("json")
    found, lines = growth(Options(**given))
    for item in found:
        print(  # noqa: T201 - a command
            f"process {item.process}: {item.grown / MIB:+.1f} MiB in {item.requests:,} requests, "
            f"{item.per_100k / MIB:+.1f} MiB per 100,000"
        )
    print("\n".join(lines))  # noqa: T201
    if path is not None:
        path.write_text(json.dumps([asdict(item) for item in found], indent=2))
    return 0 if all(item.bounded for item in found) else 1


if __name__ == "__main__":
    sys.exit(main())
