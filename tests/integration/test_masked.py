"""Masked representations with Microsoft's SDK: downloads, ranges, conditions, the cache."""

import gzip
import json
import uuid

import pytest
from azure.core import MatchConditions
from azure.core.exceptions import HttpResponseError, ResourceModifiedError
from azure.storage.blob import ContentSettings

from tests.integration.stack import READER, Both, Heard, Stack, code

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket]

SSN = "517-64-9982"
JSON = ContentSettings(content_type="application/json")
MIB = 1024 * 1024


def rows(count: int) -> bytes:
    """About 1,000 bytes a row, most of them digits that no parser may round."""
    lines = (f'{{"ssn": "{SSN}", "n": {n}, "series": {series(n)}}}' for n in range(count))
    return f'{{"rows": [{", ".join(lines)}]}}'.encode()


def series(number: int) -> str:
    return f"[{', '.join([f'0.{number:06}' + '5' * 70] * 12)}]"


def unknown(size: object) -> bool:
    """Whether the SDK was told no size, which its own annotations rule out."""
    return size is None


def masked_parts(stack: Stack) -> list[str]:
    container = stack.account("chaperonestate").get_container_client("chaperone-masked")
    return list(container.list_blob_names())


def test_a_record_arrives_masked_and_storage_keeps_the_original(phi: Both) -> None:
    phi.put("a.json", rows(3), content_settings=JSON)

    shown = phi.through.download_blob("a.json").readall()

    assert SSN.encode() not in shown
    assert [row["n"] for row in json.loads(shown)["rows"]] == [0, 1, 2]
    assert SSN.encode() in phi.holds("a.json")


@pytest.mark.parametrize("concurrency", [1, 4])
def test_a_large_blob_arrives_whole_in_ranges_and_is_masked_once(
    stack: Stack, phi: Both, concurrency: int
) -> None:
    phi.put("large.json", rows(45_000), content_settings=JSON)
    before = set(masked_parts(stack))
    label = str(uuid.uuid4())

    stream = phi.through.download_blob(
        "large.json", max_concurrency=concurrency, headers={"x-chaperone-session": label}
    )
    text = stream.readall()
    shown = json.loads(text)

    assert stream.size > 36 * MIB
    assert len(shown["rows"]) == 45_000
    assert SSN.encode() not in text
    assert text.count(series(44_999).replace(", ", ",").encode()) == 1
    assert len(set(masked_parts(stack)) - before) == 1
    outcomes = [
        record
        for record in stack.deployment.records()
        if record["type"] == "outcome" and record["session"]["label"] == label
    ]
    # The whole was read and masked once; storage vouched for every other part.
    assert [outcome["upstream"]["status"] for outcome in outcomes] == [200, *[304] * 3]
    assert {outcome["response"]["status"] for outcome in outcomes} == {206}
    assert {outcome["masking"]["counts"]["ssn"] for outcome in outcomes} == {45_000}


def test_a_range_is_one_of_the_masked_bytes(phi: Both) -> None:
    phi.put("a.json", rows(100), content_settings=JSON)

    whole = phi.through.download_blob("a.json").readall()
    part = phi.through.download_blob("a.json", offset=1000, length=500)

    assert part.readall() == whole[1000:1500]
    assert part.properties.content_range == f"bytes 1000-1499/{len(whole)}"
    checked = phi.through.download_blob("a.json", offset=10, length=90, validate_content=True)
    assert checked.readall() == whole[10:100]
    with pytest.raises(HttpResponseError) as beyond:
        phi.through.download_blob("a.json", offset=len(whole) + 1, length=5)
    assert (beyond.value.status_code, code(beyond.value)) == (416, "InvalidRange")


def test_an_empty_blob_is_empty(phi: Both) -> None:
    phi.put("empty.json", b"", content_settings=JSON)

    assert phi.through.download_blob("empty.json").readall() == b""


def test_conditions_hold_for_the_representation_that_is_served(phi: Both) -> None:
    phi.put("a.json", rows(1), content_settings=JSON)
    blob = phi.through.get_blob_client("a.json")
    properties = blob.get_blob_properties()
    etag = properties.etag

    assert "~" in etag
    assert unknown(properties.size)
    same = blob.download_blob(etag=etag, match_condition=MatchConditions.IfNotModified)
    assert same.properties.etag == etag
    with pytest.raises(HttpResponseError) as unchanged:
        blob.download_blob(etag=etag, match_condition=MatchConditions.IfModified)
    assert unchanged.value.status_code == 304
    phi.put("a.json", rows(2), content_settings=JSON, overwrite=True)
    with pytest.raises(ResourceModifiedError):
        blob.download_blob(etag=etag, match_condition=MatchConditions.IfNotModified)


