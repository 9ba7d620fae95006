"""Every call of the SDK that could touch a record, by who calls and by what is there.

The expectations are written out and not computed, from Azure's table of what a container's locked
time-based retention with protected append writes prohibits (Put Blob, Put Block and Put Block List
over what is there, Delete Blob, Set Blob Metadata, Put Page, Set Blob Properties, Snapshot Blob,
Incremental Copy Blob, Append Block to anything but an append blob, Delete Container), and from its
table of the data actions that each call needs.
https://learn.microsoft.com/azure/storage/blobs/immutable-storage-overview
https://learn.microsoft.com/rest/api/storageservices/authorize-with-azure-active-directory
"""

import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from azure.core import MatchConditions
from azure.core.exceptions import HttpResponseError
from azure.storage.blob import BlobType, ContentSettings, ImmutabilityPolicy, StandardBlobTier
from azure.storage.blob.aio import BlobClient, BlobLeaseClient, ContainerClient

from infra.roles import EVIDENCE_WRITER
from tests.standins.guarded import Guarded
from tests.standins.worm_proxy import worm_proxy

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket]

ACCOUNT = "chaperoneevidence"
LINE = b'{"record": 1}\n'
PAGE = bytes(512)
TARGETS = ("absent", "append", "block", "page")
IDENTITIES = {"gateway": EVIDENCE_WRITER.data_actions, "owner": ("*",)}
CODES = {
    "role": {"AuthorizationPermissionMismatch", "UnauthorizedBlobOverwrite"},
    "worm": {"BlobImmutableDueToPolicy", "BlobAlreadyExists"},
}

Act = Callable[[BlobClient, str], Awaitable[object]]
"""One call on a blob; the text is the URL of another that may be copied."""


async def _batch(blob: BlobClient, _: str) -> None:
    async with ContainerClient(
        blob.url.rpartition("/")[0].rpartition("/")[0], blob.container_name, blob.credential
    ) as container:
        await container.delete_blobs(blob.blob_name)


async def _lease(blob: BlobClient, _: str) -> None:
    await BlobLeaseClient(blob).acquire(15)


def _policy() -> ImmutabilityPolicy:
    return ImmutabilityPolicy(
        expiry_time=datetime.now(UTC) + timedelta(days=1), policy_mode="Unlocked"
    )


ACTS: dict[str, Act] = {
    "read": lambda blob, _: blob.download_blob(),
    "properties": lambda blob, _: blob.get_blob_properties(),
    "delete": lambda blob, _: blob.delete_blob(),
    "delete in a batch": _batch,
    "put block blob": lambda blob, _: blob.upload_blob(b"forged", overwrite=True),
    "put block blob if absent": lambda blob, _: blob.upload_blob(b"forged"),
    "put append blob": lambda blob, _: blob.create_append_blob(),
    "put append blob if absent": lambda blob, _: blob.create_append_blob(
        match_condition=MatchConditions.IfMissing
    ),
    "put page blob": lambda blob, _: blob.create_page_blob(512),
    "put blob from url": lambda blob, url: blob.upload_blob_from_url(url, overwrite=True),
    "append block": lambda blob, _: blob.append_block(LINE),
    "append block from url": lambda blob, url: blob.append_block_from_url(url),
    "put block": lambda blob, _: blob.stage_block("AAAA", b"forged"),
    "put block from url": lambda blob, url: blob.stage_block_from_url("AAAA", url),
    "put block list": lambda blob, _: blob.commit_block_list([]),
    "put page": lambda blob, _: blob.upload_page(PAGE, 0, 512),
    "clear page": lambda blob, _: blob.clear_page(0, 512),
    "resize": lambda blob, _: blob.resize_blob(1024),
    "set metadata": lambda blob, _: blob.set_blob_metadata({"a": "b"}),
    "set properties": lambda blob, _: blob.set_http_headers(ContentSettings("text/html")),
    "snapshot": lambda blob, _: blob.create_snapshot(),
    "seal": lambda blob, _: blob.seal_append_blob(),
    "lease": _lease,
    "set tags": lambda blob, _: blob.set_blob_tags({"a": "b"}),
    "set tier": lambda blob, _: blob.set_standard_blob_tier(StandardBlobTier.COOL),
    "copy": lambda blob, url: blob.start_copy_from_url(url),
    "copy at once": lambda blob, url: blob.start_copy_from_url(url, requires_sync=True),
    "copy a snapshot": lambda blob, url: blob.start_copy_from_url(
        f"{url}?snapshot=2026-08-01T09:00:00.0000000Z", incremental_copy=True
    ),
    "abort copy": lambda blob, _: blob.abort_copy("c0"),
    "undelete": lambda blob, _: blob.undelete_blob(),
    "set policy": lambda blob, _: blob.set_immutability_policy(_policy()),
    "remove policy": lambda blob, _: blob.delete_immutability_policy(),
    "legal hold": lambda blob, _: blob.set_legal_hold(legal_hold=False),
    "put with tags": lambda blob, _: blob.upload_blob(b"x", overwrite=True, tags={"a": "b"}),
    "put with policy": lambda blob, _: blob.upload_blob(
        b"x", overwrite=True, immutability_policy=_policy()
    ),
    "put with legal hold": lambda blob, _: blob.upload_blob(b"x", overwrite=True, legal_hold=True),
}

