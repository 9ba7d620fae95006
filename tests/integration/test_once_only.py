"""Acts that several processes attempt at once, on Azurite: each is done once, nothing is lost."""

import asyncio
import json
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import count
from typing import Any

import pytest
from azure.storage.blob.aio import ContainerClient

from gateway.adapters.evidence_store import BlobEvidenceStore
from gateway.adapters.state_store import BlobStateStore
from gateway.adapters.system import SystemClock, SystemEntropy
from gateway.application import SWEEP_IDLE
from gateway.evidence.chain import Instance
from gateway.evidence.findings import Kind
from gateway.evidence.verify import verify
from gateway.masking.session_names import DIGEST_BYTES
from gateway.model.digest import sha256
from gateway.model.own import Own
from gateway.model.principal import Session
from gateway.policy.active import ORDER, numbers
from gateway.recording.activation import history
from gateway.recording.journal import GroupCommitJournal
from gateway.recording.session_names import StateSessionNames
from gateway.refresh.manifest import ManifestWatch
from tests.builders.evidence import intent
from tests.fakes.manifest import manifest, rule
from tests.integration.approvals_stores import (
    ANSWER_SECONDS,
    ROOT,
    Upstream,
    evidence_of,
    fresh_stores,
    journals,
)
from tests.pipeline.world import FixedKeys
from tests.standins.guarded import Guarded

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket, pytest.mark.timeout(300)]

PROCESSES = 4
HOURS = SWEEP_IDLE.total_seconds() + 60
FIRST, SECOND, THIRD = (manifest(rule(name)).decode() for name in ("one", "two", "three"))


class Process:
    """A process that does what it is told, one act after the other."""

    def __init__(self, child: asyncio.subprocess.Process) -> None:
        self._child = child

    async def begin(self, run: dict[str, Any]) -> None:
        assert self._child.stdin is not None
        self._child.stdin.write(json.dumps(run).encode() + b"\n")
        await self._child.stdin.drain()

    async def heard(self) -> dict[str, Any]:
        assert self._child.stdout is not None
        found = json.loads(await asyncio.wait_for(self._child.stdout.readline(), ANSWER_SECONDS))
        assert isinstance(found, dict)
        return found

    async def go_on(self) -> dict[str, Any]:
        assert self._child.stdin is not None
        self._child.stdin.write(b"\n")
        return await self.heard()

    async def do(self, run: dict[str, Any]) -> dict[str, Any]:
        await self.begin(run)
        return await self.heard()


@asynccontextmanager
async def process() -> AsyncIterator[Process]:
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.integration.once_child",
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert child.stdin is not None
        found = Process(child)
        assert await found.heard() == {"ready": True}
        yield found
        child.stdin.close()
        await asyncio.wait_for(child.wait(), 20)
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()


@pytest.fixture
async def crowd() -> AsyncIterator[list[Process]]:
    """Processes that have started, so that what they are told begins at once."""
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        yield list(await asyncio.gather(*(enter(process()) for _ in range(PROCESSES))))


@pytest.fixture
async def run(azurite: Guarded) -> dict[str, Any]:
    return await fresh_stores(azurite, Upstream())


@asynccontextmanager
async def stores(run: dict[str, Any]) -> AsyncIterator[tuple[BlobEvidenceStore, BlobStateStore]]:
    made = ContainerClient.from_connection_string
    async with (
        made(run["evidence"], run["name"]) as evidence,
        made(run["state"], f"{run['name']}-held") as state,
    ):
        yield BlobEvidenceStore(evidence), BlobStateStore(state)


async def in_force(run: dict[str, Any]) -> tuple[str, list[str]]:
    """What an instance that starts now serves, and the manifests in the order of their numbers."""
    async with stores(run) as (store, state):
        watch = ManifestWatch(store, state, SystemClock(), own=Own(frozenset()))
        digest = (await watch.current()).digest
        entries = [entry async for entry in history(store, state)]
        assert all(entry.record is not None for entry in entries)
        names = [blob.name async for blob in store.list(ORDER)]
    numbered = {
        numbers(names, entry.activation.record)[0]: entry.activation.digest for entry in entries
    }
    assert len(numbered) == len(entries) == len(names), "each has a number of its own"
    return digest, [numbered[number] for number in sorted(numbered)]


async def test_two_operators_who_activate_at_once_leave_one_manifest_that_is_served(
    azurite: Guarded, crowd: list[Process]
) -> None:
    """One stops before each of its calls in turn, until the other has done all of its own."""
    slow, quick = crowd[:2]
    ends: list[str] = []
    for step in count():
        run = await fresh_stores(azurite, Upstream())
        await quick.do({**run, "act": "activate", "manifest": FIRST})
        told = await slow.do({**run, "act": "activate", "manifest": SECOND, "pause_at": step})
        if "paused" not in told:
            assert step == len(told["calls"]) >= 7, "it was stopped before every call"
            break
        (other,) = (await quick.do({**run, "act": "activate", "manifest": THIRD}))["ends"]
        (end,) = (await slow.go_on())["ends"]
        ends.append(end.partition(" ")[0])

        digest, order = await in_force(run)
        first, second, third = (sha256(text.encode()) for text in (FIRST, SECOND, THIRD))
        where = f"stopped before {told['paused']}: {end}, then {other}"
        assert other == third, where
        if end.startswith("error"):
            assert "PreconditionFailed" in end, where
            assert order == [first, third], where
        else:
            assert end == second, where
            assert order in ([first, second, third], [first, third, second]), where
        assert digest == order[-1], where
        _, report = await evidence_of(run)
        assert report.verdict != 1, where
    assert set(ends) == {sha256(SECOND.encode()), "error"}


