"""Runs `function_app.py` in Microsoft's worker library and prints what came of it, as JSON.

Started by `environments.drive` in an interpreter of its own, since the library's registries are
global: a JSON object with `bootstrap` ("fake" or "real") and `calls` on standard input.
"""

import asyncio
import base64
import importlib
import json
import platform
import sys
import types
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]

Handler = Callable[[Any], Awaitable[Any]]


def install_fake_bootstrap() -> None:
    """Put a bootstrap in place whose gateway shows what reached it."""
    from gateway import errors  # noqa: PLC0415 - the path is set up first
    from gateway.model.message import Answer, Headers, Request  # noqa: PLC0415
    from tests.fakes.gateway import FakeGateway  # noqa: PLC0415

    class Echo(FakeGateway):
        async def handle(self, request: Request) -> Answer:
            if "authorization" not in request.headers:
                reason = errors.Reason.TOKEN_MISSING
                raise errors.Unauthenticated("no token was sent", reason=reason)
            seen = {
                "method": request.method,
                "target": str(request.target),
                "headers": dict(request.headers.fields),
                "body": base64.b64encode(request.body).decode(),
            }
            fields = (
                ("content-type", "application/json"),
                ("x-repeated", "1"),
                ("x-repeated", "2"),
                ("set-cookie", "a=1"),
                ("set-cookie", "b=2"),
            )
            status = int(request.headers.get("x-status") or 200)
            body = b"" if status == 204 else json.dumps(seen).encode()
            return Answer(status, Headers(fields), body)

    module = types.ModuleType("gateway.bootstrap")
    echo = Echo()
    module.gateway = echo.provide  # type: ignore[attr-defined]
    sys.modules["gateway.bootstrap"] = module


async def drive(order: dict[str, Any]) -> dict[str, Any]:
    """Index, load and invoke, in the worker's own order."""
    worker = importlib.import_module("azure_functions_runtime.handle_event")
    from tests.worker import protos  # noqa: PLC0415

    init = protos.Message(capabilities={}, function_app_directory=str(ROOT))
    started = await worker.worker_init_request(protos.envelope(worker_init_request=init))
    if started.result.status != protos.StatusResult.Success:
        return {"failure": started.result.exception.message}
    listing = await worker.functions_metadata_request(protos.envelope())
    functions = {item.name: item for item in listing.function_metadata_results}
    for item in functions.values():
        load = protos.Message(function_id=item.function_id, metadata=item)
        await worker.function_load_request(protos.envelope(function_load_request=load))
    results = []
    for number, call in enumerate(order["calls"]):
        item = functions[call["function"]]
        trigger = json.loads(item.raw_bindings[0])["name"]
        data = protos.timer_input() if "timer" in call else _http_input(protos, call)
        request = protos.invocation(item.function_id, trigger, data, number)
        envelope = protos.envelope(invocation_request=request)
        results.append(_result(protos, await worker.invocation_request(envelope)))
    return {
        "functions": {
            name: [json.loads(binding) for binding in item.raw_bindings]
            for name, item in functions.items()
        },
        "results": results,
    }


def _http_input(protos: Any, call: dict[str, Any]) -> Any:
    return protos.http_input(
        call["method"],
        call["url"],
        call.get("headers", {}),
        base64.b64decode(call.get("body", "")),
        call.get("params", {}),
    )


def _result(protos: Any, response: Any) -> dict[str, Any]:
    if response.result.status != protos.StatusResult.Success:
        return {"failure": response.result.exception.message}
    if response.return_value is None:
        return {}
    http = response.return_value.http
    return {
        "status": int(http.status_code),
        "headers": {name.lower(): value for name, value in http.headers.items()},
        "cookies": [f"{cookie.name}={cookie.value}" for cookie in http.cookies or ()],
        "body": base64.b64encode(http.body.bytes).decode(),
    }


async def main(order: dict[str, Any]) -> dict[str, Any]:
    outcome = await drive(order)
    import azure.functions  # noqa: PLC0415

    return {
        **outcome,
        "python": platform.python_version(),
        "library": azure.functions.__version__,
    }


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    ORDER = json.load(sys.stdin)
    if ORDER["bootstrap"] == "fake":
        install_fake_bootstrap()
    sys.stdout.write(json.dumps(asyncio.run(main(ORDER))))