# By who calls and what is there: done; open (passed on, and nothing of a record changes, whatever
# the emulator says); role (403, the role does not grant it); worm (409, the policy forbids it).
MATRIX = """
                          | gateway                  | owner
                          | absent append block page | absent append block page
read                      | open   done   done  done | open   done   done  done
properties                | open   done   done  done | open   done   done  done
delete                    | role   role   role  role | open   worm   worm  worm
delete in a batch         | role   role   role  role | worm   worm   worm  worm
put block blob            | done   role   role  role | done   worm   worm  worm
put block blob if absent  | done   role   role  role | done   worm   worm  worm
put append blob           | done   role   role  role | done   worm   worm  worm
put append blob if absent | done   role   role  role | done   worm   worm  worm
put page blob             | done   role   role  role | done   worm   worm  worm
put blob from url         | open   role   role  role | open   worm   worm  worm
append block              | open   done   worm  worm | open   done   worm  worm
append block from url     | open   open   worm  worm | open   open   worm  worm
put block                 | role   role   role  role | done   worm   worm  worm
put block from url        | role   role   role  role | open   worm   worm  worm
put block list            | role   role   role  role | done   worm   worm  worm
put page                  | role   role   role  role | open   worm   worm  worm
clear page                | role   role   role  role | open   worm   worm  worm
resize                    | role   role   role  role | open   worm   worm  worm
set metadata              | role   role   role  role | open   worm   worm  worm
set properties            | role   role   role  role | open   worm   worm  worm
snapshot                  | open   worm   worm  worm | open   worm   worm  worm
seal                      | role   role   role  role | open   worm   worm  worm
lease                     | role   role   role  role | open   done   done  done
set tags                  | role   role   role  role | open   open   open  open
set tier                  | role   role   role  role | open   open   open  open
copy                      | done   role   role  role | done   worm   worm  worm
copy at once              | done   role   role  role | done   worm   worm  worm
copy a snapshot           | role   role   role  role | open   worm   worm  worm
abort copy                | role   role   role  role | open   open   open  open
undelete                  | role   role   role  role | open   open   open  open
set policy                | role   role   role  role | open   open   open  open
remove policy             | role   role   role  role | open   open   open  open
legal hold                | role   role   role  role | open   open   open  open
put with tags             | role   role   role  role | done   worm   worm  worm
put with policy           | role   role   role  role | open   worm   worm  worm
put with legal hold       | role   role   role  role | open   worm   worm  worm
"""


def expectations() -> dict[tuple[str, str], dict[str, str]]:
    """What becomes of each call: by (call, identity), by what is there."""
    found = {}
    for line in MATRIX.strip("\n").splitlines()[2:]:
        name, *columns = (part.strip() for part in line.split("|"))
        for identity, column in zip(IDENTITIES, columns, strict=True):
            found[name, identity] = dict(zip(TARGETS, column.split(), strict=True))
    return found


EXPECTED = expectations()


def test_the_matrix_is_whole() -> None:
    assert {name for name, _ in EXPECTED} == set(ACTS)
    words = {word for row in EXPECTED.values() for word in row.values()}
    assert words == {"done", "open", "role", "worm"}
    # What is there is changed by nobody, but for lines that follow those of an append blob.
    changing = {name for name in ACTS if name not in {"read", "properties", "lease"}}
    for (name, _), row in EXPECTED.items():
        if name in changing and not name.startswith("append block"):
            assert {row[target] for target in TARGETS[1:]} <= {"open", "role", "worm"}


