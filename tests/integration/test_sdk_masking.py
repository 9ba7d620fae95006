"""A place that masks, seen with Microsoft's SDK: content is withheld, validators are its own."""

import hashlib
import re
from collections.abc import Callable
from typing import Any

import pytest
from azure.core import MatchConditions
from azure.core.exceptions import (
    HttpResponseError,
    ResourceExistsError,
    ResourceModifiedError,
    ResourceNotFoundError,
)
from azure.storage.blob import BlobBlock, BlobClient, ContentSettings

from tests.integration.stack import READER, Both, Heard, Stack, code

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket]

CANARY = "Mira Testperson, born 1961-04-12"
DATA = f"{CANARY}: hypertension\n".encode()
DERIVED = re.compile(r'"0x[0-9A-F]+~[0-9a-f]{16}"')


@pytest.fixture
def blob(phi: Both) -> BlobClient:
    phi.put(
        "note.txt",
        DATA,
        metadata={"patient": CANARY},
        tags={"patient": "Mira", "stage": "raw"},
        content_settings=ContentSettings(
            content_type="text/plain; charset=utf-8", content_disposition=f"x; y={CANARY}"
        ),
    )
    return phi.through.get_blob_client("note.txt")


def original(phi: Both, name: str = "note.txt") -> str:
    return str(phi.stored.get_blob_client(name).get_blob_properties().etag)


def seen(heard: Heard) -> str:
    return " ".join(f"{dict(item.headers)} {item.body()!r}" for item in heard.responses)


@pytest.mark.parametrize(
    "options", [{}, {"offset": 0, "length": 1}, {"offset": 5}, {"max_concurrency": 2}]
)
def test_free_text_is_withheld_until_a_rule_accepts_it(
    options: dict[str, Any], stack: Stack, blob: BlobClient
) -> None:
    heard = Heard()

    with pytest.raises(HttpResponseError) as caught:
        blob.download_blob(raw_response_hook=heard, **options).readall()

    assert (caught.value.status_code, code(caught.value)) == (403, "ContentWithheld")
    assert "Mira" not in seen(heard)
    intent, outcome = stack.records(heard.exchange)
    assert (intent["type"], outcome["result"]) == ("intent", "withheld")
    assert outcome["reason"] == "ContentWithheld"


def test_content_is_withheld_from_an_administrator_and_a_reader_alike(
    stack: Stack, blob: BlobClient, phi: Both
) -> None:
    reader = stack.agent("clinic", *READER).get_container_client(phi.stored.container_name)

    for client in (blob, reader.get_blob_client("note.txt")):
        with pytest.raises(HttpResponseError) as caught:
            client.download_blob()
        assert code(caught.value) == "ContentWithheld"


def test_properties_say_nothing_of_the_original(blob: BlobClient, phi: Both) -> None:
    heard = Heard()

    properties = blob.get_blob_properties(raw_response_hook=heard)

    told: dict[str, Any] = dict(properties)
    assert told["size"] is None
    assert properties.content_settings.content_md5 is None
    assert properties.content_settings.content_disposition is None
    assert properties.content_settings.content_type == "text/plain; charset=utf-8"
    assert properties.metadata == {"patient": "[name]"}
    assert properties.tag_count == 2
    assert DERIVED.fullmatch(str(properties.etag))
    assert str(properties.etag).startswith(original(phi)[:-1])
    assert "content-length" not in heard.headers
    assert "Mira" not in seen(heard)


def test_the_derived_etag_works_where_an_etag_works(blob: BlobClient, phi: Both) -> None:
    first = blob.get_blob_properties().etag

    done = blob.upload_blob(
        b"second", overwrite=True, etag=first, match_condition=MatchConditions.IfNotModified
    )
    with pytest.raises(ResourceModifiedError) as lost:
        blob.upload_blob(
            b"lost", overwrite=True, etag=first, match_condition=MatchConditions.IfNotModified
        )
    with pytest.raises(HttpResponseError) as unchanged:
        blob.get_blob_properties(etag=done["etag"], match_condition=MatchConditions.IfModified)

    assert DERIVED.fullmatch(str(done["etag"]))
    assert done["etag"] == blob.get_blob_properties().etag != first
    assert (lost.value.status_code, code(lost.value)) == (412, "ConditionNotMet")
    assert unchanged.value.status_code == 304
    assert phi.holds("note.txt") == b"second"


def test_the_originals_etag_matches_nothing_that_is_shown(blob: BlobClient, phi: Both) -> None:
    with pytest.raises(ResourceModifiedError) as caught:
        blob.upload_blob(
            b"x",
            overwrite=True,
            etag=original(phi),
            match_condition=MatchConditions.IfNotModified,
        )

    assert caught.value.status_code == 412
    assert phi.holds("note.txt") == DATA


def test_listings_leave_out_sizes_and_checksums(blob: BlobClient, phi: Both) -> None:
    heard = Heard()

    (entry,) = phi.through.list_blobs(include=["metadata", "tags"], raw_response_hook=heard)

    assert entry.name == "note.txt"
    told: dict[str, Any] = dict(entry)
    assert (told["size"], entry.content_settings.content_md5) == (None, None)
    assert entry.etag == str(blob.get_blob_properties().etag).strip('"')
    assert entry.metadata == {"patient": "[name]"}
    assert entry.tags == {"patient": "[name]", "stage": "raw"}
    assert "Mira" not in seen(heard)
    assert "Content-Length" not in heard.responses[-1].text()


