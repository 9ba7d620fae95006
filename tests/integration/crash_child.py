"""Runs one request per line of standard input in a forked process that kills itself on command.

Real: the pipeline, the journal, the evidence store (Azure SDK to Azurite), the upstream client.
Each line is `{"connection_string", "container", "upstream", "message", "number", "after"}`; the
process dies by SIGKILL at call `number` to a port or to the store, before it starts or after it
has taken effect. Answers one line per run: `{"killed": bool, "calls": [...]}`.
"""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from azure.storage.blob.aio import ContainerClient

from gateway.adapters.evidence_store import BlobEvidenceStore
from gateway.adapters.http_upstream import AiohttpUpstream
from gateway.adapters.system import SystemClock, SystemEntropy
from gateway.errors import GatewayError
from gateway.evidence.chain import Instance
from gateway.pipeline import Pipeline
from gateway.recording.journal import GroupCommitJournal
from tests.pipeline import world

MESSAGES = {"write": world.WRITE, "read": world.READ, "copy": world.COPY}


class Deadly:
    """Any port or store; counts calls and ends the process at the one that is due."""

    def __init__(self, name: str, target: object, run: dict[str, Any], calls: list[str]) -> None:
        self._name, self._target, self._run, self._calls = name, target, run, calls

    def __getattr__(self, method: str) -> Callable[..., Any]:
        call = getattr(self._target, method)
        if not asyncio.iscoroutinefunction(call):
            return call  # type: ignore[no-any-return]

        async def deadly(*args: object, **kwargs: object) -> object:
            self._calls.append(f"{self._name}.{method}")
            due = len(self._calls) - 1 == self._run["number"]
            if due and not self._run["after"]:
                os.kill(os.getpid(), signal.SIGKILL)
            result = await call(*args, **kwargs)
            if due:
                os.kill(os.getpid(), signal.SIGKILL)
            return result

        return deadly


async def carry_out(run: dict[str, Any]) -> list[str]:
    calls: list[str] = []
    scene = world.World()
    scene.manifest = world.MANIFEST.replace(
        b"https://clinicdata.blob.core.windows.net", run["upstream"].encode()
    )
    upstream = AiohttpUpstream()
    container = ContainerClient.from_connection_string(run["connection_string"], run["container"])
    async with container:
        store = Deadly("store", BlobEvidenceStore(container), run, calls)
        journal = GroupCommitJournal(
            store,
            SystemClock(),
            SystemEntropy(),
            Instance("crash", "0", "sha256:" + "0" * 64),
        )
        ports = scene.ports() | {"journal": journal, "upstream": upstream, "clock": SystemClock()}
        wrapped = {
            name: port if name in {"clock", "entropy"} else Deadly(name, port, run, calls)
            for name, port in ports.items()
        }
        try:
            await scene.pipeline(Pipeline, **wrapped).handle(MESSAGES[run["message"]])
        except GatewayError as error:
            calls.append(f"error {error.reason}")
        finally:
            await journal.close()
            await upstream.close()
    return calls


def main() -> None:
    for line in sys.stdin:
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reader)
            calls = asyncio.run(carry_out(json.loads(line)))
            os.write(writer, json.dumps(calls).encode())
            os._exit(0)
        os.close(writer)
        _, status = os.waitpid(child, 0)
        with os.fdopen(reader) as answer:
            text = answer.read()
        killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        if not killed and os.waitstatus_to_exitcode(status) != 0:
            sys.exit("the run failed by itself")
        result = {"killed": killed, "calls": json.loads(text) if text else []}
        sys.stdout.write(json.dumps(result) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
