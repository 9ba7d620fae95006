"""A log over journals in a fake store, with a signer whose key the test holds."""

from dataclasses import dataclass, field

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from gateway.errors import Unavailable
from gateway.evidence.signing_keys import PublicKey
from gateway.ports import Signed, Telemetry
from gateway.recording.merkle_log import LogBounds, MerkleLog
from gateway.recording.notary import Notary
from tests.builders.evidence import Written
from tests.fakes.evidence import FakeEvidenceStore
from tests.fakes.store import FakeStateStore
from tests.fakes.telemetry import Heard
from tests.fakes.time import NOON, FakeClock

ORIGIN = "evidence.example/evidence"


class FakeSigner:
    """`ports.Signer` with a key in memory; `outage` refuses."""

    def __init__(self) -> None:
        self.outage = False
        self.rotate()

    def rotate(self) -> None:
        """Another version of the key."""
        self.private = ec.generate_private_key(ec.SECP256R1())

    async def key(self) -> PublicKey:
        return public(self.private)

    async def sign(self, text: bytes) -> Signed:
        if self.outage:
            raise Unavailable("injected")
        return Signed(public(self.private), self.private.sign(text, ec.ECDSA(hashes.SHA256())))


def public(private: ec.EllipticCurvePrivateKey) -> PublicKey:
    numbers = private.public_key().public_numbers()
    return PublicKey(numbers.x.to_bytes(32), numbers.y.to_bytes(32), "test")


@dataclass
class LogScene:
    """Stores, a clock, a signer, and as many notaries as a test wants."""

    store: FakeEvidenceStore = field(default_factory=FakeEvidenceStore)
    clock: FakeClock = field(default_factory=lambda: FakeClock(NOON))
    signer: FakeSigner = field(default_factory=FakeSigner)
    heard: Heard = field(default_factory=Heard)

    def __post_init__(self) -> None:
        self.state = FakeStateStore(self.clock)

    def notary(self, bounds: LogBounds | None = None, telemetry: Telemetry | None = None) -> Notary:
        telemetry = telemetry or self.heard.telemetry
        log = MerkleLog(self.store, self.state, self.clock, telemetry, bounds or LogBounds())
        return Notary(log, self.store, self.state, self.signer, self.clock, ORIGIN, telemetry)

    def lay(self, *journals: Written) -> None:
        for written in journals:
            self.store.blobs[written.name] = written.data

    def entries(self) -> list[tuple[str, bytes]]:
        """All blobs, as a copy of the container has them."""
        return sorted(self.store.blobs.items())

    def below(self, prefix: str) -> list[str]:
        return sorted(name for name in self.store.blobs if name.startswith(prefix))
