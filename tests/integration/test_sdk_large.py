"""A 200 MB blob both ways with Microsoft's SDK, in bounded memory of the gateway."""

import hashlib
import http.client
import os
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest
from azure.core.exceptions import HttpResponseError

from tests.integration.stack import ADMINISTRATOR, Both, Stack

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket]

MIB = 1024 * 1024
SIZE = 200 * MIB
BOUND = 256 * MIB
"""What the gateway may grow by; it is also less than twice the blob, so nothing holds it whole."""


class Peak:
    """The largest resident size of a process since the start, in bytes."""

    def __init__(self, process: psutil.Process) -> None:
        self.before = self.highest = process.memory_info().rss
        self._process = process
        self._ended = threading.Event()

    @property
    def growth(self) -> int:
        return self.highest - self.before

    def _watch(self) -> None:
        while not self._ended.wait(0.005):
            self.highest = max(self.highest, self._process.memory_info().rss)

    @contextmanager
    def watching(self) -> Iterator[None]:
        thread = threading.Thread(target=self._watch)
        thread.start()
        try:
            yield
        finally:
            self._ended.set()
            thread.join()


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A file of incompressible bytes, and their digest."""
    path = tmp_path_factory.mktemp("large") / "large.bin"
    digest = hashlib.sha256()
    with path.open("wb") as file:
        for _ in range(SIZE // MIB):
            block = os.urandom(MIB)
            digest.update(block)
            file.write(block)
    return path, digest.hexdigest()


@pytest.mark.alone
def test_200_mb_go_up_and_down_in_bounded_memory(
    stack: Stack, research: Both, large: tuple[Path, str]
) -> None:
    path, digest = large
    blob = research.through.get_blob_client("large.bin")
    blob.exists()  # what the first request costs is not part of it
    peak = Peak(psutil.Process(stack.running.host.process.pid))
    started = time.monotonic()

    with peak.watching():
        with path.open("rb") as file:
            blob.upload_blob(file, length=SIZE, max_concurrency=4)
        uploaded = time.monotonic() - started
        found = hashlib.sha256()
        for chunk in blob.download_blob(max_concurrency=4).chunks():
            found.update(chunk)
    downloaded = time.monotonic() - started - uploaded

    properties = research.stored.get_blob_client("large.bin").get_blob_properties()
    assert (properties.size, found.hexdigest()) == (SIZE, digest)
    assert stored_digest(research) == digest
    print(  # noqa: T201 - figures for the report
        f"200 MB up {uploaded:.1f} s, down {downloaded:.1f} s, "
        f"gateway +{peak.growth / MIB:.0f} MiB over {peak.before / MIB:.0f} MiB"
    )
    assert peak.growth < BOUND
    assert_whole_read_is_refused(stack, research)
    research.stored.delete_blob("large.bin")


def stored_digest(research: Both) -> str:
    digest = hashlib.sha256()
    for chunk in research.stored.download_blob("large.bin").chunks():
        digest.update(chunk)
    return digest.hexdigest()


def assert_whole_read_is_refused(stack: Stack, research: Both) -> None:
    """Over the connection's bound the answer says what to do, and the gateway reads none of it."""
    address = urlsplit(stack.running.url)
    context = ssl.create_default_context(cafile=str(stack.running.ca_file))
    connection = http.client.HTTPSConnection(
        address.hostname or "", address.port, context=context, timeout=30
    )
    token = stack.token(*ADMINISTRATOR)
    connection.request(
        "GET",
        f"/c/research/{research.stored.container_name}/large.bin",
        headers={"Authorization": f"Bearer {token}", "x-ms-version": "2023-11-03"},
    )
    response = connection.getresponse()
    body = response.read().decode()
    connection.close()
    exchange = response.headers["x-chaperone-exchange"]
    assert (response.status, response.headers["x-ms-error-code"]) == (413, "ResponseTooLarge")
    assert "ranges" in body
    intent, outcome = stack.records(exchange)
    assert (intent["decision"], outcome["result"]) == ("allowed", "failed")


def test_a_single_put_of_64_mib_is_the_sdks_largest_and_passes(
    stack: Stack, research: Both, large: tuple[Path, str]
) -> None:
    data = large[0].read_bytes()[: 64 * MIB]
    peak = Peak(psutil.Process(stack.running.host.process.pid))

    with peak.watching():
        research.through.upload_blob("put.bin", data)

    stored = research.stored.get_blob_client("put.bin").get_blob_properties()
    assert stored.size == len(data)
    assert hashlib.sha256(research.holds("put.bin")).digest() == hashlib.sha256(data).digest()
    assert peak.growth < BOUND


def test_a_block_over_the_bound_of_requests_is_an_error_that_says_so(
    stack: Stack, research: Both, large: tuple[Path, str]
) -> None:
    data = large[0].read_bytes()[: 101 * MIB]
    service = stack.agent("research", max_single_put_size=200 * MIB)
    blob = service.get_blob_client(research.stored.container_name, "over.bin")

    with pytest.raises(HttpResponseError) as caught:
        blob.upload_blob(data)

    assert caught.value.status_code == 413
    assert research.names() == []
