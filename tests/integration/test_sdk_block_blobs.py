"""Block, append and page blobs with Microsoft's SDK, where nothing is masked."""

import base64
import hashlib
import random
from collections.abc import Iterator

import pytest
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.storage.blob import BlobBlock, BlobType, ContentSettings

from tests.integration.stack import Both, Heard, Stack, code

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket]

KIB, MIB = 1024, 1024 * 1024


def noise(size: int) -> bytes:
    return random.Random(size).randbytes(size)  # noqa: S311 - any bytes will do


def test_a_single_put_stores_exactly_the_bytes(research: Both) -> None:
    data = noise(300 * KIB)
    md5 = hashlib.md5(data, usedforsecurity=False).digest()
    settings = ContentSettings(
        content_type="text/csv; charset=utf-8",
        content_encoding="identity",
        content_language="en",
        content_disposition='attachment; filename="rates.csv"',
        cache_control="no-cache",
        content_md5=bytearray(md5),
    )

    done = research.through.upload_blob("a/b.csv", data, content_settings=settings)

    real = done.get_blob_properties()
    stored = research.stored.get_blob_client("a/b.csv").get_blob_properties()
    assert research.holds("a/b.csv") == data
    for seen in (real, stored):
        assert seen.size == len(data)
        assert seen.content_settings.content_type == "text/csv; charset=utf-8"
        assert seen.content_settings.content_encoding == "identity"
        assert seen.content_settings.content_language == "en"
        assert seen.content_settings.content_disposition == 'attachment; filename="rates.csv"'
        assert seen.content_settings.cache_control == "no-cache"
        assert bytes(seen.content_settings.content_md5 or b"") == md5
    assert (real.etag, real.last_modified) == (stored.etag, stored.last_modified)
    assert research.through.download_blob("a/b.csv").readall() == data


def test_an_empty_blob_goes_both_ways(research: Both) -> None:
    research.through.upload_blob("empty", b"")

    assert research.holds("empty") == b""
    assert research.through.download_blob("empty").readall() == b""
    assert research.through.get_blob_client("empty").get_blob_properties().size == 0


def test_blocks_are_staged_listed_and_committed(research: Both) -> None:
    blob = research.through.get_blob_client("staged")
    parts = [noise(70 * KIB + number) for number in range(3)]
    ids = [base64.b64encode(b"block-%03d" % number).decode() for number in range(3)]
    for block, part in zip(ids, parts, strict=True):
        blob.stage_block(block, part)

    committed, uncommitted = blob.get_block_list("all")
    assert (committed, [block.size for block in uncommitted]) == ([], [len(p) for p in parts])
    assert research.names() == []

    order = [BlobBlock(ids[2]), BlobBlock(ids[0])]
    blob.commit_block_list(order, metadata={"kept": "2"}, tags={"stage": "raw"})

    assert research.holds("staged") == parts[2] + parts[0]
    properties = research.stored.get_blob_client("staged").get_blob_properties()
    assert (properties.metadata, properties.tag_count) == ({"kept": "2"}, 1)
    real = research.stored.get_blob_client("staged").get_block_list("committed")[0]
    assert [block.id for block in blob.get_block_list("committed")[0]] == [
        block.id for block in real
    ]
    assert len(real) == 2


def test_uploads_from_generators_and_streams_stage_blocks(stack: Stack, research: Both) -> None:
    data = noise(3 * MIB + 17)
    service = stack.agent(
        "research",
        max_block_size=512 * KIB,
        max_single_put_size=KIB,
        min_large_block_upload_threshold=KIB,
    )
    blob = service.get_blob_client(research.stored.container_name, "stream")
    before = len(stack.requests())

    def pieces() -> Iterator[bytes]:
        for start in range(0, len(data), 100_000):
            yield data[start : start + 100_000]

    blob.upload_blob(pieces(), overwrite=True, max_concurrency=2)

    assert research.holds("stream") == data
    blocks = [line for line in stack.requests()[before:] if "comp=block&" in line]
    assert len(blocks) == 7
    assert blob.download_blob(max_concurrency=2).readall() == data


def test_a_blob_is_not_overwritten_by_chance(research: Both) -> None:
    research.put("once", b"first")

    with pytest.raises(ResourceExistsError) as caught:
        research.through.upload_blob("once", b"second")

    assert (code(caught.value), caught.value.status_code) == ("BlobAlreadyExists", 409)
    assert research.holds("once") == b"first"
    research.through.upload_blob("once", b"third", overwrite=True)
    assert research.holds("once") == b"third"


