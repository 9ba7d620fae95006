"""The part of the composition root that asks people: tickets, reviews, driver, sweep."""

from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Final

import aiohttp
from azure.core.credentials_async import AsyncTokenCredential
from azure.data.tables.aio import TableServiceClient
from azure.storage.blob.aio import ContainerClient
from azure.storage.queue.aio import QueueClient

from gateway.adapters.held_requests import BlobDeposit
from gateway.adapters.queues import StorageQueue
from gateway.adapters.system import SystemEntropy
from gateway.adapters.teams import NotedCards, TeamsCards
from gateway.adapters.tickets import TableTickets
from gateway.errors import GatewayError
from gateway.model.signals import Attribute, Signal, Step
from gateway.ports import (
    SILENT,
    Clock,
    DenyList,
    DigestKeys,
    Entropy,
    EvidenceStore,
    Execution,
    Journal,
    Manifests,
    Meter,
    Secrets,
    StateStore,
    Telemetry,
    Verifier,
    Wording,
)
from gateway.recording.collecting import Operations
from gateway.recording.delivery import Delivery
from gateway.recording.driver import Driver
from gateway.recording.executions import Executions
from gateway.recording.expiry import Expiry
from gateway.recording.holding import HeldApprovals
from gateway.recording.notice import Notices
from gateway.recording.register import Register
from gateway.recording.reviewing import TicketReviews
from gateway.refresh.sealing_keys import SecretSealingKeys
from gateway.settings import Environment, Settings

EXECUTE: Final = "chaperone-execute"
NOTIFY: Final = "chaperone-notify"
POISON: Final = "-poison"
"""What the Functions host appends to the name of a queue whose message failed five times."""


@dataclass(frozen=True, slots=True)
class Given:
    """What the rest of the gateway has that approvals need."""

    clock: Clock
    meter: Meter
    journal: Journal
    digest_keys: DigestKeys
    manifests: Manifests
    deny_list: DenyList
    verifier: Verifier
    secrets: Secrets
    state: StateStore
    evidence: EvidenceStore
    tables: TableServiceClient
    identity: AsyncTokenCredential
    telemetry: Telemetry = SILENT


@dataclass(frozen=True, slots=True)
class Asking:
    """Everything around one ticket, as the triggers use it."""

    reviews: TicketReviews
    operations: Operations
    notices: Notices
    expiry: Expiry
    driver: Driver
    telemetry: Telemetry
    clock: Clock

    async def take(self, queue: str, text: str) -> None:
        """One message of a queue, by the name of its trigger's queue.

        Raises:
            GatewayError: not now; the host gives the message again.
        """
        work = {
            EXECUTE: self.driver.drive,
            EXECUTE + POISON: self.driver.give_up,
            NOTIFY: self.notices.notify,
            NOTIFY + POISON: self.notices.give_up,
        }
        if queue not in work:
            raise GatewayError("no such queue")
        step = Step.EXECUTE if queue.startswith(EXECUTE) else Step.NOTIFY
        if queue.endswith(POISON):
            self.telemetry.add(Signal.MESSAGE_POISONED, 1, {Attribute.STEP: step})
        began = self.clock.now()
        failed = True
        try:
            await work[queue](text)
            failed = False
        finally:
            self.telemetry.span(step, text, (began, self.clock.now()), failed=failed)


