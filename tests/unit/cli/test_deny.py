"""`chaperone deny` on a table in Azurite, composed as for an operator."""

import asyncio
import uuid
from pathlib import Path

import pytest
from azure.data.tables.aio import TableClient
from typer.testing import CliRunner, Result

from gateway.adapters.deny_table import FORMS
from gateway.cli.deny import Kind, app
from gateway.errors import ConfigurationError, InvalidRequest, NotFound
from gateway.local.azurite import Azurite

OID = "44444444-4444-4444-8444-444444444444"
ACCOUNT = "chaperonestate"


def test_the_command_knows_the_kinds_that_the_table_knows() -> None:
    assert {kind.value for kind in Kind} == set(FORMS)


def test_an_unknown_kind_is_wrong_usage() -> None:
    assert CliRunner().invoke(app, ["add", "upn", "lee", "--reason", "r"]).exit_code == 2


def test_a_reason_is_demanded() -> None:
    assert CliRunner().invoke(app, ["add", "oid", OID]).exit_code == 2


def test_without_settings_the_command_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CHAPERONE_ENVIRONMENT", raising=False)
    result = CliRunner().invoke(app, ["list"])
    assert isinstance(result.exception, ConfigurationError)


@pytest.fixture
def operator(azurite: Azurite, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
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
        "EVIDENCE_URL": f"{azurite.blob_url}/chaperoneevidence",
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

    asyncio.run(create())
    return name


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


@pytest.mark.integration
@pytest.mark.enable_socket
@pytest.mark.usefixtures("operator")
def test_an_operator_denies_lists_and_removes() -> None:
    added = run("add", "oid", OID.upper(), "--reason", "lost\x1b[2J laptop", "--by", "alice")
    assert added.exit_code == 0, added.output
    assert OID in added.stdout
    run("add", "uti", "Token-1", "--reason", "leaked")
    lines = run("list").stdout.splitlines()
    assert len(lines) == 2
    kind, value, at, by, reason = lines[0].split("\t")
    assert (kind, value, by, reason) == ("oid", OID, "alice", "lost?[2J laptop")
    assert at.endswith("+00:00")
    assert run("remove", "oid", OID).exit_code == 0
    assert [line.split("\t")[1] for line in run("list").stdout.splitlines()] == ["token-1"]


@pytest.mark.integration
@pytest.mark.enable_socket
@pytest.mark.usefixtures("operator")
def test_mistakes_are_said() -> None:
    assert isinstance(run("add", "oid", "lee", "--reason", "r").exception, InvalidRequest)
    assert isinstance(run("remove", "oid", OID).exception, NotFound)
