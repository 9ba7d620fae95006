"""Makes batches and checkpoints like an instance's timer, until it kills itself on command.

Real: log, notary, both stores (Azure SDK to Azurite), processes that know nothing of each other.
Standard input is one line, `{"evidence", "state", "evidence_container", "state_container", "key",
"seconds", "die_at"}`; the process dies by SIGKILL at that call of a store, 0 for never.
"""

import asyncio
import contextlib
import json
import os
import random
import signal
import sys
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, cast

from azure.storage.blob.aio import ContainerClient

from gateway.adapters.development_signer import UnsafeDevelopmentSigner
from gateway.adapters.evidence_store import BlobEvidenceStore
from gateway.adapters.state_store import BlobStateStore
from gateway.errors import GatewayError
from gateway.ports import EvidenceStore, StateStore
from gateway.recording.merkle_log import LogBounds, MerkleLog
from gateway.recording.notary import Notary
from tests.fakes.secrets import FakeSecrets
from tests.fakes.time import NOON


class JournalClock:
    """`ports.Clock` on the day of the journals that tests build."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    def now(self) -> datetime:
        return NOON + timedelta(seconds=time.monotonic() - self._began)


class Mortal:
    """A store whose calls are counted, before and after they took effect."""

    calls = 0

    def __init__(self, target: object, die_at: int) -> None:
        self._target, self._die_at = target, die_at

    def _count(self) -> None:
        Mortal.calls += 1
        if Mortal.calls == self._die_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def __getattr__(self, method: str) -> Callable[..., Any]:
        call = getattr(self._target, method)
        if not asyncio.iscoroutinefunction(call):
            return call  # type: ignore[no-any-return]

        async def counted(*args: object, **kwargs: object) -> object:
            self._count()
            # The others get a turn between any two calls.
            await asyncio.sleep(random.random() / 100)  # noqa: S311 - a test's dice
            result = await call(*args, **kwargs)
            self._count()
            return result

        return counted


def notary_of(run: dict[str, Any], store: EvidenceStore, state: StateStore) -> Notary:
    clock = JournalClock()
    signer = UnsafeDevelopmentSigner(FakeSecrets({"checkpoint": run["key"]}), "checkpoint")
    log = MerkleLog(store, state, clock, bounds=LogBounds(bytes=131_072, step=16_384))
    return Notary(log, store, state, signer, clock, "azurite/evidence")


async def main(run: dict[str, Any]) -> None:
    async with (
        ContainerClient.from_connection_string(run["evidence"], run["evidence_container"]) as one,
        ContainerClient.from_connection_string(run["state"], run["state_container"]) as other,
    ):
        store = cast("EvidenceStore", Mortal(BlobEvidenceStore(one), run["die_at"]))
        state = cast("StateStore", Mortal(BlobStateStore(other), run["die_at"]))
        notary = notary_of(run, store, state)
        until = time.monotonic() + run["seconds"]
        while time.monotonic() < until:
            # Without the lease: two instances may both believe they have it.
            with contextlib.suppress(GatewayError):
                await notary._attest()


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.stdin.readline())))
