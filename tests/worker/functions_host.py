"""Stands in for the Functions host: front, queues and timers over a language worker's process.

    python -m tests.worker.functions_host PACKAGE LIBRARIES --python P --port N --cert C --key K

What the host does to requests and messages is the local host's (`gateway.local.front`,
`gateway.local.queue_host`); every function runs in `language_worker.py`, started here as the host
starts its worker. Which functions there are, and with which triggers, is what Microsoft's library
has indexed: their names are written to LIBRARIES/functions.json, and a line of JSON with `function`
and `error` for each invocation to LIBRARIES/invocations.ndjson.
"""

import argparse
import asyncio
import base64
import itertools
import json
import os
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Self

import azure.functions as func

from gateway.local.app import App, Indexed, arranged, host_settings
from gateway.local.host import serve

LINE_BYTES = 2**28
SCRIPT = Path(__file__).with_name("language_worker.py")


class InvocationFailed(Exception):
    """A function raised; the text is what the worker told."""


class Worker:
    """A worker's process, and the invocations that wait for it."""

    def __init__(self, process: Process, log: Path) -> None:
        self._process = process
        self._log = log
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self.triggers: Mapping[str, Mapping[str, Any]] = {}

    @classmethod
    async def start(cls, python: str, package: Path, libraries: Path) -> Self:
        """A worker that has indexed and loaded its functions."""
        command = [python, "-I", "-S", str(SCRIPT), str(package), str(libraries)]
        process = await asyncio.create_subprocess_exec(
            *command, stdin=PIPE, stdout=PIPE, limit=LINE_BYTES
        )
        worker = cls(process, libraries / "invocations.ndjson")
        worker.triggers = json.loads(await worker._line() or b"{}")
        return worker

    def app(self, extensions: Mapping[str, Any]) -> App:
        """Its functions, arranged by their triggers."""
        kinds: dict[str, Callable[..., Awaitable[Any]]] = {
            "httpTrigger": self._http,
            "queueTrigger": self._queue,
            "timerTrigger": self._time,
        }
        return arranged(
            [
                Indexed(name, trigger, partial(kinds[trigger["type"]], name))
                for name, trigger in self.triggers.items()
            ],
            extensions,
        )

    async def listen(self) -> None:
        """Give answers to whom they are for, until the worker ends."""
        while line := await self._line():
            answer: dict[str, Any] = json.loads(line)
            waiting = self._waiting.pop(answer["number"])
            if not waiting.done():  # its client may have gone away
                waiting.set_result(answer)
        for left in self._waiting.values():
            left.set_exception(InvocationFailed("the worker has ended"))

    async def end(self) -> int:
        """Let it close what it holds; its exit status."""
        if self._process.stdin:
            self._process.stdin.close()
        return await self._process.wait()

    async def _line(self) -> bytes:
        return await self._process.stdout.readline() if self._process.stdout else b""

    async def _http(self, name: str, request: func.HttpRequest) -> func.HttpResponse:
        told = {
            "method": request.method,
            "url": request.url,
            "headers": dict(request.headers),
            "body": base64.b64encode(request.get_body()).decode(),
            "params": dict(request.route_params),
        }
        answer = await self._call(name, http=told)
        response = func.HttpResponse(
            base64.b64decode(answer["body"]), status_code=answer["status"], headers={}
        )
        for field, value in answer["headers"]:
            response.headers.add(field, value)
        return response

    async def _queue(self, name: str, message: func.QueueMessage) -> None:
        about = {"Id": message.id or "", "DequeueCount": str(message.dequeue_count or 1)}
        await self._call(name, message=message.get_body().decode(), about=about)

    async def _time(self, name: str, _timer: func.TimerRequest) -> None:
        await self._call(name)

    async def _call(self, name: str, **data: Any) -> dict[str, Any]:
        if self._process.returncode is not None:
            raise InvocationFailed("the worker has ended")
        number = next(self._numbers)
        waiting: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[number] = waiting
        if self._process.stdin:
            call = {"number": number, "function": name, **data}
            self._process.stdin.write(json.dumps(call).encode() + b"\n")
        answer = await waiting
        error = str(answer.get("error", ""))
        with self._log.open("a", encoding="utf-8") as log:
            log.write(json.dumps({"function": name, "error": error}) + "\n")
        if error:
            raise InvocationFailed(error)
        return answer


async def run(options: argparse.Namespace) -> int:
    """Serve until a signal comes; the worker's exit status."""
    worker = await Worker.start(options.python, options.package, options.libraries)
    listening = asyncio.create_task(worker.listen())
    found = options.libraries / "functions.json"
    found.write_text(json.dumps(dict(worker.triggers)), "utf-8")
    storage = os.environ["CHAPERONE_DEV_STORAGE_CONNECTION_STRING"]
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", options.port))
        app = worker.app(host_settings(options.package))
        await serve(app, listener, (options.cert, options.key), options.timer_speed, storage)
    status = await worker.end()
    await listening
    return status


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("package", type=Path)
    parser.add_argument("libraries", type=Path)
    parser.add_argument("--python", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--cert", type=Path, required=True)
    parser.add_argument("--key", type=Path, required=True)
    parser.add_argument("--timer-speed", type=float, default=1.0)
    return asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    sys.exit(main())
