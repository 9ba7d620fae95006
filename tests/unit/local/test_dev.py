import json
import stat
from pathlib import Path

import pytest

from gateway.errors import ConfigurationError
from gateway.local import dev
from gateway.local.azurite import ACCOUNTS, Azurite
from gateway.local.dev import Options, Running, running
from gateway.local.manifest import DATA_ACCOUNTS
from gateway.local.supervisor import Child, Signals, Supervisor
from gateway.settings import Environment, Settings

AZURITE = Azurite(
    "http://127.0.0.1:1",
    "http://127.0.0.1:2",
    "http://127.0.0.1:3",
    {account: f"key-of-{account}" for account in ACCOUNTS},
)


def settings(folder: Path) -> Settings:
    values = dev.settings_of(AZURITE, "https://127.0.0.1:4", folder / "ca.pem", folder)
    values["CHAPERONE_PUBLIC_URL"] = "https://127.0.0.1:5"
    return dev.parsed(values)


def store(folder: Path, options: Options) -> dict[str, str]:
    dev.write_secrets(options, AZURITE, folder)
    found: dict[str, str] = json.loads((folder / "secrets.json").read_text())
    return found


def a_run(folder: Path) -> Running:
    return Running(
        url="https://127.0.0.1:5",
        connections={"clinic": "https://127.0.0.1:5/c/clinic"},
        identity_provider="https://127.0.0.1:4",
        ca_file=folder / "ca.pem",
        manifest=folder / "manifest.yaml",
        azurite=AZURITE,
        patients=[],
        environment={"CHAPERONE_X": "y"},
        storage_log=folder / "output",
        folder=folder,
        host=Child("gateway", None, folder, folder),  # type: ignore[arg-type]  # never started
        signals=Signals(),
        supervisor=Supervisor(folder, Signals()),
    )


def test_the_gateway_accepts_the_settings_it_is_given(tmp_path: Path) -> None:
    found = settings(tmp_path)

    assert found.environment is Environment.DEVELOPMENT
    assert found.evidence_url == "http://127.0.0.1:1/chaperoneevidence"
    assert found.table_url == "http://127.0.0.1:3/chaperonestate"


def test_the_data_accounts_are_none_of_the_gateways_own(tmp_path: Path) -> None:
    own = settings(tmp_path).own.endpoints

    assert not any(f"127.0.0.1:1/{account}" in own for account in DATA_ACCOUNTS)
    assert "127.0.0.1:1/chaperoneevidence" in own


def test_secrets_are_for_their_owner_and_hold_the_keys_of_data_accounts_only(
    tmp_path: Path,
) -> None:
    found = store(tmp_path, Options())

    assert stat.S_IMODE((tmp_path / "secrets.json").stat().st_mode) == 0o600
    assert found["clinicdata-key"] == "key-of-clinicdata"
    assert "key-of-chaperoneevidence" not in found.values()


def test_the_digest_key_is_another_one_in_each_run(tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    first.mkdir()
    second.mkdir()

    keys = {store(folder, Options())["chaperone-digest-key"] for folder in (first, second)}

    assert len(keys) == 2


def test_secrets_of_ones_own_are_added(tmp_path: Path) -> None:
    own = tmp_path / "own.json"
    own.write_text('{"archive-key": "k"}')

    found = store(tmp_path, Options(secrets=own))

    assert found["archive-key"] == "k"
    assert "clinicdata-key" in found


@pytest.mark.parametrize("content", ["no json", "[1]"])
def test_a_broken_secrets_file_is_an_error(tmp_path: Path, content: str) -> None:
    own = tmp_path / "own.json"
    own.write_text(content)

    with pytest.raises(ConfigurationError, match="the secrets file cannot be read"):
        store(tmp_path, Options(secrets=own))


def test_the_facts_are_json_and_name_each_account(tmp_path: Path) -> None:
    facts = json.loads(json.dumps(a_run(tmp_path).facts()))

    assert set(facts["storage_connection_strings"]) == set(ACCOUNTS)
    assert facts["storage_connection_string"] == AZURITE.connection_string("clinicdata")
    assert facts["evidence"]["container_url"] == "http://127.0.0.1:1/chaperoneevidence/evidence"
    assert facts["review_pages"] == "https://127.0.0.1:5/approvals/"
    assert facts["persons"]["rita.reviewer"]["groups"] == ["reviewers"]


def test_no_key_shows_in_a_repr(tmp_path: Path) -> None:
    assert "key-of" not in repr(a_run(tmp_path))


def test_a_broken_manifest_stops_the_start_before_anything_is_started(tmp_path: Path) -> None:
    path = tmp_path / "manifest.yaml"
    path.write_text("version: 2\n")

    with pytest.raises(ConfigurationError, match="version"), running(Options(manifest=path)):
        pass


@pytest.mark.enable_socket
def test_a_free_port_lies_below_those_of_outgoing_connections() -> None:
    ports = {dev.free_port() for _ in range(50)}

    assert len(ports) > 1
    assert all(20_000 <= port < 30_000 for port in ports)
