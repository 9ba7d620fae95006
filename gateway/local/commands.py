"""Command lines and environments of the processes that a development gateway consists of."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from gateway.errors import ConfigurationError
from gateway.local.supervisor import Supervisor

LOOPBACK = "127.0.0.1"

_ROOT = Path(__file__).resolve().parents[2]
_TOKEN_SECONDS = 60


def module(name: str, *arguments: str) -> list[str]:
    """The command line of a module, with this Python."""
    return [sys.executable, "-m", name, *arguments]


def chaperone(*arguments: str) -> list[str]:
    """The command line of `chaperone …`, with this Python."""
    return module("gateway.cli.main", *arguments)


def environment(values: Mapping[str, str]) -> dict[str, str]:
    """A child's environment: `values`, and ours without the settings of another gateway.

    No proxy stands between a laptop and itself, and children import the same checkout.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CHAPERONE_")}
    paths = [str(_ROOT), *filter(None, [kept.get("PYTHONPATH")])]
    local = ",".join(filter(None, [kept.get("NO_PROXY"), LOOPBACK, "localhost"]))
    return {
        **kept,
        **values,
        "PYTHONPATH": os.pathsep.join(paths),
        "NO_PROXY": local,
        "no_proxy": local,
    }


def bare_environment() -> dict[str, str]:
    """For a process that must inherit nothing: no setting, no key, no home directory."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL") if name in os.environ}
    return {**kept, "PYTHONPATH": str(_ROOT)}


@dataclass(frozen=True, slots=True)
class TokenDesk:
    """Asks the development identity provider for tokens, with the command that people use."""

    identity_provider: str
    ca_file: Path
    supervisor: Supervisor = field(repr=False)

    def ask(self, *arguments: str) -> str:
        """The token that `chaperone token` prints with these arguments.

        Raises:
            ConfigurationError: it printed none.
        """
        where = ("--idp", self.identity_provider, "--ca", str(self.ca_file))
        command = chaperone("token", *where, *arguments)
        child = self.supervisor.start("token", command, environment=environment({}))
        if self.supervisor.finish(child, timeout_seconds=_TOKEN_SECONDS) != 0:
            raise ConfigurationError("no token was issued", advice=child.tail())
        token = child.output.read_text("ascii").strip()
        child.output.unlink()
        return token
