"""The log under several processes that are killed, on Azurite, and what an outsider verifies."""

import asyncio
import json
import random
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from gateway.adapters.development_signer import new_development_key
from gateway.adapters.evidence_store import BlobEvidenceStore
from gateway.adapters.state_store import BlobStateStore
from gateway.cli.evidence import app
from gateway.errors import GatewayError
from gateway.local.azurite import Azurite
from gateway.local.commands import environment
from tests.builders.evidence import Written
from tests.conftest import FreshContainer
from tests.integration.attest_child import notary_of

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket]

ROUNDS = 3
SECONDS = 2.0


async def _grow(store: BlobEvidenceStore, journals: list[Written], sizes: dict[str, int]) -> None:
    """Each journal gains an exchange, by appends as the gateway's."""
    for number, written in enumerate(journals):
        written.exchange(f"{random.getrandbits(120):030x}{number:02x}")
        data = written.data[sizes[written.name] :]
        sizes[written.name] = await store.append(written.name, data, sizes[written.name])


async def _children(run: dict[str, Any], deaths: list[int]) -> list[int]:
    """Exit codes of processes that attest at the same time, each dying at its call."""
    children = []
    for death in deaths:
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.integration.attest_child",
            stdin=asyncio.subprocess.PIPE,
            env=environment({}),
        )
        line = json.dumps(run | {"die_at": death}).encode()
        children.append((child, asyncio.create_task(child.communicate(line + b"\n"))))
    await asyncio.gather(*(task for _, task in children))
    return [child.returncode or 0 for child, _ in children]


async def test_processes_that_race_and_die_leave_a_log_that_an_outsider_verifies(
    azurite: Azurite, fresh_container: FreshContainer, tmp_path: Path
) -> None:
    evidence = await fresh_container("chaperoneevidence")
    kept = await fresh_container("chaperonestate")
    store, state = BlobEvidenceStore(evidence), BlobStateStore(kept)
    run: dict[str, Any] = {
        "evidence": azurite.connection_string("chaperoneevidence"),
        "state": azurite.connection_string("chaperonestate"),
        "evidence_container": evidence.container_name,
        "state_container": kept.container_name,
        "key": new_development_key(),
        "seconds": SECONDS,
    }
    journals = [Written(writer=letter * 16) for letter in "abc"]
    sizes = dict.fromkeys((written.name for written in journals), 0)
    for written in journals:
        await store.create(written.name)
    codes: list[int] = []
    for number in range(ROUNDS):
        work = asyncio.create_task(_children(run, [5 + 7 * number, 12 + 9 * number, 0]))
        while not work.done():
            await _grow(store, journals, sizes)
            await asyncio.sleep(0.3)
        codes += await work
    assert sorted(set(codes)) == [-9, 0], "some were killed, and some were not"
    for written in journals:
        written.close()
        await store.append(written.name, written.data[sizes[written.name] :], sizes[written.name])
    notary = notary_of(run, store, state)
    found = {}
    for _ in range(20):
        try:
            await notary._attest()
        except GatewayError:
            continue
        found = await _verify(run, evidence.container_name)
        if found["exit"] != 3:
            break

    assert (found["verdict"], found["signature"], found["findings"]) == ("consistent", "signed", [])
    assert found["checkpoints"]["leaves"] == sum(len(written.lines) for written in journals)
    assert found["checkpoints"]["checkpoints"] > ROUNDS
    await _elsewhere(run, tmp_path)


async def _chaperone(run: dict[str, Any], *arguments: str) -> Result:
    """The command, in a thread: it runs an event loop of its own."""
    whole = [*arguments, "--connection-string", run["evidence"]]
    return await asyncio.to_thread(CliRunner().invoke, app, whole)


async def _verify(run: dict[str, Any], place: str, *more: str) -> dict[str, Any]:
    result = await _chaperone(run, "verify", place, "--json", *more)
    found: dict[str, Any] = json.loads(result.stdout)
    return found


async def _elsewhere(run: dict[str, Any], folder: Path) -> None:
    """A copy verifies without Azure against the published key, kept apart."""
    place = run["evidence_container"]
    assert (await _chaperone(run, "download", place, str(folder))).exit_code == 0
    (key,) = (folder / "log/keys").iterdir()
    (folder / "own.json").write_bytes(key.read_bytes())
    keys = ("--keys", str(folder / "own.json"))
    assert (await _verify(run, str(folder), *keys))["signature"] == "signed"
    notes = (folder / "log/checkpoints").rglob("*.note")
    newest = max(notes, key=lambda note: note.stem.rpartition("-")[2])
    (folder / "kept.note").write_bytes(newest.read_bytes())
    for note in (folder / "log/checkpoints").rglob("*.note"):
        note.unlink()
    assert (await _verify(run, str(folder), *keys))["exit"] == 1
    kept = await _verify(run, str(folder), *keys, "--checkpoint", str(folder / "kept.note"))
    assert (kept["exit"], kept["signature"]) == (0, "signed")
