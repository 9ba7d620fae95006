from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest

from gateway.errors import Reason, Withheld
from gateway.model.connection import Connection, Masking, Sensitivity
from gateway.model.message import Headers, Request
from gateway.model.operation import Effect, Operation, Resource, Shape
from gateway.upstream import present
from gateway.upstream.validators import tag
from tests.fakes.masking import terms
from tests.unit.upstream.build import (
    GATEWAY,
    NONE,
    STRICT,
    access,
    connection,
    copy,
    everywhere,
    operation,
    request,
    resource,
    response,
)
from tests.unit.upstream.documents import AZURE_LIST, NOT_FOUND, TAGS, UNAUTHENTICATED

PHI = connection("phi")
TAG = tag(STRICT, "phi")
CONTAINER = access(resource("intake"))

BLOB_HEADERS = {
    "Server": "Windows-Azure-Blob/1.0",
    "Date": "Mon, 23 Nov 2026 03:10:00 GMT",
    "Set-Cookie": "a=b",
    "Content-Type": "application/json",
    "Content-Length": "4711",
    "Content-MD5": "mZFL",
    "Content-Range": "bytes 0-1/4711",
    "x-ms-blob-content-md5": "mZFL",
    "ETag": '"0x1"',
    "Last-Modified": "Mon, 23 Nov 2026 03:10:00 GMT",
    "x-ms-meta-patient": "Jane Doe",
    "x-ms-request-id": "1",
    "x-ms-copy-source": "https://clinic.blob.core.windows.net/intake/old%20one?sig=secret",
}


def presented(
    operation: Operation,
    headers: Mapping[str, str],
    body: bytes = b"",
    *,
    masking: Masking = STRICT,
    status: int = 200,
    asked: Request | None = None,
    via: Connection = PHI,
    masking_of: Callable[[Resource], Masking] | None = None,
) -> tuple[Headers, bytes]:
    return present(
        via,
        asked or request(),
        operation,
        response(status, headers, body),
        terms(masking_of or everywhere(masking)),
    )


HEAD = request("HEAD")
PROPERTIES = operation(shape=Shape.METADATA, name="Get Blob Properties")


def test_properties_of_a_plain_blob_pass_with_their_length() -> None:
    headers, body = presented(PROPERTIES, BLOB_HEADERS, masking=NONE, asked=HEAD)

    assert body == b""
    assert headers.get("content-length") == "4711"
    assert headers.get("etag") == '"0x1"'
    assert headers.get("content-md5") == "mZFL"
    assert headers.get("x-ms-meta-patient") == "Jane Doe"
    assert headers.get("x-ms-copy-source") == f"{GATEWAY}/c/phi/intake/old%20one"
    assert not {"server", "date", "set-cookie"} & {name for name, _ in headers}


def test_properties_of_a_masked_blob_say_nothing_of_its_content() -> None:
    headers, body = presented(PROPERTIES, BLOB_HEADERS, b"leaked", asked=HEAD)

    assert body == b""
    assert dict(headers) == {
        "content-type": "application/json",
        "last-modified": "Mon, 23 Nov 2026 03:10:00 GMT",
        "x-ms-meta-patient": "[withheld]",
        "x-ms-request-id": "1",
        "etag": f'"0x1~{TAG}"',
        "x-ms-copy-source": f"{GATEWAY}/c/phi/intake/old%20one",
    }


@pytest.mark.parametrize("length", ["", "-1", "4711, 4711", "²"])
def test_a_length_that_is_no_number_is_left_out(length: str) -> None:
    headers, _ = presented(PROPERTIES, {"content-length": length}, masking=NONE, asked=HEAD)

    assert "content-length" not in headers


@pytest.mark.parametrize(
    "url", ["https://elsewhere.blob.core.windows.net/c/b?sig=secret", "garbage"]
)
def test_a_url_that_lies_elsewhere_is_left_out(url: str) -> None:
    headers, _ = presented(PROPERTIES, {"x-ms-copy-source": url, "location": url}, asked=HEAD)

    assert headers.fields == ()


def test_a_location_becomes_the_gateways() -> None:
    url = "https://clinic.blob.core.windows.net/intake/b"
    headers, body = presented(operation(), {"Location": url}, b"moved", status=307, masking=NONE)

    assert headers.fields == (("location", f"{GATEWAY}/c/phi/intake/b"),)
    assert body == b""


def test_names_that_are_ephi_show_in_no_url() -> None:
    secretive = replace(PHI, names=Sensitivity.EPHI)
    headers, _ = presented(PROPERTIES, BLOB_HEADERS, asked=HEAD, via=secretive)

    assert "x-ms-copy-source" not in headers


CONTENT = operation(shape=Shape.CONTENT, reads_content=True)


def test_content_is_the_maskers_to_decide_on() -> None:
    headers, body = presented(CONTENT, BLOB_HEADERS, b"Jane Doe", masking=NONE, status=206)

    assert body == b"Jane Doe"
    assert headers.get("content-range") == "bytes 0-1/4711"
    assert headers.get("content-type") == "application/json"
    assert "content-length" not in headers


def test_not_modified_has_headers_only() -> None:
    headers, body = presented(CONTENT, {"ETag": '"0x1"'}, b"x", status=304)

    assert headers.fields == (("etag", f'"0x1~{TAG}"'),)
    assert body == b""


WRITE = operation(effect=Effect.WRITE, name="Put Blob")
WRITTEN = {"ETag": '"0x2"', "Content-MD5": "own", "x-ms-content-crc64": "own"}


