import json
from pathlib import Path

import pytest

from gateway.cli.deployment import configured
from gateway.errors import ConfigurationError

VARIABLES = {
    "CHAPERONE_ENVIRONMENT": "development",
    "CHAPERONE_PUBLIC_URL": "https://127.0.0.1:7000",
    "CHAPERONE_TENANTS": "7e0a4d00-0000-4000-8000-000000000001",
    "CHAPERONE_AUDIENCES": "api://chaperone-dev",
    "CHAPERONE_EVIDENCE_URL": "http://127.0.0.1:10000/evidence",
    "CHAPERONE_STATE_URL": "http://127.0.0.1:10000/state",
    "CHAPERONE_TABLE_URL": "http://127.0.0.1:10002/state",
}


@pytest.fixture(autouse=True)
def an_empty_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    (tmp_path / ".chaperone").mkdir()
    return tmp_path


def describe(folder: Path, facts: object) -> None:
    (folder / ".chaperone" / "dev.json").write_text(json.dumps(facts), "utf-8")


def test_a_running_development_gateway_is_found(
    an_empty_directory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    describe(an_empty_directory, {"environment": VARIABLES})
    assert configured().public_url == "https://127.0.0.1:7000"
    assert "chaperone dev" in capsys.readouterr().err


def test_the_environment_goes_first(
    an_empty_directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    describe(an_empty_directory, {"environment": VARIABLES})
    for name, value in (VARIABLES | {"CHAPERONE_PUBLIC_URL": "https://127.0.0.1:8000"}).items():
        monkeypatch.setenv(name, value)
    assert configured().public_url == "https://127.0.0.1:8000"


@pytest.mark.parametrize("facts", [None, [], {}, {"environment": 1}])
def test_without_either_the_missing_settings_are_named(
    an_empty_directory: Path, facts: object
) -> None:
    if facts is not None:
        describe(an_empty_directory, facts)
    with pytest.raises(ConfigurationError, match="CHAPERONE_ENVIRONMENT"):
        configured()
