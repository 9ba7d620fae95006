"""Serves an unpacked deployment package over HTTPS, in Microsoft's worker library.

    python -I -S served.py PACKAGE LIBRARIES PORT CERTIFICATE KEY

Nothing but the standard library, the package, and the worker library in LIBRARIES is on the path:
the package comes first, as with PYTHON_ISOLATE_WORKER_DEPENDENCIES. At its end it writes which
file each loaded module came from into LIBRARIES/modules.json. What is served stands in for
the Functions host: HTTP functions by their routes, and for the test alone `POST /host/{function}`,
which gives a queue function its body as message or makes a timer due. Prints `READY` and JSON when
it is ready.
"""

import asyncio
import importlib
import importlib.util
import json
import re
import signal
import ssl
import sys
from pathlib import Path
from typing import Any


def protos_of(folder: Path) -> Any:
    """`tests.worker.protos` by its file: the checkout is not on the path."""
    spec = importlib.util.spec_from_file_location("protos", folder / "protos.py")
    if spec is None or spec.loader is None:
        raise ImportError("protos.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Host:
    """The functions of one app, and what calls them."""

    def __init__(self, package: Path, protos: Any) -> None:
        self._package = package
        self._protos = protos
        self._worker = importlib.import_module("azure_functions_runtime.handle_event")
        self._number = 0
        self.functions: dict[str, Any] = {}
        self.routes: list[tuple[re.Pattern[str], str]] = []

    async def load(self) -> None:
        """Index and load, in the worker's own order."""
        protos = self._protos
        init = protos.Message(capabilities={}, function_app_directory=str(self._package))
        started = await self._worker.worker_init_request(protos.envelope(worker_init_request=init))
        if started.result.status != protos.StatusResult.Success:
            raise RuntimeError(started.result.exception.message)
        listing = await self._worker.functions_metadata_request(protos.envelope())
        for item in listing.function_metadata_results:
            load = protos.Message(function_id=item.function_id, metadata=item)
            await self._worker.function_load_request(protos.envelope(function_load_request=load))
            self.functions[item.name] = item
            route = json.loads(item.raw_bindings[0]).get("route")
            if route is not None:
                self.routes.append((_pattern(route), item.name))
        # A literal route goes before one with a parameter.
        self.routes.sort(key=lambda pair: pair[0].pattern.count("?P"))

    async def call(self, name: str, data: Any, metadata: dict[str, Any] | None = None) -> Any:
        """Invoke a function; its response as the worker gives it."""
        self._number += 1
        item = self.functions[name]
        trigger = json.loads(item.raw_bindings[0])["name"]
        request = self._protos.invocation(item.function_id, trigger, data, self._number)
        request.trigger_metadata = metadata or {}
        envelope = self._protos.envelope(invocation_request=request)
        return await self._worker.invocation_request(envelope)

    async def handle(self, request: Any) -> Any:
        """One HTTP request of aiohttp, which the package holds."""
        from aiohttp import web  # noqa: PLC0415

        body = await request.read()
        if request.path.startswith("/host/"):
            return await self._work(request.path.removeprefix("/host/"), body)
        found = [
            (match, name) for rule, name in self.routes if (match := rule.fullmatch(request.path))
        ]
        if not found:
            return web.Response(status=404)
        match, name = found[0]
        url = f"https://{request.host}{request.raw_path}"
        data = self._protos.http_input(
            request.method, url, dict(request.headers), body, match.groupdict("")
        )
        response = await self.call(name, data)
        if response.result.status != self._protos.StatusResult.Success:
            return web.Response(status=500, text=response.result.exception.message)
        http = response.return_value.http
        # The server frames the message itself; a HEAD keeps the length of what it stands for.
        framed = request.method != "HEAD"
        fields = [
            (name, value)
            for name, value in http.headers.items()
            if name.lower() != "content-length" or not framed
        ]
        answer = web.Response(status=int(http.status_code), body=http.body.bytes or None)
        answer.headers.update(fields)
        for cookie in http.cookies or ():
            answer.headers.add("set-cookie", _cookie(cookie))
        return answer

    async def _work(self, name: str, body: bytes) -> Any:
        from aiohttp import web  # noqa: PLC0415

        kind = json.loads(self.functions[name].raw_bindings[0])["type"]
        if kind == "queueTrigger":
            data = self._protos.TypedData(string=body.decode())
            response = await self.call(name, data, {"Id": self._protos.TypedData(string="m")})
        else:
            response = await self.call(name, self._protos.timer_input())
        good = response.result.status == self._protos.StatusResult.Success
        text = "" if good else response.result.exception.message
        return web.Response(status=200 if good else 500, text=text)


def _pattern(route: str) -> re.Pattern[str]:
    """ASP.NET's route as a pattern: `{name}` is a segment, `{*name}` the rest; case is ignored."""
    text = re.sub(r"\\\{\\\*(\w+)\\\}", r"(?P<\1>.*)", re.escape(route))
    text = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", text)
    return re.compile("/" + text.replace("/(?P<path>.*)", "(?:/(?P<path>.*))?"), re.IGNORECASE)


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


async def main(package: Path, protos: Any, port: int, certificate: str, key: str) -> None:
    """Serve until SIGTERM, then close the gateway as the worker's end would."""
    from aiohttp import web  # noqa: PLC0415

    host = Host(package, protos)
    await host.load()
    app = web.Application(client_max_size=2**28)
    app.router.add_route("*", "/{tail:.*}", host.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    await web.TCPSite(runner, "127.0.0.1", port, ssl_context=context).start()
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    names = sorted(host.functions)
    sys.stdout.write(f"READY {json.dumps({'functions': names})}\n")
    sys.stdout.flush()
    await stop.wait()
    await runner.cleanup()
    bootstrap = importlib.import_module("gateway.bootstrap")
    await bootstrap.shutdown()


if __name__ == "__main__":
    PACKAGE, LIBRARIES = Path(sys.argv[1]), sys.argv[2]
    sys.path[:0] = [str(PACKAGE / ".python_packages" / "lib" / "site-packages"), str(PACKAGE)]
    sys.path.append(LIBRARIES)
    PROTOS = protos_of(Path(__file__).resolve().parent)
    asyncio.run(main(PACKAGE, PROTOS, int(sys.argv[3]), sys.argv[4], sys.argv[5]))
    LOADED = {name: getattr(module, "__file__", None) for name, module in sys.modules.items()}
    TEXT = json.dumps({name: file for name, file in LOADED.items() if file})
    Path(LIBRARIES, "modules.json").write_text(TEXT, "utf-8")
