"""Searches everything that the gateway wrote for values of the synthetic patients and for secrets.

Every stack that a test starts is started by `searched`, which looks once all is done.
"""

import base64
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote, quote_plus

import re2  # type: ignore[import-untyped]
from azure.core.pipeline.transport import RequestsTransport
from azure.data.tables import TableServiceClient
from azure.storage.blob import BlobServiceClient
from azure.storage.queue import QueueClient, QueueServiceClient

from gateway.local import seed
from gateway.local.dev import Options, Running, running
from gateway.local.patients import canaries, generate

OWN_ACCOUNTS = (seed.STATE_ACCOUNT, seed.EVIDENCE_ACCOUNT)
# Where secrets lie by purpose, and what the emulator tells its parent, keys included.
_KEPT_APART = frozenset({"secrets.json", "server.key", "ca.key", "storage.out"})
_TOKENS = rb"eyJ[A-Za-z0-9_-]{16,}\.eyJ[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}"
_SIGNATURES = rb"[?&]sig=[A-Za-z0-9%+/=]{40,}"
_COOKIES = rb"__Host-chaperone-(?:session|signin)=[^;\s]{16,}"


class Search:
    """Finds canary values as they are and in the encodings in which they could travel."""

    def __init__(self, values: Iterable[str], *patterns: bytes) -> None:
        forms = sorted({form for value in values for form in _forms(value)})
        options = re2.Options()
        options.case_sensitive = False
        options.encoding = re2.Options.Encoding.LATIN1
        options.max_mem = 1 << 28
        parts = [re2.escape(form) for form in forms]
        self._pattern = re2.compile(b"|".join([*parts, *patterns]), options)

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


@dataclass(frozen=True)
class Place:
    """Where a running gateway writes.

    Attributes:
        folder: every process's output, and the files of the run.
        strings: connection strings by account.
        patients: what must be nowhere; so must `secrets`.
        storage_log: what storage writes about requests that it received.
    """

    folder: Path
    strings: Mapping[str, str] = field(repr=False)
    patients: frozenset[str] = field(repr=False)
    secrets: frozenset[str] = field(repr=False)
    storage_log: Path | None = None

    @classmethod
    def of(cls, run: Running) -> Self:
        """Of a gateway that this process has started."""
        strings = {name: run.azurite.connection_string(name) for name in run.azurite.keys}
        found = canaries(run.patients)
        return cls(run.folder, strings, found, kept(run.folder, strings), run.storage_log)

    @classmethod
    def told(cls, facts: Mapping[str, Any]) -> Self:
        """Of one that another process has started, by what it says about itself."""
        folder = Path(facts["environment"]["CHAPERONE_DEV_SECRETS_FILE"]).parent
        strings: Mapping[str, str] = facts["storage_connection_strings"]
        found = canaries(generate(seed.SEED, seed.PATIENTS))
        return cls(folder, strings, found, kept(folder, strings))

    def written(self, *, ended: bool = False) -> Iterator[tuple[str, bytes]]:
        """(where, bytes) of all output, and of everything in the gateway's own accounts.

        What storage writes about requests that it received is storage's, and has its own access.

        Args:
            ended: no process works on the queues any more, so that they can be read to their end.
        """
        for path in sorted(self.folder.rglob("*")):
            if path.is_file() and path != self.storage_log and path.name not in _KEPT_APART:
                yield f"file {path.name}", path.read_bytes()
        for account in OWN_ACCOUNTS:
            yield from _blobs(account, self.strings[account])
        yield from _tables(self.strings[seed.STATE_ACCOUNT])
        yield from _queues(self.strings[seed.STATE_ACCOUNT], ended=ended)

    def leaks(self, *also: str, ended: bool = False) -> list[tuple[str, list[bytes]]]:
        """Where values of patients, secrets or `also` were found, and which."""
        values = self.patients | self.secrets | frozenset(also)
        search = Search(values, _TOKENS, _SIGNATURES, _COOKIES)
        return [
            (where, hits)
            for where, data in self.written(ended=ended)
            if (hits := search.hits(data))
        ]


@contextmanager
def searched(options: Options, *also: str) -> Iterator[Running]:
    """Storage, identity provider and gateway as `chaperone dev` starts them, each a process.

    After everything that the tests have done with it, nothing of a patient, no secret and nothing
    of `also` lies in what its processes wrote.
    """
    with running(options) as run:
        yield run
        if run.host.process.returncode is None:
            run.supervisor.stop(run.host)
        assert Place.of(run).leaks(*also, ended=True) == []


def of(run: Running) -> Search:
    """For the patients of a running gateway."""
    return Search(canaries(run.patients))


def leaks(run: Running) -> list[tuple[str, list[bytes]]]:
    """What has leaked up to now."""
    return Place.of(run).leaks()


def kept(folder: Path, strings: Mapping[str, str]) -> frozenset[str]:
    """Values that the gateway holds and nobody may see."""
    store: Mapping[str, str] = json.loads((folder / "secrets.json").read_text("utf-8"))
    parts = (part.split("=", 1) for string in strings.values() for part in string.split(";"))
    return frozenset({*store.values(), *(part[1] for part in parts if part[0] == "AccountKey")})


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


def _queues(string: str, *, ended: bool) -> Iterator[tuple[str, bytes]]:
    with (
        closing(RequestsTransport(use_env_settings=False)) as transport,
        QueueServiceClient.from_connection_string(string, transport=transport) as service,
    ):
        for queue in service.list_queues():
            for content in messages(service.get_queue_client(queue.name), ended=ended):
                yield f"queue {queue.name}", content


def messages(client: QueueClient, *, ended: bool) -> Iterator[bytes]:
    """What a queue holds; a message that is not due yet can be read by nobody.

    Args:
        ended: read them all, which takes them from whoever works on them; otherwise a glance at
            the first 32, the most that the service shows without that.
    """
    seen = client.receive_messages(visibility_timeout=600) if ended else client.peek_messages(32)
    for message in seen:
        yield str(message.content).encode()
