"""Manifests for tests: a small one that can be varied, and a `ports.Manifests` that holds one."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.errors import GatewayError
from gateway.evidence.chain import Head, extend, start
from gateway.model.canonical import Json
from gateway.model.exchange import Receipt
from gateway.policy import Policy
from gateway.policy.compiler import compile_manifest
from gateway.policy.manifest import parse
from gateway.ports import Clock, EvidenceStore

TRIAGE = "5f0c2d4e-8a51-4b1e-9d3e-0f6b7a2c9e11"
BILLING = "91d3a7b6-2c44-4f0a-b1e8-6a5d4c3b2e1f"
READERS = "0a7d3f52-1b6c-4e8d-9f20-a1b2c3d4e5f6"
WRITERS = "7c1e9b34-5d2f-4a6b-8c0d-e1f2a3b4c5d6"
REVIEWERS = "e9f8d7c6-b5a4-4392-8170-6f5e4d3c2b1a"

HEAD = f"""\
version: 1
agents:
  triage-bot:
    application: {TRIAGE}
    sponsor: {{name: dr.lee@example.org, object_id: 2b8e1c90-77aa-4a0c-8f4e-3d1f5b6c7d82}}
  billing-bot:
    application: {BILLING}
    sponsor: {{name: m.okafor@example.org, object_id: c4a6f1d2-3e5b-4c7d-8e9f-0a1b2c3d4e5f}}
groups: {{readers: {READERS}, writers: {WRITERS}, reviewers: {REVIEWERS}}}
profiles: {{research: {{extends: limited-data-set, rank: 25}}}}
connections:
  clinic:
    kind: blob
    upstream: https://clinicdata.blob.core.windows.net
    credential: {{kind: account-key, secret: clinic-key}}
    masking: {{profile: safe-harbor, ephi: true}}
    areas:
      - {{pattern: "public/**", profile: none, ephi: false}}
      - {{pattern: "research/**", profile: research, ephi: true}}
  lab:
    kind: blob
    upstream: http://127.0.0.1:10000/labaccount
    credential: {{kind: account-key, secret: lab-key}}
    masking: {{profile: none, ephi: false}}
workflows:
  review: {{reviewers: [reviewers], expires_minutes: 30}}
  board: {{reviewers: [reviewers]}}
"""
"""Everything but rules."""

BLOBS = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs"
READ = f"{BLOBS}/read"
WRITE = f"{BLOBS}/write"
DELETE = f"{BLOBS}/delete"


def manifest(*rules: str) -> bytes:
    """HEAD with rules, each a YAML flow mapping such as `{id: a, effect: deny, …}`."""
    if not rules:
        return HEAD.encode()
    return (HEAD + "rules:\n" + "".join(f"  - {rule}\n" for rule in rules)).encode()


def rule(identifier: str, effect: str = "allow", **fields: str) -> str:
    """One rule; by default readers read everything on `clinic`."""
    parts = {
        "id": identifier,
        "effect": effect,
        "groups": "[readers]",
        "actions": f'["{READ}"]',
        "resources": '["clinic/**"]',
        **fields,
    }
    return "{" + ", ".join(f"{key}: {value}" for key, value in parts.items() if value) + "}"


def policy(*rules: str) -> Policy:
    """The compiled manifest with these rules."""
    return compile_manifest(parse(manifest(*rules)))


@dataclass
class FakeManifests:
    """Holds a policy; raises `failure` instead where there is one."""

    active: Policy = field(default_factory=policy)
    failure: GatewayError | None = None

    async def current(self) -> Policy:
        if self.failure is not None:
            raise self.failure
        return self.active


class StoredJournal:
    """`ports.Journal` that really writes its lines into a store, one journal, no group commit."""

    def __init__(self, store: EvidenceStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._head: Head | None = None
        self.failures: list[Exception] = []

    async def append(self, record: Mapping[str, Json]) -> Receipt:
        if self.failures:
            raise self.failures.pop(0)
        if self._head is None:
            self._head = start("00000000000000ff", 0, self._clock.now())
            await self._store.create(str(self._head.name))
        head = self._head
        line, self._head = extend(head, record, self._clock.now())
        await self._store.append(str(head.name), line, head.offset)
        return Receipt(str(head.name), head.seq, head.offset, len(line))
