"""Fixtures that many packages share: the storage emulator and fresh containers in it."""

import os
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack

import hypothesis
import pytest
from azure.storage.blob.aio import ContainerClient

from gateway.errors import ConfigurationError
from gateway.local import azurite as emulator
from gateway.local import seed
from infra.roles import EVIDENCE_WRITER
from tests.standins.guarded import Guarded
from tests.standins.worm_proxy import worm_proxy_beside

# No deadline: two cores, and other tests run beside these. CI repeats its examples exactly.
hypothesis.settings.register_profile("default", deadline=None)
hypothesis.settings.register_profile(
    "ci", deadline=None, derandomize=True, print_blob=True, database=None
)
hypothesis.settings.register_profile("thorough", deadline=None, max_examples=2000)
hypothesis.settings.load_profile(
    os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") else "default")
)

FreshContainer = Callable[[str], Awaitable[ContainerClient]]
"""Makes a new container in the account and returns its client, closed after the test."""


# Marks of tests that run only where their environment variable is set.
_ASKED_FOR = {"azure": "CHAPERONE_TEST_SUBSCRIPTION", "soak": "CHAPERONE_TEST_SOAK"}


def pytest_configure() -> None:
    """Measure coverage in the processes that run tests, and in none that the tests start.

    There are hundreds of those, whose start would take twice as long; the instances among them are
    killed, and a measurement would be lost with them.
    """
    if "PYTEST_XDIST_WORKER" in os.environ:
        os.environ.pop("COVERAGE_PROCESS_CONFIG", None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests against a live subscription, and those of many minutes, run where asked for."""
    for mark, variable in _ASKED_FOR.items():
        if os.environ.get(variable):
            continue
        skip = pytest.mark.skip(reason=f"needs {variable}")
        for item in items:
            if item.get_closest_marker(mark):
                item.add_marker(skip)


@pytest.fixture(scope="session")
def azurite() -> Iterator[Guarded]:
    """One Azurite for all tests of the run, with the accounts of `gateway.local.azurite`.

    Whoever asks for the evidence account's address gets what the gateway's identity would get in
    Azure: a proxy that refuses what the locked policy and the deployed roles refuse.
    """
    try:
        running = emulator.start()
    except ConfigurationError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"{error}: {error.advice}")
    rights = EVIDENCE_WRITER.data_actions
    with (
        running,
        worm_proxy_beside(
            running.azurite.connection_string(seed.EVIDENCE_ACCOUNT), rights
        ) as proxy,
    ):
        yield Guarded.of(running.azurite, proxy)
        assert proxy.lacking == [], "a test needed more than the deployed role grants"


@pytest.fixture
async def fresh_container(azurite: Guarded) -> AsyncIterator[FreshContainer]:
    """A factory of empty containers, by account; made by an owner, used as the gateway may."""
    async with AsyncExitStack() as stack:

        async def make(account: str) -> ContainerClient:
            name = f"test-{uuid.uuid4().hex}"
            async with ContainerClient.from_connection_string(
                azurite.direct(account), name
            ) as owner:
                await owner.create_container()
            client = ContainerClient.from_connection_string(
                azurite.connection_string(account), name
            )
            return await stack.enter_async_context(client)

        yield make