def test_a_blob_that_changes_during_a_download_fails_it(phi: Both) -> None:
    phi.put("large.json", rows(45_000), content_settings=JSON)
    stream = phi.through.download_blob("large.json")
    phi.put("large.json", rows(44_000), content_settings=JSON, overwrite=True)

    with pytest.raises(HttpResponseError) as changed:
        stream.readall()
    assert changed.value.status_code == 412


def test_a_part_in_the_cache_that_was_tampered_with_is_masked_again(
    stack: Stack, phi: Both
) -> None:
    phi.put("a.json", rows(1000), content_settings=JSON)
    blob = phi.through.get_blob_client("a.json")
    before = set(masked_parts(stack))
    first = blob.download_blob(offset=0, length=1000).readall()
    (name,) = set(masked_parts(stack)) - before
    container = stack.account("chaperonestate").get_container_client("chaperone-masked")
    entry = container.get_blob_client(name)
    stored = bytearray(entry.download_blob().readall())
    metadata = entry.get_blob_properties().metadata
    assert SSN.encode() not in stored
    assert b"series" not in stored
    stored[-5] ^= 1
    entry.upload_blob(bytes(stored), overwrite=True, metadata=metadata)

    whole = blob.download_blob().readall()
    tail = blob.download_blob(offset=len(whole) - 1000, length=1000).readall()

    assert (first, tail) == (whole[:1000], whole[-1000:])


def test_snapshots_and_compressed_blobs_are_masked_too(phi: Both) -> None:
    phi.put("a.json", rows(1), content_settings=JSON)
    snapshot = phi.stored.get_blob_client("a.json").create_snapshot()
    phi.put("a.json", rows(2), content_settings=JSON, overwrite=True)
    phi.put(
        "b.json",
        gzip.compress(rows(2)),
        content_settings=ContentSettings("application/json", "gzip"),
    )

    old = phi.through.get_blob_client("a.json", snapshot=str(snapshot["snapshot"])).download_blob()
    packed = phi.through.download_blob("b.json", decompress=False).readall()

    assert len(json.loads(old.readall())["rows"]) == 1
    assert SSN.encode() not in gzip.decompress(packed)


def test_metadata_and_tags_are_masked_value_by_value(phi: Both) -> None:
    phi.put(
        "a.json",
        rows(1),
        content_settings=JSON,
        metadata={"patient": "Jane Roe", "ssn": SSN},
        tags={"mrn": "MRN48151623"},
    )
    blob = phi.through.get_blob_client("a.json")
    listed = next(iter(phi.through.list_blobs(include=["metadata", "tags"])))
    shown = str([blob.get_blob_properties().metadata, blob.get_blob_tags(),
                 listed.metadata, listed.tags])  # fmt: skip

    assert not any(value in shown for value in ("Jane", "Roe", SSN, "MRN48151623"))
    assert {"patient", "ssn"} == set(blob.get_blob_properties().metadata)
    assert unknown(listed.size)


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"\x89PNG\r\n\x1a\n\x00", "image/png"),
        (b"Jane Roe, SSN 517-64-9982", "application/json"),
        (b"Jane Roe, SSN 517-64-9982", "text/plain"),
        (b"Jane Roe, SSN 517-64-9982", "application/octet-stream"),
    ],
)
def test_what_cannot_be_masked_is_withheld_and_recorded(
    stack: Stack, phi: Both, data: bytes, kind: str
) -> None:
    phi.put("x", data, content_settings=ContentSettings(content_type=kind))
    heard = Heard()

    with pytest.raises(HttpResponseError) as refused:
        phi.through.download_blob("x", raw_response_hook=heard)

    assert refused.value.status_code == 403
    assert code(refused.value) in {"ContentWithheld", "MaskingFailed"}
    assert SSN not in str(refused.value)
    outcome = stack.records(heard.exchange)[-1]
    assert (outcome["type"], outcome["result"]) == ("outcome", "withheld")


def test_what_was_served_masked_does_not_overwrite_the_original(stack: Stack, phi: Both) -> None:
    phi.put("a.json", rows(2), content_settings=JSON)
    shown = phi.through.download_blob("a.json").readall()

    with stack.nothing_reaches_storage():
        for name in ("a.json", "b.json"):
            with pytest.raises(HttpResponseError) as refused:
                phi.through.upload_blob(name, shown, overwrite=True, content_settings=JSON)
            assert (refused.value.status_code, code(refused.value)) == (403, "MaskedWriteback")

    assert phi.holds("a.json") == rows(2)
    research = stack.both("research", f"test-{uuid.uuid4().hex}")
    research.through.upload_blob("derived.json", shown, content_settings=JSON)
    assert research.holds("derived.json") == shown


def test_readers_see_masked_records_as_administrators_do(stack: Stack, phi: Both) -> None:
    phi.put("a.json", rows(1), content_settings=JSON)
    reader = stack.agent("clinic", *READER).get_blob_client(phi.stored.container_name, "a.json")

    assert reader.download_blob().readall() == phi.through.download_blob("a.json").readall()
