import pytest
import typer
from typer.testing import CliRunner

from gateway.cli.token import _answer, token
from gateway.errors import Unavailable
from gateway.local import directory


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"access_token":"a\\nb"}'])
def test_an_answer_that_is_not_a_token_endpoints_is_unavailable(body: bytes) -> None:
    with pytest.raises(Unavailable):
        _answer(body)


def test_the_help_names_agents_and_people(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    app = typer.Typer()
    app.command()(token)
    shown = CliRunner().invoke(app, ["--help"]).output
    for name in (*directory.AGENTS, *directory.PERSONS):
        assert name in shown


@pytest.mark.parametrize("version", ["0", "3", "two"])
def test_another_version_is_wrong_usage(version: str) -> None:
    app = typer.Typer()
    app.command()(token)
    assert CliRunner().invoke(app, ["--version", version]).exit_code == 2
