"""Many instances on one storage account, killed and started again under load.

    python -m tests.soak.soak --processes 8 --seconds 600 --json soak.json

Real: the instances (processes of the local host), Azurite, the identity provider, the reviewer's
pages, the queues. What was acknowledged must be on record with its end, what a person approved is
carried out at most once, the evidence is without a fault after a sweep, and memory is bounded.
"""

import argparse
import asyncio
import json
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import psutil

from gateway.application import SWEEP_IDLE
from gateway.bootstrap import operator_tools
from gateway.evidence.findings import Kind
from gateway.local.dev import Options as RunOptions
from gateway.local.dev import Running, parsed, running
from gateway.recording.journal import GroupCommitJournal
from gateway.recording.sweeper import sweep
from tests.integration.deployment import Deployment, Host
from tests.integration.stack import ADMINISTRATOR, READER, Stack
from tests.integration.test_scale_out import Later
from tests.soak.load import Asking, Load, Tally, Targets, Unexplained

MANIFEST = Path(__file__).with_name("manifest.yaml")
MIB = 1024 * 1024
GROWTH_PER_100K = 20 * MIB
NOISE = 12 * MIB
"""What an allocator may keep or give back between any two looks, however long the run is."""
_FEW = 200
"""Requests after the warm-up below which growth is no figure."""
_LOOKS = 5
_SHOWN = 20
_INTERRUPTED_OF = 200
"""One change in so many may end unknown; a gateway that kept connections too long had more."""


@dataclass(frozen=True)
class Options:
    """How hard and how long.

    Attributes:
        processes: instances at any time.
        seconds: of load.
        workers: requests under way at any time.
        kill_every: seconds from one SIGKILL to the next.
        least_killed: instances, for which a busy machine is given more time.
        ask_every: seconds from one request that needs a person to the next.
    """

    processes: int = 8
    seconds: float = 600
    workers: int = 16
    kill_every: float = 10
    least_killed: int = 2
    ask_every: float = 3


@dataclass(frozen=True, slots=True)
class Growth:
    """Resident size of one process after warm-up, by least squares over its requests; bytes."""

    process: int
    requests: int
    grown: float

    @property
    def per_100k(self) -> float:
        """Bytes for every 100,000 requests."""
        return self.grown / self.requests * 100_000

    @property
    def bounded(self) -> bool:
        """Whether it is within the bound, for as many requests as there were."""
        return self.grown <= GROWTH_PER_100K * self.requests / 100_000 + NOISE


@dataclass
class Outcome:
    """What happened; every list of faults must be empty.

    Attributes:
        lost: acknowledged exchanges without an intent or without an outcome on record.
        missing: acknowledged blobs that storage does not hold.
        repeated: containers deleted more than once, or deleted though the person said no.
        findings: of the verification after the sweep, other than ends that cannot be known.
        unexpected: answers that nothing explains, by method, status and reason.
        unexplained: each of them, with the records of its exchange.
        interrupted: changes under which storage broke off its connection, as the agent was told
            and the evidence says: whether they were carried out is not known.
    """

    seconds: float = 0
    acknowledged: int = 0
    failed: int = 0
    interrupted: int = 0
    unexpected: dict[str, int] = field(default_factory=dict)
    unexplained: list[dict[str, object]] = field(default_factory=list)
    killed: int = 0
    decided: int = 0
    carried_out: int = 0
    records: int = 0
    journals: int = 0
    swept: int = 0
    open_ends: int = 0
    lost: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    repeated: list[str] = field(default_factory=list)
    findings: list[str] = field(default_factory=list)
    growth: list[Growth] = field(default_factory=list)
    sizes: dict[str, list[tuple[int, int]]] = field(default_factory=dict)

    @property
    def faults(self) -> list[str]:
        """In words; empty for a good run."""
        lists = {
            "lost records": self.lost,
            "lost blobs": self.missing,
            "executed twice or against the decision": self.repeated,
            "findings": self.findings,
            "answers that nothing explains": [str(self.unexpected)] if self.unexpected else [],
            "changes whose end is unknown": [f"{self.interrupted} of {self.acknowledged}"]
            if self.interrupted * _INTERRUPTED_OF > self.acknowledged
            else [],
            "memory": [str(item) for item in self.growth if not item.bounded],
        }
        return [f"{what}: {', '.join(items[:5])}" for what, items in lists.items() if items]


