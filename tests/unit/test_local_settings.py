import json
from pathlib import Path
from typing import Any

import pytest

from gateway import settings
from gateway.errors import ConfigurationError
from gateway.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
PREFIX = "CHAPERONE_"


def example() -> dict[str, str]:
    document: dict[str, Any] = json.loads((ROOT / "local.settings.example.json").read_text())
    assert document["IsEncrypted"] is False
    return dict(document["Values"])


def test_the_example_has_every_required_setting_and_none_that_does_not_exist() -> None:
    known = {PREFIX + name.upper(): field for name, field in Settings.model_fields.items()}
    given = {name for name in example() if name.startswith(PREFIX)}
    assert given <= known.keys()
    assert {name for name, field in known.items() if field.is_required()} <= given


def test_the_example_loads_as_development_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in example().items():
        monkeypatch.setenv(name, value)
    loaded = settings.load()
    assert loaded.environment is settings.Environment.DEVELOPMENT
    assert loaded.dev_storage_connection_string is not None
    assert loaded.dev_evidence_connection_string is not None


def test_the_example_is_refused_in_production(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {**example(), "CHAPERONE_ENVIRONMENT": "production"}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError, match="production"):
        settings.load()


def test_host_json_matches_what_the_app_relies_on() -> None:
    host = json.loads((ROOT / "host.json").read_text())
    assert host["extensions"]["http"]["routePrefix"] == ""
    assert host["extensions"]["queues"]["messageEncoding"] == "none"
    assert host["extensions"]["queues"]["maxDequeueCount"] == 5
    assert "extensionBundle" in host
    # Request telemetry holds paths, and paths hold names of patients.
    assert host["logging"]["logLevel"]["Host.Results"] == "None"
