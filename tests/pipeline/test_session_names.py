"""A name that one answer has shown in a field is masked in a later answer's text."""

import orjson
import pytest

from gateway.errors import Unavailable, Withheld
from gateway.masking.session_names import DIGEST_BYTES
from gateway.model.message import Answer, Request
from gateway.model.principal import Session
from gateway.recording.session_names import LIFETIME, MAX_STORED, PREFIX, StateSessionNames
from tests.fakes.store import FakeStateStore
from tests.fakes.time import FakeClock
from tests.fakes.upstream import response
from tests.pipeline import world

ACCEPTING = world.MANIFEST.replace(
    b"    not_actions:", b"    obligations: {free_text: accept}\n    not_actions:"
)
# No list of names has it, and nothing introduces it in the note.
NAME = "Zorblatt"
RECORD = orjson.dumps({"name": f"{NAME} Quixby", "systolic": 142})
NOTE = f"Walked the ward with {NAME} after lunch, all calm.".encode()


def scene() -> world.World:
    return world.World(manifest=ACCEPTING)


def blob(path: str, session: str = "") -> Request:
    headers = [("x-chaperone-session", session)] if session else []
    return world.request(path=path, headers=headers)


async def read(made: world.World, body: bytes, kind: str, session: str = "") -> Answer:
    made.upstream.then(response(200, body, [("content-type", kind), ("etag", '"0x1"')]))
    return await made.pipeline().handle(blob("/phi/one", session))


async def record(made: world.World, session: str = "") -> Answer:
    return await read(made, RECORD, "application/json", session)


async def note(made: world.World, session: str = "") -> str:
    return (await read(made, NOTE, "text/plain", session)).body.decode()


async def test_a_name_from_a_field_is_masked_in_a_later_note_of_the_session() -> None:
    made = scene()
    assert NAME in await note(made)
    assert NAME.encode() not in (await record(made)).body
    shown = await note(made)
    assert NAME not in shown
    assert "[name]" in shown


async def test_another_session_knows_nothing_of_it() -> None:
    made = scene()
    await record(made, "0f6b7a2c-8a51-4b1e-9d3e-5f0c2d4e9e11")
    assert NAME in await note(made, "0f6b7a2c-8a51-4b1e-9d3e-5f0c2d4e9e12")
    assert NAME not in await note(made, "0f6b7a2c-8a51-4b1e-9d3e-5f0c2d4e9e11")


async def test_two_processes_share_what_a_session_knows() -> None:
    one, two = scene(), scene()
    two.state = one.state
    await record(one)
    assert NAME not in await note(two)


async def test_digests_alone_are_stored_and_those_of_two_sessions_differ() -> None:
    made = scene()
    await record(made)
    await record(made, "another")
    stored = [blob.data for name, blob in made.state.blobs.items() if name.startswith(PREFIX)]
    assert len(stored) == 2
    for data in stored:
        assert len(data) == 2 * DIGEST_BYTES
        assert b"zorblatt" not in data.lower()
    assert not set(_digests(stored[0])) & set(_digests(stored[1]))
    assert NAME.lower() not in str(made.journal.records).lower()


def _digests(data: bytes) -> list[bytes]:
    return [data[start : start + DIGEST_BYTES] for start in range(0, len(data), DIGEST_BYTES)]


async def test_what_is_known_already_is_not_written_again() -> None:
    made = scene()
    pipeline = made.pipeline()
    for _ in range(3):
        made.upstream.then(response(200, RECORD, [("content-type", "application/json")]))
        await pipeline.handle(blob("/phi/one"))
    assert [call for call, _ in made.state.calls].count("swap") == 1


async def test_without_a_rule_that_shows_text_nothing_is_read_or_stored() -> None:
    made = world.World()
    await record(made)
    assert made.state.calls == []


async def test_text_is_not_asked_for_while_it_is_not_known_what_to_mask() -> None:
    made = scene()
    made.state.fail_next()
    with pytest.raises(Unavailable):
        await note(made)
    assert made.upstream.sent == []
    assert made.journal.types() == ["denied"]


async def test_what_would_teach_a_name_that_cannot_be_kept_is_withheld() -> None:
    made = scene()
    made.state = _KeepsNothing(made.clock)
    with pytest.raises(Withheld):
        await record(made)
    assert made.journal.types() == ["intent", "outcome"]
    assert made.journal.records[1]["result"] == "failed"


async def test_a_memory_that_cannot_be_understood_shows_no_text() -> None:
    made = scene()
    await record(made)
    made.state.blobs[next(iter(made.state.blobs))].data = b"not digests"
    with pytest.raises(Unavailable):
        await note(made)


class _KeepsNothing(FakeStateStore):
    async def swap(self, name: str, data: bytes, etag: str | None) -> str:
        self.fail_next()
        return await super().swap(name, data, etag)


def _session(name: str) -> Session:
    return Session(f"{name:0>32}", name)


async def test_the_bound_holds_and_the_oldest_go_first() -> None:
    clock = FakeClock()
    state = FakeStateStore(clock)
    names = StateSessionNames(state, world.FixedKeys(), clock)
    session = _session("1")
    for number in range(0, MAX_STORED + 500, 500):
        await names.remember(session, [_digest(at) for at in range(number, number + 500)])
    # Seen again, a name is among the newest.
    await names.remember(session, [_digest(500), _digest(10**6)])
    kept = (await names.recall(session)).digests
    assert len(kept) == MAX_STORED
    assert {_digest(500), _digest(10**6), _digest(MAX_STORED + 499)} <= kept
    assert _digest(0) not in kept


def _digest(number: int) -> bytes:
    return number.to_bytes(DIGEST_BYTES, "big")


async def test_two_processes_that_learn_at_once_lose_nothing() -> None:
    clock = FakeClock()
    state = FakeStateStore(clock)
    one = StateSessionNames(state, world.FixedKeys(), clock)
    session = _session("1")
    await one.remember(session, [_digest(1)])

    class Racing(FakeStateStore):
        raced = False

        async def swap(self, name: str, data: bytes, etag: str | None) -> str:
            if not self.raced:
                self.raced = True
                await one.remember(session, [_digest(2)])
            return await state.swap(name, data, etag)

    racing = Racing(clock, blobs=state.blobs)
    await StateSessionNames(racing, world.FixedKeys(), clock).remember(session, [_digest(3)])
    assert (await one.recall(session)).digests == {_digest(1), _digest(2), _digest(3)}


async def test_what_no_session_adds_to_is_forgotten() -> None:
    clock = FakeClock()
    state = FakeStateStore(clock)
    names = StateSessionNames(state, world.FixedKeys(), clock)
    await names.remember(_session("1"), [_digest(1)])
    await state.swap("other", b"", None)
    clock.advance(LIFETIME / 2)
    await names.remember(_session("2"), [_digest(2)])
    assert await names.sweep() == 0
    clock.advance(LIFETIME / 2)
    clock.advance(LIFETIME / 4)
    assert await names.sweep() == 1
    assert (await names.recall(_session("2"))).digests == {_digest(2)}
    assert "other" in state.blobs
