"""Conditional requests and leases with Microsoft's SDK: validators mean what they mean in Azure."""

import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from azure.core import MatchConditions
from azure.core.exceptions import (
    HttpResponseError,
    ResourceExistsError,
    ResourceModifiedError,
    ResourceNotFoundError,
)
from azure.storage.blob import BlobClient, BlobLeaseClient

from tests.integration.stack import Both, Heard, Stack, code

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket]


@pytest.fixture
def blob(research: Both) -> BlobClient:
    research.put("note", b"version one", tags={"stage": "raw"})
    return research.through.get_blob_client("note")


def test_a_write_needs_the_etag_it_names(blob: BlobClient, research: Both) -> None:
    old = blob.get_blob_properties().etag
    new = blob.upload_blob(
        b"version two", overwrite=True, etag=old, match_condition=MatchConditions.IfNotModified
    )["etag"]

    with pytest.raises(ResourceModifiedError) as caught:
        blob.upload_blob(
            b"lost update", overwrite=True, etag=old, match_condition=MatchConditions.IfNotModified
        )

    assert old != new
    assert (code(caught.value), caught.value.status_code) == ("ConditionNotMet", 412)
    assert research.holds("note") == b"version two"


def test_a_read_can_ask_for_what_is_new(blob: BlobClient) -> None:
    etag = blob.get_blob_properties().etag
    heard = Heard()

    with pytest.raises(HttpResponseError) as unchanged:
        blob.download_blob(etag=etag, match_condition=MatchConditions.IfModified)
    with pytest.raises(ResourceModifiedError) as changed:
        blob.download_blob(etag='"0x1"', match_condition=MatchConditions.IfNotModified)
    blob.get_blob_properties(
        etag=etag, match_condition=MatchConditions.IfNotModified, raw_response_hook=heard
    )

    assert (unchanged.value.status_code, code(unchanged.value)) == (304, "ConditionNotMet")
    assert (changed.value.status_code, code(changed.value)) == (412, "ConditionNotMet")
    assert heard.statuses == [200]


def test_create_only_and_update_only(blob: BlobClient, research: Both) -> None:
    with pytest.raises(ResourceExistsError) as exists:
        blob.upload_blob(b"x", overwrite=True, match_condition=MatchConditions.IfMissing)
    blob.upload_blob(b"y", overwrite=True, match_condition=MatchConditions.IfPresent)

    assert exists.value.status_code == 409
    assert research.holds("note") == b"y"


def test_conditions_on_time(blob: BlobClient) -> None:
    later = datetime.now(UTC) + timedelta(hours=1)

    with pytest.raises(HttpResponseError) as unchanged:
        blob.download_blob(if_modified_since=later)
    with pytest.raises(ResourceModifiedError):
        blob.delete_blob(if_unmodified_since=later - timedelta(days=1))

    assert unchanged.value.status_code == 304
    assert blob.download_blob(if_unmodified_since=later).readall() == b"version one"


@pytest.mark.parametrize("condition", ["\"stage\" = 'raw'", "\"stage\" = 'done'"])
def test_conditions_on_tags_hold_as_in_storage(
    condition: str, stack: Stack, blob: BlobClient, research: Both
) -> None:
    heard = Heard()
    stored = research.stored.get_blob_client("note")

    ends = [
        end_of(lambda: stored.download_blob(if_tags_match_condition=condition)),
        end_of(
            lambda: blob.download_blob(if_tags_match_condition=condition, raw_response_hook=heard)
        ),
    ]

    assert ends[0] == ends[1]
    assert ends[0] == ("" if "raw" in condition else "ConditionNotMet")
    (intent, _) = stack.records(heard.exchange)
    actions = [access["action"] for access in intent["operation"]["accesses"]]
    assert [action.partition("blobs/")[2] for action in actions] == ["read", "tags/read"]


def end_of(call: Callable[[], Any]) -> str:
    """The error code, "" for success."""
    try:
        call()
    except HttpResponseError as error:
        return code(error)
    return ""


def test_a_lease_guards_its_blob(blob: BlobClient, research: Both) -> None:
    lease = blob.acquire_lease(15)

    for write in writes(blob):
        with pytest.raises(HttpResponseError) as caught:
            write()
        assert (code(caught.value), caught.value.status_code) == ("LeaseIdMissing", 412)
    with pytest.raises(HttpResponseError) as other:
        blob.upload_blob(b"x", overwrite=True, lease=BlobLeaseClient(blob))
    blob.upload_blob(b"mine", overwrite=True, lease=lease)
    blob.set_blob_metadata({"by": "lease"}, lease=lease)

    assert code(other.value) == "LeaseIdMismatchWithBlobOperation"
    assert research.holds("note") == b"mine"
    assert blob.download_blob().readall() == b"mine"


def writes(blob: BlobClient) -> list[Callable[[], Any]]:
    return [
        lambda: blob.upload_blob(b"x", overwrite=True),
        lambda: blob.set_blob_metadata({"a": "b"}),
        blob.delete_blob,
    ]


def test_a_lease_is_renewed_changed_broken_and_released(blob: BlobClient, research: Both) -> None:
    stored = research.stored.get_blob_client("note")
    lease = blob.acquire_lease(-1)
    first = lease.id
    assert stored.get_blob_properties().lease.duration == "infinite"
    lease.renew()
    second = str(uuid.uuid4())

    lease.change(second)
    assert (lease.id, first != second) == (second, True)
    with pytest.raises(ResourceExistsError) as taken:
        blob.acquire_lease(15)
    assert lease.break_lease(0) == 0
    assert stored.get_blob_properties().lease.state == "broken"
    lease.release()

    assert (code(taken.value), taken.value.status_code) == ("LeaseAlreadyPresent", 409)
    assert stored.get_blob_properties().lease.state == "available"


def test_a_lease_of_nobody_cannot_be_renewed(blob: BlobClient) -> None:
    with pytest.raises(HttpResponseError) as caught:
        BlobLeaseClient(blob, lease_id=str(uuid.uuid4())).renew()

    assert caught.value.status_code == 409


def test_etags_are_those_of_storage_where_nothing_is_masked(
    blob: BlobClient, research: Both
) -> None:
    before = research.stored.get_blob_client("note").get_blob_properties().etag
    heard = Heard()
    time.sleep(0.01)

    blob.upload_blob(b"again", overwrite=True, raw_response_hook=heard)

    after = research.stored.get_blob_client("note").get_blob_properties().etag
    assert heard.headers["etag"] == after != before
    with pytest.raises(ResourceNotFoundError):
        research.through.get_blob_client("other").get_blob_properties()