@dataclass(frozen=True, slots=True)
class Foundation:
    """What the pipeline's stage needs; the driver needs the pipeline in turn."""

    given: Given
    config: Settings
    register: Register
    requests: BlobDeposit
    results: BlobDeposit
    request_keys: SecretSealingKeys
    delivery: Delivery
    work: StorageQueue
    notices: StorageQueue
    teams: TeamsCards
    entropy: Entropy
    wording: Wording

    def approvals(self) -> HeldApprovals:
        """The pipeline's stage."""
        given = self.given
        return HeldApprovals(
            clock=given.clock,
            entropy=self.entropy,
            meter=given.meter,
            journal=given.journal,
            digest_keys=given.digest_keys,
            manifests=given.manifests,
            register=self.register,
            requests=self.requests,
            request_keys=self.request_keys,
            delivery=self.delivery,
            notices=self.notices,
            wording=self.wording,
        )

    def asking(self, execution: Execution) -> Asking:
        """Everything else, on top of the pipeline."""
        given = self.given
        reviews = TicketReviews(
            clock=given.clock,
            meter=given.meter,
            journal=given.journal,
            manifests=given.manifests,
            deny_list=given.deny_list,
            register=self.register,
            work=self.work,
            wording=self.wording,
            telemetry=given.telemetry,
        )
        return Asking(
            telemetry=given.telemetry,
            clock=given.clock,
            reviews=reviews,
            operations=self._operations(),
            notices=self._notices(),
            expiry=Expiry(
                clock=given.clock,
                meter=given.meter,
                journal=given.journal,
                executions=Executions(given.evidence),
                state=given.state,
                register=self.register,
                requests=self.requests,
                results=self.results,
                delivery=self.delivery,
                reviews=reviews,
                work=self.work,
                telemetry=given.telemetry,
            ),
            driver=Driver(
                clock=given.clock,
                entropy=self.entropy,
                meter=given.meter,
                journal=given.journal,
                executions=Executions(given.evidence),
                digest_keys=given.digest_keys,
                deny_list=given.deny_list,
                register=self.register,
                requests=self.requests,
                request_keys=self.request_keys,
                delivery=self.delivery,
                execution=execution,
            ),
        )

    def _operations(self) -> Operations:
        given = self.given
        return Operations(
            clock=given.clock,
            entropy=self.entropy,
            meter=given.meter,
            verifier=given.verifier,
            deny_list=given.deny_list,
            digest_keys=given.digest_keys,
            register=self.register,
            delivery=self.delivery,
        )

    def _notices(self) -> Notices:
        given = self.given
        # Cards that go nowhere are kept for a developer; in production nobody would look there.
        developing = self.config.environment is Environment.DEVELOPMENT
        return Notices(
            clock=given.clock,
            meter=given.meter,
            manifests=given.manifests,
            register=self.register,
            teams=self.teams,
            noted=NotedCards(given.state) if developing else None,
            public_url=self.config.public_url,
        )


async def found(
    config: Settings, given: Given, wording: Wording, stack: AsyncExitStack
) -> Foundation:
    """Construct the adapters; nothing is contacted yet."""
    requests = BlobDeposit(await _container(config, config.held_container, given, stack))
    results = BlobDeposit(await _container(config, config.results_container, given, stack))
    entropy = SystemEntropy()
    decision_keys = SecretSealingKeys(given.secrets, config.decision_key_secret)
    request_keys = SecretSealingKeys(given.secrets, config.held_key_secret)
    tickets = TableTickets(given.tables.get_table_client(config.ticket_table))
    register = Register(tickets, decision_keys, given.clock)
    session = await stack.enter_async_context(aiohttp.ClientSession(trust_env=False))
    return Foundation(
        given=given,
        config=config,
        register=register,
        requests=requests,
        results=results,
        request_keys=request_keys,
        delivery=Delivery(
            register, results, request_keys, entropy, given.journal, given.digest_keys
        ),
        work=StorageQueue(await _queue(config, EXECUTE, given, stack)),
        notices=StorageQueue(await _queue(config, NOTIFY, given, stack)),
        teams=TeamsCards(given.secrets, session),
        entropy=entropy,
        wording=wording,
    )


async def _container(
    config: Settings, name: str, given: Given, stack: AsyncExitStack
) -> ContainerClient:
    secret = config.dev_storage_connection_string
    if secret is not None:
        client = ContainerClient.from_connection_string(secret.get_secret_value(), name)
    else:
        client = ContainerClient(config.state_url, name, credential=given.identity)
    return await stack.enter_async_context(client)


async def _queue(config: Settings, name: str, given: Given, stack: AsyncExitStack) -> QueueClient:
    secret = config.dev_storage_connection_string
    if secret is not None:
        client = QueueClient.from_connection_string(secret.get_secret_value(), name)
    else:
        client = QueueClient(config.queue_url, name, credential=given.identity)
    return await stack.enter_async_context(client)
