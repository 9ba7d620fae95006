"""The page's table of keys is the one that the definition gives."""

import re
from dataclasses import dataclass, fields
from pathlib import Path

import pytest

from infra import reference
from infra.configuration import Configuration, key_of

PAGE = Path(__file__).resolve().parents[2] / "docs" / "deployment.md"
BEGIN, END = "<!-- configuration: begin -->\n", "<!-- configuration: end -->"


def test_the_page_shows_every_key_as_it_is_defined() -> None:
    text = PAGE.read_text("utf-8")
    shown = text.partition(BEGIN)[2].partition(END)[0]

    assert shown == reference.table() + "\n", "run python -m infra.reference"


def test_every_key_that_documents_and_program_name_is_one() -> None:
    keys = {key_of(field.name) for field in fields(Configuration)}
    pages = [*PAGE.parent.rglob("*.md"), *(PAGE.parents[1] / "infra").rglob("*.*ml")]
    pages += (PAGE.parents[1] / place for place in ("gateway/cli/diagnosis.py", "infra/program.py"))
    named = {
        key for page in pages for key in re.findall(r"chaperone:[a-z]\w+", page.read_text("utf-8"))
    }
    assert "chaperone:allowIrreversibleLock" in named
    assert named <= keys


def test_the_page_tells_of_every_output() -> None:
    program = (PAGE.parents[1] / "infra" / "program.py").read_text("utf-8")
    outputs = re.findall(r'pulumi\.export\("(\w+)"', program)
    section = PAGE.read_text("utf-8").partition("## Outputs")[2].partition("\n## ")[0]
    assert (
        re.findall(r"`(\w+)`", "".join(re.findall(r"^\| (`.*?) \|", section, re.MULTILINE)))
        == outputs
    )


def test_a_key_has_its_default_its_stacks_and_its_meaning() -> None:
    row = next(line for line in reference.table().splitlines() if "retentionDays" in line)

    assert "`2557` | `1` | `2557` | of the evidence; at least 2,192 in production" in row


@dataclass
class Undescribed:
    """Says nothing of its field.

    Attributes:
        other: which is none of its fields.
    """

    one: str


def test_a_field_that_is_not_described_is_an_error() -> None:
    with pytest.raises(ValueError, match="one"):
        reference._meanings(Undescribed)
