"""The page's table of keys is the one that the definition gives."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from infra import reference

PAGE = Path(__file__).resolve().parents[2] / "docs" / "deployment.md"
BEGIN, END = "<!-- configuration: begin -->\n", "<!-- configuration: end -->"


def test_the_page_shows_every_key_as_it_is_defined() -> None:
    text = PAGE.read_text("utf-8")
    shown = text.partition(BEGIN)[2].partition(END)[0]

    assert shown == reference.table() + "\n", "run python -m infra.reference"


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
