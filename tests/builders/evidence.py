"""Exchanges and journals to build evidence tests from."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from gateway.evidence import records
from gateway.evidence.chain import Before, Head, Instance, close, extend, opening, start
from gateway.evidence.identity import body_digest
from gateway.model.canonical import Json
from gateway.model.connection import (
    Connection,
    ConnectionKind,
    Credential,
    CredentialKind,
    Endpoint,
    Masking,
    Sensitivity,
)
from gateway.model.decision import Obligations
from gateway.model.digest import DigestKey
from gateway.model.exchange import (
    Approved,
    Authenticated,
    Authorised,
    Classified,
    Forwarded,
    Intended,
    Masked,
    MaskSummary,
    Prepared,
    Receipt,
    Received,
    Screened,
)
from gateway.model.message import (
    Answer,
    Headers,
    Request,
    Target,
    Timings,
    UpstreamRequest,
    UpstreamResponse,
)
from gateway.model.operation import Access, Effect, Operation, Resource, Shape
from gateway.model.principal import Principal, PrincipalKind, Session

NOON = datetime(2026, 8, 3, 12, 0, 0, tzinfo=UTC)
KEYS = DigestKey("1", b"k" * 32)
WRITER = "0123456789abcdef"
INSTANCE = Instance("host-1", "0.1.0", "sha256:" + "0" * 64)
TENANT = "11111111-1111-1111-1111-111111111111"
OBJECT = "22222222-2222-2222-2222-222222222222"
CLIENT = "33333333-3333-3333-3333-333333333333"
REQUEST_ID = "44444444-4444-4444-4444-444444444444"
SESSION = Session("5" * 32, "2026-08-03")
MANIFEST = "sha256:" + "6" * 64
READ = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read"
NO_MASKING = Masking("none", 0, ephi=False)


def principal(object_id: str = OBJECT) -> Principal:
    return Principal(
        tenant=TENANT,
        object_id=object_id,
        application=CLIENT,
        token_id="abc123",
        kind=PrincipalKind.APPLICATION,
        groups=frozenset(),
        roles=frozenset(),
        expires_at=NOON + timedelta(hours=1),
        authenticated_at=NOON,
    )


def connection(names: Sensitivity = Sensitivity.PLAIN, name: str = "clinic") -> Connection:
    return Connection(
        name=name,
        kind=ConnectionKind.BLOB,
        endpoint=Endpoint("https", "clinic.blob.core.windows.net", 443, account="clinic"),
        credential=Credential(CredentialKind.MANAGED_IDENTITY),
        masking=NO_MASKING,
        names=names,
    )


def request(
    *,
    method: str = "GET",
    target: Target | None = None,
    headers: Sequence[tuple[str, str]] = (),
    body: bytes = b"",
    address: str = "10.0.0.7",
) -> Request:
    return Request(
        method=method,
        connection="clinic",
        target=target or Target("/records/jane-doe.txt"),
        headers=Headers.of(headers),
        body=body,
        client_address=address,
        base_url="https://gateway.example",
    )


def operation(effect: Effect = Effect.READ) -> Operation:
    resource = Resource("clinic", "clinic", ("records", "jane-doe.txt"))
    return Operation(
        kind="blob",
        name="Get Blob" if effect is Effect.READ else "Put Blob",
        effect=effect,
        accesses=(Access(READ, resource, effect),),
        shape=Shape.CONTENT,
    )


def authenticated(identifier: str = "a" * 32, asked: Request | None = None) -> Authenticated:
    received = Received(identifier, asked or request(), Timings(NOON))
    return Authenticated(received, principal(), SESSION, body_digest(received.request, KEYS))


def classified(
    identifier: str = "a" * 32,
    asked: Request | None = None,
    effect: Effect = Effect.READ,
    names: Sensitivity = Sensitivity.PLAIN,
) -> Classified:
    return Classified(
        authenticated(identifier, asked),
        MANIFEST,
        connection(names),
        operation(effect),
        KEYS.of("request", b"r"),
    )


def authorised(state: Classified | None = None) -> Authorised:
    return Authorised(
        classified=state or classified(),
        rule="readers",
        sponsor="alice@example.org",
        obligations=Obligations(NO_MASKING),
        needs_approval=False,
        agent="triage",
    )


def prepared(state: Classified | None = None, approval: str = "") -> Prepared:
    upstream = UpstreamRequest("GET", "https://clinic.blob.core.windows.net/x", Headers(), b"")
    return Prepared(Approved(Screened(authorised(state)), approval), upstream)


def intended(receipt: Receipt, state: Classified | None = None) -> Intended:
    return Intended(prepared(state), receipt)


def forwarded(receipt: Receipt, state: Classified | None = None) -> Forwarded:
    response = UpstreamResponse(
        200, Headers.of([("x-ms-request-id", REQUEST_ID)]), b"raw bytes", sends=1
    )
    timings = Timings(NOON, NOON + timedelta(microseconds=250), NOON + timedelta(milliseconds=5))
    return Forwarded(intended(receipt, state), response, timings)


def masked(
    receipt: Receipt,
    state: Classified | None = None,
    summary: MaskSummary | None = None,
    body: bytes = b"masked",
) -> Masked:
    answer = Answer(200, Headers.of([("content-type", "text/plain")]), body)
    return Masked(forwarded(receipt, state), answer, summary or MaskSummary("none"))


def intent(identifier: str = "a" * 32, effect: Effect = Effect.READ) -> dict[str, Json]:
    return records.intent(prepared(classified(identifier, effect=effect)), KEYS)


def outcome(
    journal: str, seq: int, identifier: str = "a" * 32, effect: Effect = Effect.READ
) -> dict[str, Json]:
    receipt = Receipt(journal, seq, 0, 0)
    return records.outcome(masked(receipt, classified(identifier, effect=effect)), KEYS)


class Written:
    """A journal under construction, without any store."""

    def __init__(
        self,
        number: int = 0,
        writer: str = WRITER,
        before: Before | None = None,
        now: datetime = NOON,
    ) -> None:
        self.now = now
        self.head = start(writer, number, self.now)
        self.lines: list[bytes] = []
        self.add(opening(self.head, INSTANCE, MANIFEST, before))

    @property
    def name(self) -> str:
        return str(self.head.name)

    @property
    def data(self) -> bytes:
        return b"".join(self.lines)

    @property
    def before(self) -> Before:
        """What the writer's next journal cites."""
        return Before(self.name, self.head.seq - 1, self.head.tip)

    def add(self, record: dict[str, Json]) -> int:
        """Append a record; its seq."""
        seq = self.head.seq
        line, self.head = extend(self.head, record, self.now)
        self.lines.append(line)
        self.now += timedelta(milliseconds=1)
        return seq

    def exchange(self, identifier: str, effect: Effect = Effect.READ) -> None:
        """An intent and its outcome."""
        seq = self.add(intent(identifier, effect))
        self.add(outcome(self.name, seq, identifier, effect))

    def close(self, by: str = "", torn: int = 0, head: Head | None = None) -> None:
        """Append CLOSE."""
        line, self.head = close(head or self.head, self.now, by=by, torn=torn)
        self.lines.append(line)

    def entry(self) -> tuple[str, bytes]:
        return self.name, self.data


def finished(exchanges: int = 2, writer: str = WRITER, now: datetime = NOON) -> Written:
    """A journal with exchanges and CLOSE."""
    written = Written(writer=writer, now=now)
    for number in range(exchanges):
        written.exchange(f"{number:032x}")
    written.close()
    return written


def with_headers(state: Classified, *headers: tuple[str, str]) -> Classified:
    """The same state with request headers."""
    received = state.authenticated.received
    changed = replace(received, request=replace(received.request, headers=Headers.of(headers)))
    return replace(state, authenticated=replace(state.authenticated, received=changed))