@pytest.mark.parametrize(
    ("offset", "length", "expected"),
    [
        (0, 10, slice(0, 10)),
        (100, 50, slice(100, 150)),
        (990, 100, slice(990, 1000)),
        (999, None, slice(999, 1000)),
    ],
)
def test_ranges_are_those_of_the_blob(
    offset: int, length: int | None, expected: slice, research: Both
) -> None:
    data = noise(1000)
    research.put("ranged", data)
    heard = Heard()

    download = research.through.download_blob(
        "ranged", offset=offset, length=length, raw_response_hook=heard
    )

    assert download.readall() == data[expected]
    assert heard.statuses == [206]
    start, stop, _ = expected.indices(1000)
    assert heard.headers["content-range"] == f"bytes {start}-{stop - 1}/1000"


def test_a_range_behind_the_end_is_416(research: Both) -> None:
    research.put("short", b"abc")

    with pytest.raises(HttpResponseError) as caught:
        research.through.download_blob("short", offset=10, length=5)

    assert (code(caught.value), caught.value.status_code) == ("InvalidRange", 416)


def test_content_is_validated_by_its_checksum(research: Both) -> None:
    data = noise(64 * KIB)
    research.through.upload_blob("checked", data, validate_content=True)
    assert research.through.download_blob("checked", validate_content=True).readall() == data

    wrong = {"Content-MD5": base64.b64encode(bytes(16)).decode()}
    with pytest.raises(HttpResponseError) as caught:
        research.through.get_blob_client("broken").upload_blob(data, headers=wrong)
    with pytest.raises(HttpResponseError) as direct:
        research.stored.get_blob_client("broken").upload_blob(data, headers=wrong)

    assert caught.value.status_code == direct.value.status_code == 400
    assert code(caught.value) == code(direct.value) != ""
    assert research.names() == ["checked"]


def test_what_is_missing_is_404(research: Both) -> None:
    with pytest.raises(ResourceNotFoundError) as download:
        research.through.download_blob("nothing")
    with pytest.raises(ResourceNotFoundError) as head:
        research.through.get_blob_client("nothing").get_blob_properties()
    with pytest.raises(ResourceNotFoundError) as delete:
        research.through.delete_blob("nothing")

    assert [code(caught.value) for caught in (download, head, delete)] == ["BlobNotFound"] * 3
    assert not research.through.get_blob_client("nothing").exists()


def test_an_append_blob_grows(research: Both) -> None:
    blob = research.through.get_blob_client("log")
    blob.create_append_blob(metadata={"kind": "log"})

    first = blob.append_block(b"one\n")
    second = blob.append_block(b"two\n", appendpos_condition=4, maxsize_condition=100)
    with pytest.raises(HttpResponseError) as caught:
        blob.append_block(b"three\n", appendpos_condition=4)
    research.through.upload_blob("log", b"three\n", blob_type=BlobType.APPENDBLOB)

    assert (first["blob_append_offset"], second["blob_append_offset"]) == ("0", "4")
    assert second["blob_committed_block_count"] == 2
    assert (code(caught.value), caught.value.status_code) == (
        "AppendPositionConditionNotMet",
        412,
    )
    assert research.holds("log") == b"one\ntwo\nthree\n"


def test_a_page_blob_is_written_cleared_and_resized(research: Both) -> None:
    blob = research.through.get_blob_client("disk")
    pages = noise(1024)
    blob.create_page_blob(4096)

    blob.upload_page(pages, offset=512, length=1024)
    assert research.holds("disk") == bytes(512) + pages + bytes(2560)
    assert list(blob.list_page_ranges()) == list(
        research.stored.get_blob_client("disk").list_page_ranges()
    )
    assert [(part.start, part.end) for part in blob.list_page_ranges()] == [(512, 1535)]

    snapshot = str(blob.create_snapshot()["snapshot"])
    blob.clear_page(offset=512, length=512)
    blob.resize_blob(2048)
    blob.set_sequence_number("update", "7")

    assert research.holds("disk") == bytes(1024) + pages[512:] + bytes(512)
    assert [(part.start, part.end) for part in blob.list_page_ranges()] == [(1024, 1535)]
    properties = research.stored.get_blob_client("disk").get_blob_properties()
    assert (properties.size, properties.page_blob_sequence_number) == (2048, 7)
    before = research.through.get_blob_client("disk", snapshot=snapshot)
    assert before.download_blob(offset=512, length=1024).readall() == pages
