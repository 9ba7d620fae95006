"""Several instances serve one session: each writes its own journal, and together they are whole."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from azure.core.exceptions import AzureError
from azure.storage.blob.aio import BlobServiceClient

from gateway.application import SWEEP_IDLE
from gateway.bootstrap import operator_tools
from gateway.evidence.answers import Ledger, of_session
from gateway.evidence.findings import Kind, Verdict
from gateway.local.dev import Running, parsed
from gateway.recording.journal import GroupCommitJournal
from gateway.recording.sweeper import sweep
from tests.integration.deployment import Deployment, Host, async_service, fresh
from tests.integration.stack import ADMINISTRATOR, Both, Stack

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket]

SESSION = "5ca1e007-0000-4000-8000-000000000001"


@dataclass
class Later:
    """The clock of somebody who comes back after the journals have been idle for long enough."""

    ahead: timedelta

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def monotonic(self) -> float:
        return self.now().timestamp()


@dataclass
class Load:
    """Writes by many workers; what was acknowledged, and what was not."""

    container: str
    acknowledged: list[str] = field(default_factory=list)
    """Exchanges that were answered with 2xx."""
    names: list[str] = field(default_factory=list)
    failed: int = 0
    thirty: asyncio.Event = field(default_factory=asyncio.Event)

    async def work(self, service: BlobServiceClient, name: str, count: int) -> None:
        container = service.get_container_client(self.container)

        def heard(response: Any) -> None:
            if 200 <= response.http_response.status_code < 300:
                headers = response.http_response.headers
                self.acknowledged.append(headers["x-chaperone-exchange"])
                self.names.append(blob)
                if len(self.names) == 30:
                    self.thirty.set()

        for number in range(count):
            blob = f"{name}-{number:03}"
            try:
                await container.upload_blob(blob, blob.encode(), raw_response_hook=heard)
            except AzureError:
                self.failed += 1


@pytest.fixture
def deployment(whole_stack: Running) -> Deployment:
    return fresh(whole_stack)


@pytest.fixture
async def pair(deployment: Deployment) -> AsyncIterator[tuple[Host, Host]]:
    with deployment.host() as first, deployment.host() as second:
        await deployment.activate(deployment.running.manifest.read_bytes())
        yield first, second


def client(stack: Stack, host: Host, token: str) -> Any:
    return async_service(
        f"{host.url}/c/research",
        token,
        stack.running.ca_file,
        base_headers={"x-chaperone-session": SESSION},
    )


def on_record(deployment: Deployment, exchanges: list[str]) -> Counter[tuple[str, str]]:
    wanted = set(exchanges)
    return Counter(
        (record["id"], record["type"])
        for record in deployment.records()
        if record.get("id") in wanted
    )


async def test_two_instances_serve_one_session(
    stack: Stack, deployment: Deployment, pair: tuple[Host, Host], research: Both
) -> None:
    load = Load(research.stored.container_name)
    token = stack.token(*ADMINISTRATOR)
    async with client(stack, pair[0], token) as one, client(stack, pair[1], token) as two:
        await asyncio.gather(
            *(load.work(one, f"one-{worker}", 15) for worker in range(4)),
            *(load.work(two, f"two-{worker}", 15) for worker in range(4)),
        )
    for host in pair:
        host.stop()

    assert (len(load.acknowledged), load.failed) == (120, 0)
    assert on_record(deployment, load.acknowledged) == Counter(
        (exchange, kind) for exchange in load.acknowledged for kind in ("intent", "outcome")
    )
    journals = deployment.journals()
    report = deployment.verify()
    assert (report.verdict, report.findings) == (Verdict.CONSISTENT, ())
    assert len(journals) == 3, "one of the operator who activated, and one of each instance"
    ledger = Ledger()
    for data in journals.values():
        ledger.add(data.splitlines())
    rows = of_session(ledger.rows(), SESSION)
    assert {row.id for row in rows} == set(load.acknowledged)
    assert {row.end for row in rows} == {"answered"}
    assert len({row.session for row in rows}) == 1


async def test_an_instance_is_killed_under_load_and_swept(
    stack: Stack, deployment: Deployment, pair: tuple[Host, Host], research: Both
) -> None:
    killed, survivor = pair
    load = Load(research.stored.container_name)
    token = stack.token(*ADMINISTRATOR)

    async def kill() -> None:
        await load.thirty.wait()
        killed.kill()

    async with client(stack, killed, token) as one, client(stack, survivor, token) as two:
        await asyncio.gather(
            kill(),
            *(load.work(one, f"one-{worker}", 40) for worker in range(6)),
            *(load.work(two, f"two-{worker}", 10) for worker in range(2)),
        )
        assert load.failed > 0, "it was killed under load"

        # What was acknowledged is on record with its end; the rest is at worst without an end.
        assert on_record(deployment, load.acknowledged) == Counter(
            (exchange, kind) for exchange in load.acknowledged for kind in ("intent", "outcome")
        )
        report = deployment.verify()
        kinds = {finding.kind for finding in report.findings}
        assert report.verdict is Verdict.INDETERMINATE
        assert Kind.INCOMPLETE in kinds
        assert kinds <= {Kind.INCOMPLETE, Kind.INDETERMINATE}

        swept = await sweep_later(deployment)
        await load.work(two, "after", 5)
    survivor.stop()

    writers = {name.rpartition("/")[2].partition("-")[0] for name in deployment.journals()}
    assert len(writers) == 4, "two operators and two instances"
    assert len(swept) == 2, "both instances' journals were idle: one was dead, one only quiet"
    after = deployment.verify()
    assert {finding.kind for finding in after.findings} <= {Kind.INDETERMINATE}
    assert len(on_record(deployment, load.acknowledged)) == 2 * len(load.acknowledged)
    assert set(load.names) <= set(research.names())
    open_intents = {
        intent
        for record in deployment.records()
        if record["type"] == "swept"
        for intent in record["intents"]
    }
    assert open_intents.isdisjoint(load.acknowledged)
    assert len(after.findings) == len(open_intents)


async def sweep_later(deployment: Deployment) -> tuple[str, ...]:
    """What the sweep timer does, once the journals have been idle for as long as it takes."""
    async with operator_tools(parsed(deployment.environment)) as tools:
        assert isinstance(tools.journal, GroupCommitJournal)
        return await sweep(
            tools.store, tools.journal, Later(SWEEP_IDLE + timedelta(minutes=1)), SWEEP_IDLE
        )