@dataclass
class Scene:
    """A container with a blob of each type, as an owner without a policy made it."""

    made: ContainerClient
    azurite: Guarded

    async def state(self) -> dict[str, tuple[str, int, str, str]]:
        """Entity tag, size, metadata and content type by blob: any change of content shows."""
        return {
            blob.name: (
                blob.etag,
                blob.size,
                str(blob.metadata),
                str(blob.content_settings.content_type),
            )
            async for blob in self.made.list_blobs(include=["metadata", "snapshots"])
        }


@pytest.fixture
async def scene(azurite: Guarded) -> AsyncIterator[Scene]:
    name = f"test-{uuid.uuid4().hex}"
    async with ContainerClient.from_connection_string(azurite.direct(ACCOUNT), name) as made:
        await made.create_container(public_access="blob")  # so that a copy may read its source
        await made.upload_blob("source", LINE)
        await made.upload_blob("append", LINE, blob_type=BlobType.APPENDBLOB)
        await made.upload_blob("block", LINE)
        await made.upload_blob("page", PAGE, blob_type=BlobType.PAGEBLOB)
        yield Scene(made, azurite)


async def outcome(call: Awaitable[object]) -> tuple[str, str]:
    """What the call came to, and the service's code for it."""
    try:
        await call
    except HttpResponseError as error:
        headers: Mapping[str, str] = getattr(error.response, "headers", {})
        return "refused", str(headers.get("x-ms-error-code"))
    return "done", ""


@pytest.mark.parametrize("identity", IDENTITIES)
@pytest.mark.parametrize("name", ACTS)
async def test_what_becomes_of_each_call(scene: Scene, name: str, identity: str) -> None:
    box = scene.made.container_name
    async with (
        worm_proxy(scene.azurite.direct(ACCOUNT), IDENTITIES[identity], container=box) as proxy,
        ContainerClient.from_connection_string(
            proxy.connection_string, box, retry_total=0
        ) as through,
    ):
        for target, expected in EXPECTED[name, identity].items():
            before = await scene.state()
            proxy.passed.clear()
            proxy.refused.clear()
            source = f"{scene.made.url}/source"
            end, code = await outcome(ACTS[name](through.get_blob_client(target), source))
            after, where = await scene.state(), f"{target}: {end} {code}"
            if expected in CODES:
                assert code in CODES[expected], where
                assert len(proxy.refused) == 1, where
                assert after == before, where
                continue
            assert proxy.refused == [], where
            assert proxy.passed, where
            assert code not in CODES["role"] | {"BlobImmutableDueToPolicy"}, where
            if expected == "done":
                assert end == "done", where
            after.pop("absent", None)
            if end == "done" and target == "append" and name.startswith("append block"):
                assert before.pop("append")[1] < after.pop("append")[1], where
            assert after == {blob: found for blob, found in before.items() if blob != "absent"}


CONTAINER_ACTS: dict[str, Callable[[ContainerClient], Awaitable[object]]] = {
    "delete": lambda container: container.delete_container(),
    "set metadata": lambda container: container.set_container_metadata({"a": "b"}),
    "set access": lambda container: container.set_container_access_policy(
        {}, public_access="container"
    ),
    "lease": lambda container: container.acquire_lease(15),
}


@pytest.mark.parametrize("name", CONTAINER_ACTS)
async def test_the_container_outlives_both_and_stays_as_it_is_for_the_gateway(
    scene: Scene, name: str
) -> None:
    box = scene.made.container_name
    for identity, granted in IDENTITIES.items():
        async with (
            worm_proxy(scene.azurite.direct(ACCOUNT), granted, container=box) as proxy,
            ContainerClient.from_connection_string(
                proxy.connection_string, box, retry_total=0
            ) as through,
        ):
            before = await scene.made.get_container_properties()
            _, code = await outcome(CONTAINER_ACTS[name](through))
            if identity == "gateway":
                assert code == "AuthorizationPermissionMismatch"
                after = await scene.made.get_container_properties()
                assert after.etag == before.etag
                assert after.lease.state == before.lease.state
            else:
                locked = "ContainerImmutabilityPolicyLocked"
                assert code == (locked if name == "delete" else "")
            assert await scene.made.exists()
