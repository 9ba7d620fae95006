from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from azure.storage.blob import ContainerClient
from defusedxml.ElementTree import fromstring
from hypothesis import given
from hypothesis import strategies as st

from gateway.model.connection import WITHHELD_MARK, Connection, Masking
from gateway.model.operation import Resource
from gateway.upstream.listing import rewrite
from gateway.upstream.sources import Sources
from gateway.upstream.validators import tag
from tests.fakes.masking import terms
from tests.unit.upstream.build import (
    AZURE,
    AZURITE,
    GATEWAY,
    NONE,
    STRICT,
    below,
    connection,
    everywhere,
    resource,
)
from tests.unit.upstream.documents import AZURE_LIST, AZURITE_LIST, CONTAINERS, FOUND

PHI = connection("phi", AZURE)
LAB = connection("lab", AZURITE)
INTAKE = resource("intake")
CLIENT = ContainerClient("https://x.blob.core.windows.net", "intake")


def rewritten(
    body: bytes,
    masking_of: Callable[[Resource], Masking],
    via: Connection = PHI,
    listed: Resource = INTAKE,
) -> bytes:
    return rewrite(body, via, listed, Sources({via.name: via}, GATEWAY), terms(masking_of))


def as_the_sdk_reads_it(kind: str, body: bytes) -> Any:
    return CLIENT._client._deserialize(kind, body.decode(), "application/xml")


def blobs(body: bytes) -> list[ET.Element]:
    return list(fromstring(body).iterfind("Blobs/Blob"))


def test_a_place_that_masks_nothing_keeps_everything_but_upstream_urls() -> None:
    body = rewritten(AZURITE_LIST, everywhere(NONE), LAB)

    expected = AZURITE_LIST.partition(b"?>")[2]
    expected = expected.replace(
        b"http://127.0.0.1:10000/clinicdata/intake", b"https://gateway.example/c/lab/intake"
    ).replace(b'"http://127.0.0.1:10000/clinicdata"', b'"https://gateway.example/c/lab/"')
    assert ET.canonicalize(body.decode()) == ET.canonicalize(expected.decode())


def test_a_place_that_masks_shows_names_and_states_but_no_values_or_lengths() -> None:
    body = rewritten(AZURITE_LIST, everywhere(STRICT), LAB)

    assert not any(word in body for word in (b"Jane", b"123-45", b"4711", b"mZFL", b"127.0.0.1"))
    listed = as_the_sdk_reads_it("ListBlobsHierarchySegmentResponse", body)
    item = listed.segment.blob_items[0]
    assert listed.service_endpoint == f"{GATEWAY}/c/lab/"
    assert listed.segment.blob_prefixes[0].name.content == "ward a/"
    assert item.name.content == "b.txt"
    assert item.metadata.additional_properties == {"patient": WITHHELD_MARK}
    assert [(t.key, t.value) for t in item.blob_tags.blob_tag_set] == [("mrn", WITHHELD_MARK)]
    assert item.properties.etag == f"0x1D74E1402BCED10~{tag(STRICT, 'lab')}"
    assert item.properties.content_length is None
    assert item.properties.content_md5 is None
    assert item.properties.content_type == "application/fhir+json"
    assert item.properties.copy_source == f"{GATEWAY}/c/lab/intake/ward%20a/b.json"
    assert item.properties.copy_progress is None
    assert item.properties.last_modified.year == 2026


def test_free_text_and_unknown_elements_of_a_masked_entry_go() -> None:
    body = rewritten(AZURE_LIST, everywhere(STRICT))

    for word in (b"Jane", b"jane", b"elsewhere", b"4711", b"AAAA", b"windows.net", b"complete"):
        assert word not in body
    listed = as_the_sdk_reads_it("ListBlobsFlatSegmentResponse", body)
    item = listed.segment.blob_items[0]
    assert (item.name.encoded, item.name.content) == (True, "odd%EF%BF%BEname")
    assert item.properties.content_type == "application/octet-stream"
    assert item.properties.content_encoding is None
    assert item.properties.blob_sequence_number == 7
    assert item.metadata.encrypted == "true"
    assert set(item.metadata.additional_properties.values()) == {WITHHELD_MARK}
    assert item.version_id
    assert item.is_current_version is True
    assert item.snapshot
    assert listed.next_marker == "2!72!bmV4dA--"


def test_unknown_elements_stay_where_nothing_is_masked_but_foreign_urls_go() -> None:
    body = rewritten(AZURE_LIST, everywhere(NONE))

    assert b"<NewElement>Jane Doe</NewElement>" in body
    assert b"<NewTop>Jane Doe</NewTop>" in body
    assert b"<NewLink>https://gateway.example/c/phi/intake/x</NewLink>" in body
    assert b"elsewhere" not in body
    # A value that a person stored is content, even if it looks like an address.
    assert b"<homepage>https://clinic.blob.core.windows.net/intake</homepage>" in body


