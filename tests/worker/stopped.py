"""Runs calls in Microsoft's worker library as `driver` does, and then waits to be stopped.

As the worker itself it does nothing about signals: what ends it in Azure is SIGKILL by the host, or
SIGTERM by the platform, and neither is announced to the app. One line of JSON on standard output
says what came of the calls.
"""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any


async def main(order: dict[str, Any]) -> None:
    from tests.worker.driver import drive  # noqa: PLC0415 - the path is set up first

    sys.stdout.write(json.dumps(await drive(order)) + "\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    asyncio.run(main(json.loads(sys.stdin.readline())))
