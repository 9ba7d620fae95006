"""The page, the example and the deployment come from one definition."""

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from gateway.cli.settings import EXAMPLES, example, markdown, settings
from gateway.settings import Settings

ROOT = Path(__file__).resolve().parents[3]


def test_the_page_is_in_step_with_the_definition() -> None:
    page = (ROOT / "docs" / "settings.md").read_text("utf-8")
    assert page == markdown(), "run `chaperone settings --markdown > docs/settings.md`"


def test_the_example_is_in_step_with_the_definition() -> None:
    file = (ROOT / "local.settings.example.json").read_text("utf-8")
    assert file == example(), "run `chaperone settings --example > local.settings.example.json`"


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_says_what_it_is_and_has_bounds(name: str) -> None:
    field = Settings.model_fields[name]
    assert field.description
    alias = field.validation_alias
    assert f"| `{alias or f'CHAPERONE_{name.upper()}'}` |" in markdown()
    if field.annotation is int:
        assert {type(bound).__name__ for bound in field.metadata} == {"Ge", "Le"}


def test_the_examples_are_those_of_a_development_gateway() -> None:
    values = json.loads(example())["Values"]
    required = {
        f"CHAPERONE_{name.upper()}"
        for name, field in Settings.model_fields.items()
        if field.is_required() or name.startswith("dev_")
    }
    assert required <= values.keys()
    assert EXAMPLES.keys() <= Settings.model_fields.keys()


@pytest.mark.parametrize("options", [[], ["--markdown"], ["--example"]])
def test_the_command_prints_each_form(options: list[str]) -> None:
    app = typer.Typer()
    app.command()(settings)
    result = CliRunner().invoke(app, options)
    assert result.exit_code == 0
    assert "CHAPERONE_PUBLIC_URL" in result.output
