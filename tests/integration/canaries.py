"""Searches everything that the gateway wrote for values of the synthetic patients."""

import base64
from collections.abc import Iterable, Iterator
from contextlib import closing
from urllib.parse import quote, quote_plus

import re2  # type: ignore[import-untyped]
from azure.core.pipeline.transport import RequestsTransport
from azure.data.tables import TableServiceClient
from azure.storage.blob import BlobServiceClient
from azure.storage.queue import QueueServiceClient

from gateway.local import seed
from gateway.local.dev import Running
from gateway.local.patients import canaries

OWN_ACCOUNTS = (seed.STATE_ACCOUNT, seed.EVIDENCE_ACCOUNT)


class Search:
    """Finds canary values as they are and in the encodings in which they could travel."""

    def __init__(self, values: Iterable[str]) -> None:
        forms = sorted({form for value in values for form in _forms(value)})
        options = re2.Options()
        options.case_sensitive = False
        options.encoding = re2.Options.Encoding.LATIN1
        options.max_mem = 1 << 28
        self._pattern = re2.compile(b"|".join(map(re2.escape, forms)), options)

    def hits(self, data: bytes) -> list[bytes]:
        """What was found, each once."""
        found: set[bytes] = set(self._pattern.findall(data))
        return sorted(found)


def _forms(value: str) -> Iterator[bytes]:
    for text in {value, quote(value, safe=""), quote_plus(value), value.replace("/", "\\/")}:
        yield text.encode()
    yield value.encode("utf-16-le")
    for lead in range(3):
        # Base64 of a value inside other bytes: the characters that no neighbour decides.
        data = b"\0" * lead + value.encode()
        yield base64.b64encode(data)[-(-lead * 8 // 6) : len(data) * 8 // 6]


def of(running: Running) -> Search:
    """For the patients of a running gateway."""
    return Search(canaries(running.patients))


def written(running: Running) -> Iterator[tuple[str, bytes]]:
    """(where, bytes) of every process's output, and of everything in the gateway's own accounts.

    What storage writes about requests that it received is storage's, and has its own access.
    """
    for path in sorted(running.folder.rglob("*")):
        if path.is_file() and path != running.storage_log and path.name != "manifest.yaml":
            yield f"file {path.name}", path.read_bytes()
    for account in OWN_ACCOUNTS:
        string = running.azurite.connection_string(account)
        yield from _blobs(account, string)
    yield from _tables(running.azurite.connection_string(seed.STATE_ACCOUNT))
    yield from _queues(running.azurite.connection_string(seed.STATE_ACCOUNT))


def _blobs(account: str, string: str) -> Iterator[tuple[str, bytes]]:
    with (
        closing(RequestsTransport(use_env_settings=False)) as transport,
        BlobServiceClient.from_connection_string(string, transport=transport) as service,
    ):
        for container in service.list_containers():
            client = service.get_container_client(container.name)
            for blob in client.list_blobs(include=["metadata", "tags"]):
                where = f"blob {account}/{container.name}/{blob.name}"
                yield where, repr((blob.name, blob.metadata, blob.tags)).encode()
                yield where, client.download_blob(blob.name).readall()


def _tables(string: str) -> Iterator[tuple[str, bytes]]:
    with (
        closing(RequestsTransport(use_env_settings=False)) as transport,
        TableServiceClient.from_connection_string(string, transport=transport) as service,
    ):
        for table in service.list_tables():
            for entity in service.get_table_client(table.name).list_entities():
                yield f"table {table.name}", repr(dict(entity)).encode()


def _queues(string: str) -> Iterator[tuple[str, bytes]]:
    with (
        closing(RequestsTransport(use_env_settings=False)) as transport,
        QueueServiceClient.from_connection_string(string, transport=transport) as service,
    ):
        for queue in service.list_queues():
            client = service.get_queue_client(queue.name)
            for message in client.peek_messages(32):
                yield f"queue {queue.name}", str(message.content).encode()


def leaks(running: Running) -> list[tuple[str, list[bytes]]]:
    """Where values of patients were found in what the gateway wrote, and which."""
    search = of(running)
    return [(where, hits) for where, data in written(running) if (hits := search.hits(data))]
