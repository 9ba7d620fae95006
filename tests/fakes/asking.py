"""A whole gateway that asks people, on fakes: one agent, one reviewer, one upstream."""

import itertools
from dataclasses import dataclass, field, replace
from datetime import timedelta

from gateway.approvals.ticket import Ticket
from gateway.errors import ApprovalRequired, GatewayError
from gateway.model.message import Answer, Request
from gateway.model.principal import Principal, PrincipalKind
from gateway.pipeline import Pipeline
from gateway.recording.collecting import Operations
from gateway.recording.delivery import Delivery
from gateway.recording.driver import Driver
from gateway.recording.executions import Executions
from gateway.recording.expiry import Expiry
from gateway.recording.holding import HeldApprovals
from gateway.recording.notice import Notices
from gateway.recording.register import Register
from gateway.recording.reviewing import TicketReviews
from gateway.serving.wording import MaskedWording
from tests.fakes.approvals import FakeCards, FakeDeposit, FakeQueue, FakeSealingKeys, FakeTickets
from tests.fakes.evidence import FakeEvidenceStore
from tests.fakes.identity import TENANT
from tests.fakes.store import FakeStateStore
from tests.fakes.time import NOON
from tests.pipeline import world

REVIEWERS = "e9f8d7c6-b5a4-4392-8170-6f5e4d3c2b1a"
SPONSOR = "2b8e1c90-77aa-4a0c-8f4e-3d1f5b6c7d82"
MANIFEST = world.MANIFEST.replace(
    b"workflows: {review: {reviewers: [readers], expires_minutes: 5}}",
    b"workflows: {review: {reviewers: [reviewers], expires_minutes: 5, max_open: 3}}",
).replace(b"groups: {", f"groups: {{reviewers: {REVIEWERS}, ".encode())


def reviewer(number: int = 1, **changes: object) -> Principal:
    """A person of the reviewers' group."""
    person = Principal(
        tenant=TENANT,
        object_id=f"9e250000-0000-4000-8000-{number:012d}",
        application="5165165e-0000-4000-8000-000000000001",
        token_id=f"uti-{number}",
        kind=PrincipalKind.USER,
        groups=frozenset({REVIEWERS}),
        roles=frozenset(),
        expires_at=NOON + timedelta(hours=1),
        authenticated_at=NOON - timedelta(minutes=1),
        methods=frozenset({"pwd", "mfa"}),
        name=f"reviewer{number}@clinic.example",
    )
    return replace(person, **changes)  # type: ignore[arg-type]


def deletion(path: str = "/public/old.txt", request_id: str = "") -> Request:
    """A request that waits for approval."""
    headers = [("x-ms-client-request-id", request_id)] if request_id else []
    return world.request("DELETE", path, headers=headers)


@dataclass
class Entropy:
    """Distinct numbers, as many digits as asked for."""

    numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def hex(self, size: int) -> str:
        return f"{next(self.numbers):0{size * 2}x}"


