"""No value of a synthetic patient comes out anywhere: answers, logs, tables, queues, journals."""

import base64
import contextlib
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure.data.tables import TableServiceClient
from azure.storage.blob import BlobServiceClient, ContentSettings
from azure.storage.queue import QueueServiceClient

from gateway.local.patients_model import Patient
from gateway.local.seed import STATE_ACCOUNT
from tests.integration import canaries
from tests.integration.stack import ADMINISTRATOR, READER, Stack

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket, pytest.mark.timeout(240)]

FREE_TEXT = ("etl-agent", "data-writers")
"""A rule accepts masked free text for these."""


class Ear:
    """Keeps every byte of every answer: status line aside, headers and body."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, bytes]] = []

    def __call__(self, response: Any) -> None:
        http = response.http_response
        # A download's body is streamed to the caller, who adds it.
        body = b"" if http.request.method == "GET" and http.status_code < 300 else http.body()
        self.note(http.request.url.split("?")[0], repr(dict(http.headers)).encode() + body)

    def note(self, where: str, data: bytes) -> None:
        self.heard.append((where, data))

    @contextlib.contextmanager
    def errors(self, where: str) -> Iterator[None]:
        """An error of the SDK is an answer too."""
        try:
            yield
        except HttpResponseError as error:
            self.note(where, f"{error!s} {error!r} {error.args}".encode())


def read_all(service: BlobServiceClient, ear: Ear) -> int:
    """Everything that can be read of the ePHI containers; how many documents were shown."""
    shown = 0
    for name in ("phi", "notes"):
        container = service.get_container_client(name)
        for blob in container.list_blobs(include=["metadata", "tags"]):
            ear.note(f"listing of {name}", repr(dict(blob)).encode())
            client = container.get_blob_client(blob.name)
            with ear.errors(blob.name):
                ear.note(blob.name, repr(client.get_blob_properties()).encode())
                ear.note(blob.name, client.download_blob(raw_response_hook=ear).readall())
                part = client.download_blob(offset=100, length=200, raw_response_hook=ear)
                ear.note(blob.name, part.readall())
                shown += 1
    return shown


@pytest.fixture
def marked(stack: Stack) -> Iterator[None]:
    """Patients' values in metadata, tags and contents of other types, gone afterwards."""
    patients = stack.running.patients
    container = stack.account("clinicdata").get_container_client("phi")
    name = f"marked-{uuid.uuid4().hex}"
    for number, patient in enumerate(patients[:4]):
        words = {"patient": f"{patient.given} {patient.family}", "mrn": patient.mrn}
        words |= {"note": f"call {patient.phone}", "dob": patient.birth_date.isoformat()}
        kind, body = contents(patient)[number]
        container.upload_blob(
            f"{name}-{number}",
            body,
            metadata=words,
            tags={"ssn": patient.ssn, "mrn": patient.mrn},
            content_settings=ContentSettings(content_type=kind),
        )
    yield
    for number in range(4):
        container.delete_blob(f"{name}-{number}")


def contents(patient: Patient) -> list[tuple[str, bytes]]:
    """Types that lie, and contents that break in the middle."""
    note = patient.note.encode()
    return [
        ("application/json", note),
        ("application/json", b'{"note": "' + note[:60]),
        ("image/png", note),
        ("text/csv", b'{"ssn": "' + patient.ssn.encode() + b'"}'),
    ]


def test_a_search_finds_what_it_looks_for() -> None:
    search = canaries.Search(["Jane Roe", "517-64-9982"])
    hidden = [
        b"x JANE ROE x",
        b"Jane%20Roe",
        b"Jane+Roe",
        "Jane Roe".encode("utf-16"),
        *(base64.b64encode(b"." * lead + b"a note on Jane Roe of long ago") for lead in range(3)),
        base64.b64encode(b"SSN 517-64-9982, verified"),
    ]

    assert all(search.hits(data) for data in hidden)
    assert search.hits(b"[name] [ssn] Jane R. 517-64") == []


