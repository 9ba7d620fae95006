"""The journal and its verifier on a real append blob service."""

import asyncio
from datetime import timedelta

import pytest
from typer.testing import CliRunner

from gateway.adapters.evidence_store import BlobEvidenceStore
from gateway.cli.evidence import app
from gateway.evidence.acts import counted
from gateway.evidence.findings import Verdict
from gateway.evidence.verify import verify
from gateway.local.azurite import Azurite
from gateway.local.seed import EVIDENCE_ACCOUNT
from gateway.recording.journal import GroupCommitJournal
from gateway.recording.sweeper import sweep
from tests.builders.evidence import INSTANCE, NOON, intent, outcome
from tests.conftest import FreshContainer
from tests.fakes.time import FakeClock, FakeEntropy

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket]


async def journals(store: BlobEvidenceStore) -> list[tuple[str, bytes]]:
    return [(blob.name, await store.read(blob.name)) async for blob in store.list("journal/")]


async def test_concurrent_records_are_durable_chained_and_verified_from_the_container(
    fresh_container: FreshContainer, azurite: Azurite
) -> None:
    container = await fresh_container(EVIDENCE_ACCOUNT)
    store = BlobEvidenceStore(container)
    journal = GroupCommitJournal(store, FakeClock(), FakeEntropy(), INSTANCE)
    receipts = await asyncio.gather(
        *(journal.append(counted("refused", NOON, NOON, {"Other": n})) for n in range(200))
    )
    await journal.close()

    assert [receipt.seq for receipt in receipts] == list(range(1, 201))
    assert verify(await journals(store)).verdict is Verdict.CONSISTENT
    string = azurite.connection_string(EVIDENCE_ACCOUNT)
    for place in (container.container_name, container.url):
        result = await asyncio.to_thread(
            CliRunner().invoke, app, ["verify", place, "--connection-string", string]
        )
        assert result.exit_code == 0, result.output
        assert "consistent, unsigned" in result.stdout


async def test_a_fenced_writer_moves_on_and_its_late_outcome_resolves_the_intent(
    fresh_container: FreshContainer,
) -> None:
    store = BlobEvidenceStore(await fresh_container(EVIDENCE_ACCOUNT))
    clock = FakeClock()
    writer = GroupCommitJournal(store, clock, FakeEntropy("writer"), INSTANCE)
    sweeper = GroupCommitJournal(store, clock, FakeEntropy("sweeper"), INSTANCE)
    receipt = await writer.append(intent("1" * 32))
    clock.advance(timedelta(minutes=50))

    swept = await sweep(store, sweeper, clock, timedelta(minutes=30))
    late = await writer.append(outcome(receipt.journal, receipt.seq, "1" * 32))
    await writer.close()
    await sweeper.close()

    assert swept == (receipt.journal,)
    assert late.journal != receipt.journal
    assert verify(await journals(store)).verdict is Verdict.CONSISTENT
