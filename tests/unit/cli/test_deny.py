"""`chaperone deny` on a table in Azurite, composed as for an operator."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from azure.core.pipeline.transport import RequestsTransport
from azure.data.tables.aio import TableClient
from azure.storage.blob import ContainerClient
from azure.storage.blob.aio import ContainerClient as AsyncContainerClient
from typer.testing import CliRunner, Result

from gateway.bootstrap import OperatorTools, operator_tools
from gateway.cli.deny import Kind, app
from gateway.cli.deployment import configured
from gateway.errors import ConfigurationError, InvalidRequest, NotFound, Unauthenticated
from gateway.model.denial import FORMS
from gateway.model.principal import Principal
from tests.pipeline.world import FixedKeys
from tests.standins.guarded import Guarded
from tests.unit.recording.test_activation import PERSON

OID = "44444444-4444-4444-8444-444444444444"
ACCOUNT = "chaperonestate"


def test_the_command_knows_the_kinds_that_the_table_knows() -> None:
    assert {kind.value for kind in Kind} == set(FORMS)


def test_an_unknown_kind_is_wrong_usage() -> None:
    assert (
        CliRunner().invoke(app, ["add", "upn", "lee", "--reason", "r", "--token", "t"]).exit_code
        == 2
    )


def test_a_reason_is_demanded() -> None:
    words = ["add", "oid", OID, "--token", "good"]
    assert CliRunner().invoke(app, words).exit_code == 2


@pytest.mark.parametrize("words", [["add", "oid", OID, "--reason", "r"], ["remove", "oid", OID]])
def test_a_persons_token_is_demanded(words: list[str]) -> None:
    result = CliRunner().invoke(app, words, env={"CHAPERONE_TOKEN": None})
    assert result.exit_code == 2
    assert "--token" in result.output


def test_without_settings_the_command_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CHAPERONE_ENVIRONMENT", raising=False)
    result = CliRunner().invoke(app, ["list"])
    assert isinstance(result.exception, ConfigurationError)


@pytest.fixture
def operator(azurite: Guarded, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """Settings of a development gateway whose deny table is new; the table's name."""
    name = f"deny{uuid.uuid4().hex}"
    connection = azurite.connection_string(ACCOUNT)
    secrets = tmp_path / "secrets.json"
    secrets.write_text("{}")
    secrets.chmod(0o600)
    settings = {
        "ENVIRONMENT": "development",
        "PUBLIC_URL": "https://127.0.0.1:1",
        "TENANTS": OID,
        "AUDIENCES": "api://gateway",
        "AUTHORITY": "https://127.0.0.1:2",
        "EVIDENCE_URL": azurite.account_url("chaperoneevidence"),
        "EVIDENCE_CONTAINER": name,
        "STATE_URL": f"{azurite.blob_url}/{ACCOUNT}",
        "TABLE_URL": f"{azurite.table_url}/{ACCOUNT}",
        "DENY_TABLE": name,
        "DEV_STORAGE_CONNECTION_STRING": connection,
        "DEV_EVIDENCE_CONNECTION_STRING": azurite.connection_string("chaperoneevidence"),
        "DEV_SECRETS_FILE": str(secrets),
    }
    for key, value in settings.items():
        monkeypatch.setenv(f"CHAPERONE_{key}", value)

    async def create() -> None:
        async with TableClient.from_connection_string(connection, name) as client:
            await client.create_table()
        string = azurite.direct("chaperoneevidence")
        async with AsyncContainerClient.from_connection_string(string, name) as container:
            await container.create_container()

    asyncio.run(create())
    return name


class Person:
    """Verifies one token, as a named person's."""

    async def verify(self, token: str) -> Principal:
        if token != "good":
            raise Unauthenticated("the token is not good")
        return PERSON


@asynccontextmanager
async def opened() -> AsyncIterator[OperatorTools]:
    async with operator_tools(configured()) as tools:
        yield replace(tools, verifier=Person(), digest_keys=FixedKeys())


def run(*arguments: str, token: str = "good") -> Result:  # noqa: S107 - known to the fake
    return CliRunner().invoke(app, list(arguments), obj=opened, env={"CHAPERONE_TOKEN": token})


def journals(azurite: Guarded, container: str) -> list[dict[str, Any]]:
    string = azurite.connection_string("chaperoneevidence")
    with (
        closing(RequestsTransport(use_env_settings=False)) as transport,
        ContainerClient.from_connection_string(string, container, transport=transport) as client,
    ):
        return [
            json.loads(line)
            for name in client.list_blob_names()
            for line in client.download_blob(name).readall().splitlines()
        ]


@pytest.mark.integration
@pytest.mark.enable_socket
def test_an_operator_denies_lists_and_removes(operator: str, azurite: Guarded) -> None:
    added = run("add", "oid", OID.upper(), "--reason", "lost\x1b[2J laptop")
    assert added.exit_code == 0, added.output
    assert OID in added.stdout
    run("add", "uti", "Token-1", "--reason", "leaked")
    lines = run("list").stdout.splitlines()
    assert len(lines) == 2
    kind, value, at, by, reason = lines[0].split("\t")
    assert (kind, value, by, reason) == ("oid", OID, PERSON.name, "lost?[2J laptop")
    assert at.endswith("+00:00")
    assert run("remove", "oid", OID).exit_code == 0
    assert [line.split("\t")[1] for line in run("list").stdout.splitlines()] == ["token-1"]
    records = [one for one in journals(azurite, operator) if one["type"] == "denylist"]
    assert sorted((one["act"], one["kind"], one["value"]) for one in records) == [
        ("add", "oid", OID),
        ("add", "uti", "token-1"),
        ("remove", "oid", OID),
    ]
    assert {one["person"]["name"] for one in records} == {PERSON.name}
    assert "laptop" not in str(records)


@pytest.mark.integration
@pytest.mark.enable_socket
@pytest.mark.usefixtures("operator")
def test_mistakes_are_said() -> None:
    assert isinstance(run("add", "oid", "lee", "--reason", "r").exception, InvalidRequest)
    assert isinstance(run("remove", "oid", OID).exception, NotFound)
    refused = run("add", "oid", OID, "--reason", "r", token="stolen")
    assert isinstance(refused.exception, Unauthenticated)
    assert run("list").stdout == ""
