"""What the documents show exists: commands, options, make targets, links."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.core import TyperGroup

from gateway.cli.main import COMMANDS, _load
from gateway.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))


def shell_lines() -> Iterator[tuple[str, str]]:
    for page in PAGES:
        for block in re.findall(r"```sh\n(.*?)```", page.read_text("utf-8"), re.DOTALL):
            for line in block.splitlines():
                if line.strip():
                    yield page.name, line


@pytest.mark.parametrize(("page", "line"), list(shell_lines()))
def test_a_command_in_a_document_can_be_called_that_way(page: str, line: str) -> None:
    words = shlex.split(line, comments=True)
    match words:
        case ["make", target]:
            assert target in TARGETS
        case ["chaperone", name, *rest]:
            check(page, name, rest)
        case [".", script]:
            assert script == ".venv/bin/activate"
        case _:
            pytest.fail(f"{page} shows a command that no test knows: {line}")


def check(page: str, name: str, rest: list[str]) -> None:
    """The command is there, its subcommand where it has some, and every option."""
    assert name in COMMANDS, f"{page}: {name}"
    command = _load(name)
    if isinstance(command, TyperGroup) and rest:
        assert rest[0] in command.commands, f"{page}: {name} {rest[0]}"
        command, rest = command.commands[rest[0]], rest[1:]
    options = {option for parameter in command.params for option in parameter.opts}
    assert {word for word in rest if word.startswith("--")} <= options, f"{page}: {name} {rest}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_command_in_a_sentence_is_one(page: Path) -> None:
    for name, rest in re.findall(r"`chaperone ([a-z]+)([^`]*)`", page.read_text("utf-8")):
        check(page.name, name, rest.split())


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_variable_in_a_document_is_a_setting(page: Path) -> None:
    known = {f"CHAPERONE_{name.upper()}" for name in Settings.model_fields} | {"CHAPERONE_TOKEN"}
    named = re.findall(r"\bCHAPERONE_[A-Z_]*[A-Z]\b", page.read_text("utf-8"))
    assert set(named) - {"CHAPERONE_DEV"} <= known


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_module_in_a_document_can_be_run(page: Path) -> None:
    for module in re.findall(r"python -m ((?:bench|infra|tests)[a-z_.]*)", page.read_text("utf-8")):
        assert (ROOT / f"{module.replace('.', '/')}.py").is_file(), f"{page.name}: {module}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_documents_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text("utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_the_architecture_page_names_files_that_exist() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    for path in re.findall(r"`(gateway/[a-z_/.]+)`", text):
        assert (ROOT / path).exists(), path


def numbers(text: str) -> set[str]:
    return set(re.findall(r"(?<![\d.,])\d[\d,.]*\d", text))


def compared() -> list[tuple[str, str, str]]:
    readme = (ROOT / "README.md").read_text("utf-8")
    return re.findall(
        r"^\|[^|]*\|([^|]*)\|([^|]*)\| \[[^\]]*\]\((docs/[a-z]+\.md)#", readme, re.MULTILINE
    )


def test_the_readme_compares() -> None:
    assert len(compared()) >= 6


@pytest.mark.parametrize(("own", "beside", "page"), compared())
def test_a_figure_of_the_readme_stands_on_the_page_it_names(
    own: str, beside: str, page: str
) -> None:
    shown = numbers(own + " " + beside)
    assert shown <= numbers((ROOT / page).read_text("utf-8"))
