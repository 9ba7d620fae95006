"""The gateway's own functions behind plain HTTP on loopback, as App Service's front hands them on.

TLS ends before the Functions host in Azure, and every other contender is measured without it, so
the local host's TLS is left out; everything else is `gateway.local`. `--without-recording` puts a
journal in place that keeps nothing: it exists here alone, the product has no such switch.

`python -m bench.rig.host --port P [--without-recording] [--profile FILE]`
"""

import argparse
import asyncio
import cProfile
import signal
import socket
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import cast

import uvicorn
import uvloop
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from gateway import bootstrap
from gateway.local.app import load
from gateway.local.front import TARGET, Front
from gateway.model.canonical import Json
from gateway.model.exchange import Receipt
from gateway.settings import Settings

_ROOT = Path(__file__).resolve().parents[2]


class _Protocol(HttpToolsProtocol):
    """Keeps the request target as sent, as the local host does."""

    def on_headers_complete(self) -> None:
        cast("dict[str, object]", self.scope)[TARGET] = self.url
        super().on_headers_complete()


class _Nothing:
    """A journal that says yes: what a gateway without evidence would cost."""

    async def append(self, record: Mapping[str, Json]) -> Receipt:
        """The receipt of a record that was never written."""
        del record
        return Receipt("none", 0, 0, 0)


def _without_recording() -> None:
    build = bootstrap.build

    async def built(config: Settings) -> bootstrap.Application:
        application = await build(config)
        pipeline = replace(application.pipeline, journal=_Nothing())
        return replace(application, pipeline=pipeline)

    bootstrap.build = built


async def serve(port: int) -> None:
    """Serve until SIGTERM, then close the journal."""
    app = load(_ROOT)
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
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
            timeout_graceful_shutdown=2,
        )
        server = uvicorn.Server(config)
        await server.serve(sockets=[listener])
    await bootstrap.shutdown()


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--without-recording", action="store_true")
    parser.add_argument("--profile", type=Path, help="write a cProfile of the whole life here")
    options = parser.parse_args()
    if options.without_recording:
        _without_recording()
    profile = cProfile.Profile() if options.profile else None
    # uvicorn raises the signal again once it has stopped; that must not end the process early.
    signal.signal(signal.SIGTERM, lambda *_: None)
    if profile:
        profile.enable()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(options.port))
    if profile:
        profile.disable()
        profile.dump_stats(options.profile)
    return 0


if __name__ == "__main__":
    sys.exit(main())
