"""The evidence under a locked policy and the gateway's own roles, by a proxy before Azurite.

The rights come from `infra.roles`, which is what a deployment assigns: a right that the gateway
needs and that is not there fails here, and so does one that lets evidence be changed.
"""

import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager
from io import StringIO
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure.storage.blob import BlobType
from azure.storage.blob.aio import ContainerClient
from rich.console import Console

from gateway.adapters.evidence_append import DirectAppends, KeySignature
from gateway.adapters.evidence_store import BlobEvidenceStore
from gateway.adapters.system import SystemClock
from gateway.errors import AlreadyExists, PreconditionFailed, StoreError, StoreUnavailable
from gateway.evidence.findings import Verdict
from gateway.local.demo import Demo
from gateway.local.dev import Options
from gateway.ports import EvidenceStore
from infra.roles import CUSTOM_ROLES, EVIDENCE_WRITER
from tests.conftest import FreshContainer
from tests.integration.canaries import searched
from tests.integration.stack import ADMINISTRATOR, Fixed, Stack
from tests.standins.guarded import Guarded
from tests.standins.worm_proxy import ProxyFront, WormProxy, worm_proxy, worm_proxy_beside

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket]

ACCOUNT = "chaperoneevidence"
WRITER = EVIDENCE_WRITER.data_actions
LINE = b'{"record": 1}\n'


@asynccontextmanager
async def evidence(
    azurite: Guarded, fresh: FreshContainer, granted: tuple[str, ...] = WRITER, **behaviour: Any
) -> AsyncIterator[tuple[EvidenceStore, ContainerClient, ContainerClient, WormProxy]]:
    """The gateway's store, a client of anybody's, one that goes round the proxy, and the proxy."""
    behind = await fresh(ACCOUNT)
    name = behind.container_name
    async with (
        worm_proxy(azurite.direct(ACCOUNT), granted, container=name, **behaviour) as proxy,
        ContainerClient.from_connection_string(
            proxy.connection_string, name, retry_total=0
        ) as through,
    ):
        sign = KeySignature(ACCOUNT, azurite.keys[ACCOUNT], SystemClock())
        store = DirectAppends(BlobEvidenceStore(through), through.url, sign)
        try:
            yield store, through, behind, proxy
        finally:
            await store.close()


@pytest.mark.parametrize(
    "overwrite",
    ["UnauthorizedBlobOverwrite", "AuthorizationPermissionMismatch", "BlobAlreadyExists"],
)
async def test_the_role_lets_the_gateway_do_all_that_it_does_and_nothing_twice(
    azurite: Guarded, fresh_container: FreshContainer, overwrite: str
) -> None:
    async with evidence(azurite, fresh_container, overwrite=overwrite) as (store, _, _, proxy):
        await store.create("journal/a")
        with pytest.raises(AlreadyExists):
            await store.create("journal/a")
        end = await store.append("journal/a", LINE, 0)
        with pytest.raises(PreconditionFailed):
            await store.append("journal/a", LINE, 0)
        assert await store.append("journal/a", LINE, end) == 2 * end
        await store.put("manifests/m", b"first")
        with pytest.raises(AlreadyExists):
            await store.put("manifests/m", b"second")

        assert await store.read("journal/a") == LINE * 2
        assert await store.read("manifests/m") == b"first"
        assert [blob.name async for blob in store.list("journal/")] == ["journal/a"]
    assert {operation for _, operation, _ in proxy.refused} == {""}


@pytest.mark.parametrize("missing", WRITER)
async def test_a_role_without_one_of_its_rights_is_too_narrow(
    azurite: Guarded, fresh_container: FreshContainer, missing: str
) -> None:
    granted = tuple(action for action in WRITER if action != missing)
    async with evidence(azurite, fresh_container, granted) as (store, _, behind, _):
        await behind.upload_blob("e", LINE, blob_type=BlobType.APPENDBLOB)
        call = store.read("e") if missing.endswith("read") else store.create("journal/a")
        with pytest.raises(StoreUnavailable):
            await call


async def test_without_protected_appends_not_even_a_record_can_be_added(
    azurite: Guarded, fresh_container: FreshContainer
) -> None:
    async with evidence(azurite, fresh_container, appends=False) as (store, _, _, _):
        await store.create("journal/a")
        with pytest.raises(StoreError):
            await store.append("journal/a", LINE, 0)


async def test_the_role_does_not_reach_another_container(
    azurite: Guarded, fresh_container: FreshContainer
) -> None:
    other = await fresh_container(ACCOUNT)
    await other.upload_blob("x", b"x")
    async with (
        evidence(azurite, fresh_container) as (_, _, _, proxy),
        ContainerClient.from_connection_string(
            proxy.connection_string, other.container_name, retry_total=0
        ) as through,
    ):
        with pytest.raises(HttpResponseError):
            await through.get_blob_client("x").get_blob_properties()


def test_no_role_of_ours_can_delete_or_overwrite_evidence() -> None:
    granted = {action for role in CUSTOM_ROLES for action in (*role.actions, *role.data_actions)}
    assert not any(
        word in action
        for action in granted
        for word in ("*", "/delete", "/write", "runAsSuperUser", "tags", "permanentDelete", "move")
    )


async def test_a_gateway_works_with_nothing_more_than_its_roles(
    stack: Stack, deployed: Callable[..., Stack]
) -> None:
    manifest = stack.running.manifest.read_bytes()
    string = stack.running.azurite.connection_string(ACCOUNT)
    with worm_proxy_beside(string, WRITER) as proxy:
        own = deployed(
            CHAPERONE_EVIDENCE_URL=proxy.account_url,
            CHAPERONE_DEV_EVIDENCE_CONNECTION_STRING=proxy.connection_string,
        )
        proxy.container = own.deployment.environment["CHAPERONE_EVIDENCE_CONTAINER"]
        await own.deployment.activate(manifest)
        name = f"test-{uuid.uuid4().hex}"
        with own.deployment.host() as host:
            service = own.service("research", Fixed(own.token(*ADMINISTRATOR)), url=host.url)
            container = service.get_container_client(name)
            container.create_container()
            for number in range(20):
                container.upload_blob(f"b{number}", b"data")
            assert container.download_blob("b3").readall() == b"data"
            assert len(list(container.list_blobs())) == 20
            container.delete_blob("b3")
            host.stop()
        # The same manifest again: it is stored under its digest already.
        await own.deployment.activate(manifest)

        report = own.deployment.verify()
        assert report.findings == ()
        assert report.verdict is not Verdict.INVALID
        types = {record["type"] for record in own.deployment.records()}
        assert {"open", "activated", "intent", "outcome", "close"} <= types
        assert {operation for _, operation in proxy.passed} <= {"", "appendblock", "list"}
        assert {refusal[2] for refusal in proxy.refused} <= {
            "UnauthorizedBlobOverwrite",
            "BlobAlreadyExists",
        }


@pytest.mark.timeout(300)
def test_the_whole_demo_runs_over_evidence_that_nobody_can_change() -> None:
    with ExitStack() as resources:
        front = ProxyFront(resources)
        options = Options(access_log=True, timer_speed=12.0, evidence_front=front)
        told = StringIO()
        with searched(options) as gateway:
            acts = Demo(gateway, Console(file=told, width=200), scripted=True)
            acts.run()
    assert front.passed == {"", "appendblock", "list"}
    assert front.lacking == []
