import json
import logging
from pathlib import Path

import pytest

from gateway.adapters.development_secrets import UnsafeDevelopmentSecrets
from gateway.errors import ConfigurationError, Unavailable
from gateway.ports import Secret


def write(path: Path, document: object, mode: int = 0o600) -> Path:
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    path.chmod(mode)
    return path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "secrets.json"


async def test_plain_values_and_versioned_ones_are_read(path: Path) -> None:
    secrets = UnsafeDevelopmentSecrets(
        write(path, {"a": "1", "b": {"value": "2", "version": "7"}, "c": {"value": "3"}})
    )
    assert await secrets.get("a") == Secret("1", "1")
    assert await secrets.get("b") == Secret("2", "7")
    assert await secrets.get("c") == Secret("3", "1")


def test_it_warns_once_when_made(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        UnsafeDevelopmentSecrets(write(path, {"a": "1"}))
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "development only" in caplog.text


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666, 0o610, 0o601])
def test_a_file_that_others_may_touch_is_refused(path: Path, mode: int) -> None:
    with pytest.raises(ConfigurationError, match="by others") as caught:
        UnsafeDevelopmentSecrets(write(path, {"a": "1"}, mode))
    assert "chmod 600" in caught.value.advice


@pytest.mark.parametrize("document", ["", "{", "[]", '"a"', "null", "{]"])
def test_a_file_that_is_no_object_is_refused(path: Path, document: str) -> None:
    with pytest.raises(ConfigurationError):
        UnsafeDevelopmentSecrets(write(path, document))


@pytest.mark.parametrize("entry", ["1", "null", "[]", '""', "{}", '{"value":1}', '{"value":""}'])
def test_an_entry_of_another_shape_is_refused(path: Path, entry: str) -> None:
    with pytest.raises(ConfigurationError, match="neither"):
        UnsafeDevelopmentSecrets(write(path, f'{{"a": {entry}}}'))


def test_an_absent_file_is_refused(path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        UnsafeDevelopmentSecrets(path)


async def test_a_file_that_breaks_later_makes_secrets_unavailable(path: Path) -> None:
    secrets = UnsafeDevelopmentSecrets(write(path, {"a": "hidden"}))
    write(path, "{", 0o600)
    with pytest.raises(Unavailable) as caught:
        await secrets.get("a")
    assert str(path) not in f"{caught.value}{caught.value.advice}"
    write(path, {"a": "hidden"}, 0o644)
    with pytest.raises(Unavailable):
        await secrets.get("a")
