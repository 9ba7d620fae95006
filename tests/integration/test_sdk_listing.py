"""Listings with Microsoft's SDK: flat, by hierarchy, in pages, with what they may include."""

import pytest
from azure.core.exceptions import HttpResponseError
from azure.core.paging import PageIterator
from azure.storage.blob import BlobPrefix

from tests.integration.stack import Both, Heard, Stack, code

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket]

NAMES = ["a.txt", "b/1.txt", "b/2.txt", "b/c/3.txt", "d e.txt", "z.txt"]


@pytest.fixture
def filled(research: Both) -> Both:
    for name in NAMES:
        research.put(name, name.encode(), metadata={"n": name[0]}, tags={"letter": name[0]})
    return research


def test_a_flat_listing_shows_what_storage_shows(filled: Both) -> None:
    seen = {blob.name: blob for blob in filled.through.list_blobs(include=["metadata", "tags"])}
    real = {blob.name: blob for blob in filled.stored.list_blobs(include=["metadata", "tags"])}

    assert list(seen) == NAMES
    for name, blob in seen.items():
        other = real[name]
        assert (blob.size, blob.etag, blob.last_modified) == (
            other.size,
            other.etag,
            other.last_modified,
        )
        assert (blob.metadata, blob.tags) == ({"n": name[0]}, {"letter": name[0]})
        assert blob.content_settings == other.content_settings
        assert blob.container == other.container


def test_pages_go_on_where_the_last_one_ended(stack: Stack, filled: Both) -> None:
    heard = Heard()
    pages = filled.through.list_blobs(results_per_page=4, raw_response_hook=heard).by_page()
    assert isinstance(pages, PageIterator)
    first = [blob.name for blob in next(pages)]
    token = pages.continuation_token

    rest = filled.through.list_blobs(results_per_page=4).by_page(continuation_token=token)

    assert first == NAMES[:4]
    assert [blob.name for page in rest for blob in page] == NAMES[4:]
    body = heard.responses[0].text()
    assert f'ServiceEndpoint="{stack.running.url}/c/research/"' in body
    assert stack.running.azurite.blob_url not in body


def test_prefixes_limit_a_listing(filled: Both) -> None:
    def listed(prefix: str) -> list[str]:
        return [blob.name for blob in filled.through.list_blobs(name_starts_with=prefix)]

    assert listed("b/") == NAMES[1:4]
    assert listed("d ") == ["d e.txt"]
    assert listed("none") == []
    assert list(filled.through.list_blob_names(name_starts_with="b/c")) == ["b/c/3.txt"]


def test_a_listing_by_hierarchy_has_folders(filled: Both) -> None:
    top = list(filled.through.walk_blobs(delimiter="/"))
    below = list(filled.through.walk_blobs("b/", delimiter="/"))
    real = filled.stored.walk_blobs(delimiter="/")

    assert [item.name for item in top] == [item.name for item in real]
    assert {item.name: isinstance(item, BlobPrefix) for item in top} == {
        "a.txt": False,
        "b/": True,
        "d e.txt": False,
        "z.txt": False,
    }
    assert sorted(item.name for item in below) == ["b/1.txt", "b/2.txt", "b/c/"]


def test_snapshots_and_uncommitted_blobs_are_listed_when_asked_for(filled: Both) -> None:
    snapshot = filled.through.get_blob_client("a.txt").create_snapshot()["snapshot"]
    filled.through.get_blob_client("new.bin").stage_block("AAAA", b"x")

    plain = [blob.name for blob in filled.through.list_blobs()]
    snapshots = [
        (blob.name, blob.snapshot) for blob in filled.through.list_blobs(include=["snapshots"])
    ]
    uncommitted = [blob.name for blob in filled.through.list_blobs(include=["uncommittedblobs"])]

    assert plain == NAMES
    assert ("a.txt", snapshot) in snapshots
    assert len(snapshots) == len(NAMES) + 1
    assert "new.bin" in uncommitted


def test_blobs_are_found_by_their_tags(stack: Stack, filled: Both) -> None:
    where = f"@container='{filled.stored.container_name}' AND \"letter\"='b'"

    everywhere = stack.agent("research").find_blobs_by_tags(where)
    here = filled.through.find_blobs_by_tags("\"letter\"='b'")

    assert sorted(blob.name for blob in everywhere) == NAMES[1:4]
    assert sorted(blob.name for blob in here) == NAMES[1:4]


def test_a_container_that_is_not_there_is_an_error(stack: Stack) -> None:
    with pytest.raises(HttpResponseError) as caught:
        list(stack.agent("research").get_container_client("absent").list_blobs())

    assert (code(caught.value), caught.value.status_code) == ("ContainerNotFound", 404)


def test_what_the_gateway_does_not_know_to_include_is_denied(stack: Stack, filled: Both) -> None:
    with stack.nothing_reaches_storage(), pytest.raises(HttpResponseError) as caught:
        list(filled.through.list_blobs(params={"include": "secrets"}))

    assert code(caught.value) == "OperationUnknown"
