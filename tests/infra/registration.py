"""The resources of a stack, registered in a process of its own: Pulumi's runtime is global."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
_PROGRAM = """
import json, sys
from infra.preview import registered
found = registered(sys.argv[1], json.loads(sys.argv[2]))
print(json.dumps([[one.type, one.name, one.inputs] for one in found], default=str))
"""


@dataclass(frozen=True, slots=True)
class Resource:
    """One registered resource; `kind` is the last word of its type."""

    type: str
    name: str
    inputs: Mapping[str, Any]

    @property
    def kind(self) -> str:
        return self.type.rpartition(":")[2]


class Refused(Exception):
    """The program did not register the stack; the text is its error output."""


def environment() -> dict[str, str]:
    """Without what keeps bytecode from being written: the provider's modules are large."""
    return {key: os.environ[key] for key in os.environ if key != "PYTHONDONTWRITEBYTECODE"}


def register(stack: str, **overrides: str) -> list[Resource]:
    """Every resource of a stack; overrides by camelCase key of the configuration."""
    keys = {f"chaperone:{key}": value for key, value in overrides.items()}
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, stack, json.dumps(keys)],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise Refused(done.stderr)
    return [Resource(*one) for one in json.loads(done.stdout)]