def test_an_upload_sees_the_checksum_of_its_own_bytes_and_a_derived_entity_tag() -> None:
    headers, _ = presented(WRITE, WRITTEN, status=201, asked=request("PUT"))

    assert dict(headers) == {
        "content-md5": "own",
        "x-ms-content-crc64": "own",
        "etag": f'"0x2~{TAG}"',
    }


def test_a_copy_does_not_see_the_checksum_of_its_source() -> None:
    source = f"{GATEWAY}/c/phi/intake/a"
    asked = request("PUT", headers={"x-ms-copy-source": source})
    judged = copy(resource("intake", "a"), resource("intake", "b"))

    for op in (judged, WRITE):
        headers, _ = presented(op, WRITTEN, status=201, asked=asked)
        assert dict(headers) == {"etag": f'"0x2~{TAG}"'}


def test_a_body_where_none_belongs_is_dropped() -> None:
    _, body = presented(WRITE, WRITTEN, b"Jane Doe", status=201, asked=request("PUT"))

    assert body == b""


LIST = operation(CONTAINER, shape=Shape.LISTING, name="List Blobs")


def test_a_listing_is_rewritten_and_typed() -> None:
    headers, body = presented(
        LIST, {"Content-Type": "application/xml", "Content-MD5": "x"}, AZURE_LIST
    )

    assert headers.fields == (("content-type", "application/xml"),)
    assert b"[withheld]" in body
    assert b"Jane" not in body


@pytest.mark.parametrize("masking", [NONE, STRICT])
def test_a_listing_that_cannot_be_read_is_not_shown(masking: Masking) -> None:
    with pytest.raises(Withheld) as caught:
        presented(LIST, {}, b"ARROW1 Jane Doe", masking=masking)
    assert caught.value.reason is Reason.MASKING_FAILED
    assert "Jane" not in str(caught.value)


@pytest.mark.parametrize("masking", [NONE, STRICT])
def test_names_that_are_ephi_are_not_listed(masking: Masking) -> None:
    with pytest.raises(Withheld) as caught:
        presented(LIST, {}, AZURE_LIST, masking=masking, via=replace(PHI, names=Sensitivity.EPHI))
    assert caught.value.reason is Reason.CONTENT_WITHHELD
    assert "phi" in str(caught.value)
    assert "intake" not in str(caught.value)


GET_TAGS = operation(shape=Shape.METADATA, name="Get Blob Tags")


def test_tag_values_are_withheld_and_keys_shown() -> None:
    _, body = presented(GET_TAGS, {}, TAGS)

    assert b"<Key>mrn</Key><Value>[withheld]</Value>" in body
    assert b"north" not in body


def test_tag_values_of_a_plain_place_pass() -> None:
    _, body = presented(GET_TAGS, {}, TAGS, masking=NONE)

    assert b"<Value>123-45</Value>" in body


@pytest.mark.parametrize("body", [b"Jane Doe", b"<Other>Jane Doe</Other>"])
@pytest.mark.parametrize("shape", [Shape.METADATA, Shape.PROTOCOL])
def test_a_document_of_another_form_is_not_shown(shape: Shape, body: bytes) -> None:
    with pytest.raises(Withheld):
        presented(operation(shape=shape), {}, body)


@pytest.mark.parametrize("masking", [NONE, STRICT])
def test_what_the_service_says_of_itself_passes(masking: Masking) -> None:
    document = b"<BlockList><CommittedBlocks/></BlockList>"
    shown = presented(operation(shape=Shape.PROTOCOL), {}, document, masking=masking)

    assert shown == (Headers((("content-type", "application/xml"),)), document)


def test_a_delegation_key_is_never_shown() -> None:
    with pytest.raises(Withheld):
        presented(
            operation(shape=Shape.PROTOCOL),
            {},
            b"<UserDelegationKey><Value>secret</Value></UserDelegationKey>",
            masking=NONE,
        )


@pytest.mark.parametrize("masking", [NONE, STRICT])
def test_an_error_keeps_its_code_and_loses_its_text(masking: Masking) -> None:
    sent = {"Content-Type": "application/xml", "x-ms-error-code": "BlobNotFound", "Server": "x"}
    headers, body = presented(
        CONTENT, sent | {"x-ms-request-id": "1"}, NOT_FOUND, status=404, masking=masking
    )

    assert b"<Code>BlobNotFound</Code>" in body
    assert b"Jane" not in body
    assert dict(headers) == {
        "x-ms-error-code": "BlobNotFound",
        "x-ms-request-id": "1",
        "content-type": "application/xml",
    }


def test_an_error_to_head_has_no_body() -> None:
    headers, body = presented(PROPERTIES, {}, NOT_FOUND, status=404, asked=HEAD)

    assert body == b""
    assert headers.get("x-ms-error-code") == "BlobNotFound"


@pytest.mark.parametrize(("masking", "shown"), [(NONE, "bytes */4711"), (STRICT, None)])
def test_an_unsatisfiable_range_says_the_length_only_where_it_is_the_answers(
    masking: Masking, shown: str | None
) -> None:
    sent = {"Content-Range": "bytes */4711", "x-ms-error-code": "InvalidRange"}
    headers, _ = presented(CONTENT, sent, status=416, masking=masking)

    assert headers.get("content-range") == shown


def test_that_the_upstream_refused_the_gateway_is_all_that_is_said() -> None:
    with pytest.raises(Withheld) as caught:
        presented(CONTENT, {}, UNAUTHENTICATED, status=403)
    assert caught.value.reason is Reason.UPSTREAM_CREDENTIAL_REFUSED