@dataclass
class Scene(world.World):
    """Replace a part before asking for something that uses it."""

    manifest: bytes = MANIFEST
    tickets: FakeTickets = field(default_factory=FakeTickets)
    requests: FakeDeposit = field(default_factory=FakeDeposit)
    results: FakeDeposit = field(default_factory=FakeDeposit)
    seals: FakeSealingKeys = field(default_factory=FakeSealingKeys)
    request_keys: FakeSealingKeys = field(default_factory=lambda: FakeSealingKeys(b"r"))
    work: FakeQueue = field(default_factory=FakeQueue)
    notices: FakeQueue = field(default_factory=FakeQueue)
    cards: FakeCards = field(default_factory=FakeCards)
    evidence: FakeEvidenceStore = field(default_factory=FakeEvidenceStore)
    entropy: Entropy = field(default_factory=Entropy)

    @property
    def register(self) -> Register:
        return Register(self.tickets, self.seals, self.clock)

    @property
    def delivery(self) -> Delivery:
        return Delivery(
            self.register, self.results, self.request_keys, self.entropy, self.journal, self.keys
        )

    def manifests(self) -> world.FixedManifest:
        return world.FixedManifest(world.compiled(self.manifest))

    def approvals(self) -> HeldApprovals:
        return HeldApprovals(
            clock=self.clock,
            entropy=self.entropy,
            meter=self.meter,
            journal=self.journal,
            digest_keys=self.keys,
            manifests=self.manifests(),
            register=self.register,
            requests=self.requests,
            request_keys=self.request_keys,
            delivery=self.delivery,
            notices=self.notices,
            wording=MaskedWording(self.clock),
        )

    def reviews(self) -> TicketReviews:
        return TicketReviews(
            clock=self.clock,
            meter=self.meter,
            journal=self.journal,
            manifests=self.manifests(),
            deny_list=self.deny_list,
            register=self.register,
            work=self.work,
            wording=MaskedWording(self.clock),
        )

    def gateway(self) -> Pipeline:
        return self.pipeline(approvals=self.approvals(), entropy=self.entropy)

    def driver(self) -> Driver:
        return Driver(
            clock=self.clock,
            entropy=self.entropy,
            meter=self.meter,
            journal=self.journal,
            executions=Executions(self.evidence),
            digest_keys=self.keys,
            deny_list=self.deny_list,
            register=self.register,
            requests=self.requests,
            request_keys=self.request_keys,
            delivery=self.delivery,
            execution=self.gateway(),
        )

    def expiry(self) -> Expiry:
        return Expiry(
            clock=self.clock,
            meter=self.meter,
            journal=self.journal,
            executions=Executions(self.evidence),
            state=FakeStateStore(self.clock),
            register=self.register,
            requests=self.requests,
            results=self.results,
            delivery=self.delivery,
            reviews=self.reviews(),
            work=self.work,
        )

    def operations(self) -> Operations:
        return Operations(
            clock=self.clock,
            entropy=self.entropy,
            meter=self.meter,
            verifier=self.verifier,
            deny_list=self.deny_list,
            digest_keys=self.keys,
            register=self.register,
            delivery=self.delivery,
        )

    def notifier(self) -> Notices:
        return Notices(
            clock=self.clock,
            meter=self.meter,
            manifests=self.manifests(),
            register=self.register,
            teams=self.cards,
            noted=self.cards,
            public_url=world.BASE,
        )

    # --- the usual way, step by step -----------------------------------------------------------

    async def ask(self, request: Request | None = None) -> Answer | GatewayError:
        """What the agent is answered."""
        try:
            return await self.gateway().handle(request or deletion())
        except GatewayError as error:
            return error

    async def held(self, request: Request | None = None) -> str:
        """The id of the ticket that a request gets."""
        error = await self.ask(request)
        assert isinstance(error, ApprovalRequired), error
        return dict(error.details)["approvalId"]

    async def approved(self, request: Request | None = None) -> str:
        """The id of a ticket that a reviewer has approved."""
        ticket_id = await self.held(request)
        await self.decide(ticket_id)
        return ticket_id

    async def decide(self, ticket_id: str, decision: str = "approve", number: int = 1) -> None:
        reviews = self.reviews()
        view = await reviews.view(ticket_id, reviewer(number))
        await reviews.decide(
            ticket_id,
            reviewer(number),
            decision,  # type: ignore[arg-type]
            "because",
            view.page_digest,
        )

    def ticket(self, ticket_id: str) -> Ticket:
        return self.tickets.rows[ticket_id].ticket

    def tamper(self, ticket_id: str, **changes: object) -> None:
        """Change a row as somebody with write access to the table would."""
        row = self.tickets.rows[ticket_id]
        changed = replace(row.ticket, **changes)  # type: ignore[arg-type]
        self.tickets.rows[ticket_id] = replace(row, ticket=changed)
