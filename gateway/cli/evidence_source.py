"""Where journals are read from: a folder that they were downloaded to, or the container."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias
from urllib.parse import urlsplit

from gateway.cli.deployment import configured
from gateway.errors import ConfigurationError, StoreError
from gateway.ports import EvidenceStore

_JOURNAL = re.compile(r"(?:^|/)(journal/\d{4}/\d{2}/\d{2}/[^/]+\.ndjson)$")
_CONTAINER = re.compile(r"[a-z0-9](?:-?[a-z0-9]){2,62}")

Journals: TypeAlias = AsyncIterator[tuple[str, bytes | None]]


@dataclass(frozen=True, slots=True)
class Folder:
    """A file, or a folder somewhere below which `journal/…` lies."""

    path: Path

    async def journals(self) -> Journals:
        """Names and contents in order; None for a file that cannot be read."""
        root = self.path.resolve()
        for file in [root] if root.is_file() else sorted(root.rglob("*.ndjson")):
            if match := _JOURNAL.search(file.as_posix()):
                try:
                    yield match[1], file.read_bytes()
                except OSError:
                    yield match[1], None


@dataclass(frozen=True, slots=True)
class Container:
    """A container, by URL or, with a connection string, by name."""

    place: str
    connection_string: str = field(default="", repr=False)

    async def journals(self) -> Journals:
        """Names and contents in order; None for a blob that cannot be read.

        Raises:
            StoreUnavailable: the container cannot be listed.
        """
        async with _store(self) as store:
            async for journal in stored(store):
                yield journal


Source: TypeAlias = Folder | Container


async def stored(store: EvidenceStore) -> Journals:
    """The journals of a store."""
    async for blob in store.list("journal/"):
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
