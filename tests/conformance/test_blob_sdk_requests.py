"""Every request that the real SDK sends is recognised as the operation that its name says."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import pytest
from azure.core.credentials import AccessToken
from azure.core.pipeline.transport import HttpTransport
from azure.storage.blob import (
    AccessPolicy,
    BlobBlock,
    BlobClient,
    BlobServiceClient,
    ContainerClient,
    ContainerSasPermissions,
    CorsRule,
    ImmutabilityPolicy,
    PremiumPageBlobTier,
    RetentionPolicy,
    StandardBlobTier,
    StaticWebsite,
)

from gateway.model.message import Headers, Request, Target
from gateway.model.operation import Operation
from gateway.operations import classify
from gateway.upstream.sources import Sources
from tests.unit.operations.build import connection

HOST = "https://clinic.blob.core.windows.net"
SOURCE = f"{HOST}/phi/a%20source.json"
NOW = datetime(2030, 1, 2, tzinfo=UTC)
SNAPSHOT = "2024-05-06T07:08:09.1234567Z"


class _Sent(Exception):
    """Carries the first request away in place of an answer."""

    def __init__(self, request: Any) -> None:
        super().__init__("sent")
        self.request = request


class _Capture(HttpTransport[Any, Any]):
    def send(self, request: Any, **_: Any) -> Any:
        raise _Sent(request)

    def open(self) -> None: ...
    def close(self) -> None: ...
    def __exit__(self, *_: object) -> None: ...


class _Token:
    def get_token(self, *_: str, **__: Any) -> AccessToken:
        return AccessToken("token", 4102444800)


def _classified(call: Callable[[], object]) -> Operation:
    with pytest.raises(_Sent) as caught:
        call()
    sent = caught.value.request
    parts = urlsplit(sent.url)
    body = sent.body.read() if hasattr(sent.body, "read") else sent.body or b""
    at = connection()
    request = Request(
        sent.method,
        at.name,
        Target(parts.path or "/", parts.query),
        Headers.of(sent.headers.items()),
        body.encode() if isinstance(body, str) else bytes(body),
        "",
        "https://gw.test",
    )
    return classify(at, request, Sources({at.name: at}, "https://gw.test").resolve)


@pytest.fixture
def service() -> BlobServiceClient:
    return BlobServiceClient(HOST, credential=_Token(), transport=_Capture(), retry_total=0)


@pytest.fixture
def container(service: BlobServiceClient) -> ContainerClient:
    return service.get_container_client("phi")


@pytest.fixture
def blob(service: BlobServiceClient) -> BlobClient:
    return service.get_blob_client("phi", "dir/a ä+~'(1).json")


SERVICE: dict[str, tuple[str, Callable[[BlobServiceClient], object]]] = {
    "list": (
        "List Containers",
        lambda s: next(s.list_containers("p", include_metadata=True, include_deleted=True)),
    ),
    "properties": ("Get Blob Service Properties", lambda s: s.get_service_properties()),
    "set": (
        "Set Blob Service Properties",
        lambda s: s.set_service_properties(
            cors=[CorsRule(["*"], ["GET"])],
            delete_retention_policy=RetentionPolicy(enabled=True, days=5),
            static_website=StaticWebsite(enabled=True, index_document="i"),
        ),
    ),
    "stats": ("Get Blob Service Stats", lambda s: s.get_service_stats()),
    "account": ("Get Account Information", lambda s: s.get_account_information()),
    "key": ("Get User Delegation Key", lambda s: s.get_user_delegation_key(NOW, NOW)),
    "find": ("Find Blobs by Tags", lambda s: next(s.find_blobs_by_tags("\"a\"='b + c'"))),
    "undelete": ("Restore Container", lambda s: s.undelete_container("phi", "01D")),
}

CONTAINER: dict[str, tuple[str, Callable[[ContainerClient], object]]] = {
    "create": ("Create Container", lambda c: c.create_container({"a": "b"}, "blob")),
    "delete": ("Delete Container", lambda c: c.delete_container()),
    "lease": ("Lease Container", lambda c: c.acquire_lease(15)),
    "account": ("Get Account Information", lambda c: c.get_account_information()),
    "properties": ("Get Container Properties", lambda c: c.get_container_properties()),
    "metadata": ("Set Container Metadata", lambda c: c.set_container_metadata({"a": "b"})),
    "acl": ("Get Container ACL", lambda c: c.get_container_access_policy()),
    "set acl": (
        "Set Container ACL",
        lambda c: c.set_container_access_policy(
            {"a": AccessPolicy(ContainerSasPermissions(read=True), NOW, NOW)}, "container"
        ),
    ),
    "list": (
        "List Blobs",
        lambda c: next(c.list_blobs("a b+", ["metadata", "tags", "deletedwithversions"])),
    ),
    "walk": ("List Blobs", lambda c: next(c.walk_blobs("dir/", delimiter="/"))),
    "names": ("List Blobs", lambda c: next(c.list_blob_names(name_starts_with="dir/"))),
    "find": (
        "Find Blobs by Tags in Container",
        lambda c: next(c.find_blobs_by_tags("\"a\"='b'")),
    ),
    "batch delete": ("Blob Batch", lambda c: c.delete_blobs("a", "b")),
}

BLOB: dict[str, tuple[str, Callable[[BlobClient], object]]] = {
    "download": ("Get Blob", lambda b: b.download_blob()),
    "download version": ("Get Blob", lambda b: b.download_blob(version_id=SNAPSHOT)),
    "properties": (
        "Get Blob Properties",
        lambda b: b.get_blob_properties(if_tags_match="\"a\"='b'"),
    ),
    "exists": ("Get Blob Properties", lambda b: b.exists()),
    "account": ("Get Account Information", lambda b: b.get_account_information()),
    "upload": ("Put Blob", lambda b: b.upload_blob(b"x", tags={"a": "b"}, metadata={"c": "d"})),
    "overwrite": (
        "Put Blob",
        lambda b: b.upload_blob(
            b"x",
            overwrite=True,
            standard_blob_tier=StandardBlobTier.COOL,
            legal_hold=True,
            validate_content=True,
        ),
    ),
    "upload append": ("Append Block", lambda b: b.upload_blob(b"x", blob_type="AppendBlob")),
    "upload from URL": (
        "Put Blob From URL",
        lambda b: b.upload_blob_from_url(SOURCE, overwrite=True, tags={"a": "b"}),
    ),
    "query": ("Query Blob Contents", lambda b: b.query_blob("SELECT * from BlobStorage")),
    "delete": ("Delete Blob", lambda b: b.delete_blob("include")),
    "delete version": ("Delete Blob", lambda b: b.delete_blob(version_id=SNAPSHOT)),
    "undelete": ("Undelete Blob", lambda b: b.undelete_blob()),
    "headers": ("Set Blob Properties", lambda b: b.set_http_headers()),
    "immutability": (
        "Set Blob Immutability Policy",
        lambda b: b.set_immutability_policy(
            ImmutabilityPolicy(expiry_time=NOW, policy_mode="Unlocked")
        ),
    ),
    "no immutability": (
        "Delete Blob Immutability Policy",
        lambda b: b.delete_immutability_policy(),
    ),
    "legal hold": ("Set Blob Legal Hold", lambda b: b.set_legal_hold(legal_hold=True)),
    "metadata": ("Set Blob Metadata", lambda b: b.set_blob_metadata({"a": "b"})),
    "page blob": ("Put Blob", lambda b: b.create_page_blob(512)),
    "append blob": ("Put Blob", lambda b: b.create_append_blob()),
    "snapshot": ("Snapshot Blob", lambda b: b.create_snapshot()),
    "copy": ("Copy Blob", lambda b: b.start_copy_from_url(SOURCE)),
    "copy now": ("Copy Blob From URL", lambda b: b.start_copy_from_url(SOURCE, requires_sync=True)),
    "incremental copy": (
        "Incremental Copy Blob",
        lambda b: b.start_copy_from_url(f"{SOURCE}?snapshot={SNAPSHOT}", incremental_copy=True),
    ),
    "abort": ("Abort Copy Blob", lambda b: b.abort_copy("1f812371-a41d-49e6-b123-f4b542e851c5")),
    "lease": ("Lease Blob", lambda b: b.acquire_lease()),
    "tier": ("Set Blob Tier", lambda b: b.set_standard_blob_tier("Archive")),
    "block": ("Put Block", lambda b: b.stage_block("a+/=", b"x")),
    "block from URL": ("Put Block From URL", lambda b: b.stage_block_from_url("a", SOURCE)),
    "block list": ("Get Block List", lambda b: b.get_block_list("all")),
    "commit": ("Put Block List", lambda b: b.commit_block_list([BlobBlock("a")])),
    "page tier": ("Set Blob Tier", lambda b: b.set_premium_page_blob_tier(PremiumPageBlobTier.P10)),
    "set tags": ("Set Blob Tags", lambda b: b.set_blob_tags({"a": "b"})),
    "tags": ("Get Blob Tags", lambda b: b.get_blob_tags()),
    "ranges": (
        "Get Page Ranges",
        lambda b: next(b.list_page_ranges(previous_snapshot=SNAPSHOT)),
    ),
    "managed disk": (
        "Get Page Ranges",
        lambda b: b.get_page_range_diff_for_managed_disk(f"{SOURCE}?snapshot={SNAPSHOT}"),
    ),
    "sequence": ("Set Blob Properties", lambda b: b.set_sequence_number("update", "1")),
    "resize": ("Set Blob Properties", lambda b: b.resize_blob(512)),
    "page": ("Put Page", lambda b: b.upload_page(b"x" * 512, 0, 512)),
    "page from URL": ("Put Page From URL", lambda b: b.upload_pages_from_url(SOURCE, 0, 512, 0)),
    "clear": ("Put Page", lambda b: b.clear_page(0, 512)),
    "append": ("Append Block", lambda b: b.append_block(b"x")),
    "append from URL": ("Append Block From URL", lambda b: b.append_block_from_url(SOURCE, 0, 1)),
    "seal": ("Append Blob Seal", lambda b: b.seal_append_blob()),
}


@pytest.mark.parametrize("name", SERVICE)
def test_a_service_request_of_the_sdk_is_known(name: str, service: BlobServiceClient) -> None:
    expected, call = SERVICE[name]
    assert _classified(lambda: call(service)).name == expected


@pytest.mark.parametrize("name", CONTAINER)
def test_a_container_request_of_the_sdk_is_known(name: str, container: ContainerClient) -> None:
    expected, call = CONTAINER[name]
    found = _classified(lambda: call(container))
    assert found.name == expected
    assert {str(access.resource) for access in found.accesses} <= {"clinic/phi", "clinic"}


@pytest.mark.parametrize("name", BLOB)
def test_a_blob_request_of_the_sdk_is_known(name: str, blob: BlobClient) -> None:
    expected, call = BLOB[name]
    found = _classified(lambda: call(blob))
    assert found.name == expected
    assert {str(access.resource) for access in found.accesses} <= {
        "clinic",
        "clinic/phi/dir/a ä+~'(1).json",
        "clinic/phi/a source.json",
    }