class Memory:
    """Resident sizes by process after its warm-up, beside the requests it had answered by then."""

    def __init__(self, targets: Targets) -> None:
        self._targets = targets
        self.seen: dict[int, list[tuple[int, int]]] = {}

    def look(self, hosts: Sequence[tuple[int, str]]) -> None:
        """Once for each (process, URL)."""
        for pid, url in hosts:
            size = psutil.Process(pid).memory_info().rss
            self.seen.setdefault(pid, []).append((self._targets.answered[url], size))

    def growth(self) -> Iterator[Growth]:
        """Of each process that has served long enough."""
        for pid, seen in self.seen.items():
            span = seen[-1][0] - seen[0][0]
            if len(seen) >= _LOOKS and span >= _FEW:
                yield Growth(pid, span, slope(seen) * span)


def slope(points: Sequence[tuple[float, float]]) -> float:
    """Of the line through the points with the least squares."""
    x_mean = sum(x for x, _ in points) / len(points)
    y_mean = sum(y for _, y in points) / len(points)
    spread = sum((x - x_mean) ** 2 for x, _ in points)
    return sum((x - x_mean) * (y - y_mean) for x, y in points) / spread if spread else 0.0


def soak(options: Options) -> Outcome:
    """One run, from starting everything to checking everything. Main thread only."""
    with ExitStack() as resources:
        run = resources.enter_context(running(RunOptions(manifest=MANIFEST, access_log=True)))
        deployment = Deployment(run, run.environment)
        stack = Stack(run, deployment, resources)
        storage = stack.account("researchdata")
        storage.create_container("soak")
        phi = stack.account("clinicdata").get_container_client("phi")
        documents = [name for name in phi.list_blob_names() if name.endswith(".json")]

        outcome, targets, ended = Outcome(), Targets(), threading.Event()
        writer, reader = stack.token(*ADMINISTRATOR), stack.token(*READER)
        load = Load(targets, documents, writer, reader, str(run.ca_file), "soak", ended)
        asking = Asking(targets, stack, writer, ended, options.ask_every)
        memory = Memory(targets)

        def warm(url: str) -> None:
            load.warm(url, options.workers)
            asking.warm(url)
            targets.add(url)

        hosts = [deployment.start() for _ in range(options.processes - 1)]
        for url in (run.url, *(host.url for host in hosts)):
            warm(url)
        load.started = time.monotonic()
        with _threads(ended, lambda: load.run(options.workers), asking.run):
            _kill(options, deployment, hosts, targets, warm, memory=memory, outcome=outcome)
        for host in hosts:
            host.stop()
        run.supervisor.stop(run.host)

        outcome.acknowledged, outcome.failed = len(load.tally.acknowledged), load.tally.failed
        outcome.growth = list(memory.growth())
        outcome.sizes = {str(pid): seen for pid, seen in memory.seen.items()}
        held = set(storage.get_container_client("soak").list_blob_names())
        outcome.missing = sorted(set(load.tally.written) - held)
        _check_decisions(asking, stack, outcome)
        outcome.swept = len(asyncio.run(_sweep(deployment)))
        _check_evidence(deployment, load.tally, outcome)
        return outcome


@contextmanager
def _threads(ended: threading.Event, *work: object) -> Iterator[None]:
    threads = [threading.Thread(target=item) for item in work]  # type: ignore[arg-type]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        ended.set()
        for thread in threads:
            thread.join()


def _kill(
    options: Options,
    deployment: Deployment,
    hosts: list[Host],
    targets: Targets,
    warm: Callable[[str], None],
    *,
    memory: Memory,
    outcome: Outcome,
) -> None:
    """Kill one instance after the other and start another in its place, until time is up.

    The first instance stays, so that one has served from the start to the end. A replacement takes
    half a minute to start where much else runs, so the first kills may need more than the time.
    """
    run: Running = deployment.running
    draw = random.Random(1)  # noqa: S311 - which one dies is no secret
    started = time.monotonic()
    due = started + options.kill_every
    least = options.least_killed if hosts else 0
    while (now := time.monotonic()) < started + options.seconds or outcome.killed < least:
        steady = (run.host.process.pid, run.url)
        memory.look([steady, *((host.pid, host.url) for host in hosts)])
        if hosts and now >= due:
            host = hosts.pop(draw.randrange(len(hosts)))
            # Still drawn from while it dies: requests are under way.
            host.kill()
            targets.remove(host.url)
            outcome.killed += 1
            started_again = deployment.start()
            warm(started_again.url)
            hosts.append(started_again)
            due = time.monotonic() + options.kill_every
        time.sleep(0.5)
    outcome.seconds = time.monotonic() - started


