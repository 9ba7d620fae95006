"""Child processes that never outlive the command that started them.

Each child leads a process group of its own, so that Ctrl-C in a terminal reaches only the
supervisor, which then stops its children in the reverse of their order. Where the supervisor is
killed without a chance to do so, Linux ends the children (prctl(2), PR_SET_PDEATHSIG; bound to
the thread that started them, so start children from the main thread).
"""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType, TracebackType
from typing import Self

from gateway.errors import ConfigurationError

_PR_SET_PDEATHSIG = 1
_POLL_SECONDS = 0.01
_TAIL_BYTES = 4000
READY = "READY"
_HASTY = 2


class Stopped(KeyboardInterrupt):
    """SIGINT, SIGTERM or SIGHUP arrived; unwinds like Ctrl-C, through asyncio as well."""

    def __init__(self, signum: int) -> None:
        super().__init__(signal.Signals(signum).name)
        self.signum = signum


class Signals:
    """Turns stop signals into `Stopped`, at places where that is good.

    An exception out of a signal handler can surface anywhere, in a destructor too, where Python
    drops it. So the first signal is noted, and raised by the next `check()`: every wait of a
    supervisor calls it. A second signal before that is raised at once, outside of `shield()`;
    one after it hastens the stop of children; from the third on each is raised.

    Attributes:
        received: how many stop signals have arrived.
    """

    _WATCHED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def __init__(self) -> None:
        self.received = 0
        self._first = 0
        self._raised = False
        self._shields = 0
        self._previous: dict[int, object] = {}

    def __enter__(self) -> Self:
        for signum in self._WATCHED:
            self._previous[signum] = signal.signal(signum, self._arrived)
        return self

    def __exit__(self, *_: object) -> None:
        for signum, handler in self._previous.items():
            signal.signal(signum, handler)  # type: ignore[arg-type]  # as signal() returned it

    def check(self) -> None:
        """Pass unless a stop signal has arrived.

        Raises:
            Stopped: one has.
        """
        if self.received:
            self._raised = True
            raise Stopped(self._first)

    @contextlib.contextmanager
    def shield(self) -> Iterator[None]:
        """Nothing in here is interrupted."""
        self._shields += 1
        try:
            yield
        finally:
            self._shields -= 1

    def _arrived(self, signum: int, _frame: FrameType | None) -> None:
        self.received += 1
        self._first = self._first or signum
        patience = _HASTY if self._raised else 1
        if self.received > patience and not self._shields:
            self.check()


@dataclass(frozen=True, slots=True)
class Child:
    """A started process and the files that its output goes to."""

    name: str
    process: "subprocess.Popen[bytes]" = field(repr=False)
    output: Path
    log: Path

    def tail(self) -> str:
        """The end of what it wrote, for an error message."""
        text = b"".join(path.read_bytes()[-_TAIL_BYTES:] for path in (self.output, self.log))
        return text.decode(errors="replace").strip()


