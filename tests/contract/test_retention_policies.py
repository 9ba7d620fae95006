"""What Resource Manager says of the policy, over real HTTPS."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from gateway.adapters.resource_manager import ResourceManagerPolicies
from gateway.errors import ConfigurationError, StoreUnavailable
from gateway.evidence.retention import Retention, Update, fault
from tests.standins.resource_manager import (
    ACCOUNT,
    ResourceManagerCredential,
    ResourceManagerStandIn,
    resource_manager,
)

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket]

PERSON = ("22222222-2222-4222-8222-222222222222", "11111111-1111-4111-8111-111111111111")


@asynccontextmanager
async def both(
    folder: Path,
) -> AsyncIterator[tuple[ResourceManagerPolicies, ResourceManagerStandIn]]:
    async with resource_manager(folder) as standin:
        yield (
            ResourceManagerPolicies(
                ResourceManagerCredential(standin.url),
                ACCOUNT,
                "evidence",
                endpoint=standin.url,
                ca_file=standin.ca_file,
                timeout_seconds=5,
            ),
            standin,
        )


async def test_a_locked_policy_is_read_with_the_log_of_who_locked_it(tmp_path: Path) -> None:
    async with both(tmp_path) as (policies, standin):
        found = await policies.read()

    name = "alice@example.org"
    assert found == Retention(
        "locked",
        2557,
        "append",
        etag="8d9",
        updates=(
            Update("put", "2026-08-01T09:00:00.0000000Z", 2557, *PERSON, name),
            Update("lock", "2026-08-01T10:00:00.0000000Z", 2557, *PERSON, name),
        ),
    )
    assert fault(found, 2192) == ""
    assert all("api-version=" in path for path in standin.asked)


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (None, Retention("none", 0, "none")),
        (
            {"immutabilityPeriodSinceCreationInDays": 0, "state": "Unlocked"},
            Retention("none", 0, "none"),
        ),
        (
            {"immutabilityPeriodSinceCreationInDays": 7, "state": "Unlocked"},
            Retention("unlocked", 7, "none", etag="8d9"),
        ),
        (
            {
                "immutabilityPeriodSinceCreationInDays": 2557,
                "state": "Locked",
                "allowProtectedAppendWritesAll": True,
            },
            Retention("locked", 2557, "all", etag="8d9"),
        ),
        (
            {"immutabilityPeriodSinceCreationInDays": 2557, "state": "Sealed"},
            Retention("unknown", 2557, "none", etag="8d9"),
        ),
    ],
)
async def test_every_other_state_is_told_apart(
    tmp_path: Path, policy: dict[str, object] | None, expected: Retention
) -> None:
    async with both(tmp_path) as (policies, standin):
        standin.policy, standin.updates = policy, []
        assert await policies.read() == expected


async def test_a_legal_hold_is_told(tmp_path: Path) -> None:
    async with both(tmp_path) as (policies, standin):
        standin.legal_hold = True
        assert (await policies.read()).legal_hold


@pytest.mark.parametrize("status", [302, 401, 403, 404, 409, 429, 500, 503])
async def test_an_answer_that_is_no_policy_is_no_policy(tmp_path: Path, status: int) -> None:
    async with both(tmp_path) as (policies, standin):
        standin.status = status
        with pytest.raises(StoreUnavailable):
            await policies.read()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b'{"properties": null}',
        b'{"properties": {"immutabilityPeriodSinceCreationInDays": "2557", "state": "Locked"}}',
        b'{"properties": {"immutabilityPeriodSinceCreationInDays": -1, "state": "Locked"}}',
        b'{"properties": {"state": ["Locked"]}}',
        b"\xff\xfe",
        b" " * (1024 * 1024 + 1),
    ],
)
async def test_an_answer_that_cannot_be_read_is_no_policy(tmp_path: Path, body: bytes) -> None:
    async with both(tmp_path) as (policies, standin):
        standin.body = body
        with pytest.raises(StoreUnavailable) as caught:
            await policies.read()
    assert standin.url not in str(caught.value)


async def test_a_server_that_nobody_vouches_for_is_not_believed(tmp_path: Path) -> None:
    async with resource_manager(tmp_path) as standin:
        policies = ResourceManagerPolicies(
            ResourceManagerCredential(standin.url), ACCOUNT, "evidence", endpoint=standin.url
        )
        with pytest.raises(StoreUnavailable):
            await policies.read()
    assert standin.asked == []


async def test_a_token_goes_over_https_alone() -> None:
    with pytest.raises(ConfigurationError):
        ResourceManagerPolicies(
            ResourceManagerCredential("http://127.0.0.1"),
            ACCOUNT,
            "evidence",
            endpoint="http://127.0.0.1",
        )
