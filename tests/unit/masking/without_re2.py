"""The engine in a process that has no RE2, as where there is no wheel for the platform."""

import base64
import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
_WITHOUT = """
import base64, json, sys
sys.modules["re2"] = None
from gateway.errors import Withheld
from gateway.masking.engine import mask
from gateway.masking.linear import available
from tests.unit.masking.contexts import context
assert not available()
for line in sys.stdin:
    kind, profile, body = json.loads(line)
    try:
        done = mask(base64.b64decode(body), kind, "", context(profile, accept=True)).body
    except Withheld as error:
        done = b"withheld: " + str(error).encode()
    print(base64.b64encode(done).decode(), flush=True)
"""


class WithoutRe2:
    """Masks in a process of its own."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _WITHOUT],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def mask(self, body: bytes, kind: str, profile: str) -> bytes:
        """A body as the engine masks it without RE2, free text accepted."""
        assert self._process.stdin
        assert self._process.stdout
        line = json.dumps([kind, profile, base64.b64encode(body).decode()])
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()
        return base64.b64decode(self._process.stdout.readline())

    def close(self) -> None:
        """End the process."""
        self._process.communicate(timeout=30)
