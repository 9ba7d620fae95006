"""The evidence under a locked policy and the gateway's own roles, by a proxy before Azurite.

The rights come from `infra.roles`, which is what a deployment assigns: a right that the gateway
needs and that is not there fails here, and so does one that lets evidence be changed.
"""

import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from io import StringIO
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure.storage.blob import BlobType, ContentSettings, ImmutabilityPolicy, StandardBlobTier
from azure.storage.blob.aio import BlobClient, BlobLeaseClient, ContainerClient
from rich.console import Console

from gateway.adapters.evidence_append import DirectAppends, KeySignature
from gateway.adapters.evidence_store import BlobEvidenceStore
from gateway.adapters.system import SystemClock
from gateway.errors import AlreadyExists, PreconditionFailed, StoreError, StoreUnavailable
from gateway.evidence.findings import Verdict
from gateway.local.azurite import Azurite
from gateway.local.demo import Demo
from gateway.local.dev import Options
from gateway.ports import EvidenceStore
from infra.roles import CUSTOM_ROLES, EVIDENCE_WRITER
from tests.conftest import FreshContainer
from tests.integration.canaries import searched
from tests.integration.stack import ADMINISTRATOR, Fixed, Stack
from tests.standins.worm_proxy import WormProxy, worm_proxy, worm_proxy_beside

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket]

ACCOUNT = "chaperoneevidence"
WRITER = EVIDENCE_WRITER.data_actions
LINE = b'{"record": 1}\n'


@asynccontextmanager
async def evidence(
    azurite: Azurite, fresh: FreshContainer, granted: tuple[str, ...] = WRITER, **behaviour: Any
) -> AsyncIterator[tuple[EvidenceStore, ContainerClient, ContainerClient, WormProxy]]:
    """The gateway's store, a client of anybody's, one that goes round the proxy, and the proxy."""
    behind = await fresh(ACCOUNT)
    name = behind.container_name
    async with (
        worm_proxy(
            azurite.connection_string(ACCOUNT), granted, container=name, **behaviour
        ) as proxy,
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


def code(error: HttpResponseError) -> str:
    assert error.response is not None
    return str(error.response.headers.get("x-ms-error-code"))  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "overwrite",
    ["UnauthorizedBlobOverwrite", "AuthorizationPermissionMismatch", "BlobAlreadyExists"],
)
async def test_the_role_lets_the_gateway_do_all_that_it_does_and_nothing_twice(
    azurite: Azurite, fresh_container: FreshContainer, overwrite: str
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
    azurite: Azurite, fresh_container: FreshContainer, missing: str
) -> None:
    granted = tuple(action for action in WRITER if action != missing)
    async with evidence(azurite, fresh_container, granted) as (store, _, behind, _):
        await behind.upload_blob("e", LINE, blob_type=BlobType.APPENDBLOB)
        call = store.read("e") if missing.endswith("read") else store.create("journal/a")
        with pytest.raises(StoreUnavailable):
            await call


async def _overwrite(blob: BlobClient) -> None:
    await blob.upload_blob(b"forged", overwrite=True)


async def _truncate(blob: BlobClient) -> None:
    await blob.create_append_blob()


async def _stage(blob: BlobClient) -> None:
    await blob.stage_block("AAAA", b"forged")
    await blob.commit_block_list([])


async def _lease(blob: BlobClient) -> None:
    await BlobLeaseClient(blob).acquire(15)


async def _policy(blob: BlobClient) -> None:
    await blob.set_immutability_policy(ImmutabilityPolicy(policy_mode="Unlocked"))


CHANGES: dict[str, Callable[[BlobClient], Awaitable[object]]] = {
    "delete": lambda blob: blob.delete_blob(),
    "overwrite": _overwrite,
    "truncate": _truncate,
    "blocks": _stage,
    "metadata": lambda blob: blob.set_blob_metadata({"a": "b"}),
    "properties": lambda blob: blob.set_http_headers(ContentSettings(content_type="text/html")),
    "snapshot": lambda blob: blob.create_snapshot(),
    "seal": lambda blob: blob.seal_append_blob(),
    "lease": _lease,
    "tags": lambda blob: blob.set_blob_tags({"a": "b"}),
    "tier": lambda blob: blob.set_standard_blob_tier(StandardBlobTier.COOL),
    "copy over it": lambda blob: blob.start_copy_from_url(blob.url),
    "policy": _policy,
    "remove its policy": lambda blob: blob.delete_immutability_policy(),
    "legal hold": lambda blob: blob.set_legal_hold(legal_hold=False),
}
# What an owner may do under a locked policy changes neither content nor properties.
HARMLESS = {"lease", "tags", "tier", "policy", "remove its policy", "legal hold"}


async def _as_it_is(blob: BlobClient) -> tuple[bytes, str, dict[str, str], str]:
    properties = await blob.get_blob_properties()
    content = await (await blob.download_blob()).readall()
    settings = properties.content_settings
    return content, str(properties.etag), dict(properties.metadata), str(settings.content_type)


