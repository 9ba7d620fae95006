"""A change of the deny list is on record, by a person, before it has effect."""

from dataclasses import dataclass, replace

import pytest

from gateway.errors import (
    ConfigurationError,
    EvidenceUnavailable,
    InvalidRequest,
    NotFound,
    Unavailable,
)
from gateway.evidence import schema
from gateway.model.principal import Principal, PrincipalKind
from gateway.ports import DenyEntry
from gateway.recording.denying import Register, deny, relent
from tests.fakes.evidence import FakeEvidenceStore
from tests.fakes.identity import FakeDenyTable
from tests.fakes.manifest import StoredJournal
from tests.fakes.time import NOON, FakeClock
from tests.pipeline.world import FixedKeys
from tests.unit.recording.test_activation import PERSON

OID = "44444444-4444-4444-8444-444444444444"


@dataclass
class World:
    evidence: FakeEvidenceStore
    table: FakeDenyTable
    journal: StoredJournal
    keys: FixedKeys
    register: Register

    def records(self) -> list[schema.Record]:
        journals = [data for _, data in self.evidence.journals()]
        return [schema.parse(line) for data in journals for line in data.splitlines()]


@pytest.fixture
def world() -> World:
    clock = FakeClock()
    evidence, table, keys = FakeEvidenceStore(), FakeDenyTable(), FixedKeys()
    journal = StoredJournal(evidence, clock)
    return World(evidence, table, journal, keys, Register(table, journal, keys, clock))


async def test_denying_is_recorded_with_the_person_and_without_the_reasons_words(
    world: World,
) -> None:
    receipt = await deny(world.register, PERSON, "oid", f" {OID.upper()} ", "Mira's laptop")

    (record,) = world.records()
    assert record["type"] == "denylist"
    assert (record["act"], record["kind"], record["value"]) == ("add", "oid", OID)
    assert record["person"] == {"tid": "tenant", "oid": "oid", "name": "dr.lee@example.org"}
    assert record["reason"] == world.keys.key.of("reason", b"Mira's laptop")
    assert receipt.seq == record["seq"]
    at = NOON.isoformat(timespec="seconds")
    assert await world.table.entries() == (
        DenyEntry("oid", OID, "Mira's laptop", "dr.lee@example.org", at),
    )


@pytest.mark.parametrize(
    ("kind", "value"), [("azp", OID), ("session", "a" * 32), ("uti", "token_1-x")]
)
async def test_every_kind_stands_in_clear(world: World, kind: str, value: str) -> None:
    await deny(world.register, PERSON, kind, value, "r")
    await relent(world.register, PERSON, kind, value)

    added, removed = world.records()
    assert added["type"] == removed["type"] == "denylist"
    assert (added["act"], removed["act"]) == ("add", "remove")
    assert (added["value"], removed["value"], removed["reason"]) == (value, value, "")
    assert await world.table.entries() == ()


async def test_what_cannot_be_recorded_is_not_done(world: World) -> None:
    world.journal.failures.append(EvidenceUnavailable("injected"))
    with pytest.raises(EvidenceUnavailable):
        await deny(world.register, PERSON, "oid", OID, "r")
    assert await world.table.entries() == ()

    await deny(world.register, PERSON, "oid", OID, "r")
    world.journal.failures.append(EvidenceUnavailable("injected"))
    with pytest.raises(EvidenceUnavailable):
        await relent(world.register, PERSON, "oid", OID)
    assert len(await world.table.entries()) == 1


async def test_without_a_digest_key_nothing_is_done(world: World) -> None:
    world.keys.error = Unavailable("no key")

    with pytest.raises(Unavailable):
        await deny(world.register, PERSON, "oid", OID, "r")

    assert (world.records(), await world.table.entries()) == ([], ())


@pytest.mark.parametrize(("kind", "value"), [("oid", "lee"), ("upn", "lee"), ("session", "")])
async def test_a_mistake_is_neither_recorded_nor_done(world: World, kind: str, value: str) -> None:
    for call in (
        deny(world.register, PERSON, kind, value, "r"),
        relent(world.register, PERSON, kind, value),
    ):
        with pytest.raises(InvalidRequest):
            await call

    assert world.records() == []


async def test_what_is_not_denied_is_not_taken_off(world: World) -> None:
    with pytest.raises(NotFound, match="no such entry"):
        await relent(world.register, PERSON, "oid", OID)

    assert world.records() == []


@pytest.mark.parametrize(
    "person", [replace(PERSON, kind=PrincipalKind.APPLICATION), replace(PERSON, name="")]
)
async def test_only_a_named_person_changes_the_list(world: World, person: Principal) -> None:
    for call in (
        deny(world.register, person, "oid", OID, "r"),
        relent(world.register, person, "oid", OID),
    ):
        with pytest.raises(ConfigurationError, match="named person"):
            await call

    assert world.records() == []
