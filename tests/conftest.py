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


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options of the project's own."""
    parser.addoption(
        "--worm",
        action="store_true",
        help="run the integration tests with evidence behind a locked policy and the own roles",
    )


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
def azurite() -> Iterator[emulator.Azurite]:
    """One Azurite for all tests of the run, with the accounts of `gateway.local.azurite`."""
    try:
        running = emulator.start()
    except ConfigurationError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"{error}: {error.advice}")
    with running:
        yield running.azurite


@pytest.fixture
async def fresh_container(azurite: emulator.Azurite) -> AsyncIterator[FreshContainer]:
    """A factory of empty containers, by account."""
    async with AsyncExitStack() as stack:

        async def make(account: str) -> ContainerClient:
            client = ContainerClient.from_connection_string(
                azurite.connection_string(account), f"test-{uuid.uuid4().hex}"
            )
            await stack.enter_async_context(client)
            await client.create_container()
            return client

        yield make
