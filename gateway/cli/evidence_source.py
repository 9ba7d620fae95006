"""Where evidence is read from: a folder that it was downloaded to, or the container.

The log is read before the journals, and its checkpoints first of all, so that what is written
meanwhile makes nothing look as if it were missing.
"""

import re
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias
from urllib.parse import urlsplit

from gateway.cli.deployment import configured
from gateway.errors import ConfigurationError, StoreError
from gateway.evidence.log import BATCHES, CHECKPOINTS, KEYS
from gateway.ports import EvidenceStore

_JOURNAL = re.compile(r"(?:^|/)(journal/\d{4}/\d{2}/\d{2}/[^/]+\.ndjson)$")
_LOG = re.compile(r"(?:^|/)(log/(?:checkpoints|keys|batches)/(?:[^/]+/)*[^/]+\.(?:note|json))$")
_LOG_PARTS = (CHECKPOINTS, KEYS, BATCHES)
_CONTAINER = re.compile(r"[a-z0-9](?:-?[a-z0-9]){2,62}")

Blobs: TypeAlias = AsyncIterator[tuple[str, bytes | None]]
"""Names and contents; None for what cannot be read."""


@dataclass(frozen=True, slots=True)
class Folder:
    """A file, or a folder somewhere below which `journal/…` lies."""

    path: Path

    async def journals(self) -> Blobs:
        """Names and contents in order; None for a file that cannot be read."""
        root = self.path.resolve()
        files = [root] if root.is_file() else sorted(root.rglob("*.ndjson"))
        for name, data in _files(files, _JOURNAL):
            yield name, data

    async def log(self) -> Blobs:
        """The log and its checkpoints likewise; none beside a single file."""
        root = self.path.resolve()
        files = [] if root.is_file() else sorted(root.rglob("log/*/**/*.*"))
        found = list(_files(files, _LOG))
        for part in _LOG_PARTS:
            for name, data in found:
                if name.startswith(part):
                    yield name, data


@dataclass(frozen=True, slots=True)
class Container:
    """A container, by URL or, with a connection string, by name."""

    place: str
    connection_string: str = field(default="", repr=False)

    async def journals(self) -> Blobs:
        """Names and contents in order; None for a blob that cannot be read.

        Raises:
            StoreUnavailable: the container cannot be listed.
        """
        async with _store(self) as store:
            async for journal in stored(store, "journal/"):
                yield journal

    async def log(self) -> Blobs:
        """The log and its checkpoints likewise.

        Raises:
            StoreUnavailable: the container cannot be listed.
        """
        async with _store(self) as store:
            for part in _LOG_PARTS:
                async for blob in stored(store, part):
                    yield blob


Source: TypeAlias = Folder | Container


def _files(files: Iterable[Path], named: re.Pattern[str]) -> Iterator[tuple[str, bytes | None]]:
    for file in files:
        if match := named.search(file.as_posix()):
            try:
                yield match[1], file.read_bytes()
            except OSError:
                yield match[1], None


async def stored(store: EvidenceStore, prefix: str) -> Blobs:
    """The blobs of a store below a prefix."""
    async for blob in store.list(prefix):
        try:
            yield blob.name, await store.read(blob.name)
        except StoreError:
            yield blob.name, None


def locate(place: str | None, connection_string: str) -> Source:
    """The source that a command line names; without one, the container of the settings.

    Raises:
        ConfigurationError: there is no such path, or how to open the container is not said.
    """
    if place is None:
        return _configured(connection_string)
    url = urlsplit(place)
    if url.scheme == "https" or (url.scheme == "http" and connection_string):
        return Container(place, connection_string)
    if url.scheme == "http":
        raise ConfigurationError(
            "a container on http:// opens with a connection string only",
            advice="add --connection-string, as `chaperone dev --json` prints it",
        )
    path = Path(place)
    if path.exists():
        return Folder(path)
    if connection_string and _CONTAINER.fullmatch(place):
        return Container(place, connection_string)
    raise ConfigurationError(
        "no such path",
        advice="name a folder that holds journal/…, a container URL, or a container's name with"
        " --connection-string",
    )


def _configured(connection_string: str) -> Container:
    config = configured()
    own = config.dev_evidence_connection_string
    return Container(
        f"{config.evidence_url}/{config.evidence_container}",
        connection_string or (own.get_secret_value() if own else ""),
    )


@asynccontextmanager
async def _store(container: Container) -> AsyncIterator[EvidenceStore]:
    # Late: a folder needs none of Azure's libraries.
    from azure.identity.aio import DefaultAzureCredential  # noqa: PLC0415
    from azure.storage.blob.aio import ContainerClient  # noqa: PLC0415

    from gateway.adapters.evidence_store import BlobEvidenceStore  # noqa: PLC0415

    url = urlsplit(container.place)
    if container.connection_string:
        name = url.path.rpartition("/")[2]
        async with ContainerClient.from_connection_string(
            container.connection_string, name
        ) as client:
            yield BlobEvidenceStore(client)
    elif "sig=" in url.query:
        async with ContainerClient.from_container_url(container.place) as client:
            yield BlobEvidenceStore(client)
    else:
        async with (
            DefaultAzureCredential() as credential,
            ContainerClient.from_container_url(container.place, credential) as client,
        ):
            yield BlobEvidenceStore(client)
