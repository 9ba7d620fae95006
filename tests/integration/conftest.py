"""The whole stack, once for all tests that use it, and containers that both sides reach."""

import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from gateway.errors import ConfigurationError
from gateway.local.dev import Options, Running
from infra.roles import EVIDENCE_WRITER
from tests.integration.canaries import searched
from tests.integration.deployment import Deployment, fresh
from tests.integration.stack import Both, Stack
from tests.standins.worm_proxy import worm_proxy_beside

MANIFEST = Path(__file__).with_name("manifest.yaml")


def front(resources: ExitStack, string: str) -> str:
    """A proxy with the gateway's own rights before the evidence of a run."""
    proxy = resources.enter_context(worm_proxy_beside(string, EVIDENCE_WRITER.data_actions))
    return proxy.connection_string


@pytest.fixture(scope="session")
def whole_stack(request: pytest.FixtureRequest) -> Iterator[Running]:
    """Storage, identity provider and gateway as `chaperone dev` starts them, each a process."""
    with ExitStack() as started:
        try:
            options = Options(manifest=MANIFEST, access_log=True)
            if request.config.getoption("--worm"):
                options = replace(options, evidence_front=partial(front, started))
            run = started.enter_context(searched(options))
        except ConfigurationError as error:
            if os.environ.get("CI"):
                raise
            pytest.skip(f"{error}: {error.advice}")
        yield run
        run.supervisor.stop(run.host)
        report = Deployment(run, run.environment).verify()
        assert report.findings == (), "what these tests did is not recorded without a fault"


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
