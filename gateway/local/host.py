"""The local Functions host: serves `function_app.py`, and nothing else, over TLS on loopback.

`python -m gateway.local.host --port P --cert C --key K` prints one line, `READY {json}`, once it
listens. It runs the same functions as Azure, under Kestrel's URL rules (`kestrel.py`) and with
what the real host does to messages (`front.py`). Settings come from the environment, as they do
in Azure; production settings are refused.
"""

import argparse
import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeAlias, cast

import uvicorn
import uvloop
from azure.storage.queue.aio import QueueServiceClient
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from gateway import settings
from gateway.errors import ConfigurationError, GatewayError
from gateway.local.app import App, load, run_timer
from gateway.local.front import TARGET, Front
from gateway.local.queue_host import QueueOptions, run_queue

_GRACE_SECONDS = 10
_ROOT = Path(__file__).resolve().parents[2]

Close: TypeAlias = Callable[[], Awaitable[None]]


class _Protocol(HttpToolsProtocol):
    """Keeps the request target as sent: httptools strips the origin of absolute-form targets."""

    def on_headers_complete(self) -> None:
        cast("dict[str, object]", self.scope)[TARGET] = self.url
        super().on_headers_complete()

    def shutdown(self) -> None:
        """End an idle connection at once: closing TLS waits for a client that may not listen."""
        cycle = cast("RequestResponseCycle | None", self.cycle)  # None before the first request
        if cycle is None or cycle.response_complete:
            self.transport.abort()
        else:
            super().shutdown()


class _Server(uvicorn.Server):
    """Says when it listens, and ends with 0 on SIGTERM and SIGINT."""

    def __init__(self, config: uvicorn.Config, announce: Callable[[], None]) -> None:
        super().__init__(config)
        self._announce = announce

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self._announce()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        signals = (signal.SIGTERM, signal.SIGINT)
        for number in signals:
            loop.add_signal_handler(number, self._stop)
        try:
            yield
        finally:
            for number in signals:
                loop.remove_signal_handler(number)

    def _stop(self) -> None:
        self.should_exit = True


async def serve(
    app: App, listener: socket.socket, tls: tuple[Path, Path], speed: float, storage: str = ""
) -> None:
    """Serve until a signal comes; requests under way get ten seconds to end.

    Args:
        app: the functions.
        listener: a bound loopback socket.
        tls: certificate and key.
        speed: of the timers, 1 for real time.
        storage: connection string of the account with the queues, "" for none.
    """
    cert, key = tls
    config = uvicorn.Config(
        Front(app.routes),
        http=_Protocol,
        ws="none",
        lifespan="off",
        access_log=False,
        log_config=None,
        log_level="critical",
        server_header=False,
        proxy_headers=False,
        ssl_certfile=cert,
        ssl_keyfile=key,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )

    def announce() -> None:
        host, port = listener.getsockname()[:2]
        ready = {"url": f"https://{host}:{port}", "port": port, "pid": os.getpid()}
        print(f"READY {json.dumps(ready)}", flush=True)  # noqa: T201 - the one line it prints

    triggers = [
        asyncio.create_task(run_timer(timer, lambda: datetime.now(UTC), asyncio.sleep, speed))
        for timer in app.timers
    ]
    triggers.append(asyncio.create_task(_run_queues(app, storage, speed)))
    try:
        await _Server(config, announce).serve(sockets=[listener])
    finally:
        for task in triggers:
            task.cancel()
        await asyncio.gather(*triggers, return_exceptions=True)


async def _run_queues(app: App, storage: str, speed: float) -> None:
    if not storage or not app.queues:
        return
    options = QueueOptions.of(dict(app.queue_settings), speed)
    async with QueueServiceClient.from_connection_string(storage) as service:
        await asyncio.gather(*(run_queue(trigger, service, options) for trigger in app.queues))


async def run(options: argparse.Namespace, close: Close) -> None:
    """Load, serve, and let the gateway close its journal whatever happens.

    Raises:
        ConfigurationError: settings are wrong or say production, or the app cannot be run.
        GatewayError: the gateway could not close its journal.
    """
    if settings.environment() is not settings.Environment.DEVELOPMENT:
        raise ConfigurationError(
            "the local host does not run with production settings",
            advice="set CHAPERONE_ENVIRONMENT=development, or deploy to Azure Functions",
        )
    loaded = settings.load()
    secret = loaded.dev_storage_connection_string
    storage = secret.get_secret_value() if secret and loaded.queue_url else ""
    app = load(options.app, options.script)
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", options.port))
        try:
            tls = (options.cert, options.key)
            await serve(app, listener, tls, options.timer_speed, storage)
        finally:
            await close()


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; 2 for a configuration that must not start, 1 for a journal left open."""
    parser = argparse.ArgumentParser(prog="python -m gateway.local.host", description=__doc__)
    parser.add_argument("--port", type=int, required=True, help="0 for any free one")
    parser.add_argument("--cert", type=Path, required=True)
    parser.add_argument("--key", type=Path, required=True)
    parser.add_argument("--app", type=Path, default=_ROOT, help="folder of the app")
    parser.add_argument("--script", default="function_app.py", help="the app's script")
    parser.add_argument("--timer-speed", type=float, default=1.0)
    options = parser.parse_args(arguments)
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(run(options, _close))
    except GatewayError as error:
        print(f"{error}. {error.advice}".rstrip(". ") + ".", file=sys.stderr)  # noqa: T201
        return 2 if isinstance(error, ConfigurationError) else 1
    except KeyboardInterrupt:  # before the server took over the signals
        return 130
    return 0


async def _close() -> None:
    """Shut the gateway down if the app has it: one that never loaded it has nothing to close."""
    bootstrap = sys.modules.get("gateway.bootstrap")
    if bootstrap is not None:
        await bootstrap.shutdown()


if __name__ == "__main__":
    sys.exit(main())
