"""Does one act per line of standard input, as one process among several on the same stores.

Each line is a run of `fresh_stores` with `act`: "activate" (`manifest`), "sweep" (`ahead`, seconds
that the clock is set forward), "take" (`owner`, `limit`, `times`) or "remember" (`session`,
`numbers`). Where `pause_at` names a call to a store the process says `{"paused": call}` before it
and waits for a line. Answers `{"ends": [...], "calls": [...]}`.
"""

import asyncio
import json
import sys
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any, cast

from azure.storage.blob.aio import ContainerClient

from gateway.adapters.evidence_store import BlobEvidenceStore
from gateway.adapters.state_store import BlobStateStore
from gateway.adapters.system import SystemEntropy
from gateway.application import SWEEP_IDLE
from gateway.errors import GatewayError
from gateway.evidence.chain import Instance
from gateway.masking.session_names import DIGEST_BYTES
from gateway.model.own import Own
from gateway.model.principal import Session
from gateway.ports import EvidenceStore, StateStore
from gateway.recording.activation import Stores, activate
from gateway.recording.budget import StateTokenBudget
from gateway.recording.journal import GroupCommitJournal
from gateway.recording.session_names import StateSessionNames
from gateway.recording.sweeper import sweep
from tests.fakes.asking import reviewer
from tests.integration.approvals_scene import ShiftedClock
from tests.pipeline.world import FixedKeys


@dataclass(slots=True)
class Calls:
    """To both stores, in their order."""

    pause_at: int
    made: list[str] = field(default_factory=list)


class Watched:
    """A store; says before which call it waits for the other process."""

    def __init__(self, name: str, target: object, calls: Calls) -> None:
        self._name, self._target, self._calls = name, target, calls

    def __getattr__(self, method: str) -> Callable[..., Any]:
        call = getattr(self._target, method)

        def watched(*args: object, **kwargs: object) -> Any:
            made = self._calls.made
            made.append(f"{self._name}.{method}")
            if len(made) - 1 == self._calls.pause_at:
                say({"paused": made[-1]})
                sys.stdin.readline()
            return call(*args, **kwargs)

        return watched


@dataclass(slots=True)
class Parts:
    """What an act works on."""

    store: EvidenceStore
    state: StateStore
    journal: GroupCommitJournal
    clock: ShiftedClock


async def act_of(run: dict[str, Any]) -> dict[str, Any]:
    calls = Calls(run.get("pause_at", -1))
    async with AsyncExitStack() as stack:
        made = ContainerClient.from_connection_string
        evidence = await stack.enter_async_context(made(run["evidence"], run["name"]))
        state = await stack.enter_async_context(made(run["state"], f"{run['name']}-held"))
        store = cast("EvidenceStore", Watched("store", BlobEvidenceStore(evidence), calls))
        kept = cast("StateStore", Watched("state", BlobStateStore(state), calls))
        clock = ShiftedClock(run.get("ahead", 0))
        instance = Instance("once", "0", "sha256:" + "0" * 64)
        journal = GroupCommitJournal(store, clock, SystemEntropy(), instance)
        stack.push_async_callback(journal.close)
        ends = await _ACTS[run["act"]](Parts(store, kept, journal, clock), run)
    return {"ends": ends, "calls": calls.made}


async def _activate(parts: Parts, run: dict[str, Any]) -> list[str]:
    stores = Stores(parts.store, parts.state, parts.journal, Own(frozenset()))
    data = run["manifest"].encode()
    return [await _end(activate(stores, reviewer(), data), lambda done: done.digest)]


async def _sweep(parts: Parts, run: dict[str, Any]) -> list[str]:
    return list(await sweep(parts.store, parts.journal, parts.clock, SWEEP_IDLE))


async def _take(parts: Parts, run: dict[str, Any]) -> list[str]:
    budget = StateTokenBudget(parts.state, parts.clock, run["limit"])
    return [
        await _end(budget.take(run["owner"], 1), lambda _: "taken") for _ in range(run["times"])
    ]


async def _remember(parts: Parts, run: dict[str, Any]) -> list[str]:
    names = StateSessionNames(parts.state, FixedKeys(), parts.clock)
    session = Session(run["session"], "label")
    ends = []
    for number in run["numbers"]:
        digest = number.to_bytes(DIGEST_BYTES, "big")
        ends.append(await _end(names.remember(session, [digest]), lambda _: "kept"))
    return ends


async def _end(work: Any, shown: Callable[[Any], str]) -> str:
    try:
        return shown(await work)
    except GatewayError as error:
        return f"error {type(error).__name__} {error.reason}"


_ACTS: dict[str, Callable[[Parts, dict[str, Any]], Any]] = {
    "activate": _activate,
    "sweep": _sweep,
    "take": _take,
    "remember": _remember,
}


def say(found: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(found) + "\n")
    sys.stdout.flush()


def main() -> None:
    say({"ready": True})
    while line := sys.stdin.readline():
        say(asyncio.run(act_of(json.loads(line))))


if __name__ == "__main__":
    main()
