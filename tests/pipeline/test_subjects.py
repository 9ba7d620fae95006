"""Whose data an answer held: on record as keyed digests, in telemetry as a number."""

import json
from typing import Any

import orjson

from gateway.errors import Unavailable
from gateway.model.digest import DigestKey
from gateway.model.message import UpstreamRequest, UpstreamResponse
from gateway.model.signals import Signal
from gateway.model.subjects import MAX_SUBJECTS
from gateway.recording.session_names import StateSessionNames
from gateway.serving.masker import EngineMasker
from tests.fakes.telemetry import Heard
from tests.pipeline import test_fhir_approved as approved
from tests.pipeline import test_masked as blobs
from tests.pipeline import world
from tests.pipeline.test_fhir import Scene, ids, scene

FHIR, BLOB = {"connection_kind": "fhir"}, {"connection_kind": "blob"}


def listening(made: world.World) -> Heard:
    """Telemetry of all pipelines that are asked of `made` from now on."""
    heard = Heard()
    masker = EngineMasker(
        made.token_keys,
        made.masked,
        made.clock,
        made.keys,
        made.budget,
        StateSessionNames(made.state, made.keys, made.clock),
        heard.telemetry,
    )
    ports = made.ports() | {"masker": masker, "telemetry": heard.telemetry}
    made.ports = lambda: ports  # type: ignore[method-assign]
    return heard


def digest(key: DigestKey, patient: str) -> str:
    return key.of("patient", patient.encode())


def outcome(made: world.World) -> Any:
    return made.journal.records[-1]


async def test_a_page_of_fhir_resources_names_its_patients_by_digest_and_is_counted() -> None:
    made = scene(count=5)
    heard = listening(made.world)
    patients = ids(made)
    await made.get("/Observation?_count=100")
    record = outcome(made.world)
    assert record["type"] == "outcome"
    assert record["masking"]["patients"] == 5
    assert set(record["subjects"]) == {digest(made.world.keys.key, item) for item in patients}
    assert heard.of(Signal.PATIENTS_SEEN) == [(FHIR, 5)]
    for text in (json.dumps(made.world.journal.records), heard.everything()):
        assert not [item for item in patients if item in text]
    assert not [item for item in record["subjects"] if item in heard.everything()]


class Failing(Scene):
    """The vault fails from the moment that something is sent."""

    def _serve(self, sent: UpstreamRequest) -> UpstreamResponse:
        self.world.keys.error = Unavailable("the vault does not answer")
        return super()._serve(sent)


async def test_an_answer_names_its_patients_though_the_vault_does_not_answer_any_more() -> None:
    plain = scene(count=5)
    made = Failing(plain.world, plain.server, plain.patients)
    await made.get("/Observation?_count=100")
    assert made.world.keys.error is not None
    assert len(outcome(made.world)["subjects"]) == 5


async def test_what_is_about_nobody_is_recorded_and_counted_as_before() -> None:
    made = scene()
    heard = listening(made.world)
    await made.get("/metadata")
    assert outcome(made.world)["subjects"] == []
    assert "patients" not in outcome(made.world)["masking"]
    assert heard.of(Signal.PATIENTS_SEEN) == []


async def test_patients_of_all_answers_of_a_batch_are_one_list() -> None:
    made = scene(count=3)
    heard = listening(made.world)
    entries = [
        {"request": {"method": "GET", "url": f"Patient/{item}"}}
        for item in (*ids(made), ids(made)[0])
    ]
    body = {"resourceType": "Bundle", "type": "batch", "entry": entries}
    answer = await made.ask("POST", "/", body=body)
    assert answer.status == 200
    assert outcome(made.world)["masking"]["patients"] == 3
    assert heard.of(Signal.PATIENTS_SEEN) == [(FHIR, 3)]


async def test_a_long_table_is_counted_whole_and_its_record_stays_short() -> None:
    made = world.World()
    heard = listening(made)
    rows = "".join(f"p{number},{number}\n" for number in range(700))
    made.upstream.then(blobs.stored(f"patient_id,bp\n{rows}".encode(), "text/csv"))
    await blobs.read(made)
    record = outcome(made)
    assert record["masking"]["patients"] == 700
    assert len(record["subjects"]) == MAX_SUBJECTS
    assert digest(made.keys.key, "p0") in record["subjects"]
    assert heard.of(Signal.PATIENTS_SEEN) == [(BLOB, 700)]


async def test_parts_of_one_download_count_its_patients_once() -> None:
    made = world.World()
    heard = listening(made)
    large = [{"patient_id": f"p{n % 400}", "n": n, "series": [n] * 12} for n in range(8000)]
    made.upstream.then(*[blobs.served(orjson.dumps(large))] * 9)
    first = await blobs.read(made, range="bytes=0-0")
    whole = int((first.headers.get("content-range") or "").partition("/")[2])
    size = -(-whole // 8)
    for start in range(0, whole, size):
        part = await blobs.read(made, range=f"bytes={start}-{start + size - 1}")
        assert part.status == 206
        # Whoever reads a part may have read of any of them.
        assert outcome(made)["masking"]["patients"] == 400
        assert len(outcome(made)["subjects"]) == MAX_SUBJECTS
    assert made.masked.calls.count("read") == 7  # one that begins anew is masked anew
    ((labels, counted),) = heard.of(Signal.PATIENTS_SEEN)
    assert labels == BLOB
    assert 400 <= counted <= 409


async def test_what_was_approved_is_about_the_same_patients_when_it_is_collected() -> None:
    made = approved.Scene()
    patient = made.patient["id"]
    await approved.carried_out(made, approved.asked("GET", f"/Patient/{patient}"))
    executed, collected = made.journal.records[-2:]
    assert executed["type"] == "executed"
    assert executed["subjects"] == [digest(made.keys.key, patient)]
    assert collected["subjects"] == executed["subjects"]
