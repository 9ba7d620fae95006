"""An unpacked deployment package in Microsoft's worker library: the language worker's process.

    python -I -S language_worker.py PACKAGE LIBRARIES

Nothing but the standard library, the package, and the worker library in LIBRARIES is on the path:
the package comes first, as with PYTHON_ISOLATE_WORKER_DEPENDENCIES. `tests.worker.functions_host`
starts it and speaks with it over standard input and output, where the real host has gRPC, in lines
of JSON: first all functions with their triggers, then an answer for each invocation. It ends when
its input does, and writes which file each loaded module came from into LIBRARIES/modules.json.
"""

import asyncio
import base64
import importlib
import importlib.util
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any, BinaryIO

LINE_BYTES = 2**28


def protos_of(folder: Path) -> Any:
    """`tests.worker.protos` by its file: the checkout is not on the path."""
    spec = importlib.util.spec_from_file_location("protos", folder / "protos.py")
    if spec is None or spec.loader is None:
        raise ImportError("protos.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Worker:
    """The functions of one app, and what invokes them."""

    def __init__(self, package: Path, protos: Any, channel: BinaryIO) -> None:
        self._package = package
        self._protos = protos
        self._channel = channel
        self._library = importlib.import_module("azure_functions_runtime.handle_event")
        self._functions: dict[str, Any] = {}

    async def load(self) -> None:
        """Index and load, in the worker's own order; tell the host what was found."""
        protos = self._protos
        init = protos.Message(capabilities={}, function_app_directory=str(self._package))
        started = await self._library.worker_init_request(protos.envelope(worker_init_request=init))
        if started.result.status != protos.StatusResult.Success:
            raise RuntimeError(started.result.exception.message)
        listing = await self._library.functions_metadata_request(protos.envelope())
        for item in listing.function_metadata_results:
            load = protos.Message(function_id=item.function_id, metadata=item)
            await self._library.function_load_request(protos.envelope(function_load_request=load))
            self._functions[item.name] = item
        self._say({name: self._trigger(name) for name in self._functions})

    async def answer(self, call: dict[str, Any]) -> None:
        """Invoke a function as the host asks, and say what came of it."""
        item = self._functions[call["function"]]
        data, metadata = self._input(call)
        name = self._trigger(call["function"])["name"]
        request = self._protos.invocation(item.function_id, name, data, call["number"])
        request.trigger_metadata = metadata
        envelope = self._protos.envelope(invocation_request=request)
        response = await self._library.invocation_request(envelope)
        self._say({"number": call["number"], **self._result(response)})

    def _trigger(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self._functions[name].raw_bindings[0])
        return found

    def _input(self, call: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        protos = self._protos
        if "http" in call:
            http = {**call["http"], "body": base64.b64decode(call["http"]["body"])}
            return protos.http_input(**http), {}
        if "message" in call:
            told = {name: protos.TypedData(string=text) for name, text in call["about"].items()}
            return protos.TypedData(string=call["message"]), told
        return protos.timer_input(), {}

    def _result(self, response: Any) -> dict[str, Any]:
        if response.result.status != self._protos.StatusResult.Success:
            return {"error": response.result.exception.message}
        if response.return_value is None:
            return {}
        http = response.return_value.http
        cookies = [("set-cookie", _cookie(cookie)) for cookie in http.cookies or ()]
        fields = [*http.headers.items(), *cookies]
        body = base64.b64encode(http.body.bytes or b"").decode()
        return {"status": int(http.status_code), "headers": fields, "body": body}

    def _say(self, content: object) -> None:
        self._channel.write(json.dumps(content).encode() + b"\n")
        self._channel.flush()


def _cookie(cookie: Any) -> str:
    def value(name: str) -> Any:
        found = getattr(cookie, name, None)
        return getattr(found, "value", found)

    parts = [f"{cookie.name}={cookie.value}"]
    parts += [f"{label}={value(name)}" for label, name in (("Path", "path"),) if value(name)]
    parts += [f"Max-Age={int(age)}"] if (age := value("max_age")) is not None else []
    parts += ["Secure"] if value("secure") else []
    parts += ["HttpOnly"] if value("http_only") else []
    same = {1: "Lax", 2: "Strict", 3: "None"}.get(getattr(cookie, "same_site", 0) or 0)
    return "; ".join([*parts, *([f"SameSite={same}"] if same else [])])


async def main(package: Path, protos: Any, channel: BinaryIO) -> None:
    """Serve until the input ends, then close the gateway as the worker's end would."""
    worker = Worker(package, protos, channel)
    await worker.load()
    calls = asyncio.StreamReader(limit=LINE_BYTES)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(calls), sys.stdin.buffer)
    async with asyncio.TaskGroup() as group:
        while line := await calls.readline():
            group.create_task(worker.answer(json.loads(line)))
    bootstrap = importlib.import_module("gateway.bootstrap")
    await bootstrap.shutdown()


if __name__ == "__main__":
    PACKAGE, LIBRARIES = Path(sys.argv[1]), sys.argv[2]
    # The host decides when it ends; a signal to the group of both is for the host.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sys.path[:0] = [str(PACKAGE / ".python_packages" / "lib" / "site-packages"), str(PACKAGE)]
    sys.path.append(LIBRARIES)
    PROTOS = protos_of(Path(__file__).resolve().parent)
    # Whatever else is printed goes to the log.
    CHANNEL = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    asyncio.run(main(PACKAGE, PROTOS, CHANNEL))
    LOADED = {name: getattr(module, "__file__", None) for name, module in sys.modules.items()}
    TEXT = json.dumps({name: file for name, file in LOADED.items() if file})
    Path(LIBRARIES, "modules.json").write_text(TEXT, "utf-8")
