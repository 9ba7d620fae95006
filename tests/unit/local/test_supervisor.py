"""Real processes, no network: what a supervisor starts is gone when the supervisor is."""

import os
import random
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from gateway.errors import ConfigurationError
from gateway.local.supervisor import Child, Signals, Stopped, Supervisor

SLEEPER = "import time; print('READY {}', flush=True); time.sleep(60)"
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + SLEEPER
PARENT = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {SLEEPER!r}]); {SLEEPER}"


@pytest.fixture
def signals() -> Iterator[Signals]:
    with Signals() as entered:
        yield entered


def run(supervisor: Supervisor, code: str, name: str = "child") -> Child:
    child = supervisor.start(name, [sys.executable, "-S", "-E", "-c", code])
    supervisor.ready(child, timeout_seconds=20)
    return child


def marked(mark: str) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        try:
            if any(mark in word for word in process.cmdline()):
                found.append(process)
        except psutil.Error:
            continue
    return [process for process in found if process.status() != psutil.STATUS_ZOMBIE]


def gone(mark: str, seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while marked(mark):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def test_what_follows_ready_is_returned(tmp_path: Path, signals: Signals) -> None:
    with Supervisor(tmp_path, signals) as supervisor:
        code = "import sys; print('hello'); print('READY', sys.stdin.read(), flush=True); input()"
        child = supervisor.start("echo", [sys.executable, "-c", code], stdin=b'{"port": 1}')

        assert supervisor.ready(child, timeout_seconds=20) == '{"port": 1}'


def test_a_child_that_ends_while_starting_is_an_error_with_its_last_words(
    tmp_path: Path, signals: Signals
) -> None:
    with Supervisor(tmp_path, signals) as supervisor:
        child = supervisor.start("broken", [sys.executable, "-c", "raise SystemExit('no key')"])

        with pytest.raises(ConfigurationError, match="broken ended with status 1") as caught:
            supervisor.ready(child, timeout_seconds=20)

    assert "no key" in caught.value.advice


def test_a_child_that_is_never_ready_is_an_error(tmp_path: Path, signals: Signals) -> None:
    with Supervisor(tmp_path, signals) as supervisor:
        child = supervisor.start("slow", [sys.executable, "-c", "import time; time.sleep(60)"])

        with pytest.raises(ConfigurationError, match=r"slow was not ready after 0\.2 s"):
            supervisor.ready(child, timeout_seconds=0.2)


def test_a_command_that_does_not_exist_is_an_error(tmp_path: Path, signals: Signals) -> None:
    with (
        Supervisor(tmp_path, signals) as supervisor,
        pytest.raises(ConfigurationError, match="absent cannot be started"),
    ):
        supervisor.start("absent", [str(tmp_path / "absent")])


def test_check_passes_until_a_child_dies(tmp_path: Path, signals: Signals) -> None:
    with Supervisor(tmp_path, signals) as supervisor:
        child = run(supervisor, SLEEPER)
        supervisor.check()
        os.kill(child.process.pid, signal.SIGKILL)

        while psutil.Process(child.process.pid).status() != psutil.STATUS_ZOMBIE:
            time.sleep(0.01)

        with pytest.raises(ConfigurationError, match="child ended unexpectedly with status -9"):
            supervisor.check()


def test_children_stop_in_the_reverse_of_their_order(tmp_path: Path, signals: Signals) -> None:
    record = tmp_path / "order"
    code = (
        "import signal, time, sys\n"
        "def end(*_):\n"
        f"    open({str(record)!r}, 'a').write('NAME ')\n"
        "    sys.exit(0)\n"
        "signal.signal(signal.SIGTERM, end)\n" + SLEEPER
    )
    with Supervisor(tmp_path, signals) as supervisor:
        for name in ("storage", "provider", "host"):
            run(supervisor, code.replace("NAME", name), name)

    assert record.read_text() == "host provider storage "


def test_finish_returns_the_status_of_a_child_that_ends_by_itself(
    tmp_path: Path, signals: Signals
) -> None:
    with Supervisor(tmp_path, signals) as supervisor:
        child = supervisor.start(
            "brief", [sys.executable, "-c", "print('done'); raise SystemExit(3)"]
        )

        assert supervisor.finish(child, timeout_seconds=20) == 3
        assert child.output.read_text() == "done\n"


def test_finish_stops_a_child_that_does_not_end(tmp_path: Path, signals: Signals) -> None:
    with Supervisor(tmp_path, signals) as supervisor:
        child = run(supervisor, SLEEPER)

        with pytest.raises(ConfigurationError, match=r"child did not end within 0\.1 s"):
            supervisor.finish(child, timeout_seconds=0.1)

    assert child.process.returncode == -signal.SIGTERM


def test_stop_returns_the_status_of_one_child_and_leaves_the_others(
    tmp_path: Path, signals: Signals
) -> None:
    with Supervisor(tmp_path, signals) as supervisor:
        first, second = run(supervisor, SLEEPER, "first"), run(supervisor, SLEEPER, "second")

        assert supervisor.stop(first) == -signal.SIGTERM
        assert second.process.poll() is None


def test_a_child_that_ignores_sigterm_is_killed(tmp_path: Path, signals: Signals) -> None:
    with Supervisor(tmp_path, signals, grace_seconds=0.2) as supervisor:
        child = run(supervisor, STUBBORN)

    assert child.process.returncode == -signal.SIGKILL


def test_what_a_child_started_is_stopped_too(tmp_path: Path, signals: Signals) -> None:
    mark = f"mark-{os.getpid()}-{time.monotonic_ns()}"
    code = PARENT.replace("import time;", f"'{mark}'; import time;")
    with Supervisor(tmp_path, signals) as supervisor:
        run(supervisor, code)
        assert len(marked(mark)) == 2

    assert gone(mark)


def test_a_second_signal_during_the_stop_kills_at_once(tmp_path: Path, signals: Signals) -> None:
    started = time.monotonic()

    def interrupted_twice() -> None:
        with Supervisor(tmp_path, signals, grace_seconds=30) as supervisor:
            run(supervisor, STUBBORN)
            with signals.shield():
                signal.raise_signal(signal.SIGTERM)
                signal.raise_signal(signal.SIGINT)

    with pytest.raises(Stopped) as caught:
        interrupted_twice()

    assert caught.value.signum == signal.SIGTERM
    assert time.monotonic() - started < 15


def test_a_signal_is_raised_by_the_next_check(signals: Signals) -> None:
    signals.check()
    signal.raise_signal(signal.SIGHUP)

    with pytest.raises(Stopped) as caught:
        signals.check()

    assert caught.value.signum == signal.SIGHUP


def test_a_signal_that_somebody_swallowed_is_raised_again(signals: Signals) -> None:
    signal.raise_signal(signal.SIGTERM)
    for _ in range(2):
        with pytest.raises(Stopped):
            signals.check()


def test_a_second_signal_before_the_check_is_raised_at_once(signals: Signals) -> None:
    signal.raise_signal(signal.SIGTERM)

    with pytest.raises(Stopped):
        signal.raise_signal(signal.SIGTERM)


def test_a_second_signal_while_the_first_unwinds_is_not_raised(signals: Signals) -> None:
    signal.raise_signal(signal.SIGTERM)
    with pytest.raises(Stopped):
        signals.check()

    signal.raise_signal(signal.SIGTERM)

    with pytest.raises(Stopped):
        signal.raise_signal(signal.SIGTERM)


def test_nothing_is_raised_inside_a_shield(signals: Signals) -> None:
    with signals.shield():
        for _ in range(5):
            signal.raise_signal(signal.SIGINT)

    assert signals.received == 5


def test_nothing_is_started_after_a_signal(tmp_path: Path, signals: Signals) -> None:
    signal.raise_signal(signal.SIGINT)

    with pytest.raises(Stopped), Supervisor(tmp_path, signals) as supervisor:
        supervisor.start("late", [sys.executable, "-c", ""])

    assert not (tmp_path / "late.out").exists()


def test_a_block_that_ended_in_spite_of_a_signal_is_stopped(
    tmp_path: Path, signals: Signals
) -> None:
    with pytest.raises(Stopped), Supervisor(tmp_path, signals):
        signal.raise_signal(signal.SIGINT)


def test_the_handlers_of_before_come_back() -> None:
    before = [signal.getsignal(signum) for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
    with Signals():
        assert signal.getsignal(signal.SIGTERM) != before[1]

    after = [signal.getsignal(signum) for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
    assert after == before


SUPERVISED = """
    import sys
    from pathlib import Path
    from gateway.local.supervisor import Signals, Supervisor

    folder, mark = Path(sys.argv[1]), sys.argv[2]
    code = "import time; print('READY', flush=True); time.sleep(60)"
    with Signals() as signals, Supervisor(folder, signals) as supervisor:
        print("begun", flush=True)
        for name in "abc":
            command = [sys.executable, "-S", "-E", "-c", code, mark]
            supervisor.ready(supervisor.start(name, command), timeout_seconds=20)
        supervisor.ready(supervisor.start("d", [*command[:4], "input()", mark]), timeout_seconds=20)
"""


@pytest.mark.parametrize(
    "signum", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL], ids=lambda s: s.name
)
@pytest.mark.parametrize("moment", range(4))
def test_a_signal_at_any_moment_leaves_no_process(
    tmp_path: Path, signum: signal.Signals, moment: int
) -> None:
    if signum == signal.SIGKILL and not sys.platform.startswith("linux"):
        pytest.skip("only Linux ends the children of a killed parent")
    mark = f"mark-{os.getpid()}-{time.monotonic_ns()}"
    delay = random.Random(f"{signum}{moment}").uniform(0, 0.15)  # noqa: S311 - a moment
    command = [sys.executable, "-c", textwrap.dedent(SUPERVISED), str(tmp_path), mark]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"begun\n"
        time.sleep(delay)
        process.send_signal(signum)
        process.communicate(timeout=30)

    assert gone(mark)
