"""Copies within one account with Microsoft's SDK: sources are the gateway's own URLs."""

import base64
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from azure.core import MatchConditions
from azure.core.exceptions import HttpResponseError
from azure.storage.blob import BlobClient

from tests.integration.stack import READER, Both, Heard, Stack, code

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket]

MATCH = MatchConditions.IfNotModified
DATA = b"rates of vaccination\n" * 200


@pytest.fixture
def source(research: Both) -> BlobClient:
    research.put("source & co/ä+b.csv", DATA, metadata={"study": "rates"}, tags={"stage": "raw"})
    return research.through.get_blob_client("source & co/ä+b.csv")


def test_an_asynchronous_copy(stack: Stack, source: BlobClient, research: Both) -> None:
    target = research.through.get_blob_client("copied")
    heard = Heard()

    started = target.start_copy_from_url(source.url, raw_response_hook=heard)

    assert started["copy_status"] == "success"
    assert research.holds("copied") == DATA
    properties = target.get_blob_properties()
    assert properties.metadata == {"study": "rates"}
    assert properties.copy.source == source.url
    (intent, _) = stack.records(heard.exchange)
    accesses = {
        access["action"].rpartition("/")[2]: access["resource"]
        for access in intent["operation"]["accesses"]
    }
    container = research.stored.container_name
    assert accesses == {
        "write": f"research/{container}/copied",
        "read": f"research/{container}/source & co/ä+b.csv",
    }


def test_a_synchronous_copy(source: BlobClient, research: Both) -> None:
    target = research.through.get_blob_client("copied")

    target.start_copy_from_url(source.url, requires_sync=True, metadata={"own": "1"})

    assert research.holds("copied") == DATA
    assert research.stored.get_blob_client("copied").get_blob_properties().metadata == {"own": "1"}


def test_a_copy_of_a_snapshot(source: BlobClient, research: Both) -> None:
    snapshot = str(source.create_snapshot()["snapshot"])
    research.put("source & co/ä+b.csv", b"newer", overwrite=True)
    old = research.through.get_blob_client("source & co/ä+b.csv", snapshot=snapshot)

    research.through.get_blob_client("restored").start_copy_from_url(old.url)

    assert research.holds("restored") == DATA


def test_a_copy_on_conditions(source: BlobClient, research: Both) -> None:
    target = research.through.get_blob_client("copied")
    etag = source.get_blob_properties().etag

    with pytest.raises(HttpResponseError) as caught:
        target.start_copy_from_url(source.url, source_etag='"0x1"', source_match_condition=MATCH)
    target.start_copy_from_url(source.url, source_etag=etag, source_match_condition=MATCH)

    assert caught.value.status_code == 412
    assert research.holds("copied") == DATA


def test_from_url_operations_go_up_with_the_upstreams_own_url(
    stack: Stack, source: BlobClient, research: Both
) -> None:
    """Azurite does not implement them all; what counts is that they are judged and sent."""
    target = research.through.get_blob_client("from-url")
    block = base64.b64encode(b"0001").decode()
    calls: list[Callable[[Heard], Any]] = [
        lambda heard: target.upload_blob_from_url(source.url, raw_response_hook=heard),
        lambda heard: target.stage_block_from_url(block, source.url, raw_response_hook=heard),
        lambda heard: target.append_block_from_url(source.url, raw_response_hook=heard),
        lambda heard: target.upload_pages_from_url(
            source.url, offset=0, length=512, source_offset=0, raw_response_hook=heard
        ),
    ]
    for call in calls:
        heard = Heard()
        with suppress(HttpResponseError):
            call(heard)
        intent, outcome = stack.records(heard.exchange)
        assert intent["operation"]["accesses"][1]["resource"].endswith("source & co/ä+b.csv")
        assert outcome["result"] == "answered"
        assert outcome["upstream"]["status"] in {201, 202, 404, 409, 501}


def test_aborting_a_copy_that_is_done_is_an_error(source: BlobClient, research: Both) -> None:
    target = research.through.get_blob_client("copied")
    started = target.start_copy_from_url(source.url)

    with pytest.raises(HttpResponseError) as caught:
        target.abort_copy(str(started["copy_id"]))

    assert (code(caught.value), caught.value.status_code) == ("NoPendingCopyOperation", 409)


def test_who_may_not_write_may_not_copy(stack: Stack, source: BlobClient, research: Both) -> None:
    reader = stack.agent("research", *READER)
    target = reader.get_blob_client(research.stored.container_name, "copied")

    with stack.nothing_reaches_storage(), pytest.raises(HttpResponseError) as caught:
        target.start_copy_from_url(source.url)

    assert code(caught.value) == "NoRuleAllows"
