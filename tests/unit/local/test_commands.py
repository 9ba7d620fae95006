import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway import __version__
from gateway.errors import ConfigurationError
from gateway.local.commands import TokenDesk, bare_environment, chaperone, environment, module
from gateway.local.supervisor import Signals, Supervisor


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[TokenDesk]:
    with Signals() as signals, Supervisor(tmp_path, signals) as supervisor:
        yield TokenDesk("https://127.0.0.1:1", tmp_path / "absent.pem", supervisor)


def test_a_command_runs_with_this_python_from_any_directory(tmp_path: Path) -> None:
    done = subprocess.run(
        chaperone("--version"),
        cwd=tmp_path,
        env=environment({}),
        capture_output=True,
        text=True,
        check=True,
    )

    assert chaperone("--version")[0] == sys.executable
    assert done.stdout == f"chaperone {__version__}\n"


def test_a_module_gets_its_arguments() -> None:
    assert module("gateway.x", "--port", "0")[1:] == ["-m", "gateway.x", "--port", "0"]


def test_settings_of_another_gateway_are_not_inherited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHAPERONE_VAULT_URL", "https://production.vault.azure.net")
    monkeypatch.setenv("SOMETHING", "else")

    found = environment({"CHAPERONE_TENANTS": "t"})

    assert "CHAPERONE_VAULT_URL" not in found
    assert found["CHAPERONE_TENANTS"] == "t"
    assert found["SOMETHING"] == "else"


def test_no_proxy_stands_before_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "intranet.example")

    assert environment({})["NO_PROXY"] == "intranet.example,127.0.0.1,localhost"
    assert environment({})["no_proxy"] == environment({})["NO_PROXY"]


def test_a_bare_environment_holds_no_secret_and_no_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_CLIENT_SECRET", "s")
    monkeypatch.setenv("HOME", "/nowhere")

    assert set(bare_environment()) <= {"PATH", "LANG", "LC_ALL", "PYTHONPATH"}


def test_a_token_that_is_not_issued_is_an_error_with_the_reason(desk: TokenDesk) -> None:
    with pytest.raises(ConfigurationError, match="no token was issued") as caught:
        desk.ask()

    assert "CA file cannot be read" in caught.value.advice