def _check_decisions(asking: Asking, stack: Stack, outcome: Outcome) -> None:
    """By storage's own log: each approved deletion arrived once at most, a rejected one never."""
    arrived = Counter(
        line.partition("?")[0].rpartition("/")[2]
        for line in stack.requests()
        if line.startswith("DELETE /researchdata/hold-")
    )
    outcome.decided = sum(asked.decided for asked in asking.asked)
    outcome.carried_out = sum(arrived.values())
    for asked in asking.asked:
        allowed = 1 if asked.decision == "approve" else 0
        if arrived[asked.container] > allowed:
            outcome.repeated.append(f"{asked.container} ({asked.decision})")
    executing = Counter(
        record["approval"] for record in stack.deployment.records() if record["type"] == "executing"
    )
    outcome.repeated += [ticket for ticket, times in executing.items() if times > 1]


async def _sweep(deployment: Deployment) -> tuple[str, ...]:
    """What the sweep timer does, once the journals have been idle for as long as it takes.

    A process killed between making a journal and its first record leaves an empty one, whose day
    must have passed.
    """
    async with operator_tools(parsed(deployment.environment)) as tools:
        assert isinstance(tools.journal, GroupCommitJournal)
        clock = Later(SWEEP_IDLE + timedelta(days=2))
        return await sweep(tools.store, tools.journal, clock, SWEEP_IDLE)


def _check_evidence(deployment: Deployment, tally: Tally, outcome: Outcome) -> None:
    records = deployment.records()
    found = Counter((record.get("id"), record["type"]) for record in records)
    outcome.records, outcome.journals = len(records), len(deployment.journals())
    outcome.lost = [
        exchange
        for exchange in tally.acknowledged
        if (found[exchange, "intent"], found[exchange, "outcome"]) != (1, 1)
    ]
    by_exchange: dict[str, list[dict[str, Any]]] = {}
    for record in records:
        by_exchange.setdefault(record.get("id", ""), []).append(record)
    explained = [
        item
        for item in tally.unexplained
        if is_interrupted(item, by_exchange.get(item.exchange, []))
    ]
    outcome.interrupted = len(explained)
    rest = [item for item in tally.unexplained if item not in explained]
    outcome.unexpected = dict(Counter(item.answer for item in rest))
    outcome.unexplained = [
        {**asdict(item), "records": by_exchange.get(item.exchange, [])} for item in rest[:_SHOWN]
    ]
    report = deployment.verify()
    outcome.open_ends = sum(item.kind is Kind.INDETERMINATE for item in report.findings)
    outcome.findings = [
        str(item) for item in report.findings if item.kind is not Kind.INDETERMINATE
    ]


def is_interrupted(item: Unexplained, records: Sequence[Mapping[str, Any]]) -> bool:
    """Whether storage broke off under a change, and the evidence says the same as the answer.

    The emulator's server closes a connection that is idle by its clock though a request has
    arrived meanwhile: it does when it gets no processor for five seconds.
    """
    ends = [(record["type"], record.get("result", "")) for record in records]
    found = item.answer == "PUT 403 UpstreamInterrupted"
    return found and ends == [("intent", ""), ("outcome", "interrupted")]


def table(outcome: Outcome) -> str:
    """For people."""
    rows = [
        ("seconds of load", f"{outcome.seconds:.0f}"),
        ("acknowledged", f"{outcome.acknowledged:,}"),
        ("failed with their instance", f"{outcome.failed:,}"),
        ("broken off by storage", f"{outcome.interrupted:,}"),
        ("instances killed", f"{outcome.killed}"),
        ("decided by a person", f"{outcome.decided}"),
        ("carried out", f"{outcome.carried_out}"),
        ("records in journals", f"{outcome.records:,} in {outcome.journals}"),
        ("journals swept", f"{outcome.swept}"),
        ("ends that cannot be known", f"{outcome.open_ends}"),
    ]
    rows += [
        (
            f"process {item.process}",
            f"{item.grown / MIB:+.1f} MiB in {item.requests:,} requests",
        )
        for item in outcome.growth
    ]
    rows += [("FAULT", fault) for fault in outcome.faults]
    rows += [("unexplained", json.dumps(item)) for item in outcome.unexplained]
    return "\n".join(f"{name:28} {value}" for name, value in rows)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; 1 where something was lost, done twice, or not bounded."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--processes", type=int, default=Options.processes)
    parser.add_argument("--seconds", type=float, default=Options.seconds)
    parser.add_argument("--workers", type=int, default=Options.workers)
    parser.add_argument("--kill-every", type=float, default=Options.kill_every)
    parser.add_argument("--ask-every", type=float, default=Options.ask_every)
    parser.add_argument("--json", type=Path, help="write the outcome here as well")
    given = vars(parser.parse_args(arguments))
    path: Path | None = given.pop("json")
    outcome = soak(Options(**given))
    print(table(outcome))  # noqa: T201 - a command
    if path is not None:
        path.write_text(json.dumps({**asdict(outcome), "faults": outcome.faults}, indent=2))
    return 1 if outcome.faults else 0


if __name__ == "__main__":
    sys.exit(main())
