"""The whole stack, once for all tests that use it, and containers that both sides reach."""

import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.errors import ConfigurationError
from gateway.local.dev import Options, Running
from tests.integration.canaries import searched
from tests.integration.deployment import Deployment, fresh
from tests.integration.packaged import Built, build
from tests.integration.stack import Both, Stack
from tests.standins.worm_proxy import ProxyFront

MANIFEST = Path(__file__).with_name("manifest.yaml")


@pytest.fixture(scope="session")
def whole_stack() -> Iterator[Running]:
    """Storage, identity provider and gateway as `chaperone dev` starts them, each a process."""
    with ExitStack() as started:
        try:
            proxy = ProxyFront(started)
            options = Options(manifest=MANIFEST, access_log=True, evidence_front=proxy)
            run = started.enter_context(searched(options))
        except ConfigurationError as error:
            if os.environ.get("CI"):
                raise
            pytest.skip(f"{error}: {error.advice}")
        yield run
        run.supervisor.stop(run.host)
        report = Deployment(run, run.environment).verify()
        assert report.findings == (), "what these tests did is not recorded without a fault"
        assert proxy.lacking == [], "a gateway needed more than the deployed role grants"


@pytest.fixture
def stack(whole_stack: Running) -> Iterator[Stack]:
    """The stack with clients that are closed after the test."""
    with ExitStack() as resources:
        yield Stack(whole_stack, Deployment(whole_stack, whole_stack.environment), resources)


@pytest.fixture
def research(stack: Stack) -> Both:
    """A new container where nothing is masked."""
    return stack.both("research", f"test-{uuid.uuid4().hex}")


@pytest.fixture
def phi(stack: Stack) -> Both:
    """A new container where everything is masked."""
    return stack.both("clinic", f"test-{uuid.uuid4().hex}")


@pytest.fixture
def deployed(stack: Stack) -> Callable[..., Stack]:
    """Makes a deployment with stores of its own: same storage, same identity provider."""

    def make(**settings: str) -> Stack:
        return replace(stack, deployment=fresh(stack.running, **settings))

    return make


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The deployment package."""
    return build(tmp_path_factory)