def test_each_container_is_judged_by_its_own_place() -> None:
    body = rewritten(CONTAINERS, below(public=NONE), listed=resource())

    listed = as_the_sdk_reads_it("ListContainersSegmentResponse", body)
    intake, public = listed.container_items
    assert intake.metadata == {"owner": WITHHELD_MARK}
    assert intake.properties.etag == f'"0x1~{tag(STRICT, "phi")}"'
    assert public.metadata == {"owner": "Jane Doe"}
    assert public.properties.etag == '"0x2"'
    assert b"<Quota>5</Quota>" in body


def test_each_blob_found_by_tags_is_judged_by_its_own_place() -> None:
    body = rewritten(FOUND, below(public=NONE), listed=resource())

    listed = as_the_sdk_reads_it("FilterBlobSegment", body)
    masked, shown = listed.blobs
    assert masked.tags.blob_tag_set[0].value == WITHHELD_MARK
    assert shown.tags.blob_tag_set[0].value == "123-45"
    assert listed.service_endpoint == f"{GATEWAY}/c/phi/"


def test_a_masked_area_within_a_container_is_masked_in_its_listing() -> None:
    two = AZURITE_LIST.replace(b"</Blob></Blobs>", b"</Blob><Blob><Name>x</Name></Blob></Blobs>")
    seen: list[tuple[str, ...]] = []

    def area(place: Resource) -> Masking:
        seen.append(place.path)
        return STRICT if place.path[1:] == ("b.txt",) else NONE

    first, second = blobs(rewritten(two, area, LAB))

    assert first.findtext("Metadata/patient") == WITHHELD_MARK
    assert second.findtext("Name") == "x"
    assert ("intake", "ward a/") in seen


def test_a_name_that_xml_cannot_hold_is_judged_decoded() -> None:
    seen: list[tuple[str, ...]] = []

    def remember(place: Resource) -> Masking:
        seen.append(place.path)
        return NONE

    rewritten(AZURE_LIST, remember)

    assert seen[-1] == ("intake", "odd\ufffename")


def test_urls_of_old_service_versions_are_rewritten_wherever_they_stand() -> None:
    old = b"""<EnumerationResults AccountName="https://clinic.blob.core.windows.net/"
        ContainerName="https://clinic.blob.core.windows.net/intake" Other="https://evil.example">
        <Blobs><Blob><Name>a</Name><Url>https://clinic.blob.core.windows.net/intake/a</Url>
        <Link> https://evil.example/ </Link></Blob></Blobs></EnumerationResults>"""

    root = fromstring(rewritten(old, everywhere(NONE)))

    assert root.get("AccountName") == f"{GATEWAY}/c/phi"
    assert root.get("ContainerName") == f"{GATEWAY}/c/phi/intake"
    assert root.get("Other") is None
    assert root.findtext("Blobs/Blob/Url") == f"{GATEWAY}/c/phi/intake/a"
    assert root.find("Blobs/Blob/Link") is None


def test_entries_whose_place_cannot_be_known_are_left_out() -> None:
    body = b"""<EnumerationResults><Blobs><Blob><Properties/></Blob><Blob><Name/></Blob>
        <Other><Name>x</Name></Other><Blob><Name>kept</Name></Blob></Blobs></EnumerationResults>"""

    listed = blobs(rewritten(body, everywhere(NONE)))
    at_account = blobs(rewritten(body, everywhere(NONE), listed=resource()))

    assert [item.findtext("Name") for item in listed] == ["kept"]
    assert at_account == []


@pytest.mark.parametrize("body", [b"", b"ARROW1\x00", b"<Error/>", b"<EnumerationResults>"])
def test_what_is_no_listing_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"document|listing"):
        rewritten(body, everywhere(NONE))


SECRET = "sEcReT"
ELEMENT = st.sampled_from(
    [
        "Name",
        "Properties",
        "Metadata",
        "Tags",
        "TagSet",
        "Tag",
        "Key",
        "Value",
        "Etag",
        "Url",
        "New",
    ]
)
TREES = st.recursive(
    st.builds(lambda tag: f"<{tag}>{SECRET} x</{tag}>", ELEMENT),
    lambda inner: st.builds(
        lambda tag, parts: f"<{tag}>{''.join(parts)}</{tag}>", ELEMENT, st.lists(inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.lists(TREES, max_size=4).map("".join))
def test_no_element_brings_a_value_out_of_a_masked_entry(inside: str) -> None:
    entry = f"<Blob><Name>n</Name>{inside}</Blob>"
    body = f"<EnumerationResults><Blobs>{entry}</Blobs></EnumerationResults>"
    [item] = blobs(rewritten(body.encode(), everywhere(STRICT)))

    shown = {"Name", "Key", "Etag"}
    leaked = {element.tag for element in item.iter() if SECRET in f"{element.text}{element.tail}"}
    assert leaked <= shown
