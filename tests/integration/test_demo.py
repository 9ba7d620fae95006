"""`chaperone demo` as a user runs it: in a process of its own, without a terminal."""

import itertools
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from io import StringIO
from pathlib import Path

import psutil
import pytest
from azure.storage.blob import AccessPolicy
from rich.console import Console

from gateway.errors import Reason
from gateway.local.azurite import Azurite
from gateway.local.demo import Demo
from gateway.local.demo_steps import (
    APPROVED,
    DELETIONS,
    EXFILTRATION,
    LATE,
    RECORD,
    REJECTED,
    STRANGERS,
    WORK,
)
from gateway.local.reviewer import Browser, Reviewer
from tests.conftest import FreshContainer
from tests.unit.local.test_dev import a_run

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket, pytest.mark.timeout(300)]

ROOT = Path(__file__).resolve().parents[2]
COMMAND = [sys.executable, "-m", "gateway.cli.main", "demo"]


def start(folder: Path, *options: str) -> "subprocess.Popen[str]":
    """A demo whose temporary files, and so whose processes, can be told by `folder`."""
    folder.mkdir()
    return subprocess.Popen(
        [*COMMAND, *options],
        env={**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(folder), "NO_COLOR": "1"},
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def left(folder: Path) -> Iterator[str]:
    """Processes that still belong to the demo that was started in `folder`."""
    for process in psutil.process_iter():
        try:
            if process.status() != psutil.STATUS_ZOMBIE and (
                process.environ().get("TMPDIR") == str(folder)
                or any(str(folder) in word for word in process.cmdline())
            ):
                yield " ".join(process.cmdline())
        except psutil.Error:
            continue


def all_gone(folder: Path) -> list[str]:
    deadline = time.monotonic() + 15
    while (found := list(left(folder))) and time.monotonic() < deadline:
        time.sleep(0.1)
    return found


def test_two_demos_beside_each_other_show_every_step_and_leave_nothing(tmp_path: Path) -> None:
    folders = [tmp_path / "first", tmp_path / "second"]
    demos = [start(folder, "--yes") for folder in folders]
    ended = [demo.communicate(timeout=240) for demo in demos]

    for demo, folder, (shown, errors) in zip(demos, folders, ended, strict=True):
        assert demo.returncode == 0, errors + shown
        flat = " ".join(shown.split())
        for act in (WORK, RECORD, DELETIONS, APPROVED, REJECTED, *STRANGERS, EXFILTRATION, LATE):
            assert all(str(reason) in flat for reason in act.expected.values())
        assert "Storage received none of these requests" in flat
        assert "None of the 11 values that identify the patient has reached the agent" in flat
        assert "Storage was sent this deletion exactly once" in flat
        assert "consistent" in flat
        assert "INVALID" in flat
        assert "\x1b[" not in shown
        assert all_gone(folder) == []
        assert list(folder.iterdir()) == []


def test_without_the_option_a_person_decides_in_a_browser(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    shown = ""
    with start(folder) as demo:
        assert demo.stdout is not None
        address = ""
        for line in demo.stdout:
            shown += line
            address = line.strip() if "/approvals/" in line else address
            if asked := re.search(r"sign in as ([a-z.]+), and (approve|reject)", line):
                (ca_file,) = folder.glob("chaperone-*/tls/ca.pem")
                Reviewer(asked[1], Browser(ca_file)).decide(address, asked[2], "legal")
        _, errors = demo.communicate(timeout=60)

    assert demo.returncode == 0, errors + shown
    assert "The reviewer's reason, as the agent reads it: legal" in shown
    assert all_gone(folder) == []


@pytest.mark.parametrize(
    ("signum", "latest"),
    [
        (signal.SIGINT, 1.0),
        (signal.SIGINT, 4.0),
        (signal.SIGINT, 9.0),
        (signal.SIGTERM, 5.0),
        (signal.SIGHUP, 7.0),
    ],
)
def test_a_demo_that_is_stopped_at_any_moment_leaves_nothing(
    signum: signal.Signals, latest: float, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    with start(folder, "--yes") as demo:
        assert demo.stdout is not None
        demo.stdout.readline()  # before it speaks, nothing is started
        time.sleep(random.uniform(0, latest))  # noqa: S311 - a moment
        demo.send_signal(signum)
        _, errors = demo.communicate(timeout=60)

    assert demo.returncode in {0, 128 + signum}, errors
    assert "Traceback" not in errors
    assert all_gone(folder) == []
    assert list(folder.iterdir()) == []


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs PR_SET_PDEATHSIG")
def test_a_demo_that_is_killed_leaves_no_process(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    with start(folder, "--yes") as demo:
        assert demo.stdout is not None
        while "Ready" not in demo.stdout.readline():
            pass
        demo.kill()
        demo.communicate(timeout=60)

    assert all_gone(folder) == []


async def test_the_state_of_storage_is_told_apart_after_any_change(
    azurite: Azurite, fresh_container: FreshContainer, tmp_path: Path
) -> None:
    run = replace(a_run(tmp_path), azurite=azurite)
    demo = Demo(run, Console(file=StringIO()))
    container = await fresh_container("clinicdata")
    await container.upload_blob("a", b"1")
    seen = [demo._fingerprint()]
    assert demo._fingerprint() == seen[0]

    await container.upload_blob("a", b"2", overwrite=True)
    seen.append(demo._fingerprint())
    await container.set_container_access_policy({}, public_access="container")
    seen.append(demo._fingerprint())
    await container.set_container_access_policy({"out": AccessPolicy(permission="r")})
    seen.append(demo._fingerprint())

    assert all(one != other for one, other in itertools.combinations(seen, 2))


def test_the_steps_that_are_refused_have_each_a_reason_of_their_own() -> None:
    """What the demo claims to show: the reasons of the issue, not one catch-all denial."""
    assert {Reason(code) for code in EXFILTRATION.expected.values()} >= {
        Reason.FOREIGN_SOURCE,
        Reason.MASKED_LESS,
        Reason.PUBLIC_ACCESS,
        Reason.DELEGATION_KEY,
        Reason.STORED_ACCESS_POLICY,
        Reason.CREDENTIAL_NOT_ACCEPTED,
    }