def test_tags_keep_their_keys_and_lose_what_identifies(
    stack: Stack, blob: BlobClient, phi: Both
) -> None:
    heard = Heard()
    service = stack.agent("clinic", raw_response_hook=heard)
    container = service.get_container_client(phi.stored.container_name)
    tags = container.get_blob_client(blob.blob_name).get_blob_tags()

    assert tags == {"patient": "[name]", "stage": "raw"}
    assert "Mira" not in seen(heard)


@pytest.mark.parametrize("expression", ["\"patient\"='Mira'", "\"patient\" > 'M'"])
def test_tags_cannot_be_found_out_by_asking(
    expression: str, stack: Stack, blob: BlobClient, phi: Both
) -> None:
    with stack.nothing_reaches_storage():
        with pytest.raises(HttpResponseError) as found:
            list(phi.through.find_blobs_by_tags(expression))
        with pytest.raises(HttpResponseError) as everywhere:
            list(stack.agent("clinic").find_blobs_by_tags(expression))
        with pytest.raises(HttpResponseError) as condition:
            blob.get_blob_properties(if_tags_match_condition=expression)

    assert {code(error.value) for error in (found, everywhere, condition)} == {"ContentWithheld"}


def test_content_cannot_be_found_out_by_a_checksum(
    stack: Stack, blob: BlobClient, phi: Both
) -> None:
    md5 = bytearray(hashlib.md5(DATA, usedforsecurity=False).digest())

    with stack.nothing_reaches_storage(), pytest.raises(HttpResponseError) as caught:
        phi.through.get_blob_client("copy").upload_blob_from_url(blob.url, source_content_md5=md5)

    assert code(caught.value) == "ContentWithheld"


def test_writing_works(stack: Stack, phi: Both) -> None:
    heard = Heard()

    done = phi.through.upload_blob(
        "new.txt", DATA, metadata={"kind": "note"}, tags={"stage": "new"}, raw_response_hook=heard
    )

    assert phi.holds("new.txt") == DATA
    assert phi.stored.get_blob_client("new.txt").get_blob_properties().metadata == {"kind": "note"}
    assert DERIVED.fullmatch(heard.headers["etag"])
    with pytest.raises(ResourceExistsError):
        phi.through.upload_blob("new.txt", b"again")
    done.set_blob_metadata({"kind": "letter"})
    done.set_blob_tags({"stage": "done"})
    assert phi.stored.get_blob_client("new.txt").get_blob_tags() == {"stage": "done"}
    copy = phi.through.get_blob_client("copy.txt")
    copy.start_copy_from_url(done.url)
    assert phi.holds("copy.txt") == DATA
    done.delete_blob()
    assert phi.names() == ["copy.txt"]
    intent, outcome = stack.records(heard.exchange)
    assert intent["obligations"]["profile"] == "safe-harbor"
    assert outcome["masking"]["profile"] == "safe-harbor"


def test_what_was_withheld_is_not_written_back(stack: Stack, blob: BlobClient, phi: Both) -> None:
    """Read, change one value, write all: it would destroy the values that were not shown."""
    metadata = blob.get_blob_properties().metadata | {"more": "1"}
    tags = blob.get_blob_tags() | {"more": "1"}

    with stack.nothing_reaches_storage():
        refused: list[Callable[[], Any]] = [
            lambda: blob.set_blob_metadata(metadata),
            lambda: blob.set_blob_tags(tags),
            lambda: blob.upload_blob(b"x", overwrite=True, metadata=metadata),
            lambda: blob.upload_blob(b"x", overwrite=True, tags=tags),
            lambda: phi.through.set_container_metadata(metadata),
        ]
        for call in refused:
            with pytest.raises(HttpResponseError) as caught:
                call()
            assert (caught.value.status_code, code(caught.value)) == (403, "MaskedWriteback")

    stored = phi.stored.get_blob_client("note.txt")
    assert stored.get_blob_properties().metadata == {"patient": CANARY}
    assert stored.get_blob_tags() == {"patient": "Mira", "stage": "raw"}


def test_errors_of_storage_are_told_without_its_words(phi: Both) -> None:
    heard = Heard()

    with pytest.raises(ResourceNotFoundError) as caught:
        phi.through.get_blob_client(f"{CANARY}.txt").set_blob_metadata(
            {"a": "b"}, raw_response_hook=heard
        )

    assert code(caught.value) == "BlobNotFound"
    assert "Mira" not in seen(heard)


def test_an_area_that_is_not_masked_shows_its_content(stack: Stack) -> None:
    public = stack.both("clinic", "public")

    data = public.through.download_blob("guide.md").readall()

    assert data == public.holds("guide.md")
    stored = public.stored.get_blob_client("guide.md").get_blob_properties()
    properties = public.through.get_blob_client("guide.md").get_blob_properties()
    assert (properties.size, properties.etag) == (stored.size, stored.etag)


def test_containers_of_a_masking_connection_show_no_names_in_metadata(
    stack: Stack, phi: Both
) -> None:
    phi.stored.set_container_metadata({"ward": CANARY})
    name = phi.stored.container_name

    properties = phi.through.get_container_properties()
    listed = stack.agent("clinic").list_containers(name_starts_with=name, include_metadata=True)

    assert properties.metadata == {"ward": "[text]"}
    assert [item.metadata for item in listed] == [{"ward": "[text]"}]


def test_page_and_block_lists_show_no_content(phi: Both) -> None:
    blob = phi.through.get_blob_client("staged")
    blob.stage_block("AAAA", DATA)
    blob.commit_block_list([BlobBlock("AAAA")])

    committed, _ = blob.get_block_list("all")

    assert [block.id for block in committed] == ["AAAA"]
    assert phi.holds("staged") == DATA