async def test_of_many_who_activate_at_once_each_is_told_the_truth(
    run: dict[str, Any], crowd: list[Process]
) -> None:
    texts = [manifest(rule(f"rule-{number}")).decode() for number in range(PROCESSES)]
    told = await asyncio.gather(
        *(
            child.do({**run, "act": "activate", "manifest": text})
            for child, text in zip(crowd, texts, strict=True)
        )
    )
    ends = [found["ends"][0] for found in told]
    digest, order = await in_force(run)
    assert {end for end in ends if not end.startswith("error")} == set(order)
    assert all("PreconditionFailed" in end for end in ends if end.startswith("error"))
    assert digest == order[-1]


async def test_sweepers_in_several_processes_close_each_abandoned_journal_once(
    run: dict[str, Any], crowd: list[Process]
) -> None:
    """Whole ones and torn ones, with intents left open: each gets one end and one record of it."""
    written: dict[str, str] = {}
    async with stores(run) as (store, _):
        for number in range(12):
            journal = GroupCommitJournal(
                store, SystemClock(), SystemEntropy(), Instance("dead", "0", "sha256:" + "0" * 64)
            )
            id_ = f"{number:032x}"
            receipt = await journal.append(intent(id_))
            written[receipt.journal] = id_
            if number % 2:
                size = receipt.offset + receipt.length
                await store.append(receipt.journal, b'{"v":1,"torn', size)

    told = await asyncio.gather(
        *(child.do({**run, "act": "sweep", "ahead": HOURS}) for child in crowd)
    )

    closed = Counter(name for answer in told for name in answer["ends"])
    assert closed == Counter(list(written))
    found = await journals(run)
    for name in written:
        lines = [json.loads(line) for line in found[name].splitlines() if line.endswith(b"}")]
        assert [record["type"] for record in lines] == ["open", "intent", "close"]
    records = [
        json.loads(line)
        for name, data in found.items()
        if name not in written
        for line in data.splitlines()
    ]
    swept = [record for record in records if record["type"] == "swept"]
    assert Counter(record["journal"] for record in swept) == Counter(list(written))
    assert {record["journal"]: record["intents"] for record in swept} == {
        name: [id_] for name, id_ in written.items()
    }
    report = verify(sorted(found.items()))
    assert Counter(finding.kind for finding in report.findings) == {
        Kind.INDETERMINATE: 12,
        Kind.INCOMPLETE: 6,  # a cut record, fenced by a sweep
    }


async def test_a_callers_tokens_are_counted_over_all_processes(
    run: dict[str, Any], crowd: list[Process]
) -> None:
    limit, times = 30, 12
    act = {**run, "act": "take", "owner": "tenant/agent", "limit": limit, "times": times}
    told = await asyncio.gather(*(child.do(act) for child in crowd))
    ends = Counter(end for found in told for end in found["ends"])
    taken = ends["taken"]
    # A count that many move at once may be unknown to one of them, who is turned back.
    assert 0 < taken <= limit
    assert set(ends) <= {"taken", "error Denied TokenLimit", "error Unavailable TokenLimit"}
    if ends["error Denied TokenLimit"]:
        assert taken == limit
    alone = await crowd[0].do(act)
    assert alone["ends"].count("taken") == min(times, limit - taken)


async def test_names_that_many_processes_learn_at_once_are_all_remembered(
    run: dict[str, Any], crowd: list[Process]
) -> None:
    session = "5" * 32
    told = await asyncio.gather(
        *(
            child.do(
                {
                    **run,
                    "act": "remember",
                    "session": session,
                    "numbers": list(range(100 * place, 100 * place + 15)),
                }
            )
            for place, child in enumerate(crowd)
        )
    )
    kept = {
        100 * place + number
        for place, found in enumerate(told)
        for number, end in enumerate(found["ends"])
        if end == "kept"
    }
    ends = {end for found in told for end in found["ends"]}
    # Who is told nothing withholds the text; who is told "kept" may rely on it.
    assert ends <= {"kept", "error Unavailable MaskingFailed"}
    async with stores(run) as (_, state):
        names = StateSessionNames(state, FixedKeys(), SystemClock())
        known = await names.recall(Session(session, "label"))
    assert {number.to_bytes(DIGEST_BYTES, "big") for number in kept} <= known.digests
    assert len(kept) >= PROCESSES
