"""Metadata, tags, headers, tiers and snapshots with Microsoft's SDK, where nothing is masked."""

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.storage.blob import BlobClient, ContentSettings, StandardBlobTier

from tests.integration.stack import READER, Both, Heard, Stack, code

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket]


@pytest.fixture
def blob(research: Both) -> BlobClient:
    research.put("note", b"version one", metadata={"first": "1"}, tags={"stage": "raw"})
    return research.through.get_blob_client("note")


@pytest.fixture
def stored(blob: BlobClient, research: Both) -> BlobClient:
    return research.stored.get_blob_client("note")


def test_metadata_is_set_and_read(blob: BlobClient, stored: BlobClient) -> None:
    assert blob.get_blob_properties().metadata == {"first": "1"}

    blob.set_blob_metadata({"Study": "rates & more", "second": "a=b, c"})

    expected = stored.get_blob_properties().metadata
    assert {name.lower(): value for name, value in expected.items()} == {
        "study": "rates & more",
        "second": "a=b, c",
    }
    seen = blob.get_blob_properties().metadata
    assert {name.lower(): value for name, value in seen.items()} == {
        "study": "rates & more",
        "second": "a=b, c",
    }
    assert blob.download_blob().properties.metadata.keys() == seen.keys()


def test_tags_are_set_read_and_removed(blob: BlobClient, stored: BlobClient) -> None:
    assert blob.get_blob_tags() == {"stage": "raw"}

    blob.set_blob_tags({"stage": "done", "owner": "team a/b+c"})
    assert stored.get_blob_tags() == {"stage": "done", "owner": "team a/b+c"}
    assert blob.get_blob_tags() == stored.get_blob_tags()
    assert blob.get_blob_properties().tag_count == 2

    blob.set_blob_tags({})
    assert stored.get_blob_tags() == {}


def test_headers_are_set(blob: BlobClient, stored: BlobClient) -> None:
    blob.set_http_headers(
        ContentSettings(content_type="application/json", cache_control="max-age=60")
    )

    settings = stored.get_blob_properties().content_settings
    assert (settings.content_type, settings.cache_control) == ("application/json", "max-age=60")
    assert blob.get_blob_properties().content_settings == settings


def test_a_tier_is_set(blob: BlobClient, stored: BlobClient) -> None:
    blob.set_standard_blob_tier(StandardBlobTier.COOL)

    assert stored.get_blob_properties().blob_tier == "Cool"
    assert blob.get_blob_properties().blob_tier == "Cool"


def test_a_snapshot_stays_as_it_was(blob: BlobClient, research: Both) -> None:
    snapshot = str(blob.create_snapshot(metadata={"of": "one"})["snapshot"])
    blob.upload_blob(b"version two", overwrite=True)

    old = research.through.get_blob_client("note", snapshot=snapshot)

    assert old.download_blob().readall() == b"version one"
    assert old.get_blob_properties().metadata == {"of": "one"}
    assert blob.download_blob().readall() == b"version two"
    with pytest.raises(HttpResponseError) as caught:
        old.upload_blob(b"x", overwrite=True)
    assert 400 <= (caught.value.status_code or 0) < 500
    assert research.holds("note") == b"version two"


def test_a_blob_with_snapshots_is_deleted_as_asked(blob: BlobClient, research: Both) -> None:
    first = str(blob.create_snapshot()["snapshot"])
    blob.create_snapshot()

    with pytest.raises(HttpResponseError) as caught:
        blob.delete_blob()
    research.through.get_blob_client("note", snapshot=first).delete_blob()
    left = list(research.stored.list_blobs(include=["snapshots"]))
    blob.delete_blob(delete_snapshots="only")
    alone = list(research.stored.list_blobs(include=["snapshots"]))
    blob.create_snapshot()
    blob.delete_blob(delete_snapshots="include")

    assert (code(caught.value), caught.value.status_code) == ("SnapshotsPresent", 409)
    assert (len(left), len(alone)) == (2, 1)
    assert list(research.stored.list_blobs(include=["snapshots"])) == []


def test_what_is_deleted_for_good_is_not_undeleted(blob: BlobClient, stored: BlobClient) -> None:
    blob.delete_blob()

    with pytest.raises(HttpResponseError) as caught:
        blob.undelete_blob()
    with pytest.raises(HttpResponseError) as direct:
        stored.undelete_blob()

    assert caught.value.status_code == direct.value.status_code
    with pytest.raises(ResourceNotFoundError):
        blob.get_blob_properties()


def test_tags_need_a_right_of_their_own(stack: Stack, blob: BlobClient, research: Both) -> None:
    heard = Heard()
    service = stack.agent("research", *READER, raw_response_hook=heard)
    reader = service.get_blob_client(research.stored.container_name, "note")

    assert reader.get_blob_tags() == {"stage": "raw"}
    exchange = heard.exchange
    with pytest.raises(HttpResponseError) as caught:
        reader.set_blob_tags({"stage": "done"})

    assert code(caught.value) == "NoRuleAllows"
    (intent, _) = stack.records(exchange)
    (access,) = intent["operation"]["accesses"]
    assert access["action"].endswith("/blobs/tags/read")
    assert research.stored.get_blob_client("note").get_blob_tags() == {"stage": "raw"}
