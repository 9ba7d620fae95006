"""Azurite, Microsoft's storage emulator, run for the local host and the tests.

`start` runs it in memory, on ports that the kernel picks, with fresh account keys. Azurite reads
an empty pipe from us and ends when that pipe closes, so it also ends when this process is killed.

`python -m gateway.local.azurite --install` installs it; without the option it runs until
interrupted and prints `READY {json}` with its addresses and keys.
"""

import argparse
import atexit
import base64
import contextlib
import json
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from gateway.errors import ConfigurationError
from gateway.local.azurite_install import ensure

ACCOUNTS = (
    "chaperoneevidence",
    "chaperonestate",
    "clinicdata",
    "researchdata",
    "foreigndata",
)

_KEY_BYTES = 64  # as Azure's own account keys
_POLL_SECONDS = 0.02
_OUTPUT = "output"
_LISTENING = re.compile(r"Azurite (Blob|Queue|Table) service is successfully listening at (\S+)")
_OPTIONS = (
    "--inMemoryPersistence",
    "--skipApiVersionCheck",
    "--disableTelemetry",
)


@dataclass(frozen=True, slots=True)
class Azurite:
    """Addresses and keys of a running emulator.

    Attributes:
        blob_url: `http://127.0.0.1:port`, without an account.
        queue_url: likewise.
        table_url: likewise.
        keys: base64 account key by account name.
    """

    blob_url: str
    queue_url: str
    table_url: str
    keys: Mapping[str, str] = field(repr=False)

    def account_url(self, account: str) -> str:
        """Path-style blob endpoint of an account, as manifests name it."""
        return f"{self.blob_url}/{account}"

    def connection_string(self, account: str) -> str:
        """For the Azure SDKs and `local.settings.json`."""
        return ";".join(
            (
                "DefaultEndpointsProtocol=http",
                f"AccountName={account}",
                f"AccountKey={self.keys[account]}",
                f"BlobEndpoint={self.blob_url}/{account}",
                f"QueueEndpoint={self.queue_url}/{account}",
                f"TableEndpoint={self.table_url}/{account}",
            )
        )


@dataclass(frozen=True, slots=True)
class Ports:
    """Ports to listen on; 0 for any free one."""

    blob: int = 0
    queue: int = 0
    table: int = 0


class RunningAzurite:
    """A started emulator; stop it, or use it in a `with` block.

    Attributes:
        output: what it writes; with an access log, one line for each request.
    """

    def __init__(self, azurite: Azurite, process: "subprocess.Popen[bytes]", folder: Path) -> None:
        self.azurite = azurite
        self.process = process
        self.output = folder / _OUTPUT
        self._folder = folder
        atexit.register(self.stop)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """End it now; everything it held was in memory."""
        atexit.unregister(self.stop)
        _kill(self.process)
        shutil.rmtree(self._folder, ignore_errors=True)


def start(
    root: Path | None = None,
    *,
    accounts: Sequence[str] = ACCOUNTS,
    ports: Ports = Ports(),
    access_log: bool = False,
    timeout_seconds: float = 60,
) -> RunningAzurite:
    """Run Azurite with these accounts until stopped, in a process group of its own.

    Raises:
        ConfigurationError: it cannot be installed, or did not start in time.
    """
    command = [
        *ensure(root),
        *_OPTIONS,
        f"--blobPort={ports.blob}",
        f"--queuePort={ports.queue}",
        f"--tablePort={ports.table}",
        *([] if access_log else ["--silent"]),
    ]
    keys = {name: base64.b64encode(secrets.token_bytes(_KEY_BYTES)).decode() for name in accounts}
    folder = Path(tempfile.mkdtemp(prefix="chaperone-azurite-"))
    environment = {
        **os.environ,
        "AZURITE_ACCOUNTS": ";".join(f"{name}:{key}" for name, key in keys.items()),
    }
    output = folder / _OUTPUT
    with output.open("wb") as sink:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=sink,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env=environment,
            process_group=0,
        )
    try:
        urls = _listening(process, output, timeout_seconds)
    except BaseException:
        _kill(process)
        shutil.rmtree(folder, ignore_errors=True)
        raise
    azurite = Azurite(urls["Blob"], urls["Queue"], urls["Table"], keys)
    return RunningAzurite(azurite, process, folder)


def main(arguments: Sequence[str] | None = None) -> int:
    """Install, or run until interrupted."""
    parser = argparse.ArgumentParser(prog="python -m gateway.local.azurite")
    parser.add_argument("--install", action="store_true", help="install and return")
    parser.add_argument("--blob-port", type=int, default=0)
    parser.add_argument("--queue-port", type=int, default=0)
    parser.add_argument("--table-port", type=int, default=0)
    parser.add_argument("--access-log", action="store_true", help="write a line per request")
    options = parser.parse_args(arguments)
    ports = Ports(options.blob_port, options.queue_port, options.table_port)
    if options.install:
        ensure()
        return 0
    # SIGTERM unwinds like Ctrl-C, so that the emulator is stopped as well.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with (
        contextlib.suppress(KeyboardInterrupt),
        start(ports=ports, access_log=options.access_log) as running,
    ):
        azurite = running.azurite
        facts = {
            "blob_url": azurite.blob_url,
            "queue_url": azurite.queue_url,
            "table_url": azurite.table_url,
            "keys": dict(azurite.keys),
            "output": str(running.output),
        }
        sys.stdout.write(f"READY {json.dumps(facts)}\n")
        sys.stdout.flush()
        return running.process.wait()
    return 0


def _listening(
    process: "subprocess.Popen[bytes]", output: Path, timeout_seconds: float
) -> dict[str, str]:
    """Base URL by service, once all three listen."""
    deadline = time.monotonic() + timeout_seconds
    while True:
        ended = process.poll()
        text = output.read_text("utf-8", "replace")
        urls = dict(_LISTENING.findall(text))
        if len(urls) == 3:  # noqa: PLR2004 - blob, queue, table
            return urls
        if ended is not None or time.monotonic() > deadline:
            state = "is not ready in time" if ended is None else f"ended with status {ended}"
            raise ConfigurationError(f"the storage emulator {state}", advice=text[-1000:].strip())
        time.sleep(_POLL_SECONDS)


def _kill(process: "subprocess.Popen[bytes]") -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    if process.stdin:
        process.stdin.close()


if __name__ == "__main__":
    sys.exit(main())
