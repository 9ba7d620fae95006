"""The program's own providers in the process that Pulumi starts for them, in its folder."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc  # type: ignore[import-untyped]
import pytest
from pulumi.dynamic.dynamic import serialize_provider
from pulumi.runtime import rpc
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from infra.dynamic.generated_secret import _SecretProvider
from infra.dynamic.lock import _LockProvider
from infra.dynamic.publication import _PublicationProvider
from infra.dynamic.registration import _RegistrationProvider
from infra.dynamic.retention import _RetentionProvider

ROOT = Path(__file__).resolve().parents[3]
INFRA = ROOT / "infra"
WHERE = "import infra; print(infra.__path__[0])"
PROVIDERS = (
    _SecretProvider(),
    _LockProvider(),
    _PublicationProvider(),
    _RegistrationProvider(),
    _RetentionProvider(),
)


@pytest.fixture(scope="module")
def host() -> Iterator[Any]:
    """As `pulumi-resource-pulumi-python` starts it: the module, and the folder of the program."""
    given = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    found = subprocess.run(
        [sys.executable, "-c", WHERE],
        cwd="/",
        env=given,
        capture_output=True,
        text=True,
        check=True,
    )
    # The editable install finds them; an environment that is of another checkout needs to be told.
    if Path(found.stdout.strip()) != INFRA:
        given["PYTHONPATH"] = str(ROOT)
    command = [sys.executable, "-u", "-m", "pulumi.dynamic"]
    with subprocess.Popen(command, cwd=INFRA, env=given, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            port = int(process.stdout.readline())
            with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
                yield provider_pb2_grpc.ResourceProviderStub(channel)
        finally:
            process.kill()


@pytest.mark.parametrize("provider", PROVIDERS, ids=lambda one: type(one).__name__)
def test_it_is_found_and_answers(host: Any, provider: Any) -> None:
    props = {"__provider": serialize_provider(provider), "subscription": "s-1", "days": 2557}

    async def sent() -> Any:
        return await rpc.serialize_properties(props, {})

    there = asyncio.run(sent())
    answer = host.Diff(provider_pb2.DiffRequest(id="x", olds=there, news=there), timeout=60)
    assert answer.changes == provider_pb2.DiffResponse.DIFF_NONE