class Supervisor:
    """Starts children and stops them all at the end of the `with` block.

    Args:
        folder: private, for the children's output; must exist.
        signals: entered by the caller, before this.
        grace_seconds: how long a child may take to end after SIGTERM.
    """

    def __init__(self, folder: Path, signals: Signals, *, grace_seconds: float = 10) -> None:
        self._folder = folder
        self._signals = signals
        self._grace = grace_seconds
        self._children: list[Child] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._signals.shield():
            for child in reversed(self._children):
                self._stop(child)
            self._children.clear()
        if kind is None:
            self._signals.check()

    def start(
        self,
        name: str,
        command: Sequence[str],
        *,
        environment: Mapping[str, str] | None = None,
        stdin: bytes = b"",
    ) -> Child:
        """Start a process; `environment` replaces the inherited one.

        Raises:
            ConfigurationError: the command cannot be executed.
            Stopped: a signal has arrived; nothing is started.
        """
        self._signals.check()
        output, log = self._folder / f"{name}.out", self._folder / f"{name}.log"
        with self._signals.shield(), output.open("wb") as out, log.open("wb") as err:
            try:
                process = subprocess.Popen(
                    command,
                    stdin=subprocess.PIPE if stdin else subprocess.DEVNULL,
                    stdout=out,
                    stderr=err,
                    env=environment,
                    process_group=0,
                    preexec_fn=_die_with_parent(),  # noqa: PLW1509 - no thread runs yet, see module
                )
            except OSError as error:
                raise ConfigurationError(
                    f"{name} cannot be started: {error.strerror}", advice="run `make setup` again"
                ) from error
            child = Child(name, process, output, log)
            self._children.append(child)
        if stdin and process.stdin:
            with contextlib.suppress(BrokenPipeError), process.stdin as pipe:
                pipe.write(stdin)
        return child

    def ready(self, child: Child, *, timeout_seconds: float) -> str:
        """Wait for the line `READY …` on the child's standard output; what follows the word.

        Raises:
            ConfigurationError: it ended first, or took too long; the advice holds its last words.
        """
        deadline = time.monotonic() + timeout_seconds
        while True:
            self._signals.check()
            # The state is asked for before the output, so that a last line is not missed.
            ended = _status(child.process)
            for line in child.output.read_text("utf-8", "replace").splitlines(keepends=True):
                if line.startswith(READY) and line.endswith("\n"):
                    return line.removeprefix(READY).strip()
            if ended is not None:
                raise ConfigurationError(
                    f"{child.name} ended with status {ended} while starting", advice=child.tail()
                )
            if time.monotonic() > deadline:
                raise ConfigurationError(
                    f"{child.name} was not ready after {timeout_seconds:g} s", advice=child.tail()
                )
            time.sleep(_POLL_SECONDS)

    def finish(self, child: Child, *, timeout_seconds: float) -> int:
        """Wait until the child has ended by itself; its exit status, negative for a signal.

        Raises:
            ConfigurationError: it took too long; it is stopped.
        """
        deadline = time.monotonic() + timeout_seconds
        while (status := _status(child.process)) is None:
            self._signals.check()
            if time.monotonic() > deadline:
                self.stop(child)
                raise ConfigurationError(
                    f"{child.name} did not end within {timeout_seconds:g} s", advice=child.tail()
                )
            time.sleep(_POLL_SECONDS)
        self.stop(child)
        return status

    def check(self) -> None:
        """Pass while every child runs and no signal has arrived.

        Raises:
            ConfigurationError: one has ended; the advice holds its last words.
            Stopped: a signal has arrived.
        """
        self._signals.check()
        for child in self._children:
            if (status := _status(child.process)) is not None:
                raise ConfigurationError(
                    f"{child.name} ended unexpectedly with status {status}", advice=child.tail()
                )

    def stop(self, child: Child) -> int:
        """End one child now, with its group; its exit status, negative for a signal."""
        with self._signals.shield():
            status = self._stop(child)
            self._children.remove(child)
        return status

    def _stop(self, child: Child) -> int:
        process = child.process
        if _status(process) is None:
            _signal_group(process.pid, signal.SIGTERM)
            deadline = time.monotonic() + self._grace
            # A second Ctrl-C means now.
            while _status(process) is None and time.monotonic() < deadline:
                if self._signals.received >= _HASTY:
                    break
                time.sleep(_POLL_SECONDS)
        # Also after a clean end: what the child itself started stays in its group.
        _signal_group(process.pid, signal.SIGKILL)
        return process.wait()


def _status(process: "subprocess.Popen[bytes]") -> int | None:
    """The exit status, without reaping: until then nobody else can get the group's number."""
    if process.returncode is not None or not hasattr(os, "waitid"):  # macOS before Python 3.13
        return process.poll()
    seen = os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    if seen is None:
        return None
    return seen.si_status if seen.si_code == os.CLD_EXITED else -seen.si_status


def _signal_group(group: int, signum: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signum)


def _die_with_parent() -> Callable[[], None] | None:
    if not sys.platform.startswith("linux"):
        return None
    # Loaded before the fork: little is safe between fork and exec.
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    parent = os.getpid()

    def apply() -> None:  # pragma: no cover - runs between fork and exec
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it was gone before the call
            os._exit(1)

    return apply
