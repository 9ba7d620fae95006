import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import ConfigurationError
from gateway.model.digest import sha256
from gateway.policy.document import Document
from gateway.policy.faults import Fault, ManifestInvalid
from gateway.policy.manifest import parse
from tests.fakes.manifest import manifest, rule

EXAMPLE = (Path(__file__).resolve().parents[3] / "examples" / "manifest.yaml").read_bytes()
JUNK = [
    "",
    "~",
    "x",
    "[]",
    "{}",
    "&a b",
    "*a",
    "!!int 3",
    "'",
    '"',
    "\n",
    "  - ",
    ": ",
    "\u2028",
    "\0",
]


def written(value: Any) -> Any:
    """A document's values as a file writes them: numbers and truth values bare, the rest quoted."""
    match value:
        case dict():
            inner = (f"{json.dumps(key)}: {written(item)}" for key, item in value.items())
            return "{" + ", ".join(inner) + "}"
        case list() | tuple():
            return "[" + ", ".join(map(written, value)) + "]"
        case _:
            return json.dumps(value, ensure_ascii=False)


def faults(data: bytes) -> tuple[Fault, ...]:
    """The faults of a file, none for a manifest; any other error fails the test."""
    try:
        assert isinstance(parse(data).document, Document)
    except ManifestInvalid as error:
        return error.faults
    return ()


def test_the_digest_is_that_of_the_bytes() -> None:
    assert parse(EXAMPLE).digest == sha256(EXAMPLE)
    assert parse(EXAMPLE + b"\n").digest != parse(EXAMPLE).digest


def test_the_example_is_valid() -> None:
    assert len(parse(EXAMPLE).document.rules) == 6


def test_a_document_written_out_is_read_back_the_same() -> None:
    document = parse(EXAMPLE).document

    again = parse(written(document.model_dump(exclude_defaults=True)).encode()).document

    assert again == document


@given(
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=100),
    st.lists(st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=9)),
)
def test_texts_survive_reading(description: str, roles: list[str]) -> None:
    data = manifest(
        rule("r", description=json.dumps(description, ensure_ascii=False), roles=json.dumps(roles))
    )

    found = parse(data).document.rules[0]

    assert (found.description, list(found.roles)) == (description, roles)


@given(st.binary(max_size=300))
def test_any_bytes_are_refused_with_one_kind_of_error(data: bytes) -> None:
    with pytest.raises(ConfigurationError):
        parse(data)


@settings(max_examples=200)
@given(st.data())
def test_a_damaged_file_is_a_manifest_or_refused_with_places(data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(EXAMPLE)))
    cut = data.draw(st.integers(0, 30))
    junk = data.draw(st.sampled_from(JUNK)).encode() + data.draw(st.binary(max_size=4))

    damaged = EXAMPLE[:at] + junk + EXAMPLE[at + cut :]

    lines = [fault.position.line for fault in faults(damaged)]

    assert all(1 <= line <= EXAMPLE.count(b"\n") + 4 for line in lines)


def test_every_fault_is_reported_whatever_kind_it_is() -> None:
    data = manifest(
        rule("r", effect="alow", groups="[readrs]", when="\"efect == 'x'\""),
        "{id: s, id: s, effect: deny, actions: [x], resources: [clinic/x], more: 1}",
    )

    with pytest.raises(ManifestInvalid) as caught:
        parse(data)

    assert [fault.message.split(";")[0] for fault in caught.value.faults] == [
        '"alow" is not one of deny, approve, allow',
        'unknown group "readrs"',
        'character 1: unknown fact "efect"',
        "the key stands twice",
        'unknown key "more"',
    ]


def test_lines_are_those_of_the_file() -> None:
    found = parse(EXAMPLE)
    lines = EXAMPLE.decode().splitlines()

    assert lines[found.line("rules", 1) - 1].strip() == "- id: deletes-at-night"
    assert lines[found.line("connections", "clinic", "upstream") - 1].strip().startswith("upstream")


def test_a_large_manifest_is_read_in_reasonable_time() -> None:
    rules = [
        rule(f"r-{number}", when="\"hour < 20 && effect == 'read'\"") for number in range(1000)
    ]

    assert len(parse(manifest(*rules)).document.rules) == 1000