@pytest.mark.parametrize("who", [READER, FREE_TEXT, ADMINISTRATOR])
def test_no_value_of_a_patient_reaches_an_agent(
    stack: Stack, marked: None, who: tuple[str, str]
) -> None:
    ear = Ear()
    patient = stack.running.patients[0]
    words = {
        "x-chaperone-session": patient.ssn,
        "x-chaperone-reason": patient.note[:40].split("\n")[0],
    }
    words["x-chaperone-purpose"] = patient.mrn
    service = stack.agent("clinic", *who, headers=words)

    shown = read_all(service, ear)

    # 12 bundles, 24 messages and the table; the notes where free text is accepted.
    assert shown >= (49 if who is FREE_TEXT else 37)
    search = canaries.of(stack.running)
    found = {(where, hit) for where, data in ear.heard for hit in search.hits(data)}
    assert found == set()


def test_what_an_agent_sends_of_a_patient_is_not_kept(stack: Stack) -> None:
    """Refused uploads, conditions and searches leave nothing behind in clear."""
    ear = Ear()
    patient = stack.running.patients[1]
    service = stack.agent("clinic", *READER)
    container = service.get_container_client("phi")

    with ear.errors("upload"):
        container.upload_blob(
            "refused", patient.note, metadata={"mrn": patient.mrn}, tags={"ssn": patient.ssn}
        )
    with ear.errors("search"):
        list(service.find_blobs_by_tags(f"\"ssn\" = '{patient.ssn}'"))
    with ear.errors("condition"):
        container.get_blob_client("csv/patients.csv").download_blob(
            if_tags_match_condition=f"\"ssn\" = '{patient.ssn}'"
        )

    assert canaries.leaks(stack.running) == []


def test_a_planted_value_is_found_wherever_it_lies(stack: Stack) -> None:
    run, patient = stack.running, stack.running.patients[2]
    string = run.azurite.connection_string(STATE_ACCOUNT)
    name = f"t{uuid.uuid4().hex}"
    with (
        TableServiceClient.from_connection_string(string) as tables,
        QueueServiceClient.from_connection_string(string) as queues,
    ):
        table, queue = tables.create_table(name), queues.create_queue(name)
        container = stack.account(STATE_ACCOUNT).create_container(name)
        file = run.folder / name
        try:
            table.create_entity({"PartitionKey": "p", "RowKey": "r", "note": patient.note})
            queue.send_message(f"call {patient.phone}")
            secret = next(iter(canaries.Place.of(run).secrets))
            container.upload_blob("c", f"key {secret}")
            container.upload_blob("d", f"Bearer {stack.token(*READER)}")
            container.upload_blob("a", b"", metadata={"mrn": patient.mrn})
            container.upload_blob("b", base64.b64encode(patient.note.encode()))
            file.write_text(patient.email.upper())
            found = {where for where, _ in canaries.leaks(run)}
        finally:
            table.delete_table()
            queue.delete_queue()
            container.delete_container()
            file.unlink(missing_ok=True)

    blob = f"blob {STATE_ACCOUNT}/{name}"
    blobs = {f"{blob}/{letter}" for letter in "abcd"}
    assert found >= {f"table {name}", f"queue {name}", f"file {name}", *blobs}


def test_a_queue_is_read_to_its_end(stack: Stack) -> None:
    string = stack.running.azurite.connection_string(STATE_ACCOUNT)
    with QueueServiceClient.from_connection_string(string) as queues:
        queue = queues.create_queue(f"t{uuid.uuid4().hex}")
        try:
            sent = [str(number).encode() for number in range(70)]
            for text in sent:
                queue.send_message(text.decode())
            assert sorted(canaries.messages(queue, ended=True)) == sorted(sent)
        finally:
            queue.delete_queue()


def test_nothing_that_the_gateway_wrote_holds_a_value_of_a_patient(stack: Stack) -> None:
    """Journals, logs, state, tables, queues; again when all tests are done, by the fixture."""
    assert canaries.leaks(stack.running) == []