@pytest.mark.parametrize("kind", [BlobType.APPENDBLOB, BlobType.BLOCKBLOB])
@pytest.mark.parametrize("change", sorted(CHANGES))
async def test_the_gateways_identity_cannot_change_evidence(
    azurite: Azurite, fresh_container: FreshContainer, change: str, kind: BlobType
) -> None:
    async with evidence(azurite, fresh_container) as (_, through, behind, _):
        await behind.upload_blob("e", LINE, blob_type=kind)
        before = await _as_it_is(behind.get_blob_client("e"))
        with pytest.raises(HttpResponseError) as caught:
            await CHANGES[change](through.get_blob_client("e"))

        assert code(caught.value) in {
            "AuthorizationPermissionMismatch",
            "UnauthorizedBlobOverwrite",
            "BlobImmutableDueToPolicy",
        }
        assert await _as_it_is(behind.get_blob_client("e")) == before


@pytest.mark.parametrize("change", sorted(CHANGES.keys() - HARMLESS))
async def test_the_locked_policy_holds_an_owner_too(
    azurite: Azurite, fresh_container: FreshContainer, change: str
) -> None:
    async with evidence(azurite, fresh_container, ("*",)) as (_, through, behind, _):
        await behind.upload_blob("e", LINE, blob_type=BlobType.APPENDBLOB)
        before = await _as_it_is(behind.get_blob_client("e"))
        with pytest.raises(HttpResponseError) as caught:
            await CHANGES[change](through.get_blob_client("e"))
        assert code(caught.value) in {"BlobImmutableDueToPolicy", "InvalidBlobType"}
        assert await _as_it_is(behind.get_blob_client("e")) == before
        with pytest.raises(HttpResponseError) as caught:
            await through.delete_container()
        assert code(caught.value) == "ContainerImmutabilityPolicyLocked"


async def test_without_protected_appends_not_even_a_record_can_be_added(
    azurite: Azurite, fresh_container: FreshContainer
) -> None:
    async with evidence(azurite, fresh_container, appends=False) as (store, _, _, _):
        await store.create("journal/a")
        with pytest.raises(StoreError):
            await store.append("journal/a", LINE, 0)


@pytest.mark.parametrize(
    "change",
    [
        lambda container: container.delete_container(),
        lambda container: container.set_container_metadata({"a": "b"}),
        lambda container: container.set_container_access_policy({}, public_access="blob"),
        lambda container: container.acquire_lease(),
    ],
    ids=["delete", "metadata", "public", "lease"],
)
async def test_the_gateways_identity_cannot_change_the_container(
    azurite: Azurite,
    fresh_container: FreshContainer,
    change: Callable[[ContainerClient], Awaitable[object]],
) -> None:
    async with evidence(azurite, fresh_container) as (_, through, _, _):
        with pytest.raises(HttpResponseError) as caught:
            await change(through)
        assert code(caught.value) == "AuthorizationPermissionMismatch"


async def test_the_role_does_not_reach_another_container(
    azurite: Azurite, fresh_container: FreshContainer
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


@contextmanager
def under_worm(stack: Stack, deployed: Callable[..., Stack]) -> Iterator[tuple[Stack, WormProxy]]:
    """A deployment whose evidence lies behind the proxy."""
    string = stack.running.azurite.connection_string(ACCOUNT)
    with worm_proxy_beside(string, WRITER) as proxy:
        own = deployed(
            CHAPERONE_EVIDENCE_URL=proxy.account_url,
            CHAPERONE_DEV_EVIDENCE_CONNECTION_STRING=proxy.connection_string,
        )
        proxy.container = own.deployment.environment["CHAPERONE_EVIDENCE_CONTAINER"]
        yield own, proxy


async def test_a_gateway_works_with_nothing_more_than_its_roles(
    stack: Stack, deployed: Callable[..., Stack]
) -> None:
    manifest = stack.running.manifest.read_bytes()
    with under_worm(stack, deployed) as (own, proxy):
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
        proxies: list[WormProxy] = []

        def front(string: str) -> str:
            proxies.append(resources.enter_context(worm_proxy_beside(string, WRITER)))
            return proxies[0].connection_string

        options = Options(access_log=True, timer_speed=12.0, evidence_front=front)
        told = StringIO()
        with searched(options) as gateway:
            acts = Demo(gateway, Console(file=told, width=200), scripted=True)
            for act in (
                acts.work,
                acts.masking,
                acts.approvals,
                acts.strangers,
                acts.exfiltration,
                acts.expiry,
                acts.evidence,
            ):
                act()
    assert {operation for _, operation in proxies[0].passed} == {"", "appendblock", "list"}
    assert [refusal for refusal in proxies[0].refused if refusal[2].startswith("Auth")] == []
