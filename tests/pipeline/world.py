"""A whole pipeline on fakes, with one agent, one manifest and one journal in memory."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

from gateway.approvals.closed import ClosedApprovals
from gateway.errors import EvidenceUnavailable
from gateway.evidence.chain import extend, start
from gateway.evidence.schema import parse as parse_record
from gateway.model.canonical import Json
from gateway.model.digest import DigestKey
from gateway.model.exchange import Receipt
from gateway.model.message import Headers, Request, Target
from gateway.model.own import Own
from gateway.pipeline import Pipeline
from gateway.policy.compiler import compile_manifest
from gateway.policy.manifest import parse
from gateway.policy.policy import Policy
from gateway.recording.denials import BoundedDenials
from gateway.recording.session_names import StateSessionNames
from gateway.serving.masker import EngineMasker
from tests.fakes import identity
from tests.fakes.masking import FakeMaskedCache, FakeTokenBudget, FakeTokenKeys
from tests.fakes.secrets import FakeAuthorizer
from tests.fakes.store import FakeStateStore
from tests.fakes.time import NOON, FakeClock, FakeEntropy
from tests.fakes.upstream import FakeUpstream

BASE = "https://gateway.example"
OWN = Own(frozenset({"gateway.example", "evidence.blob.core.windows.net"}))

MANIFEST = f"""
version: 1
agents:
  triage-bot:
    application: {identity.AGENT}
    sponsor: {{name: dr.lee@example.org, object_id: 2b8e1c90-77aa-4a0c-8f4e-3d1f5b6c7d82}}
groups: {{readers: {identity.GROUP}}}
connections:
  clinic:
    kind: blob
    upstream: https://clinicdata.blob.core.windows.net
    credential: {{kind: account-key, secret: clinic-key}}
    masking: {{profile: safe-harbor, ephi: true}}
    areas:
      - {{pattern: "public/**", profile: none, ephi: false}}
workflows: {{review: {{reviewers: [readers], expires_minutes: 5}}}}
rules:
  - id: all-of-clinic
    effect: allow
    groups: [readers]
    actions: ["*"]
    resources: ["clinic/**"]
    not_actions: ["*/delete"]
  - id: deletes-ask
    effect: approve
    groups: [readers]
    actions: ["*/delete"]
    resources: ["clinic/**"]
    obligations: {{workflow: review}}
""".encode()


@dataclass
class MemoryJournal:
    """`ports.Journal`: keeps what fits the schema; fails for the record types in `failing`."""

    records: list[Mapping[str, Json]] = field(default_factory=list)
    failing: set[str] = field(default_factory=set)

    async def append(self, record: Mapping[str, Json]) -> Receipt:
        if record["type"] in self.failing:
            raise EvidenceUnavailable("the journal is told to fail")
        # What the real journal would refuse must not pass here.
        head = start("0" * 16, 0, NOON)
        line, _ = extend(head, record, NOON)
        parse_record(line[:-1])
        self.records.append(record)
        return Receipt(str(head.name), len(self.records), 0, len(line))

    def types(self) -> list[Json]:
        return [record["type"] for record in self.records]


@dataclass
class MemoryMeter:
    counted: list[tuple[str, str]] = field(default_factory=list)

    def count(self, name: str, label: str = "") -> None:
        self.counted.append((name, label))


@dataclass
class FixedKeys:
    key: DigestKey = field(default_factory=lambda: DigestKey("1", b"k" * 32))
    error: Exception | None = None

    async def current(self) -> DigestKey:
        if self.error is not None:
            raise self.error
        return self.key


@dataclass
class FixedManifest:
    policy: Policy

    async def current(self) -> Policy:
        return self.policy


@cache
def compiled(manifest: bytes) -> Policy:
    return compile_manifest(parse(manifest))


@dataclass
class World:
    """Everything the pipeline touches; replace a part before asking for `pipeline()`."""

    clock: FakeClock = field(default_factory=FakeClock)
    meter: MemoryMeter = field(default_factory=MemoryMeter)
    verifier: identity.FakeVerifier = field(default_factory=identity.FakeVerifier)
    deny_list: identity.FakeDenyList = field(default_factory=identity.FakeDenyList)
    keys: FixedKeys = field(default_factory=FixedKeys)
    authorizer: FakeAuthorizer = field(default_factory=FakeAuthorizer)
    journal: MemoryJournal = field(default_factory=MemoryJournal)
    upstream: FakeUpstream = field(default_factory=FakeUpstream)
    token_keys: FakeTokenKeys = field(default_factory=FakeTokenKeys)
    masked: FakeMaskedCache = field(default_factory=FakeMaskedCache)
    budget: FakeTokenBudget = field(default_factory=FakeTokenBudget)
    state: FakeStateStore = field(init=False)
    manifest: bytes = MANIFEST

    def __post_init__(self) -> None:
        self.state = FakeStateStore(self.clock)

    def ports(self) -> dict[str, object]:
        return {
            "clock": self.clock,
            "entropy": FakeEntropy(),
            "meter": self.meter,
            "verifier": self.verifier,
            "deny_list": self.deny_list,
            "digest_keys": self.keys,
            "manifests": FixedManifest(compiled(self.manifest)),
            "approvals": ClosedApprovals(),
            "authorizer": self.authorizer,
            "journal": self.journal,
            "denials": BoundedDenials(self.journal, self.clock),
            "upstream": self.upstream,
            "masker": EngineMasker(
                self.token_keys,
                self.masked,
                self.clock,
                self.keys,
                self.budget,
                StateSessionNames(self.state, self.keys, self.clock),
            ),
        }

    def pipeline(self, kind: type[Pipeline] = Pipeline, **ports: object) -> Pipeline:
        return kind(own=OWN, **(self.ports() | ports))  # type: ignore[arg-type]


def request(
    method: str = "GET",
    path: str = "/public/readme.txt",
    *,
    query: str = "",
    headers: Sequence[tuple[str, str]] = (),
    body: bytes = b"",
    connection: str = "clinic",
    token: str = "good",  # noqa: S107 - a name that the fake verifier knows
) -> Request:
    fields = [("x-ms-version", "2024-08-04"), *headers]
    if token:
        fields.append(("authorization", f"Bearer {token}"))
    return Request(
        method=method,
        connection=connection,
        target=Target(path, query),
        headers=Headers.of(fields),
        body=body,
        client_address="",
        base_url=BASE,
    )


READ = request()
WRITE = request("PUT", "/public/new.txt", headers=(("x-ms-blob-type", "BlockBlob"),), body=b"hello")
COPY = request(
    "PUT",
    "/public/copy.txt",
    headers=(("x-ms-copy-source", f"{BASE}/c/clinic/public/readme.txt"),),
)
DELETE = request("DELETE", "/public/readme.txt")
EPHI_READ = request(path="/phi/patient.json")
EPHI_HEAD = request("HEAD", "/phi/patient.json")
EPHI_COPY = request(
    "PUT", "/public/copy.txt", headers=(("x-ms-copy-source", f"{BASE}/c/clinic/phi/p.json"),)
)
FOREIGN = request(
    "PUT",
    "/public/x",
    headers=(("x-ms-copy-source", "https://evil.blob.core.windows.net/c/b"),),
)
UNKNOWN = request(query="comp=teleport")
ANONYMOUS = request(token="")
ELSEWHERE = request(connection="nowhere")
