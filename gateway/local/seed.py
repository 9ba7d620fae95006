"""What the local storage accounts hold at the start: the gateway's own containers, sample data."""

from collections.abc import Iterator
from contextlib import closing

from azure.core.pipeline.transport import RequestsTransport
from azure.data.tables import TableServiceClient
from azure.storage.blob import BlobServiceClient, ContentSettings, PublicAccess
from azure.storage.queue import QueueServiceClient

from gateway.local.azurite import Azurite
from gateway.local.patients import documents, generate
from gateway.local.patients_model import Patient

SEED = 20240131
PATIENTS = 12
EVIDENCE_ACCOUNT, EVIDENCE_CONTAINER = "chaperoneevidence", "evidence"
STATE_ACCOUNT, STATE_CONTAINER = "chaperonestate", "chaperone-state"
MASKED_CONTAINER = "chaperone-masked"
DENY_TABLE = "chaperonedeny"
TICKET_TABLE = "chaperonetickets"
HELD_CONTAINER, RESULTS_CONTAINER = "chaperone-held", "chaperone-results"
QUEUES = ("chaperone-execute", "chaperone-notify")

DISPOSABLE = ("exports-2021", "exports-2022", "scratch")
"""Containers that the demo's agent wants to delete; the manifest says who is asked."""

Document = tuple[str, str, bytes]

_GUIDE = b"""# Opening hours

The clinic is open from Monday to Friday, 8:00 to 17:00. This page names nobody.
"""
_RATES = b"year,vaccinated_percent\n2022,61.5\n2023,64.2\n2024,66.0\n"


def own(azurite: Azurite) -> None:
    """Make what the gateway itself needs: evidence, state, tables, queues."""
    with closing(_transport()) as transport:
        for account, container in (
            (EVIDENCE_ACCOUNT, EVIDENCE_CONTAINER),
            (STATE_ACCOUNT, STATE_CONTAINER),
            (STATE_ACCOUNT, HELD_CONTAINER),
            (STATE_ACCOUNT, RESULTS_CONTAINER),
            (STATE_ACCOUNT, MASKED_CONTAINER),
        ):
            _blobs(azurite, account, transport).create_container(container)
        with TableServiceClient.from_connection_string(
            azurite.connection_string(STATE_ACCOUNT), transport=transport
        ) as tables:
            tables.create_table(DENY_TABLE)
            tables.create_table(TICKET_TABLE)
        with QueueServiceClient.from_connection_string(
            azurite.connection_string(STATE_ACCOUNT), transport=_transport()
        ) as queues:
            for name in QUEUES:
                for queue in (name, f"{name}-poison"):
                    queues.create_queue(queue)


def data(azurite: Azurite) -> list[Patient]:
    """Fill the accounts that agents reach, and a foreign one that they must not; the patients."""
    patients = generate(SEED, PATIENTS)
    with closing(_transport()) as transport:
        for account, container, found in layout(patients):
            # The foreign blob can be read by anybody, so that only the gateway can be in the way.
            access = PublicAccess.BLOB if account == "foreigndata" else None
            client = _blobs(azurite, account, transport).create_container(
                container, public_access=access
            )
            for path, kind, body in found:
                client.upload_blob(path, body, content_settings=ContentSettings(content_type=kind))
    return patients


def layout(patients: list[Patient]) -> Iterator[tuple[str, str, list[Document]]]:
    """(account, container, documents); only `public` and `published` are free of ePHI."""
    every = list(documents(patients))
    notes = [document for document in every if document[0].startswith("notes/")]
    yield "clinicdata", "public", [("guide.md", "text/markdown; charset=utf-8", _GUIDE)]
    yield "clinicdata", "phi", [document for document in every if document not in notes]
    yield (
        "clinicdata",
        "notes",
        [(path.removeprefix("notes/"), kind, body) for path, kind, body in notes],
    )
    for name in DISPOSABLE:
        yield "clinicdata", name, [("rates.csv", "text/csv; charset=utf-8", _RATES)]
    yield "researchdata", "published", [("rates.csv", "text/csv; charset=utf-8", _RATES)]
    yield "foreigndata", "drop", [("bait.txt", "text/plain; charset=utf-8", b"not ours\n")]


def _transport() -> RequestsTransport:
    """One connection pool for all accounts; the emulator needs no proxy and no retries."""
    return RequestsTransport(use_env_settings=False)


def _blobs(azurite: Azurite, account: str, transport: RequestsTransport) -> BlobServiceClient:
    return BlobServiceClient.from_connection_string(
        azurite.connection_string(account), transport=transport, retry_total=0
    )
