"""The index of two gateway processes' journals, as an operator makes it and asks it."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator, Callable

import pytest
from azure.data.tables.aio import TableClient
from typer.testing import CliRunner, Result

from gateway import bootstrap
from gateway.adapters.evidence_store import BlobEvidenceStore
from gateway.adapters.projection_table import AzureProjections
from gateway.adapters.state_store import BlobStateStore
from gateway.cli.evidence import app
from gateway.evidence.projection import Row
from gateway.local import directory
from gateway.local.azurite import Azurite
from gateway.local.dev import parsed
from gateway.recording.cursors import read_generations
from gateway.recording.index import Index
from gateway.recording.sequencer import Bounds, Progress, Sequencer
from tests.builders.evidence import OBJECT, SESSION, Written
from tests.conftest import FreshContainer
from tests.fakes.time import FakeClock
from tests.integration.deployment import Deployment
from tests.integration.stack import ADMINISTRATOR, Fixed, Stack

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket]

LABEL = str(uuid.UUID(int=7))


@pytest.fixture
async def table(azurite: Azurite) -> AsyncIterator[AzureProjections]:
    async with TableClient.from_connection_string(
        azurite.connection_string("chaperonestate"), f"index{uuid.uuid4().hex}"
    ) as client:
        yield AzureProjections(client)


async def all_rows(table: AzureProjections, generation: int) -> list[Row]:
    bound = f"{generation:08d}."
    found = [
        (str(entity["PartitionKey"]), str(entity["RowKey"]))
        async for entity in table._client.query_entities(
            f"PartitionKey ge '{bound}' and PartitionKey lt '{bound[:-1]}/'"
        )
    ]
    return [
        (await table.get(generation, partition.removeprefix(bound), key)).row
        for partition, key in found
    ]


async def test_two_journals_that_grow_by_turns_are_one_view_and_a_rebuild_changes_no_row(
    azurite: Azurite, fresh_container: FreshContainer, table: AzureProjections
) -> None:
    store = BlobEvidenceStore(await fresh_container("chaperoneevidence"))
    state = BlobStateStore(await fresh_container("chaperonestate"))
    clock = FakeClock()
    sequencer = Sequencer(store, state, table, clock, Bounds(step=3000))
    index = Index(state, table, clock)
    one, two = Written(writer="a" * 16), Written(writer="b" * 16)
    sizes = dict.fromkeys((one.name, two.name), 0)
    for written in (one, two):
        await store.create(written.name)
    for number in range(3):
        for journal, first in ((one, 0), (two, 100)):
            journal.now = max(one.now, two.now)
            journal.exchange(f"{first + number:032x}")
            data = journal.data[sizes[journal.name] :]
            sizes[journal.name] = await store.append(journal.name, data, sizes[journal.name])
        progress = await sequencer.project()
        assert (progress.records, progress.complete) == (6 if number == 0 else 4, True)

    (session,) = await index.sessions(principal=OBJECT)
    assert session.counts["exchanges"] == session.counts["result.answered"] == 6
    assert session.journals == (one.name, two.name)
    found = [int(each.id, 16) for each in await index.exchanges(SESSION.id)]
    assert found == [0, 100, 1, 101, 2, 102]
    assert len(await index.accesses("clinic/records/jane-doe.txt")) == 6

    before = await all_rows(table, 1)
    assert (await sequencer.reindex()).dropped == len(before)
    generation = (await read_generations(state))[0].current
    assert await all_rows(table, generation) == before
    assert await all_rows(table, 1) == []
    assert (await index.sessions()) == [session]


async def test_of_many_that_project_at_once_nothing_is_counted_twice(
    azurite: Azurite, fresh_container: FreshContainer, table: AzureProjections
) -> None:
    store = BlobEvidenceStore(await fresh_container("chaperoneevidence"))
    state = BlobStateStore(await fresh_container("chaperonestate"))
    clock = FakeClock()
    written = Written()
    for number in range(20):
        written.exchange(f"{number:032x}")
    await store.create(written.name)
    await store.append(written.name, written.data, 0)
    sequencer = Sequencer(store, state, table, clock)
    await asyncio.gather(*(sequencer.project() for _ in range(5)))

    session = await Index(state, table, clock).session(SESSION.id)
    assert session.counts["exchanges"] == 20


async def project(deployment: Deployment) -> Progress:
    """As the timer does, which may be at it as well."""
    async with bootstrap.operator_tools(parsed(deployment.environment)) as tools:
        for _ in range(60):
            if not (progress := await tools.sequencer.project()).busy:
                return progress
            await asyncio.sleep(0.5)
    raise AssertionError("somebody else holds the lease for ever")


def run(deployment: Deployment, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> Result:
    for name, value in deployment.environment.items():
        monkeypatch.setenv(name, value)
    return CliRunner().invoke(app, list(arguments))


@pytest.mark.timeout(300)
def test_two_processes_that_serve_one_session_give_one_view(
    deployed: Callable[..., Stack], monkeypatch: pytest.MonkeyPatch
) -> None:
    stack = deployed()
    deployment = stack.deployment
    asyncio.run(deployment.activate(stack.running.manifest.read_bytes()))
    container = stack.both("research", f"test-{uuid.uuid4().hex}")
    container.put("a.txt", b"hello")
    token = Fixed(stack.token(*ADMINISTRATOR))
    header = {"x-chaperone-session": LABEL}
    with deployment.host() as one, deployment.host() as two:
        blobs = [
            stack.service("research", token, url=host.url).get_blob_client(
                container.through.container_name, "a.txt"
            )
            for host in (one, two)
        ]
        for _ in range(3):
            for blob in blobs:
                assert blob.download_blob(headers=header).readall() == b"hello"
        asyncio.run(project(deployment))
    # Whatever was recorded since, such as the end of the journals.
    assert asyncio.run(project(deployment)).complete

    listed = run(deployment, monkeypatch, "sessions", "--json")
    assert listed.exit_code == 0, listed.output
    content = json.loads(listed.stdout)
    (session,) = (each for each in content["sessions"] if each["label"] == LABEL)
    assert content["stopped"] == []
    assert session["counts"]["exchanges"] == session["counts"]["result.answered"] == 6
    assert len(session["journals"]) == 2
    agent = directory.AGENTS[ADMINISTRATOR[0]]
    assert session["who"]["azp"] == agent.application
    oid = session["who"]["oid"]
    mine = json.loads(run(deployment, monkeypatch, "sessions", "--principal", oid, "--json").stdout)
    assert [each["session"] for each in mine["sessions"]] == [session["session"]]

    shown = run(deployment, monkeypatch, "show", "--session", session["session"], "--json")
    indexed = run(
        deployment, monkeypatch, "show", "--session", session["session"], "--indexed", "--json"
    )
    assert indexed.exit_code == 0, indexed.output
    assert json.loads(indexed.stdout) == json.loads(shown.stdout)
    assert len(json.loads(shown.stdout)["exchanges"]) == 6

    # Each process's exchanges stand in the order in which it recorded them.
    order = [record["id"] for record in deployment.records() if record["type"] == "intent"]
    rows = json.loads(indexed.stdout)["exchanges"]
    for journal in session["journals"]:
        data = deployment.journals()[journal]
        own = [name for name in order if name.encode() in data]
        assert [row["id"] for row in rows if row["id"] in own] == own

    rebuilt = run(deployment, monkeypatch, "reindex")
    assert rebuilt.exit_code == 0, rebuilt.output
    assert "row(s) of earlier indexes removed" in rebuilt.stdout
    again = run(deployment, monkeypatch, "sessions", "--json")
    assert again.exit_code == 0, again.output
    assert json.loads(again.stdout) == content
    table = run(deployment, monkeypatch, "sessions")
    assert session["session"] in table.stdout
    assert "6: 6 allowed" in table.stdout
